//! Byte streams to a daemon.
//!
//! A transport is two halves: the driver task owns the reading one; the writing one stands beside
//! the outbox, so that a caller can write without waiting for the driver.

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

/// The receiving half.
pub(crate) trait ReadHalf: Send {
    /// Appends what has arrived to `into`, within its room, and says how much; 0 is the end of the
    /// stream.
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut ReadBuffer)
    -> Poll<io::Result<usize>>;

    /// The same, and appends the descriptors that came along, which plain reading loses. They belong
    /// to the last of the bytes.
    fn poll_read_descriptors(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut ReadBuffer,
        _descriptors: &mut Vec<OwnedFd>,
    ) -> Poll<io::Result<usize>> {
        self.poll_read(cx, into)
    }

    /// Why there is no more to read, where the transport knows more of it than reading told. Asked
    /// for after the end, perhaps again and again.
    fn poll_end_reason(&mut self, _cx: &mut Context<'_>) -> Poll<Option<CloseReason>> {
        Poll::Ready(None)
    }

    /// Waits, without a runtime, until the peer has hung up, but not for longer than `limit`. Does
    /// nothing where that cannot be done.
    fn wait_for_end(&mut self, _limit: Duration) {}
}

/// The sending half.
pub(crate) trait WriteHalf: Send {
    /// Whether each piece to write may hold one message, or the rest of one, and nothing more.
    ///
    /// Where a layer below makes records of what is written, libvirt's daemons handle the first message
    /// of a record and look at the others when the next record comes.
    fn takes_one_message(&self) -> bool {
        false
    }

    /// Sends what can be sent now and says how much; wakes the task when there is room again.
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;

    /// The same from outside the driver task, whose waker is `driver`.
    ///
    /// `Ok(0)` when nothing can be sent; the driver then goes on.
    fn try_write(&mut self, driver: &Waker, bytes: &[u8]) -> io::Result<usize> {
        let cx = &mut Context::from_waker(driver);
        match self.poll_write(cx, bytes) {
            Poll::Ready(result) => {
                // What stays behind below, the driver pushes on.
                let _pending = self.poll_flush(cx)?;
                result
            }
            Poll::Pending => Ok(0),
        }
    }

    /// [`try_write`](Self::try_write) of two pieces that belong together.
    fn try_write_both(&mut self, driver: &Waker, head: &[u8], tail: &[u8]) -> io::Result<usize> {
        let sent = self.try_write(driver, head)?;
        if sent < head.len() {
            return Ok(sent);
        }
        // The head is on its way; a failure of the rest is met again by whoever sends that.
        Ok(sent + self.try_write(driver, tail).unwrap_or_default())
    }

    /// Sends one byte and a descriptor with it.
    fn poll_write_descriptor(
        &mut self,
        _cx: &mut Context<'_>,
        _byte: &[u8],
        _descriptor: BorrowedFd<'_>,
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::Unsupported.into()))
    }

    /// Pushes on what an earlier write left in buffers below.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Says that nothing more will be sent.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}

/// An open byte stream.
pub(crate) struct Transport {
    pub(crate) read: Box<dyn ReadHalf>,
    pub(crate) write: Box<dyn WriteHalf>,
    pub(crate) security: Security,
    /// Whether descriptors can travel along.
    pub(crate) passes_descriptors: bool,
    /// Where the peer was found, if the URI does not say so.
    pub(crate) peer: Option<String>,
    /// What else carries the bytes, if this is but the way to that.
    pub(crate) carrier: Option<Arc<dyn Carrier>>,
}

/// Something that carries a connection and can fail by itself, such as ssh.
pub(crate) trait Carrier: Send + Sync {
    /// What it has to say when the connection through it failed in that way.
    fn failed(&self, failure: TunnelFailure) -> TunnelError;
}

/// What a transport does for the bytes on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Security {
    /// Nobody on the network can read along: a local socket, or encryption.
    pub(crate) secure: bool,
    /// The bytes are encrypted.
    pub(crate) encrypted: bool,
}
