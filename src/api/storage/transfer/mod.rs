//! Volumes' content from and to files on this side.

mod file;

use std::fmt;
use std::fs::File;
use std::future::{IntoFuture, pending, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::Poll;

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::StorageVol;
use crate::client::{Chunk, Stream, StreamWriter};
use crate::error::{CloseReason, Error, Result};
use crate::protocol::remote;
use crate::types::storage_vol::{DownloadFlags, InfoFlags, UploadFlags};
use file::{Found, Piece};

/// Pieces that are on their way between the file and the connection.
const PIECES: usize = 8;

impl StorageVol {
    /// Copies the volume's content into a file, which is written from its current position on
    /// (`virStorageVolDownload`, `virStreamRecvAll`, `virStreamSparseRecvAll`).
    ///
    /// What the file has behind the content stays, so truncate it where that is not wanted. Where
    /// the future is dropped, the file keeps what was written, and the rest can be fetched by
    /// another transfer: from an [`offset`](Transfer::offset), into the file at that position.
    ///
    /// ```no_run
    /// # async fn example(volume: libvirt_client::storage::StorageVol) -> Result<(), Box<dyn std::error::Error>> {
    /// let file = std::fs::File::create("disk.img")?;
    /// let done = volume.download_to(file).sparse(true).await?;
    /// println!("{} bytes, {} of them sent", done.content_bytes, done.sent_bytes);
    /// # Ok(())
    /// # }
    /// ```
    pub fn download_to(&self, file: File) -> Transfer<'_> {
        Transfer::new(self, file, Direction::Download)
    }

    /// Copies a file, from its current position on, into the volume (`virStorageVolUpload`,
    /// `virStreamSendAll`, `virStreamSparseSendAll`).
    ///
    /// The volume is whole only when this has succeeded: what an error or a dropped future leaves
    /// is not known. See [`download_to`](Self::download_to) for more.
    pub fn upload_from(&self, file: File) -> Transfer<'_> {
        Transfer::new(self, file, Direction::Upload)
    }
}

/// A copy of a volume's content from or to a file; from [`StorageVol::download_to`] and
/// [`StorageVol::upload_from`]. It begins when it is awaited.
///
/// The file is read and written by a thread of the runtime's for blocking work. A bounded number of
/// megabytes is in memory at a time, however fast one side and slow the other is. A pipe that has
/// nothing to give keeps the thread, and with it the end of the runtime, even after the transfer.
#[must_use = "nothing is copied before this is awaited"]
pub struct Transfer<'a> {
    volume: &'a StorageVol,
    file: File,
    direction: Direction,
    offset: u64,
    length: Option<u64>,
    sparse: bool,
    own_connection: bool,
    tell: Option<Box<dyn FnMut(TransferProgress) + Send + 'a>>,
}

#[derive(Debug, Clone, Copy)]
enum Direction {
    Download,
    Upload,
}

/// How much of a volume's content was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TransferProgress {
    /// Bytes of content, holes included.
    pub content_bytes: u64,
    /// Bytes that had to be sent.
    pub sent_bytes: u64,
    /// What `content_bytes` will come to, where that can be known. A file or volume that changes
    /// meanwhile makes it wrong.
    pub total_bytes: Option<u64>,
}

impl<'a> Transfer<'a> {
    fn new(volume: &'a StorageVol, file: File, direction: Direction) -> Self {
        Self {
            volume,
            file,
            direction,
            offset: 0,
            length: None,
            sparse: false,
            own_connection: false,
            tell: None,
        }
    }

    /// Where in the volume to begin, in bytes. Default: 0.
    pub fn offset(mut self, bytes: u64) -> Self {
        self.offset = bytes;
        self
    }

    /// How many bytes of content to copy at most. Default: all.
    pub fn length(mut self, bytes: u64) -> Self {
        self.length = Some(bytes);
        self
    }

    /// Whether holes stay holes and need not be sent. Default: no.
    ///
    /// Where a file that is downloaded to had something else, it is made a hole. Daemons do not do
    /// that: what a volume that is uploaded to had in the holes' places stays, so upload in this
    /// way into a new volume. A file system that knows no holes makes everything data.
    pub fn sparse(mut self, sparse: bool) -> Self {
        self.sparse = sparse;
        self
    }

    /// Whether to open another connection for the transfer, which then neither slows down nor
    /// waits for anything else ([`Connect::reopen`](crate::Connect::reopen)). Default: no.
    pub fn own_connection(mut self, own: bool) -> Self {
        self.own_connection = own;
        self
    }

    /// Has `tell` called with each piece that was copied. It should return quickly.
    pub fn on_progress(mut self, tell: impl FnMut(TransferProgress) + Send + 'a) -> Self {
        self.tell = Some(Box::new(tell));
        self
    }

    async fn run(self) -> Result<TransferProgress> {
        if !self.own_connection {
            let volume = self.volume.clone();
            return self.run_over(&volume).await;
        }
        let conn = self.volume.connect().reopen().await?;
        let volume = StorageVol::from_wire(&conn, &self.volume.wire());
        let result = self.run_over(&volume).await;
        conn.close().await;
        result
    }

