//! Reading messages from a byte stream, and writing them.

use std::hint::black_box;
use std::ops::Range;
use std::os::fd::OwnedFd;

use bytes::Bytes;
use zeroize::Zeroizing;

use super::header::{
    DESCRIPTORS_MAX, HEADER_SIZE, Header, LENGTH_SIZE, MESSAGE_MAX, MESSAGE_MIN, MessageType,
};
use super::read_buffer::ReadBuffer;
use crate::error::{CloseReason, ProtocolError};
use crate::xdr::{self, Encode, EncodeError, Writer};

/// The largest read of small frames. Those that do not fit get a buffer of their own.
const READ_BUFFER: usize = 32 * 1024;
/// The largest read until one has filled it: a connection that only gets short replies and few
/// events needs no more.
const FIRST_READ_BUFFER: usize = 2 * 1024;
/// The part of a large frame's announced length that is reserved ahead of the bytes that arrived.
const RESERVE_AHEAD: usize = 1024 * 1024;
/// The block that is taken and freed before the first large frame of a connection, unless that is
/// the very first message. Untouched memory costs nothing, and once glibc has freed a block of this
/// size, it no longer returns memory to the system after each reply only to get it back page by page
/// for the next one.
const FREED_ONCE: usize = 4 * 1024 * 1024;

/// One whole message.
#[derive(Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) header: Header,
    payload: Payload<'a>,
    descriptors: Vec<OwnedFd>,
}

#[derive(Debug)]
enum Payload<'a> {
    /// A part of the read buffer.
    Shared(&'a [u8]),
    /// A large message, in a buffer of its own.
    Own(Bytes),
}

impl Frame<'_> {
    pub(crate) fn payload(&self) -> &[u8] {
        match &self.payload {
            Payload::Shared(bytes) => bytes,
            Payload::Own(bytes) => bytes,
        }
    }

    /// Returns the payload, to be kept; large ones are not copied.
    pub(crate) fn into_payload(self) -> Bytes {
        self.into_parts().0
    }

    /// Returns the payload, to be kept, and the descriptors that came with it.
    pub(crate) fn into_parts(self) -> (Bytes, Vec<OwnedFd>) {
        let payload = match self.payload {
            Payload::Shared(bytes) => Bytes::copy_from_slice(bytes),
            Payload::Own(bytes) => bytes,
        };
        (payload, self.descriptors)
    }
}

/// A buffer that splits received bytes into whole messages.
#[derive(Debug)]
pub(crate) struct FrameBuffer {
    buffer: ReadBuffer,
    /// The index in `buffer` of the first message that was not returned yet.
    start: usize,
    /// An incomplete message too large for `buffer`, and its whole length.
    large: Option<(ReadBuffer, usize)>,
    /// The descriptors that came with the last byte that was read.
    descriptors: Vec<OwnedFd>,
    incomplete: Option<Incomplete>,
    any_received: bool,
    any_large: bool,
}

/// A message that only lacks the descriptors after it.
#[derive(Debug)]
struct Incomplete {
    header: Header,
    payload: Bytes,
    /// The number of descriptors that were announced; each comes with a byte.
    count: usize,
    /// The descriptors that have come.
    descriptors: Vec<OwnedFd>,
}

impl FrameBuffer {
    pub(crate) fn new() -> Self {
        Self {
            buffer: ReadBuffer::default(),
            start: 0,
            large: None,
            descriptors: Vec::new(),
            incomplete: None,
            any_received: false,
            any_large: false,
        }
    }

    /// Returns the buffer for the bytes of the next read, limited to its spare room, and the one
    /// for descriptors.
    ///
    /// Call [`next`](Self::next) until it has no more messages before reading again.
    pub(crate) fn space(&mut self) -> (&mut ReadBuffer, &mut Vec<OwnedFd>) {
        let ahead = self.reserve_ahead();
        if let Some((large, len)) = &mut self.large {
            if large.room() == 0 {
                // Growing with the received bytes keeps a false length from costing memory.
                let grown = large.len() + large.len().max(ahead);
                large.reserve_to(grown.min(*len));
            }
            return (large, &mut self.descriptors);
        }
        let is_full = self.buffer.room() == 0 && self.buffer.len() > 0;
        self.buffer.discard(self.start);
        self.start = 0;
        self.buffer.reserve_to(if is_full {
            READ_BUFFER
        } else {
            FIRST_READ_BUFFER
        });
        (&mut self.buffer, &mut self.descriptors)
    }

