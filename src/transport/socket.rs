//! Sockets, registered for reading only.
//!
//! tokio's own stream types also ask to be told when the socket can be written, so that each request
//! that the daemon takes off our hands wakes the driver for nothing. Its pipe ends ask for one
//! direction only and make no difference between a pipe and a socket; they stand in here. Writing
//! readiness is asked for only while a write has fallen short.

use std::io::{self, IoSlice};
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use rustix::io::Errno;
use rustix::net::{SendAncillaryBuffer, SendFlags, Shutdown};
use tokio::net::unix::pipe;

use super::{ReadHalf, WriteHalf};

/// Splits a connected, non-blocking stream socket.
pub(super) fn split(socket: OwnedFd) -> io::Result<(SocketReader, SocketWriter)> {
    let writer = SocketWriter {
        socket: socket.try_clone()?,
        writable: None,
    };
    let reader = SocketReader {
        socket: pipe::Receiver::from_owned_fd_unchecked(socket)?,
    };
    Ok((reader, writer))
}

pub(super) struct SocketReader {
    socket: pipe::Receiver,
}

impl ReadHalf for SocketReader {
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut Vec<u8>) -> Poll<io::Result<usize>> {
        tokio_util::io::poll_read_buf(Pin::new(&mut self.socket), cx, into)
    }
}

pub(super) struct SocketWriter {
    socket: OwnedFd,
    /// Present while a write has fallen short; a descriptor can be registered only once, so this is
    /// another one for the same socket.
    writable: Option<pipe::Sender>,
}

impl SocketWriter {
    fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match rustix::net::send(&self.socket, bytes, SendFlags::NOSIGNAL) {
                Err(Errno::INTR) => {}
                result => return result.map_err(io::Error::from),
            }
        }
    }
}

impl SocketWriter {
    fn send_both(&self, head: &[u8], tail: &[u8]) -> io::Result<usize> {
        let pieces = [IoSlice::new(head), IoSlice::new(tail)];
        loop {
            let mut no_control = SendAncillaryBuffer::default();
            match rustix::net::sendmsg(&self.socket, &pieces, &mut no_control, SendFlags::NOSIGNAL)
            {
                Err(Errno::INTR) => {}
                result => return result.map_err(io::Error::from),
            }
        }
    }
}

fn is_full(result: &io::Result<usize>) -> bool {
    matches!(result, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

impl WriteHalf for SocketWriter {
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            let Some(writable) = &self.writable else {
                let sent = self.send(bytes);
                if !is_full(&sent) {
                    return Poll::Ready(sent);
                }
                // Registering reports readiness at once if there is some by now.
                let socket = self.socket.try_clone()?;
                self.writable = Some(pipe::Sender::from_owned_fd_unchecked(socket)?);
                continue;
            };
            ready!(writable.poll_write_ready(cx))?;
            let sent = writable.try_io(|| self.send(bytes));
            if is_full(&sent) {
                continue;
            }
            if matches!(sent, Ok(count) if count == bytes.len()) {
                self.writable = None;
            }
            return Poll::Ready(sent);
        }
    }

    fn try_write(&mut self, _driver: &Waker, bytes: &[u8]) -> io::Result<usize> {
        // Callers may run outside the runtime, where nothing can be registered.
        let sent = self.send(bytes);
        if is_full(&sent) { Ok(0) } else { sent }
    }

    fn try_write_both(&mut self, _driver: &Waker, head: &[u8], tail: &[u8]) -> io::Result<usize> {
        let sent = self.send_both(head, tail);
        if is_full(&sent) { Ok(0) } else { sent }
    }

    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(rustix::net::shutdown(&self.socket, Shutdown::Write).map_err(Into::into))
    }
}
