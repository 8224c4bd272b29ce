//! A guest's console: what is typed goes there, and what it says is shown.

use std::cell::Cell;
use std::error::Error;
use std::io;
use std::time::Duration;

use libvirt_client::{Chunk, Stream, StreamReader, StreamWriter};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::mpsc;
use tokio::time::sleep;

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

/// What is typed, piece by piece; it ends where the input does.
pub(crate) type Input = mpsc::Receiver<io::Result<Vec<u8>>>;

/// The byte of `^]`.
const ESCAPE: u8 = 0x1d;
/// Silence after which the guest is taken to have finished its output.
const SILENCE: Duration = Duration::from_secs(2);

/// Connects the terminal until the guest or the user ends it.
pub(crate) async fn talk(stream: Stream, input: Input) -> Result<()> {
    let (mut reader, mut writer) = stream.into_split();
    let shown = Cell::new(0_u64);
    {
        let mut showing = std::pin::pin!(show(&mut reader, &shown));
        tokio::select! {
            result = &mut showing => return result,
            left = pass_on(input, &mut writer) => if left? {
                writer.finish().await?;
                return Ok(());
            }
        }
        // The input has ended, but there may be an answer.
        loop {
            let before = shown.get();
            tokio::select! {
                result = &mut showing => return result,
                () = sleep(SILENCE) => if shown.get() == before {
                    break;
                }
            }
        }
    }
    writer.finish().await?;
    Ok(())
}

/// Writes the guest's output, and counts the pieces.
async fn show(reader: &mut StreamReader, shown: &Cell<u64>) -> Result<()> {
    let mut out = tokio::io::stdout();
    while let Some(chunk) = reader.read_chunk().await? {
        if let Chunk::Data(data) = chunk {
            shown.set(shown.get() + 1);
            out.write_all(&data).await?;
            out.flush().await?;
        }
    }
    Ok(())
}

/// Sends the input, up to its end or the escape character; returns `true` for the latter.
async fn pass_on(mut input: Input, writer: &mut StreamWriter) -> Result<bool> {
    while let Some(bytes) = input.recv().await {
        let bytes = bytes?;
        let mut parts = bytes.split(|byte| *byte == ESCAPE);
        writer.write_all(parts.next().unwrap_or_default()).await?;
        if parts.next().is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}
