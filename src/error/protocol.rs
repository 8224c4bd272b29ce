//! Violations of the protocol.

use std::fmt::{self, Write as _};

use super::line::Line;
use crate::xdr::DecodeError;

/// A violation of the protocol by the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProtocolError {
    /// The first bytes are not libvirt's: something else listens at this address.
    NotLibvirt {
        /// The first bytes, at most 64.
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
    /// A message whose header cannot be decoded.
    Header {
        /// The error of decoding.
        source: DecodeError,
    },
    /// A message of a type that only clients send.
    UnexpectedMessage {
        /// The message type.
        kind: i32,
    },
    /// A message announces more file descriptors than the protocol allows.
    Descriptors {
        /// The announced number.
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
    /// A reply's payload that is not the procedure's result.
    Reply {
        /// The procedure.
        procedure: &'static str,
        /// The error of decoding.
        source: DecodeError,
    },
    /// An event's payload that is not the event's.
    Event {
        /// The event.
        event: &'static str,
        /// The error of decoding.
        source: DecodeError,
    },
    /// A reply that is well-formed and contradicts itself or the request.
    InvalidReply {
        /// The procedure.
        procedure: &'static str,
        /// The contradiction.
        reason: String,
    },
}

impl ProtocolError {
    pub(crate) fn not_libvirt(received: &[u8]) -> Self {
        Self::NotLibvirt { first_bytes: received.get(..64).unwrap_or(received).to_vec() }
    }
}

/// The beginning of a TLS alert of any version.
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

/// Decoding errors are part of the text, so there is no source.
impl std::error::Error for ProtocolError {}
