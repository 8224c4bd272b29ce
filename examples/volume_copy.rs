//! Copies a storage volume's content to a file, or a file into a volume that exists.
//!
//! ```text
//! volume_copy download|upload URI POOL VOLUME FILE [--sparse]
//! ```
//!
//! With `--sparse` holes need not be sent, and stay holes. An upload does not erase a volume's old
//! data in their places, so use it with new volumes. On a terminal it shows its progress.

use std::env;
use std::error::Error;
use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use libvirt_client::Connect;
use libvirt_client::storage::TransferProgress;

const USAGE: &str = "usage: volume_copy download|upload URI POOL VOLUME FILE [--sparse]";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (options, words): (Vec<_>, Vec<_>) = arguments
        .iter()
        .map(String::as_str)
        .partition(|argument| *argument == "--sparse");
    let result = match words.as_slice() {
        [direction @ ("download" | "upload"), uri, pool, volume, file] => {
            let is_upload = *direction == "upload";
            copy(is_upload, uri, [pool, volume, file], !options.is_empty()).await
        }
        _ => Err(USAGE.into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Some of the daemon's messages have several lines.
            eprintln!("volume_copy: {}", error.to_string().replace('\n', " "));
            ExitCode::FAILURE
        }
    }
}

async fn copy(
    is_upload: bool,
    uri: &str,
    [pool, volume, path]: [&str; 3],
    sparse: bool,
) -> Result<(), Box<dyn Error>> {
    let conn = Connect::open(uri).await?;
    let pool = conn.storage_pool_lookup_by_name(pool).await?;
    let volume = pool.storage_vol_lookup_by_name(volume).await?;
    let named = |error| format!("{path}: {error}");
    let transfer = if is_upload {
        volume.upload_from(File::open(path).map_err(named)?)
    } else {
        volume.download_to(File::create(path).map_err(named)?)
    };
    let mut bar = Bar::new();
    let done = transfer.sparse(sparse).on_progress(|progress| bar.show(&progress)).await;
    bar.clear();
    let done = done?;
    conn.close().await;
    writeln!(
        io::stdout(),
        "{} bytes, of which {} were sent",
        done.content_bytes,
        done.sent_bytes
    )?;
    Ok(())
}

/// A progress line on the terminal.
struct Bar {
    /// Time of the last drawing; `None` where there is no terminal.
    drawn: Option<Instant>,
    began: Instant,
}

impl Bar {
    const WIDTH: u64 = 40;

    fn new() -> Self {
        let began = Instant::now();
        let drawn = io::stderr().is_terminal().then_some(began);
        Self { drawn, began }
    }

    fn show(&mut self, progress: &TransferProgress) {
        let is_time = |drawn: &Instant| drawn.elapsed() > Duration::from_millis(100);
        if !self.drawn.as_ref().is_some_and(is_time) {
            return;
        }
        let now = Instant::now();
        self.drawn = Some(now);
        let mib = |bytes: u64| bytes >> 20;
        let done = progress.content_bytes;
        let milliseconds = (now - self.began).as_millis().max(1);
        let speed = u128::from(mib(progress.sent_bytes)) * 1000 / milliseconds;
        match progress.total_bytes.filter(|total| *total > 0) {
            Some(total) => {
                // The source may grow meanwhile.
                let share =
                    |of: u64| u128::from(done.min(total)) * u128::from(of) / u128::from(total);
                let full = "#".repeat(share(Self::WIDTH) as usize);
                let (width, percent) = (Self::WIDTH as usize, share(100));
                let total = mib(total);
                eprint!("\r[{full:width$}] {percent:3} % of {total} MiB, {speed} MiB/s \x1b[K");
            }
            None => eprint!("\r{} MiB, {speed} MiB/s \x1b[K", mib(done)),
        }
    }

    fn clear(&self) {
        if self.drawn.is_some() {
            eprint!("\r\x1b[K");
        }
    }
}