    /// Returns the part of a large frame's announced length to reserve ahead of the received bytes.
    /// A peer that has sent no message yet is not trusted.
    fn reserve_ahead(&self) -> usize {
        if self.any_received {
            RESERVE_AHEAD
        } else {
            READ_BUFFER
        }
    }

    /// Returns the next whole message, or `None` until more has arrived.
    pub(crate) fn next(&mut self) -> Result<Option<Frame<'_>>, ProtocolError> {
        if self.incomplete.is_none() {
            if let Some(message) = self.take_large() {
                let header = decode_header(&message)?;
                let payload = message.slice(MESSAGE_MIN..);
                if header.kind != MessageType::ReplyWithFds {
                    return Ok(Some(Frame {
                        header,
                        payload: Payload::Own(payload),
                        descriptors: Vec::new(),
                    }));
                }
                self.await_descriptors(header, &payload)?;
            } else if let Some(range) = self.take_small()? {
                let message = self.buffer.filled().get(range.clone()).unwrap_or_default();
                let header = decode_header(message)?;
                if header.kind != MessageType::ReplyWithFds {
                    let message = self.buffer.filled().get(range).unwrap_or_default();
                    return Ok(Some(Frame {
                        header,
                        payload: Payload::Shared(message.get(MESSAGE_MIN..).unwrap_or_default()),
                        descriptors: Vec::new(),
                    }));
                }
                let payload = message.get(MESSAGE_MIN..).unwrap_or_default();
                let payload = Bytes::copy_from_slice(payload);
                self.await_descriptors(header, &payload)?;
            }
        }
        Ok(self.complete())
    }

    /// Returns the large message, if it is complete.
    fn take_large(&mut self) -> Option<Bytes> {
        let (large, len) = self.large.take_if(|(large, len)| large.len() >= *len)?;
        // The last read may have returned the beginning of the next message too.
        let next = large.filled().get(len..).unwrap_or_default();
        self.buffer.extend_from_slice(next);
        self.any_received = true;
        Some(Bytes::from(large.into_first(len)))
    }

    /// Returns the range of the next message in the buffer, if it is complete.
    fn take_small(&mut self) -> Result<Option<Range<usize>>, ProtocolError> {
        if self.large.is_some() {
            return Ok(None);
        }
        let pending = self.buffer.filled().get(self.start..).unwrap_or_default();
        let Some((length, _)) = pending.split_first_chunk::<LENGTH_SIZE>() else {
            return Ok(None);
        };
        let len = u32::from_be_bytes(*length) as usize;
        if !(MESSAGE_MIN..=MESSAGE_MAX).contains(&len) {
            return Err(self.bad_length(len));
        }
        if pending.len() < len {
            if len > READ_BUFFER {
                if self.any_received && !self.any_large {
                    self.any_large = true;
                    drop(black_box(ReadBuffer::with_capacity(FREED_ONCE)));
                }
                // No more than the frame: what came after it would have to be moved.
                let reserve = len.min(pending.len() + self.reserve_ahead());
                let mut large = ReadBuffer::with_capacity(reserve);
                large.extend_from_slice(pending);
                self.buffer.discard(self.buffer.len());
                self.start = 0;
                self.large = Some((large, len));
            }
            return Ok(None);
        }
        self.any_received = true;
        let begin = self.start;
        self.start += len;
        Ok(Some(begin..self.start))
    }

    /// Keeps a message until its descriptors have come: the payload begins with their number, and
    /// each comes with one byte after the message.
    fn await_descriptors(&mut self, header: Header, payload: &Bytes) -> Result<(), ProtocolError> {
        let count = xdr::from_slice::<u32>(payload)
            .map_err(|source| ProtocolError::Header { source })? as usize;
        if count > DESCRIPTORS_MAX {
            return Err(ProtocolError::Descriptors { count });
        }
        self.incomplete = Some(Incomplete {
            header,
            payload: payload.slice(4..),
            count,
            descriptors: Vec::new(),
        });
        Ok(())
    }

    /// Returns the message that waited for its descriptors, if they have come. Descriptors that
    /// came with other bytes, or in excess of the announced number, are closed.
    fn complete(&mut self) -> Option<Frame<'_>> {
        let arrived = self.buffer.len() - self.start;
        let Some(incomplete) = &mut self.incomplete else {
            self.descriptors.clear();
            return None;
        };
        // The present ones came with the last byte.
        if arrived <= incomplete.count {
            let missing = incomplete.count - incomplete.descriptors.len();
            self.descriptors.truncate(missing);
            incomplete.descriptors.append(&mut self.descriptors);
        }
        // There may be fewer than announced, if this process may not open more: the caller counts
        // them.
        let Incomplete { header, payload, count, descriptors } =
            self.incomplete.take_if(|it| it.count <= arrived)?;
        self.start += count;
        Some(Frame { header, payload: Payload::Own(payload), descriptors })
    }

    /// Returns whether a message is incomplete.
    fn is_partial(&self) -> bool {
        self.large.is_some() || self.incomplete.is_some() || self.start < self.buffer.len()
    }

    /// Returns the reason for the end of the connection if the bytes end here.
    pub(crate) fn end_of_stream(&self) -> CloseReason {
        if !self.is_partial() {
            return CloseReason::Eof;
        }
        let rest = self.buffer.filled().get(self.start..).unwrap_or_default();
        let has_good_length = self.large.is_some() || rest.len() >= LENGTH_SIZE;
        if self.any_received || has_good_length {
            CloseReason::EofInMessage
        } else {
            ProtocolError::not_libvirt(rest).into()
        }
    }

    /// Returns the error for a bad length, which in the very first message means that the peer is
    /// not libvirt.
    #[cold]
    fn bad_length(&self, len: usize) -> ProtocolError {
        if self.any_received {
            ProtocolError::FrameLength { len }
        } else {
            ProtocolError::not_libvirt(self.buffer.filled().get(self.start..).unwrap_or_default())
        }
    }
}

