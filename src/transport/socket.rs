//! Sockets, registered for reading only.
//!
//! tokio's own stream types also ask to be told when the socket can be written, so that each request
//! that the daemon takes off our hands wakes the driver for nothing. Its pipe ends ask for one
//! direction only and make no difference between a pipe and a socket; they stand in here. Writing
//! readiness is asked for only while a write has fallen short.

use std::collections::VecDeque;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, Shutdown,
};
use tokio::net::unix::pipe;

use super::{ReadHalf, WriteHalf};
use crate::rpc::header::DESCRIPTORS_MAX;

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

    fn poll_read_descriptors(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut Vec<u8>,
        descriptors: &mut VecDeque<OwnedFd>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.socket.poll_read_ready(cx))?;
            let received = self
                .socket
                .try_io(|| receive(&self.socket, into, descriptors));
            if !is_full(&received) {
                return Poll::Ready(received);
            }
        }
    }

    fn wait_for_end(&mut self, limit: Duration) {
        wait_for_end(&self.socket, limit);
    }
}

/// Reads and forgets, until the peer has hung up or the limit is reached.
fn wait_for_end(socket: &pipe::Receiver, limit: Duration) {
    let deadline = Instant::now() + limit;
    let mut forgotten = [0; 4096];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let Ok(left) = Timespec::try_from(left) else {
            return;
        };
        let mut waiting = [PollFd::new(socket, PollFlags::IN)];
        match rustix::event::poll(&mut waiting, Some(&left)) {
            Ok(1..) => {}
            Err(Errno::INTR) => continue,
            Ok(0) | Err(_) => return,
        }
        match rustix::io::read(socket, &mut forgotten) {
            Ok(1..) | Err(Errno::INTR | Errno::AGAIN) => {}
            Ok(0) | Err(_) => return,
        }
    }
}

/// Receives bytes and what came along. Descriptors close when programs are executed.
fn receive(
    socket: &pipe::Receiver,
    into: &mut Vec<u8>,
    descriptors: &mut VecDeque<OwnedFd>,
) -> io::Result<usize> {
    let mut bytes = [0; 16 * 1024];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let room = (into.capacity() - into.len()).clamp(1, bytes.len());
    let pieces = &mut [IoSliceMut::new(bytes.get_mut(..room).unwrap_or_default())];
    let message = loop {
        match rustix::net::recvmsg(socket, pieces, &mut control, RecvFlags::CMSG_CLOEXEC) {
            Err(Errno::INTR) => {}
            result => break result?,
        }
    };
    for part in control.drain() {
        if let RecvAncillaryMessage::ScmRights(received) = part {
            descriptors.extend(received);
        }
    }
    into.extend_from_slice(bytes.get(..message.bytes).unwrap_or_default());
    Ok(message.bytes)
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
    /// Sends, if need be once the socket can be written.
    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        send: impl Fn(&Self) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            let result = match &self.writable {
                None => send(self),
                Some(writable) => {
                    ready!(writable.poll_write_ready(cx))?;
                    writable.try_io(|| send(self))
                }
            };
            if !is_full(&result) {
                return Poll::Ready(result);
            }
            if self.writable.is_none() {
                // Registering reports readiness at once if there is some by now.
                let socket = self.socket.try_clone()?;
                self.writable = Some(pipe::Sender::from_owned_fd_unchecked(socket)?);
            }
        }
    }

    /// Each descriptor has to travel in a control message of its own.
    fn send_descriptor(&self, byte: &[u8], descriptor: BorrowedFd<'_>) -> io::Result<usize> {
        let descriptors = [descriptor];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        control.push(SendAncillaryMessage::ScmRights(&descriptors));
        self.send_message(&[IoSlice::new(byte)], &mut control)
    }

    fn send_both(&self, head: &[u8], tail: &[u8]) -> io::Result<usize> {
        let pieces = [IoSlice::new(head), IoSlice::new(tail)];
        self.send_message(&pieces, &mut SendAncillaryBuffer::default())
    }

    fn send_message(
        &self,
        pieces: &[IoSlice<'_>],
        control: &mut SendAncillaryBuffer<'_, '_, '_>,
    ) -> io::Result<usize> {
        loop {
            match rustix::net::sendmsg(&self.socket, pieces, control, SendFlags::NOSIGNAL) {
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
        let sent = ready!(self.poll_send(cx, |writer| writer.send(bytes)));
        if matches!(sent, Ok(count) if count == bytes.len()) {
            self.writable = None;
        }
        Poll::Ready(sent)
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

    fn poll_write_descriptor(
        &mut self,
        cx: &mut Context<'_>,
        byte: &[u8],
        descriptor: BorrowedFd<'_>,
    ) -> Poll<io::Result<usize>> {
        self.poll_send(cx, |writer| writer.send_descriptor(byte, descriptor))
    }

    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(rustix::net::shutdown(&self.socket, Shutdown::Write).map_err(Into::into))
    }
}