    async fn run_over(self, volume: &StorageVol) -> Result<TransferProgress> {
        let mut progress = Progress {
            now: TransferProgress::default(),
            tell: self.tell,
        };
        let runtime = volume.connect().runtime();
        match self.direction {
            Direction::Download => {
                let mut flags = DownloadFlags::empty();
                flags.set(DownloadFlags::SPARSE_STREAM, self.sparse);
                if progress.tell.is_some() {
                    progress.now.total_bytes = rest_of(volume, self.offset, self.length).await?;
                }
                let stream = volume.download(self.offset, self.length, flags).await?;
                receive(runtime, stream, self.file, &mut progress).await?;
            }
            Direction::Upload => {
                let mut flags = UploadFlags::empty();
                flags.set(UploadFlags::SPARSE_STREAM, self.sparse);
                let stream = volume.upload(self.offset, self.length, flags).await?;
                let (file, length, sparse) = (self.file, self.length, self.sparse);
                let (pieces, found) = mpsc::channel(PIECES);
                let reading =
                    runtime.spawn_blocking(move || file::read(&file, length, sparse, &pieces));
                // After an error nobody waits for the thread, which may wait for a pipe.
                let writer = send(stream, found, &mut progress).await?;
                done(reading).await?;
                writer.finish().await?;
            }
        }
        Ok(progress.now)
    }
}

impl<'a> IntoFuture for Transfer<'a> {
    type Output = Result<TransferProgress>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for Transfer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transfer")
            .field("volume", &self.volume)
            .field("direction", &self.direction)
            .field("offset", &self.offset)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

/// What was copied, and who wants to know.
struct Progress<'a> {
    now: TransferProgress,
    tell: Option<Box<dyn FnMut(TransferProgress) + Send + 'a>>,
}

impl Progress<'_> {
    fn add(&mut self, content: u64, sent: u64) {
        // The daemon says how long holes are.
        self.now.content_bytes = self.now.content_bytes.saturating_add(content);
        self.now.sent_bytes += sent;
        if let Some(tell) = &mut self.tell {
            tell(self.now);
        }
    }
}

/// How much there is to download, if the daemon can tell.
async fn rest_of(volume: &StorageVol, offset: u64, length: Option<u64>) -> Result<Option<u64>> {
    let args = remote::StorageVolGetInfoFlagsArgs {
        vol: volume.wire(),
        flags: InfoFlags::GET_PHYSICAL.bits(),
    };
    let called = volume
        .connect()
        .call::<remote::StorageVolGetInfoFlags>(&args);
    let rest = match called.await {
        Ok(reply) => reply.decode()?.allocation.saturating_sub(offset),
        Err(error) if error.is_unsupported() => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(Some(length.map_or(rest, |length| length.min(rest))))
}

/// From the stream to the file.
async fn receive(
    runtime: &Handle,
    mut stream: Stream,
    file: File,
    progress: &mut Progress<'_>,
) -> Result<()> {
    let (pieces, taken) = mpsc::channel(PIECES);
    let writing = runtime.spawn_blocking(move || file::write(&file, taken));
    let received = async {
        let mut stopped = pin!(pieces.closed());
        // Where the thread has stopped it says why below.
        while let Ok(chunk) = unless(stopped.as_mut(), stream.read_chunk()).await {
            let Some(chunk) = chunk? else { break };
            let (content, sent) = match &chunk {
                Chunk::Data(data) => (data.len() as u64, data.len() as u64),
                Chunk::Hole(length) => (*length, 0),
            };
            if pieces.send(Piece::Chunk(chunk)).await.is_err() {
                break;
            }
            progress.add(content, sent);
        }
        // Without this it would be a transfer that was given up.
        let _stopped = pieces.send(Piece::End).await;
        Ok::<_, Error>(())
    };
    let received = received.await;
    drop(pieces);
    done(writing).await?;
    received?;
    stream.finish().await
}

/// From the file to the stream, of which the writing half is left to be finished.
async fn send(
    stream: Stream,
    mut found: mpsc::Receiver<Found>,
    progress: &mut Progress<'_>,
) -> Result<StreamWriter> {
    let (mut reader, mut writer) = stream.into_split();
    // Nothing is to be read, but a daemon that gives up says so there, and the file may be a pipe
    // that has nothing to give for a long time.
    let failure = async {
        match reader.read_chunk().await {
            Err(error) => error,
            Ok(_) => pending().await,
        }
    };
    let mut failure = pin!(failure);
    loop {
        match unless(failure.as_mut(), found.recv()).await? {
            Some(Found::Total(total)) => progress.now.total_bytes = Some(total),
            Some(Found::Data(data)) => {
                writer.write_all(&data).await?;
                progress.add(data.len() as u64, data.len() as u64);
            }
            Some(Found::Hole(length)) => {
                writer.write_hole(length).await?;
                progress.add(length, 0);
            }
            None => return Ok(writer),
        }
    }
}

/// What is wanted, or what came of `end` if that was before.
async fn unless<T, E>(
    mut end: Pin<&mut impl Future<Output = E>>,
    wanted: impl Future<Output = T>,
) -> Result<T, E> {
    let mut wanted = pin!(wanted);
    poll_fn(|cx| match end.as_mut().poll(cx) {
        Poll::Ready(end) => Poll::Ready(Err(end)),
        Poll::Pending => wanted.as_mut().poll(cx).map(Ok),
    })
    .await
}

/// What became of the thread that deals with the file.
async fn done(thread: JoinHandle<io::Result<()>>) -> Result<()> {
    match thread.await {
        Ok(result) => result.map_err(Error::File),
        Err(_) => Err(Error::Closed(CloseReason::RuntimeGone)),
    }
}
