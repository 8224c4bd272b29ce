//! Copying volumes' content from and to local files.

mod file;
mod size;

use std::fmt;
use std::fs::File;
use std::future::{IntoFuture, pending, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::Poll;

use serde::Serialize;

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

/// Number of pieces in flight between the file and the connection.
const PIECES: usize = 8;

/// # Content from and to files
impl StorageVol {
    /// Downloads the volume's content into a file, which is written from its current position on
    /// (`virStorageVolDownload`, `virStreamRecvAll`, `virStreamSparseRecvAll`).
    ///
    /// Data in the file behind the content stays, so truncate the file where that is not wanted. If
    /// the future is dropped, the file keeps what was written, and another transfer can fetch the
    /// rest: from an [`offset`](Transfer::offset), into the file at that position.
    ///
    /// A volume that becomes shorter meanwhile is [`Error::Incomplete`], as far as the daemon
    /// reports the length of volumes of its kind.
    ///
    /// ```no_run
    /// # async fn example(volume: libvirt_client::storage::StorageVol) -> Result<(), Box<dyn std::error::Error>> {
    /// let file = std::fs::File::create("disk.img")?;
    /// let done = volume.download_to(file).sparse(true).await?;
    /// println!("{} bytes, {} of them sent", done.content_bytes, done.sent_bytes);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "virStorageVolDownload")]
    #[doc(alias = "virStreamRecvAll")]
    #[doc(alias = "virStreamSparseRecvAll")]
    #[doc(alias = "recvAll")]
    #[doc(alias = "sparseRecvAll")]
    pub fn download_to(&self, file: File) -> Transfer<'_> {
        Transfer::new(self, file, Direction::Download)
    }

    /// Uploads a file, from its current position on, into the volume (`virStorageVolUpload`,
    /// `virStreamSendAll`, `virStreamSparseSendAll`).
    ///
    /// The volume is complete only when this has succeeded: after an error or a dropped future its
    /// content is undefined. A file that becomes shorter meanwhile is [`Error::Incomplete`], and so
    /// is a volume that turns out to be too short afterwards: daemons, of libvirt 12.8.0 at least,
    /// do not report write errors that occur after everything was sent. If a file system becomes
    /// full just then and the volume had its length before, the failure goes undetected.
    ///
    /// Daemons let a volume that is a file grow beyond its capacity. For a volume in raw format,
    /// this refuses content that does not fit, unless the volume has no capacity at all.
    #[doc(alias = "virStorageVolUpload")]
    #[doc(alias = "virStreamSendAll")]
    #[doc(alias = "virStreamSparseSendAll")]
    #[doc(alias = "sendAll")]
    #[doc(alias = "sparseSendAll")]
    pub fn upload_from(&self, file: File) -> Transfer<'_> {
        Transfer::new(self, file, Direction::Upload)
    }
}

/// A copy of a volume's content from or to a file; from [`StorageVol::download_to`] and
/// [`StorageVol::upload_from`]. It begins when it is awaited.
///
/// The file is read and written by a thread of the runtime's blocking pool. A bounded number of
/// megabytes is in memory at a time, whatever the speed of either side. A pipe that has no data
/// blocks the thread, and with it the shutdown of the runtime, even after the transfer.
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

/// Progress of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct TransferProgress {
    /// Bytes of content, holes included.
    pub content_bytes: u64,
    /// Bytes sent over the connection.
    pub sent_bytes: u64,
    /// Final value of `content_bytes`, where that can be known. It is wrong if the file or volume
    /// changes meanwhile.
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

    /// Sets the offset in the volume to begin at, in bytes. Default: 0.
    pub fn offset(mut self, bytes: u64) -> Self {
        self.offset = bytes;
        self
    }

    /// Sets the number of bytes of content to copy; it is an error if there are fewer. Default:
    /// all.
    pub fn length(mut self, bytes: u64) -> Self {
        self.length = Some(bytes);
        self
    }

    /// Sets whether holes stay holes and need not be sent. Default: no.
    ///
    /// A download makes a hole where the file had other data. Daemons do not do that: on an upload,
    /// old data of the volume stays in the places of holes, so upload in this way into a new
    /// volume. On a file system without support for holes everything is data.
    pub fn sparse(mut self, sparse: bool) -> Self {
        self.sparse = sparse;
        self
    }

    /// Sets whether to open another connection for the transfer, which then neither slows down nor
    /// waits for anything else ([`Connect::reopen`](crate::Connect::reopen)). Default: no.
    pub fn own_connection(mut self, own: bool) -> Self {
        self.own_connection = own;
        self
    }

    /// Sets a callback for each piece that was copied. It should return quickly.
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
                progress.most = size.upload(volume, self.offset, total.or(length)).await?;
                progress.expected = length.or(total);
                progress.now.total_bytes = total;
                let stream = volume.upload(self.offset, length, flags).await?;
                let (pieces, found) = mpsc::channel(PIECES);
                let reading =
                    runtime.spawn_blocking(move || file::read(&file, length, sparse, &pieces));
                // After an error the thread is not awaited, because it may wait for a pipe.
                let writer = send(stream, found, &mut progress).await?;
                done(reading).await?;
                progress.check_complete("the local file")?;
                writer.finish().await?;
                // Daemons do not report errors that occur after everything was sent, such as a full
                // file system. At least a file that is too short can be detected.
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

/// Progress of a transfer, its callback and its limits.
struct Tally<'a> {
    now: TransferProgress,
    tell: Option<Box<dyn FnMut(TransferProgress) + Send + 'a>>,
    /// Minimum content; less is an error.
    expected: Option<u64>,
    /// Maximum content; more does not fit.
    most: Option<u64>,
}

impl Tally<'_> {
    /// Returns whether this much more content fits.
    fn has_room(&self, content: u64) -> bool {
        let sum = self.now.content_bytes.checked_add(content);
        self.most.is_none_or(|most| sum.is_some_and(|sum| sum <= most))
    }

    fn add(&mut self, content: u64, sent: u64) {
        // The length of a hole comes from the daemon.
        self.now.content_bytes = self.now.content_bytes.saturating_add(content);
        self.now.sent_bytes += sent;
        if let Some(tell) = &mut self.tell {
            tell(self.now);
        }
    }

    /// Checks the amount of content after the source has ended.
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

/// Returns the number of bytes to upload, where that is known: `length` bytes of the `rest` of a
/// file.
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

/// Copies from the stream to the file.
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
        // If the thread has stopped, its result below has the reason.
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
        // Without this the thread would take the transfer for dropped.
        let _stopped = pieces.send(Piece::End).await;
        Ok::<_, Error>(())
    };
    let received = received.await;
    drop(pieces);
    done(writing).await?;
    received?;
    stream.finish().await
}

/// Copies from the file to the stream, and returns the writing half, which is still to be finished.
async fn send(
    stream: Stream,
    mut found: mpsc::Receiver<Found>,
    progress: &mut Tally<'_>,
) -> Result<StreamWriter> {
    let (mut reader, mut writer) = stream.into_split();
    // There is no data to read, but a daemon that fails reports it there, and the file may be a
    // pipe without data for a long time.
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

/// Returns the output of `wanted`, or that of `end` if it is ready first.
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

/// Returns the result of the thread that reads or writes the file.
async fn done<T>(thread: JoinHandle<io::Result<T>>) -> Result<T> {
    match thread.await {
        Ok(result) => result.map_err(Error::File),
        Err(_) => Err(Error::Closed(CloseReason::RuntimeGone)),
    }
}
