//! The header of every message.

use crate::error::ProtocolError;
use crate::protocol::{EventInfo, ProcedureInfo, Program};
use crate::xdr::{self, Decode, DecodeError, Encode, EncodeError, Reader, Writer};

/// Bytes of the length word in front of each message; it counts itself.
pub(crate) const LENGTH_SIZE: usize = 4;
/// Bytes of the header after the length word.
pub(crate) const HEADER_SIZE: usize = 24;
/// The shortest legal message: length word and header.
pub(crate) const MESSAGE_MIN: usize = LENGTH_SIZE + HEADER_SIZE;
/// The longest legal message, length word included.
pub(crate) const MESSAGE_MAX: usize = LENGTH_SIZE + 33_554_432;

/// The most descriptors that a message can come with.
pub(crate) const DESCRIPTORS_MAX: usize = 32;

/// The type of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MessageType {
    /// A call, from the client.
    Call,
    /// The reply to a call.
    Reply,
    /// An event or a keepalive message.
    Message,
    /// Stream data, its end, or its failure.
    Stream,
    /// A call followed by descriptors.
    CallWithFds,
    /// A reply followed by descriptors.
    ReplyWithFds,
    /// A hole in a stream's data.
    StreamHole,
}

impl MessageType {
    const ALL: [Self; 7] = [
        Self::Call,
        Self::Reply,
        Self::Message,
        Self::Stream,
        Self::CallWithFds,
        Self::ReplyWithFds,
        Self::StreamHole,
    ];
}

/// The status word of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// A call, a good reply, an event; the finish of a stream or its confirmation.
    Ok,
    /// The payload is an error; from a client, the abort of a stream.
    Error,
    /// More of a stream.
    Continue,
}

impl Status {
    const ALL: [Self; 3] = [Self::Ok, Self::Error, Self::Continue];
}

/// The three numbers that identify a procedure or an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ProcedureId {
    pub(crate) program: u32,
    pub(crate) version: u32,
    pub(crate) procedure: u32,
}

impl ProcedureId {
    pub(crate) fn new(program: Program, procedure: u32) -> Self {
        Self { program: program.number, version: program.version, procedure }
    }
}

impl From<&EventInfo> for ProcedureId {
    fn from(info: &EventInfo) -> Self {
        Self::new(info.program, info.number)
    }
}

impl From<&ProcedureInfo> for ProcedureId {
    fn from(info: &ProcedureInfo) -> Self {
        Self::new(info.program, info.number)
    }
}

/// The six words before each payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) id: ProcedureId,
    pub(crate) kind: MessageType,
    pub(crate) serial: u32,
    pub(crate) status: Status,
}

impl Encode for Header {
    #[inline]
    fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        self.id.program.encode(writer)?;
        self.id.version.encode(writer)?;
        self.id.procedure.encode(writer)?;
        (self.kind as i32).encode(writer)?;
        self.serial.encode(writer)?;
        (self.status as i32).encode(writer)
    }
}

impl Header {
    /// Decodes the words between the length word and the payload.
    #[inline]
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, ProtocolError> {
        let words = xdr::from_slice::<Words>(bytes);
        let words = words.map_err(|source| ProtocolError::Header { source })?;
        let [kind, status] = [words.kind, words.status];
        Ok(Self {
            id: words.id,
            kind: one_of(&MessageType::ALL, kind).ok_or(ProtocolError::UnknownType { kind })?,
            serial: words.serial,
            status: one_of(&Status::ALL, status).ok_or(ProtocolError::UnknownStatus { status })?,
        })
    }
}

fn one_of<T: Copy>(all: &[T], number: i32) -> Option<T> {
    let index = usize::try_from(number).ok()?;
    all.get(index).copied()
}

/// A header whose type and status may be any numbers.
struct Words {
    id: ProcedureId,
    kind: i32,
    serial: u32,
    status: i32,
}

impl<'a> Decode<'a> for Words {
    const MIN_SIZE: usize = HEADER_SIZE;

    #[inline]
    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self {
            id: ProcedureId {
                program: u32::decode(reader)?,
                version: u32::decode(reader)?,
                procedure: u32::decode(reader)?,
            },
            kind: i32::decode(reader)?,
            serial: u32::decode(reader)?,
            status: i32::decode(reader)?,
        })
    }
}
