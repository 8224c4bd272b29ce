//! A stream that ends when nobody needs it any more.
//!
//! russh reads and writes in a task of its own, which does not notice during a key exchange that its
//! handle is gone: it would keep the socket for as long as the host does.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

/// Ends the stream when it is dropped, and what [`End`] is waited for in.
pub(super) struct Leash(
    #[expect(dead_code, reason = "being dropped is its use")] [oneshot::Sender<Infallible>; 2],
);

/// The end of the leash, for what runs between reading and writing: russh's task does not look at
/// the stream while it waits for an answer.
pub(super) struct End(oneshot::Receiver<Infallible>);

impl End {
    /// Waits until the leash is gone.
    pub(super) async fn reached(&mut self) {
        if !self.is_reached() {
            let _gone = (&mut self.0).await;
        }
    }

    pub(super) fn is_reached(&mut self) -> bool {
        self.0.try_recv() == Err(TryRecvError::Closed)
    }
}

/// A stream on a leash.
pub(super) struct Leashed<S> {
    stream: S,
    /// `None` once the leash is gone.
    leash: Option<oneshot::Receiver<Infallible>>,
}

pub(super) fn leash<S>(stream: S) -> (Leashed<S>, End, Leash) {
    let (for_stream, receiver) = oneshot::channel();
    let (for_end, end) = oneshot::channel();
    let leash = Leash([for_stream, for_end]);
    (Leashed { stream, leash: Some(receiver) }, End(end), leash)
}

impl<S> Leashed<S> {
    fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        if let Some(leash) = &mut self.leash
            && Pin::new(leash).poll(cx).is_ready()
        {
            self.leash = None;
        }
        self.leash.is_none()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Leashed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_over(cx) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Leashed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_over(cx) {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut self.stream).poll_write(cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
