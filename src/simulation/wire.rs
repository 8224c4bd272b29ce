//! Messages as they are on the wire, and the procedures that are called.

use crate::protocol::{
    EventInfo, FdRequest, Priority, ProcedureInfo, ReplyRequest, Request, StreamKind,
    StreamRequest, WaitsFor, remote,
};
use crate::rpc::frame::append_message;
use crate::rpc::header::{Header, LENGTH_SIZE, MESSAGE_MIN, MessageType, ProcedureId, Status};
use crate::xdr::{Encode, EncodeError, Writer};

/// Procedures whose numbers libvirt does not have. All but the registrations begin with a token,
/// which the reply repeats.
pub(super) mod number {
    pub(crate) const SHORT: [u32; 3] = [1001, 1002, 1003];
    pub(crate) const HOST: u32 = 1011;
    pub(crate) const GUEST: u32 = 1012;
    pub(crate) const STREAM: u32 = 1021;
    pub(crate) const DESCRIPTORS: u32 = 1031;
    /// Registers for events with a callback ID.
    pub(crate) const REGISTER: u32 = 1041;
    pub(crate) const DEREGISTER: u32 = 1042;
    /// Registers for events without a callback ID.
    pub(crate) const REGISTER_OLD: u32 = 1043;
    pub(crate) const DEREGISTER_OLD: u32 = 1044;
}

pub(super) const REGISTER: ProcedureInfo = procedure(number::REGISTER);
pub(super) const DEREGISTER: ProcedureInfo = procedure(number::DEREGISTER);
pub(super) const REGISTER_OLD: ProcedureInfo = procedure(number::REGISTER_OLD);
pub(super) const DEREGISTER_OLD: ProcedureInfo = procedure(number::DEREGISTER_OLD);

/// Kinds of events; the last has no callback IDs.
pub(super) static EVENTS: [EventInfo; 3] = [event(1101), event(1102), event(1103)];

const fn event(number: u32) -> EventInfo {
    EventInfo { program: remote::PROGRAM, number, name: "simulated event" }
}

pub(super) const fn procedure(number: u32) -> ProcedureInfo {
    ProcedureInfo {
        program: remote::PROGRAM,
        number,
        name: match number {
            number::HOST => "long call",
            number::GUEST => "guest call",
            number::STREAM => "stream",
            number::DESCRIPTORS => "descriptors",
            number::REGISTER | number::REGISTER_OLD => "register",
            number::DEREGISTER | number::DEREGISTER_OLD => "deregister",
            _ => "short call",
        },
        since: "",
        priority: Priority::Low,
        stream: if number == number::STREAM {
            Some(StreamKind::Read)
        } else {
            None
        },
        long: match number {
            number::HOST => Some(WaitsFor::Host),
            number::GUEST => Some(WaitsFor::Guest),
            _ => None,
        },
    }
}

/// A call of the procedure with this number.
#[derive(Debug)]
pub(super) struct Ask<const NUMBER: u32> {
    pub(super) token: u32,
    /// Further words.
    pub(super) words: Vec<u32>,
    /// Bytes after that, to make it long.
    pub(super) padding: usize,
}

impl<const NUMBER: u32> Encode for Ask<NUMBER> {
    fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        self.token.encode(writer)?;
        self.words.iter().try_for_each(|word| word.encode(writer))?;
        writer.put(&vec![0; self.padding])
    }
}

impl<const NUMBER: u32> Request for Ask<NUMBER> {
    const INFO: ProcedureInfo = procedure(NUMBER);
}

impl<const NUMBER: u32> ReplyRequest for Ask<NUMBER> {
    type Reply = ();
}

impl StreamRequest for Ask<{ number::STREAM }> {
    type Reply = ();
}

impl FdRequest for Ask<{ number::DESCRIPTORS }> {
    type Reply = ();
}

/// A message that the daemon has received.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) header: Header,
    pub(super) payload: Vec<u8>,
    /// The bytes of the message itself.
    pub(super) length: usize,
    /// The number of descriptors that come with as many bytes after it.
    pub(super) descriptors: usize,
}

impl Message {
    /// The word at `index` of the payload.
    pub(super) fn word(&self, index: usize) -> u32 {
        let word = self.payload.get(4 * index..).and_then(|rest| rest.first_chunk());
        word.map_or(0, |word| u32::from_be_bytes(*word))
    }
}

/// Takes the first whole message off `bytes`, with the bytes that its descriptors come with.
pub(super) fn take_message(bytes: &mut Vec<u8>) -> Result<Option<Message>, String> {
    let Some(length) = bytes.first_chunk::<LENGTH_SIZE>() else {
        return Ok(None);
    };
    let length = u32::from_be_bytes(*length) as usize;
    if length < MESSAGE_MIN {
        return Err(format!("the client sent a message of {length} bytes"));
    }
    if bytes.len() < length {
        return Ok(None);
    }
    let header = Header::decode(&bytes[LENGTH_SIZE..MESSAGE_MIN]).map_err(|it| it.to_string())?;
    let payload = bytes[MESSAGE_MIN..length].to_vec();
    let mut message = Message { header, payload, length, descriptors: 0 };
    if header.kind == MessageType::CallWithFds {
        message.descriptors = message.word(0) as usize;
        message.payload.drain(..4);
    }
    let whole = length + message.descriptors;
    if bytes.len() < whole {
        return Ok(None);
    }
    bytes.drain(..whole);
    Ok(Some(message))
}

pub(super) struct Raw<'a>(pub(super) &'a [u8]);

impl Encode for Raw<'_> {
    fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.put(self.0)
    }
}

/// A whole message of the remote program.
pub(super) fn message(
    kind: MessageType,
    procedure: u32,
    serial: u32,
    status: Status,
    payload: &[u8],
) -> Vec<u8> {
    let id = ProcedureId::new(remote::PROGRAM, procedure);
    whole(&Header { id, kind, serial, status }, payload)
}

pub(super) fn whole(header: &Header, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    append_message(&mut bytes, header, &Raw(payload)).unwrap();
    bytes
}

pub(super) fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// The payload of an error whose text is the token.
pub(super) fn error(token: u32) -> Vec<u8> {
    let text = format!("{token:08x}");
    let mut payload = words(&[1, 7, 1, 8]);
    payload.extend(text.as_bytes());
    payload.extend(words(&[2, 0, 0, 0, 0, u32::MAX, u32::MAX, 0]));
    payload
}

/// The length of the pattern, which no packet's size is likely to divide.
const PERIOD: usize = 65_521;

/// What stream `key` carries from `offset` on.
pub(super) fn pattern(key: u32, offset: u64, length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length);
    let mut begin = (u64::from(key) * 7919 + offset) as usize % PERIOD;
    while bytes.len() < length {
        let piece = &table()[begin..PERIOD.min(begin + length - bytes.len())];
        bytes.extend_from_slice(piece);
        begin = 0;
    }
    bytes
}

fn table() -> &'static [u8] {
    static TABLE: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    TABLE.get_or_init(|| {
        let mut random = super::random::Random::new(1);
        (0..PERIOD).map(|_| random.next() as u8).collect()
    })
}

/// Returns whether that is what stream `key` carries from `offset` on.
pub(super) fn is_pattern(key: u32, offset: u64, bytes: &[u8]) -> bool {
    let mut begin = (u64::from(key) * 7919 + offset) as usize % PERIOD;
    let mut rest = bytes;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.len().min(PERIOD - begin));
        if piece != &table()[begin..begin + piece.len()] {
            return false;
        }
        rest = after;
        begin = 0;
    }
    true
}
