use std::fmt::{self, Write as _};

use super::line::Line;
use crate::xdr::DecodeError;

/// How a peer broke the protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProtocolError {
    /// The very first bytes are not libvirt's: something else answers at this address.
    NotLibvirt {
        /// What it sent first, at most 64 bytes.
        first_bytes: Vec<u8>,
    },
    /// A message's length is below that of a header or above the protocol's maximum.
    FrameLength {
        /// The length on the wire.
        len: usize,
    },
    /// A message of a type that does not exist.
    UnknownType {
        /// The message type.
        kind: i32,
    },
    /// A message with a status that does not exist.
    UnknownStatus {
        /// The status.
        status: i32,
    },
    /// A message whose beginning cannot be decoded.
    Header {
        /// What is wrong with it.
        source: DecodeError,
    },
    /// A message of a type that only clients send.
    UnexpectedMessage {
        /// The message type.
        kind: i32,
    },
    /// A message announces more descriptors than any message can come with.
    Descriptors {
        /// How many are announced.
        count: usize,
    },
    /// A reply to a call that is not in flight.
    UnknownSerial {
        /// The serial in the reply.
        serial: u32,
        /// The procedure in the reply.
        procedure: u32,
    },
    /// A reply whose program, version or procedure is not that of the call.
    ForeignReply {
        /// The serial in the reply.
        serial: u32,
        /// The program in the reply.
        program: u32,
        /// The procedure in the reply.
        procedure: u32,
    },
    /// A reply with the status that only stream data has.
    ReplyStatus {
        /// The serial in the reply.
        serial: u32,
        /// The procedure in the reply.
        procedure: u32,
    },
    /// A reply's payload is not what the procedure returns.
    Reply {
        /// What was called.
        procedure: &'static str,
        /// What is wrong with the payload.
        source: DecodeError,
    },
    /// An event's payload is not what the event carries.
    Event {
        /// The event.
        event: &'static str,
        /// What is wrong with the payload.
        source: DecodeError,
    },
    /// A reply is well-formed and makes no sense.
    InvalidReply {
        /// What was called.
        procedure: &'static str,
        /// What does not fit.
        reason: String,
    },
}

impl ProtocolError {
    pub(crate) fn not_libvirt(received: &[u8]) -> Self {
        Self::NotLibvirt { first_bytes: received.get(..64).unwrap_or(received).to_vec() }
    }
}

/// How TLS says that it will not go on: an alert, of any version.
const TLS_ALERT: [u8; 2] = [0x15, 3];

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let f = &mut Line(f);
        match self {
            Self::NotLibvirt { first_bytes } => {
                f.write_str("the peer is not libvirt")?;
                if first_bytes.starts_with(&TLS_ALERT) {
                    f.write_str(", or speaks it over TLS only (driver+tls://…)")?;
                }
                write!(f, "; it began with \"{}\"", first_bytes.escape_ascii())
            }
            Self::FrameLength { len } => {
                write!(f, "a message of {len} bytes is announced, which no message can have")
            }
            Self::UnknownType { kind } => {
                write!(f, "a message of type {kind} came, which does not exist")
            }
            Self::UnknownStatus { status } => {
                write!(f, "a message with status {status} came, which does not exist")
            }
            Self::Header { source } => write!(f, "bad message header: {source}"),
            Self::UnexpectedMessage { kind } => {
                write!(f, "a message of type {kind} came, which a daemon never sends")
            }
            Self::Descriptors { count } => write!(
                f,
                "a message with {count} descriptors is announced, which no message can have"
            ),
            Self::UnknownSerial { serial, procedure } => write!(
                f,
                "a reply to call {serial} of procedure {procedure} came, which is not in flight"
            ),
            Self::ForeignReply { serial, program, procedure } => write!(
                f,
                "the reply to call {serial} names program {program:#x} procedure {procedure} \
                 instead of what was called"
            ),
            Self::ReplyStatus { serial, procedure } => write!(
                f,
                "the reply to call {serial} of procedure {procedure} has the status of stream data"
            ),
            Self::Reply { procedure, source } => {
                write!(f, "the reply to {procedure} cannot be decoded: {source}")
            }
            Self::Event { event, source } => {
                write!(f, "the event {event} cannot be decoded: {source}")
            }
            Self::InvalidReply { procedure, reason } => {
                write!(f, "the reply to {procedure} makes no sense: {reason}")
            }
        }
    }
}

/// What cannot be decoded has no cause below that.
impl std::error::Error for ProtocolError {}
