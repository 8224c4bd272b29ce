//! Byte streams to a daemon.
//!
//! A transport has two halves. The driver task owns the reading half; the writing half is kept with
//! the outbox, so that a caller can write without waiting for the driver task.

pub(crate) mod autostart;
mod generic;
#[cfg(feature = "ssh")]
pub(crate) mod program;
mod socket;
#[cfg(feature = "ssh-native")]
pub(crate) mod ssh_native;
pub(crate) mod tcp;
#[cfg(feature = "tls")]
pub(crate) mod tls;
#[cfg(any(feature = "ssh", feature = "ssh-native"))]
mod tunnel;
pub(crate) mod unix;

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::error::{CloseReason, TunnelError, TunnelFailure};
use crate::rpc::read_buffer::ReadBuffer;

pub(crate) use generic::split;

/// The reading half.
pub(crate) trait ReadHalf: Send {
    /// Appends received bytes to `into`, within its spare room, and returns their number; 0 is the
    /// end of the stream.
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut ReadBuffer)
    -> Poll<io::Result<usize>>;

    /// Reads as well, and appends the descriptors that came along, which plain reading loses. They
    /// belong to the last of the bytes.
    fn poll_read_descriptors(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut ReadBuffer,
        _descriptors: &mut Vec<OwnedFd>,
    ) -> Poll<io::Result<usize>> {
        self.poll_read(cx, into)
    }

    /// Returns the reason for the end, where the transport knows more than reading told. Called
    /// after the end, possibly several times.
    fn poll_end_reason(&mut self, _cx: &mut Context<'_>) -> Poll<Option<CloseReason>> {
        Poll::Ready(None)
    }

    /// Waits, without a runtime, until the peer has hung up, for `limit` at most. Does nothing
    /// where that is not possible.
    fn wait_for_end(&mut self, _limit: Duration) {}
}

/// The writing half.
pub(crate) trait WriteHalf: Send {
    /// Returns whether each write may hold one message, or the rest of one, and no more.
    ///
    /// Where a layer below makes a record of each write, libvirt's daemons handle the first message
    /// of a record, and the others only when the next record arrives.
    fn takes_one_message(&self) -> bool {
        false
    }

    /// Sends as much as possible and returns its length; wakes the task when there is room again.
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;

    /// Sends from outside the driver task, whose waker is `driver`.
    ///
    /// Returns `Ok(0)` when nothing can be sent; the driver task then goes on.
    fn try_write(&mut self, driver: &Waker, bytes: &[u8]) -> io::Result<usize> {
        let cx = &mut Context::from_waker(driver);
        match self.poll_write(cx, bytes) {
            Poll::Ready(result) => {
                // The driver task flushes what is left in buffers below.
                let _pending = self.poll_flush(cx)?;
                result
            }
            Poll::Pending => Ok(0),
        }
    }

    /// Sends two slices that belong together, like [`try_write`](Self::try_write).
    fn try_write_both(&mut self, driver: &Waker, head: &[u8], tail: &[u8]) -> io::Result<usize> {
        let sent = self.try_write(driver, head)?;
        if sent < head.len() {
            return Ok(sent);
        }
        // The head has been sent; the next write meets the error of the rest again.
        Ok(sent + self.try_write(driver, tail).unwrap_or_default())
    }

    /// Sends one byte together with a descriptor.
    fn poll_write_descriptor(
        &mut self,
        _cx: &mut Context<'_>,
        _byte: &[u8],
        _descriptor: BorrowedFd<'_>,
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::Unsupported.into()))
    }

    /// Flushes what an earlier write left in buffers below.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Shuts down the sending direction.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}

/// An open byte stream.
pub(crate) struct Transport {
    pub(crate) read: Box<dyn ReadHalf>,
    pub(crate) write: Box<dyn WriteHalf>,
    pub(crate) security: Security,
    /// Set where descriptors can be sent along.
    pub(crate) passes_descriptors: bool,
    /// The peer's address, if the URI does not have it.
    pub(crate) peer: Option<String>,
    /// The program or protocol that carries the bytes further, if any.
    pub(crate) carrier: Option<Arc<dyn Carrier>>,
}

/// A carrier of a connection that can itself fail, such as ssh.
pub(crate) trait Carrier: Send + Sync {
    /// Returns the error of a connection that failed in that way.
    fn failed(&self, failure: TunnelFailure) -> TunnelError;
}

/// The protection that a transport gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Security {
    /// Nobody on the network can read the bytes: a local socket, or encryption.
    pub(crate) secure: bool,
    /// The bytes are encrypted.
    pub(crate) encrypted: bool,
}