fn decode_header(message: &[u8]) -> Result<Header, ProtocolError> {
    Header::decode(message.get(LENGTH_SIZE..).unwrap_or_default())
}

/// Appends one whole message to `out`; on an error `out` is unchanged.
pub(crate) fn append_message(
    out: &mut Vec<u8>,
    header: &Header,
    payload: &(impl Encode + ?Sized),
) -> Result<(), EncodeError> {
    append_within(out, header, payload, MESSAGE_MAX)
}

/// Makes a whole message in memory that is wiped, and of which no copies are left behind.
pub(crate) fn secret_message(
    header: &Header,
    payload: &(impl Encode + ?Sized),
) -> Result<Zeroizing<Vec<u8>>, EncodeError> {
    let mut room = 1024;
    loop {
        // Memory that grew would leave what it held where it was; padding needs a little more than
        // it keeps.
        let mut message = Zeroizing::new(Vec::with_capacity(room + Writer::SPARE));
        match append_within(&mut message, header, payload, room) {
            Err(EncodeError::MessageTooLarge { .. }) if room < MESSAGE_MAX => {
                room = (8 * room).min(MESSAGE_MAX);
            }
            appended => return appended.map(|()| message),
        }
    }
}

/// Appends one whole message of at most so many bytes.
fn append_within(
    out: &mut Vec<u8>,
    header: &Header,
    payload: &(impl Encode + ?Sized),
    most: usize,
) -> Result<(), EncodeError> {
    let begin = out.len();
    out.extend_from_slice(&[0; LENGTH_SIZE]);
    let mut writer = Writer::with_limit(out, most - LENGTH_SIZE);
    if let Err(error) = header.encode(&mut writer).and_then(|()| payload.encode(&mut writer)) {
        out.truncate(begin);
        return Err(match error {
            EncodeError::MessageTooLarge { .. } => {
                EncodeError::MessageTooLarge { max: MESSAGE_MAX - LENGTH_SIZE - HEADER_SIZE }
            }
            other => other,
        });
    }
    let length = u32::try_from(out.len() - begin).unwrap_or(u32::MAX);
    if let Some(word) = out.get_mut(begin..begin + LENGTH_SIZE) {
        word.copy_from_slice(&length.to_be_bytes());
    }
    Ok(())
}

