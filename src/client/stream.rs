//! Byte streams between a caller and the daemon: consoles, volumes, screenshots.

use std::fmt;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection::Connect;
use super::running::{Expiry, Reply, Stall, failure};
use crate::error::{Error, ProtocolError, Result, Waiting};
use crate::protocol::{StreamRequest, net};
use crate::rpc::calls::CallSetup;
use crate::rpc::engine::StreamEnd;
use crate::rpc::header::{MessageType, Status};
use crate::rpc::streams::{Chunk, Fault, Incoming, Progress};
use crate::xdr;

/// The most data that is sent in one packet, as by the C library: one that the socket does not take
/// at once is copied.
const PACKET_MAX: usize = 262_120;

/// A byte stream that a procedure opened (`virStream`).
///
/// Read and write it with [`AsyncRead`] and [`AsyncWrite`], or in chunks with
/// [`read_chunk`](Self::read_chunk) and [`write_all`](Self::write_all), and end it with
/// [`finish`](Self::finish), which `shutdown` does too: only that confirms that everything arrived.
/// Dropping a stream aborts it, unless its end has been read.
///
/// Streams have no half that could be closed alone: `shutdown` ends both directions, and what was not
/// read by then is lost. [`AsyncRead`] then finds the end, and `read_chunk` fails.
///
/// All streams of a connection share its socket. A reader that falls behind by 8 MiB makes the
/// connection stop reading, which delays others' replies by up to 5 seconds. While others wait for
/// longer or to send, or the reader has stood still for as long, it reads on until 32 MiB are held; a
/// stream whose reader makes no progress for 20 seconds after that is aborted
/// ([`Error::Overrun`]). A daemon that cannot get rid of the data written to it stops reading
/// everything. So transfer large volumes over a connection of their own ([`Connect::reopen`]).
///
/// Writing fails with [`Error::Timeout`] when the daemon takes no data for the timeout of the
/// handle's calls, as does the end when the daemon does not confirm it; reading waits for as long
/// as the connection lasts.
///
/// The errors of tokio's traits have an [`Error`] inside, which
/// [`io::Error::downcast`](std::io::Error::downcast) gives back.
#[doc(alias = "virStream")]
#[derive(Debug)]
pub struct Stream {
    reader: StreamReader,
    writer: StreamWriter,
}

/// The reading half of a [`Stream`].
#[derive(Debug)]
pub struct StreamReader {
    handle: Arc<StreamHandle>,
    /// Data that was taken from the connection and not read yet.
    pending: Option<Chunk>,
}

/// The writing half of a [`Stream`].
#[derive(Debug)]
pub struct StreamWriter {
    handle: Arc<StreamHandle>,
    /// Present while a packet waits to be sent.
    stall: Option<Stall>,
    /// Present while the end waits to be confirmed, after `shutdown`.
    ending: Option<Ending>,
    /// The number of bytes that are to be written, where it was said.
    expected_bytes: Option<u64>,
    /// The number of bytes that were written, holes included.
    written_bytes: u64,
}

/// The deadline of a confirmation.
#[derive(Debug)]
struct Ending {
    expiry: Expiry,
    after: Duration,
}

/// The state that the halves share; the stream ends when the last of them is dropped.
struct StreamHandle {
    conn: Connect,
    serial: u32,
    procedure: &'static str,
    /// Set where holes may be sent either way.
    sparse: bool,
    /// Set once this side has asked to finish.
    finished: AtomicBool,
}

impl Connect {
    /// Makes a call whose reply opens a stream.
    pub(crate) async fn open_stream<R: StreamRequest>(
        &self,
        request: R,
        sparse: bool,
    ) -> Result<(Reply<R::Reply>, Stream)> {
        let mut setup = CallSetup::new(&R::INFO);
        setup.stream = Some(Box::new(Incoming::new(self.options().stream_budget, sparse)));
        let call = self.begin(setup, &request).await?;
        let serial = call.serial();
        let reply = call.finish().await?;
        let handle = Arc::new(StreamHandle {
            conn: self.clone(),
            serial,
            procedure: R::INFO.name,
            sparse,
            finished: AtomicBool::new(false),
        });
        let stream = Stream {
            writer: StreamWriter {
                handle: Arc::clone(&handle),
                stall: None,
                ending: None,
                expected_bytes: None,
                written_bytes: 0,
            },
            reader: StreamReader { handle, pending: None },
        };
        Ok((reply, stream))
    }
}

impl StreamHandle {
    fn error(&self, end: StreamEnd) -> Error {
        let closed = |reason: &str| Error::InvalidArgument {
            procedure: self.procedure,
            reason: format!("the stream {reason}"),
        };
        match end {
            StreamEnd::Progress(Progress::Failed(payload)) => failure(self.procedure, &payload),
            StreamEnd::Fault(Fault::BadHole) => ProtocolError::InvalidReply {
                procedure: self.procedure,
                reason: "a hole came that was not asked for, or has no length".to_owned(),
            }
            .into(),
            StreamEnd::Fault(Fault::Overrun(unread_bytes)) => {
                Error::Overrun { procedure: self.procedure, unread_bytes }
            }
            StreamEnd::Progress(Progress::Open | Progress::EndOfData | Progress::Confirmed)
            | StreamEnd::Closed => closed("is closed"),
            StreamEnd::Connection(reason) => Error::Closed(reason),
        }
    }

