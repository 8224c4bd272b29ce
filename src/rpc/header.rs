//! The header of every message.

use crate::protocol::{EventInfo, ProcedureInfo, Program};
use crate::xdr::{Decode, DecodeError, Encode, EncodeError, Reader, Writer};

/// Bytes of the length word in front of each message; it counts itself.
pub(crate) const LENGTH_SIZE: usize = 4;
/// Bytes of the header behind the length word.
pub(crate) const HEADER_SIZE: usize = 24;
/// The shortest legal message: length word and header.
pub(crate) const MESSAGE_MIN: usize = LENGTH_SIZE + HEADER_SIZE;
/// The longest legal message, length word included.
pub(crate) const MESSAGE_MAX: usize = LENGTH_SIZE + 33_554_432;

/// The most descriptors that a message can come with.
pub(crate) const DESCRIPTORS_MAX: usize = 32;

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MessageType {
    Call,
    Reply,
    /// An event or a keepalive message.
    Message,
    /// Stream data, its end, or its failure.
    Stream,
    CallWithFds,
    ReplyWithFds,
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

/// How a message is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// Calls, good replies, events; the finish of a stream and its confirmation.
    Ok,
    /// The payload is an error; from a client, the abort of a stream.
    Error,
    /// More of a stream.
    Continue,
}

impl Status {
    const ALL: [Self; 3] = [Self::Ok, Self::Error, Self::Continue];
}

/// What identifies a procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ProcedureId {
    pub(crate) program: u32,
    pub(crate) version: u32,
    pub(crate) procedure: u32,
}

impl ProcedureId {
    pub(crate) fn new(program: Program, procedure: u32) -> Self {
        Self {
            program: program.number,
            version: program.version,
            procedure,
        }
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

/// The six words in front of each payload.
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

impl<'a> Decode<'a> for Header {
    const MIN_SIZE: usize = HEADER_SIZE;

    /// A type or status outside its enumeration is reported as an unknown arm.
    #[inline]
    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        fn one_of<T: Copy>(all: &[T], number: i32) -> Result<T, DecodeError> {
            usize::try_from(number)
                .ok()
                .and_then(|index| all.get(index).copied())
                .ok_or(DecodeError::UnknownArm {
                    discriminant: number,
                })
        }
        Ok(Self {
            id: ProcedureId {
                program: u32::decode(reader)?,
                version: u32::decode(reader)?,
                procedure: u32::decode(reader)?,
            },
            kind: one_of(&MessageType::ALL, i32::decode(reader)?)?,
            serial: u32::decode(reader)?,
            status: one_of(&Status::ALL, i32::decode(reader)?)?,
        })
    }
}