/// Returns length word and header of a message whose payload of `len` bytes is sent separately.
pub(crate) fn packet_head(header: &Header, len: usize) -> Vec<u8> {
    let mut head = Vec::with_capacity(MESSAGE_MIN);
    let _never_too_large = append_message(&mut head, header, &());
    let length = u32::try_from(MESSAGE_MIN + len).unwrap_or(u32::MAX);
    if let Some(word) = head.first_chunk_mut::<LENGTH_SIZE>() {
        *word = length.to_be_bytes();
    }
    head
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::rpc::header::{ProcedureId, Status};
    use crate::xdr::EncodeMax as _;

    struct Opaque(Vec<u8>);

    impl Encode for Opaque {
        fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
            Cow::Borrowed(&*self.0).encode_max(writer, usize::MAX)
        }
    }

    #[test]
    fn secret_messages_are_as_others_and_never_moved() {
        let id = ProcedureId { program: 1, version: 2, procedure: 3 };
        let header = Header { id, kind: MessageType::Call, serial: 4, status: Status::Ok };
        for len in [
            0, 1, 900, 970, 993, 996, 1000, 8163, 8164, 8165, 60_000, 300_001,
        ] {
            let payload = Opaque(vec![7; len]);
            let mut plain = Vec::new();
            append_message(&mut plain, &header, &payload).unwrap();
            let secret = secret_message(&header, &payload).unwrap();
            assert_eq!(*secret, plain, "{len}");
            let room = secret.capacity() - Writer::SPARE;
            assert!(room.is_power_of_two() && secret.len() <= room, "{len}: {room}");
        }
        let payload = Opaque(vec![7; MESSAGE_MAX]);
        secret_message(&header, &payload).unwrap_err();
    }

    /// Returns the beginning of a message whose payload has `len` bytes.
    fn head(len: usize) -> Vec<u8> {
        let header = Header {
            id: ProcedureId { program: 1, version: 1, procedure: 1 },
            kind: MessageType::Message,
            serial: 0,
            status: Status::Ok,
        };
        packet_head(&header, len)
    }

    fn receive(frames: &mut FrameBuffer, bytes: &[u8]) -> Result<usize, ProtocolError> {
        frames.space().0.extend_from_slice(bytes);
        let mut messages = 0;
        while frames.next()?.is_some() {
            messages += 1;
        }
        Ok(messages)
    }

    /// Returns the beginning of a message of the maximum length.
    fn announcement() -> Vec<u8> {
        let mut bytes = (MESSAGE_MAX as u32).to_be_bytes().to_vec();
        bytes.resize(MESSAGE_MIN, 0);
        bytes
    }

    #[test]
    fn a_peer_that_has_sent_no_message_costs_little_more_than_it_sends() -> Result<(), ProtocolError>
    {
        let mut frames = FrameBuffer::new();
        receive(&mut frames, &announcement())?;
        let mut sent = MESSAGE_MIN;
        while sent < MESSAGE_MAX / 2 {
            let room = frames.space().0.room();
            assert!(room <= sent.max(READ_BUFFER), "{room} for {sent}");
            receive(&mut frames, &vec![0; room])?;
            sent += room;
        }
        Ok(())
    }

    #[test]
    fn a_large_message_takes_no_more_room_than_it_needs() -> Result<(), ProtocolError> {
        let mut frames = FrameBuffer::new();
        let len = 2 * READ_BUFFER;
        assert_eq!(receive(&mut frames, &[head(0), head(len)].concat())?, 1);
        assert_eq!(frames.space().0.room(), len);
        assert_eq!(receive(&mut frames, &vec![0; len])?, 1);
        // The buffer for small messages has not grown.
        assert_eq!(frames.space().0.room(), FIRST_READ_BUFFER);
        Ok(())
    }

    #[test]
    fn reads_grow_once_one_has_filled_the_buffer() -> Result<(), ProtocolError> {
        let mut frames = FrameBuffer::new();
        let room = frames.space().0.room();
        let mut bytes = head(room);
        bytes.resize(room, 0);
        assert_eq!(receive(&mut frames, &bytes)?, 0);
        assert_eq!(frames.space().0.room(), READ_BUFFER - room);
        assert_eq!(receive(&mut frames, &[0; MESSAGE_MIN])?, 1);
        Ok(())
    }
}