    fn poll_chunk(&self, cx: &mut Context<'_>) -> Poll<Result<Option<Chunk>, StreamEnd>> {
        let chunk = self.conn.shared().poll_stream(self.serial, cx.waker());
        Poll::Ready(match ready!(chunk) {
            Ok(chunk) => Ok(Some(chunk)),
            Err(StreamEnd::Progress(Progress::EndOfData)) => Ok(None),
            Err(end) => Err(end),
        })
    }

    /// Ends this side and waits for the daemon to confirm, until a deadline that the first poll sets.
    fn poll_end(
        &self,
        status: Status,
        ending: &mut Option<Ending>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<()>> {
        let shared = self.conn.shared();
        if let Status::Ok = status {
            self.finished.store(true, Ordering::Relaxed);
        }
        let ended = shared.poll_stream_end(self.serial, status, cx.waker());
        if let Poll::Ready(ended) = ended {
            return Poll::Ready(ended.map_err(|end| self.error(end)));
        }
        let ending = ending.get_or_insert_with(|| {
            let deadline = self.conn.deadline(false);
            Ending {
                expiry: Expiry::new(shared, deadline.at),
                after: deadline.after,
            }
        });
        ready!(ending.expiry.poll_expired(cx));
        Poll::Ready(Err(Error::Timeout {
            operation: self.procedure,
            after: ending.after,
            waiting: Waiting::Confirmation,
        }))
    }

    async fn end(&self, status: Status) -> Result<()> {
        let mut ending = None;
        poll_fn(|cx| self.poll_end(status, &mut ending, cx)).await
    }
}

impl Drop for StreamHandle {
    fn drop(&mut self) {
        let serial = self.serial;
        self.conn.shared().with_engine(|engine| engine.release_stream(serial));
    }
}

impl fmt::Debug for StreamHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{:x}", self.procedure, self.serial)
    }
}

impl Stream {
    /// Reads the next chunk as it came, data or a hole (`virStreamRecv`, `virStreamRecvFlags`,
    /// `virStreamRecvHole`); `None` is the end of the data. Cancel-safe.
    #[doc(alias = "virStreamRecv")]
    #[doc(alias = "virStreamRecvFlags")]
    #[doc(alias = "virStreamRecvHole")]
    #[doc(alias = "recv")]
    #[doc(alias = "recvFlags")]
    #[doc(alias = "recvHole")]
    pub async fn read_chunk(&mut self) -> Result<Option<Chunk>> {
        self.reader.read_chunk().await
    }

    /// Sends all of `data` (`virStreamSend`).
    ///
    /// Not cancel-safe: dropping the future leaves it unknown how much has been sent.
    #[doc(alias = "virStreamSend")]
    #[doc(alias = "send")]
    pub async fn write_all(&mut self, data: &[u8]) -> Result<()> {
        self.writer.write_all(data).await
    }

    /// Sends a hole of `length` zeros, which are not transmitted (`virStreamSendHole`). Only on
    /// streams that were opened as sparse. Cancel-safe.
    #[doc(alias = "virStreamSendHole")]
    #[doc(alias = "sendHole")]
    pub async fn write_hole(&mut self, length: u64) -> Result<()> {
        self.writer.write_hole(length).await
    }

    /// Ends the stream regularly, and waits for the daemon to confirm (`virStreamFinish`).
    ///
    /// An error means that not everything arrived. Unread data is dropped.
    #[doc(alias = "virStreamFinish")]
    pub async fn finish(self) -> Result<()> {
        self.writer.finish().await
    }

    /// Aborts the stream, and waits for the daemon to confirm (`virStreamAbort`).
    #[doc(alias = "virStreamAbort")]
    pub async fn abort(self) -> Result<()> {
        self.writer.handle.end(Status::Error).await
    }

    /// Has the end fail if less was written than that.
    pub(crate) fn expecting(mut self, bytes: Option<u64>) -> Self {
        self.writer.expected_bytes = bytes;
        self
    }

    /// Splits the stream into two halves, for separate tasks. The stream ends when both are
    /// dropped, or one of them finishes or aborts it.
    pub fn into_split(self) -> (StreamReader, StreamWriter) {
        (self.reader, self.writer)
    }
}

