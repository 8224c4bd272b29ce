//! Sockets, registered for reading only.
//!
//! tokio's own stream types also register for writing, so each request that the daemon reads would
//! wake the driver task for nothing. tokio's pipe ends register for one direction only and do not
//! distinguish pipes from sockets; they are used instead. Writability is only registered for while
//! a write has fallen short.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::{Errno, retry_on_intr};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, Shutdown,
};
use tokio::net::unix::pipe;

use super::{ReadHalf, WriteHalf};
use crate::rpc::header::DESCRIPTORS_MAX;
use crate::rpc::read_buffer::ReadBuffer;

/// Splits a connected, non-blocking stream socket.
pub(super) fn split(socket: OwnedFd) -> io::Result<(SocketReader, SocketWriter)> {
    let socket = Arc::new(pipe::Receiver::from_owned_fd_unchecked(socket)?);
    let writer = SocketWriter { socket: Arc::clone(&socket), writable: None };
    Ok((SocketReader { socket, bulk: false, cramped: false }, writer))
}

/// The reading half, which reads until the socket is empty.
///
/// tokio's readiness must be cleared then and not before: it only reports new data. A read that did
/// not fill its buffer is taken as the end, which saves another read that would find nothing; but
/// on a UNIX socket a read also stops after bytes that came with descriptors, whoever sent them and
/// whether or not they are wanted. Only `recvmsg` distinguishes the two cases, and it needs an
/// initialised buffer.
pub(super) struct SocketReader {
    socket: Arc<pipe::Receiver>,
    /// Set where the last read returned much data, so that the next one may too.
    bulk: bool,
    /// Set where the last read would have returned more into a larger initialised buffer.
    cramped: bool,
}

/// The size up to which the buffer is initialised: enough for most messages, and cheap.
const SMALL: usize = 4 * 1024;

/// The result of a read.
struct Received {
    bytes: usize,
    /// Set where the socket was certainly empty afterwards.
    drained: bool,
}

impl SocketReader {
    /// Waits for readability, then reads with `receive`.
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        mut receive: impl FnMut(&pipe::Receiver) -> io::Result<Received>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.socket.poll_read_ready(cx))?;
            let mut last = None;
            let received = self.socket.try_io(|| match receive(&self.socket)? {
                Received { bytes, drained: true } => {
                    // `WouldBlock` makes tokio clear the readiness that was there before the read,
                    // but none that has come since.
                    last = Some(bytes);
                    Err(io::ErrorKind::WouldBlock.into())
                }
                received => Ok(received.bytes),
            });
            let received = last.map_or(received, Ok);
            if !is_full(&received) {
                return Poll::Ready(received);
            }
        }
    }
}

/// Reads and discards until the peer has hung up or the limit is reached.
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

impl ReadHalf for SocketReader {
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut ReadBuffer,
    ) -> Poll<io::Result<usize>> {
        // The buffer of a large message has never been used before; that of all others is soon
        // initialised as far as reads go.
        let initialized = into.initialized_room();
        let plain = self.bulk && (self.cramped || initialized < SMALL) && initialized < into.room();
        let mut cramped = false;
        let read = self.poll_receive(cx, |socket| {
            if plain {
                return receive_bytes(socket, into);
            }
            // Without room for descriptors the kernel closes them.
            let received = receive_message(socket, into, &mut RecvAncillaryBuffer::default())?;
            cramped = !received.drained;
            Ok(received)
        });
        if let Poll::Ready(Ok(bytes)) = read {
            self.bulk = bytes >= SMALL;
            self.cramped = cramped;
        }
        read
    }

    fn poll_read_descriptors(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut ReadBuffer,
        descriptors: &mut Vec<OwnedFd>,
    ) -> Poll<io::Result<usize>> {
        self.poll_receive(cx, |socket| {
            let mut space =
                [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
            let mut control = RecvAncillaryBuffer::new(&mut space);
            let mut received = receive_message(socket, into, &mut control)?;
            for part in control.drain() {
                received.drained = false;
                if let RecvAncillaryMessage::ScmRights(came) = part {
                    descriptors.extend(came);
                }
            }
            Ok(received)
        })
    }

    fn wait_for_end(&mut self, limit: Duration) {
        wait_for_end(&self.socket, limit);
    }
}

/// Reads into the whole spare room. Does not tell whether more is left.
fn receive_bytes(socket: &pipe::Receiver, into: &mut ReadBuffer) -> io::Result<Received> {
    let (bytes, _) = into.append_with(|into| {
        retry_on_intr(|| rustix::net::recv(socket, spare_capacity(into), RecvFlags::empty()))
    })?;
    Ok(Received { bytes, drained: false })
}

/// Reads bytes and control messages. Descriptors are close-on-exec.
fn receive_message(
    socket: &pipe::Receiver,
    into: &mut ReadBuffer,
    control: &mut RecvAncillaryBuffer<'_>,
) -> io::Result<Received> {
    let room = into.initialize(SMALL);
    let size = room.len();
    let mut pieces = [IoSliceMut::new(room)];
    let flags = RecvFlags::CMSG_CLOEXEC;
    let message = retry_on_intr(|| rustix::net::recvmsg(socket, &mut pieces, control, flags))?;
    into.advance(message.bytes);
    Ok(Received {
        bytes: message.bytes,
        drained: (1..size).contains(&message.bytes) && !message.flags.contains(ReturnFlags::CTRUNC),
    })
}

pub(super) struct SocketWriter {
    socket: Arc<pipe::Receiver>,
    /// Present while a write has fallen short. A descriptor can be registered only once, so this is
    /// a duplicate.
    writable: Option<pipe::Sender>,
}

impl SocketWriter {
    fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        let send = || rustix::net::send(&self.socket, bytes, SendFlags::NOSIGNAL);
        Ok(retry_on_intr(send)?)
    }
}

impl SocketWriter {
    /// Sends, waiting for writability if necessary.
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
                // Registering reports readiness at once if the socket has become writable.
                let socket = self.socket.as_fd().try_clone_to_owned()?;
                self.writable = Some(pipe::Sender::from_owned_fd_unchecked(socket)?);
            }
        }
    }

    /// Sends a descriptor. Each needs a control message of its own.
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
        let flags = SendFlags::NOSIGNAL;
        let send = || rustix::net::sendmsg(&self.socket, pieces, control, flags);
        Ok(retry_on_intr(send)?)
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
