use crate::xdr::DecodeError;

/// How a peer broke the protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// The very first bytes are not libvirt's: something else answers at this address.
    #[error("the peer is not libvirt; it began with \"{}\"", first_bytes.escape_ascii())]
    NotLibvirt {
        /// What it sent first, at most 64 bytes.
        first_bytes: Vec<u8>,
    },
    /// A message's length is below that of a header or above the protocol's maximum.
    #[error("a message of {len} bytes is announced, which no message can have")]
    FrameLength {
        /// The length on the wire.
        len: usize,
    },
    /// A message's header has a type or status that does not exist.
    #[error("bad message header: {source}")]
    Header {
        /// What is wrong with it.
        source: DecodeError,
    },
    /// A message of a type that only clients send.
    #[error("a message of type {kind} came, which a daemon never sends")]
    UnexpectedMessage {
        /// The message type.
        kind: i32,
    },
    /// A message announces more descriptors than any message can come with.
    #[error("a message with {count} descriptors is announced, which no message can have")]
    Descriptors {
        /// How many are announced.
        count: usize,
    },
    /// A reply to a call that is not in flight.
    #[error("a reply to call {serial} of procedure {procedure} came, which is not in flight")]
    UnknownSerial {
        /// The serial in the reply.
        serial: u32,
        /// The procedure in the reply.
        procedure: u32,
    },
    /// A reply whose program, version or procedure is not that of the call.
    #[error(
        "the reply to call {serial} names program {program:#x} procedure {procedure} instead of \
         what was called"
    )]
    ForeignReply {
        /// The serial in the reply.
        serial: u32,
        /// The program in the reply.
        program: u32,
        /// The procedure in the reply.
        procedure: u32,
    },
    /// A reply with the status that only stream data has.
    #[error("the reply to call {serial} of procedure {procedure} has the status of stream data")]
    ReplyStatus {
        /// The serial in the reply.
        serial: u32,
        /// The procedure in the reply.
        procedure: u32,
    },
    /// A reply's payload is not what the procedure returns.
    #[error("the reply to {procedure} cannot be decoded: {source}")]
    Reply {
        /// What was called.
        procedure: &'static str,
        /// What is wrong with the payload.
        source: DecodeError,
    },
    /// An event's payload is not what the event carries.
    #[error("the event {event} cannot be decoded: {source}")]
    Event {
        /// The event.
        event: &'static str,
        /// What is wrong with the payload.
        source: DecodeError,
    },
    /// A reply is well-formed and makes no sense.
    #[error("the reply to {procedure} makes no sense: {reason}")]
    Senseless {
        /// What was called.
        procedure: &'static str,
        /// What does not fit.
        reason: String,
    },
}

impl ProtocolError {
    pub(crate) fn not_libvirt(received: &[u8]) -> Self {
        Self::NotLibvirt {
            first_bytes: received.get(..64).unwrap_or(received).to_vec(),
        }
    }
}