impl StreamReader {
    /// Reads the next chunk as it came; `None` is the end of the data. Cancel-safe.
    pub async fn read_chunk(&mut self) -> Result<Option<Chunk>> {
        let chunk = poll_fn(|cx| self.poll_chunk(cx)).await;
        chunk.map_err(|end| self.handle.error(end))
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Chunk>, StreamEnd>> {
        match self.pending.take() {
            Some(chunk) => Poll::Ready(Ok(Some(chunk))),
            None => self.handle.poll_chunk(cx),
        }
    }
}

impl StreamWriter {
    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        kind: MessageType,
        payload: &[u8],
    ) -> Poll<Result<()>> {
        let handle = &self.handle;
        let shared = handle.conn.shared();
        let sent = shared.poll_stream_send(handle.serial, kind, payload, cx.waker());
        if let Poll::Ready(sent) = sent {
            self.stall = None;
            return Poll::Ready(sent.map_err(|end| handle.error(end)));
        }
        let Some(after) = handle.conn.timeout(false) else {
            return Poll::Pending;
        };
        let stall = self.stall.get_or_insert_with(|| Stall::new(shared, after));
        let unsent_bytes = ready!(stall.poll_expired(cx));
        self.stall = None;
        Poll::Ready(Err(Error::Timeout {
            operation: handle.procedure,
            after,
            waiting: Waiting::Data { unsent_bytes },
        }))
    }

    /// Writes as much of `data` as fits into one packet.
    fn poll_data(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<Result<usize>> {
        // An empty packet would mean the end of the data.
        if data.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let packet = data.get(..PACKET_MAX).unwrap_or(data);
        ready!(self.poll_send(cx, MessageType::Stream, packet))?;
        self.written_bytes = self.written_bytes.saturating_add(packet.len() as u64);
        Poll::Ready(Ok(packet.len()))
    }

    /// Checks, after a good end, that everything was written that was to be.
    fn check_complete(&self) -> Result<()> {
        match self.expected_bytes {
            Some(expected) if self.written_bytes < expected => Err(Error::Incomplete {
                ended: "the stream",
                copied_bytes: self.written_bytes,
                expected_bytes: Some(expected),
            }),
            _ => Ok(()),
        }
    }

    /// See [`Stream::write_all`].
    pub async fn write_all(&mut self, mut data: &[u8]) -> Result<()> {
        while !data.is_empty() {
            let sent = poll_fn(|cx| self.poll_data(cx, data)).await?;
            data = data.get(sent..).unwrap_or_default();
        }
        Ok(())
    }

    /// See [`Stream::write_hole`].
    pub async fn write_hole(&mut self, length: u64) -> Result<()> {
        let procedure = self.handle.procedure;
        if !self.handle.sparse {
            // A daemon would close the whole connection.
            let reason = "the stream was not opened as sparse".to_owned();
            return Err(Error::InvalidArgument { procedure, reason });
        }
        let signed = i64::try_from(length).ok().filter(|length| *length > 0);
        let signed = signed.ok_or_else(|| Error::InvalidArgument {
            procedure,
            reason: "a hole has a length, of less than 8 EiB".to_owned(),
        })?;
        let hole = net::StreamHole { length: signed, flags: 0 };
        let hole = xdr::to_vec(&hole).map_err(|error| Error::unsendable(procedure, error))?;
        poll_fn(|cx| self.poll_send(cx, MessageType::StreamHole, &hole)).await?;
        self.written_bytes = self.written_bytes.saturating_add(length);
        Ok(())
    }

    /// See [`Stream::finish`].
    pub async fn finish(self) -> Result<()> {
        self.handle.end(Status::Ok).await?;
        self.check_complete()
    }

    /// See [`Stream::abort`].
    pub async fn abort(self) -> Result<()> {
        self.handle.end(Status::Error).await
    }
}

impl AsyncRead for StreamReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let chunk = match ready!(self.poll_chunk(cx)) {
            Ok(Some(chunk)) => chunk,
            Ok(None) => return Poll::Ready(Ok(())),
            // As with sockets: who has shut them down finds the end.
            Err(StreamEnd::Closed | StreamEnd::Progress(Progress::Confirmed))
                if self.handle.finished.load(Ordering::Relaxed) =>
            {
                return Poll::Ready(Ok(()));
            }
            Err(end) => return Poll::Ready(Err(io::Error::other(self.handle.error(end)))),
        };
        self.pending = match chunk {
            Chunk::Data(mut data) => {
                let piece = data.split_to(data.len().min(buf.remaining()));
                buf.put_slice(&piece);
                (!data.is_empty()).then_some(Chunk::Data(data))
            }
            Chunk::Hole(length) => {
                let piece = buf.remaining().min(usize::try_from(length).unwrap_or(usize::MAX));
                buf.initialize_unfilled_to(piece).fill(0);
                buf.advance(piece);
                let rest = length - piece as u64;
                (rest > 0).then_some(Chunk::Hole(rest))
            }
        };
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for StreamWriter {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_data(cx, data).map_err(|error| match error {
            // It is closed.
            Error::InvalidArgument { .. } => io::Error::new(ErrorKind::BrokenPipe, error),
            error => io::Error::other(error),
        })
    }

    /// Does nothing: written data is already on its way.
    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Finishes the stream.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.handle.poll_end(Status::Ok, &mut this.ending, cx))
            .and_then(|()| this.check_complete())
            .map_err(io::Error::other)
            .into()
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.reader).poll_read(cx, buf)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.writer).poll_write(cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_shutdown(cx)
    }
}
