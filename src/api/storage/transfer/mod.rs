//! Volumes' content from and to files on this side.

mod file;
mod size;

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
use crate::api::wire;
use crate::client::{Chunk, Stream, StreamWriter};
use crate::error::{CloseReason, Error, Result};
use crate::protocol::{Request as _, remote};
use crate::types::storage_vol::{DownloadFlags, UploadFlags};
use file::{Found, Piece};
use size::Size;

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
    /// A volume that becomes shorter meanwhile is [`Error::Incomplete`], as far as the daemon tells
    /// how long volumes of its kind are.
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
    /// is not known. A file that becomes shorter meanwhile is [`Error::Incomplete`], and so is a
    /// volume that turns out to be too short afterwards: daemons, of libvirt 12.8.0 at least, do not
    /// tell of what they could not write after everything was sent. Where a file system becomes full
    /// just then and the volume had its length before, nothing shows it.
    ///
    /// Daemons let a volume that is a file grow beyond its capacity. Where the file's content is
    /// what the volume's user sees, not a format such as qcow2, this refuses what does not fit;
    /// other than into a volume of no capacity at all.
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

    /// How many bytes of content to copy; that there are fewer is an error. Default: all.
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
        let runtime = volume.connect().runtime();
        let size = Size::of(volume).await?;
        let mut progress = Tally {
            now: TransferProgress::default(),
            tell: self.tell,
            expected: self.length,
            most: self.length,
        };
        match self.direction {
            Direction::Download => {
                let mut flags = DownloadFlags::empty();
                flags.set(DownloadFlags::SPARSE_STREAM, self.sparse);
                let rest = size.download(self.offset, self.length)?;
                progress.expected = progress.expected.or(rest.filter(|_| size.is_exact));
                progress.now.total_bytes = rest;
                let stream = volume.download(self.offset, self.length, flags).await?;
                receive(runtime, stream, self.file, &mut progress).await?;
                progress.check_complete("the volume")?;
            }
            Direction::Upload => {
                let mut flags = UploadFlags::empty();
                flags.set(UploadFlags::SPARSE_STREAM, self.sparse);
                let (file, length, sparse) = (self.file, self.length, self.sparse);
                let measuring = runtime.spawn_blocking(move || Ok((file::rest(&file)?, file)));
                let (rest, file) = done(measuring).await?;
                let total = to_upload(rest, length)?;
                progress.most = size.upload(self.offset, total.or(length))?;
                progress.expected = length.or(total);
                progress.now.total_bytes = total;
                let stream = volume.upload(self.offset, length, flags).await?;
                let (pieces, found) = mpsc::channel(PIECES);
                let reading =
                    runtime.spawn_blocking(move || file::read(&file, length, sparse, &pieces));
                // After an error nobody waits for the thread, which may wait for a pipe.
                let writer = send(stream, found, &mut progress).await?;
                done(reading).await?;
                progress.check_complete("the local file")?;
                writer.finish().await?;
                // Daemons forget what fails after everything was sent, such as on a file system that
                // is full. At least a file that is too short for all of it shows.
                let size = Size::of(volume).await?;
                let written = size.written(self.offset, progress.now.content_bytes);
                progress.expected = Some(progress.now.content_bytes);
                progress.now.content_bytes = written;
                progress.check_complete("the volume")?;
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
struct Tally<'a> {
    now: TransferProgress,
    tell: Option<Box<dyn FnMut(TransferProgress) + Send + 'a>>,
    /// Less content than this is not what was asked for.
    expected: Option<u64>,
    /// More content than this has no place.
    most: Option<u64>,
}

impl Tally<'_> {
    /// Whether there is a place for so much more content.
    fn has_room(&self, content: u64) -> bool {
        let sum = self.now.content_bytes.checked_add(content);
        self.most.is_none_or(|most| sum.is_some_and(|sum| sum <= most))
    }

    fn add(&mut self, content: u64, sent: u64) {
        // The daemon says how long holes are.
        self.now.content_bytes = self.now.content_bytes.saturating_add(content);
        self.now.sent_bytes += sent;
        if let Some(tell) = &mut self.tell {
            tell(self.now);
        }
    }

    /// Now that the source has ended.
    fn check_complete(&self, source: &'static str) -> Result<()> {
        let copied_bytes = self.now.content_bytes;
        match self.expected {
            Some(expected) if copied_bytes < expected => Err(Error::Incomplete {
                ended: source,
                copied_bytes,
                expected_bytes: Some(expected),
            }),
            _ => Ok(()),
        }
    }
}

/// How much of a file there is to upload, where that is known: of the `rest` of it `length` bytes.
fn to_upload(rest: Option<u64>, length: Option<u64>) -> Result<Option<u64>> {
    match (rest, length) {
        (Some(rest), Some(length)) if length > rest => Err(Error::InvalidArgument {
            procedure: remote::StorageVolUpload::INFO.name,
            reason: format!("{length} bytes are to be copied of a file with {rest} left"),
        }),
        (Some(rest), None) => Ok(Some(rest)),
        (rest, length) => Ok(rest.and(length)),
    }
}

/// From the stream to the file.
async fn receive(
    runtime: &Handle,
    mut stream: Stream,
    file: File,
    progress: &mut Tally<'_>,
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
            if !progress.has_room(content) {
                let procedure = remote::StorageVolDownload::INFO.name;
                return Err(wire::invalid_reply(procedure, "more content than was asked for"));
            }
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
    progress: &mut Tally<'_>,
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
    while let Some(piece) = unless(failure.as_mut(), found.recv()).await? {
        let (content, sent) = match &piece {
            Found::Data(data) => (data.len() as u64, data.len() as u64),
            Found::Hole(length) => (*length, 0),
        };
        if !progress.has_room(content) {
            return Err(Error::Incomplete {
                ended: "the volume",
                copied_bytes: progress.now.content_bytes,
                expected_bytes: progress.expected,
            });
        }
        match piece {
            Found::Data(data) => writer.write_all(&data).await?,
            Found::Hole(length) => writer.write_hole(length).await?,
        }
        progress.add(content, sent);
    }
    Ok(writer)
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
async fn done<T>(thread: JoinHandle<io::Result<T>>) -> Result<T> {
    match thread.await {
        Ok(result) => result.map_err(Error::File),
        Err(_) => Err(Error::Closed(CloseReason::RuntimeGone)),
    }
}
