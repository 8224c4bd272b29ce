//! Any asynchronous byte stream as a transport.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadHalf as TokioReadHalf};

use super::{ReadHalf, Security, Transport, WriteHalf};
use crate::rpc::read_buffer::ReadBuffer;

/// Makes a transport from a stream.
pub(crate) fn split<S>(stream: S, security: Security) -> Transport
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (read, write) = tokio::io::split(stream);
    Transport {
        read: Box::new(GenericReader(read)),
        write: Box::new(GenericWriter(write)),
        security,
        passes_descriptors: false,
        peer: None,
        carrier: None,
    }
}

struct GenericReader<S>(TokioReadHalf<S>);

impl<S: AsyncRead + Send> ReadHalf for GenericReader<S> {
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut ReadBuffer,
    ) -> Poll<io::Result<usize>> {
        into.append_with(|into| tokio_util::io::poll_read_buf(Pin::new(&mut self.0), cx, into))
    }
}

pub(super) struct GenericWriter<W>(pub(super) W);

impl<W: AsyncWrite + Send + Unpin> WriteHalf for GenericWriter<W> {
    /// Returns `true`: the stream may be TLS, which makes a record of each write, or similar.
    fn takes_one_message(&self) -> bool {
        true
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.0).poll_write(cx, bytes) {
            Poll::Ready(Ok(0)) => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            other => other,
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
