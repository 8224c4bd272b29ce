//! A scripted peer.

use std::path::{Path, PathBuf};

use libvirt_client::{Connect, ConnectBuilder, Result};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

pub const REMOTE: u32 = 0x2000_8086;
pub const KEEPALIVE: u32 = 0x6b65_6570;

pub const CALL: u32 = 0;
pub const REPLY: u32 = 1;
pub const MESSAGE: u32 = 2;
pub const STREAM: u32 = 3;
pub const HOLE: u32 = 6;
pub const OK: u32 = 0;
pub const ERROR: u32 = 1;
pub const CONTINUE: u32 = 2;

pub mod procedure {
    pub const CONNECT_OPEN: u32 = 1;
    pub const CONNECT_CLOSE: u32 = 2;
    pub const CONNECT_GET_HOSTNAME: u32 = 59;
    pub const SUPPORTS_FEATURE: u32 = 60;
    pub const AUTH_LIST: u32 = 66;
    pub const EVENT_REGISTER: u32 = 316;
    pub const EVENT_DEREGISTER: u32 = 317;
}

/// A socket for clients to connect to.
pub struct Listener {
    socket: UnixListener,
    path: PathBuf,
    _dir: TempDir,
}

/// The peer's end of a connection.
pub struct Peer<S = UnixStream> {
    pub stream: S,
    /// Bytes that were received and not taken yet.
    received: Vec<u8>,
}

/// A message on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub program: u32,
    pub version: u32,
    pub procedure: u32,
    pub kind: u32,
    pub serial: u32,
    pub status: u32,
    pub payload: Vec<u8>,
}

impl Listener {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sock");
        Self { socket: UnixListener::bind(&path).unwrap(), path, _dir: dir }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn uri(&self) -> String {
        format!("qemu+unix:///system?socket={}", self.path.display())
    }

    pub async fn accept(&self) -> Peer {
        let (stream, _) = self.socket.accept().await.unwrap();
        Peer::new(stream)
    }

    /// A connection that is open, without keepalive, and its peer.
    pub async fn open(&self) -> (Connect, Peer) {
        self.open_with(|builder| builder.keepalive(std::time::Duration::ZERO, 0)).await
    }

    pub async fn open_with(
        &self,
        options: impl FnOnce(ConnectBuilder) -> ConnectBuilder,
    ) -> (Connect, Peer) {
        let opening = options(Connect::builder(&self.uri())).open();
        let (conn, peer) = tokio::join!(opening, async {
            let mut peer = self.accept().await;
            peer.greet().await;
            peer
        });
        (conn.unwrap(), peer)
    }

    /// Returns the result of opening a connection to a peer that behaves as `act` from the first
    /// byte on.
    pub async fn open_against<F>(&self, act: impl FnOnce(Peer) -> F) -> Result<Connect>
    where
        F: Future<Output = ()>,
    {
        let uri = self.uri();
        let (conn, ()) = tokio::join!(Connect::open(&uri), async {
            act(self.accept().await).await;
        });
        conn
    }
}

impl Peer {
    /// The next message, without taking a byte of what follows it.
    pub async fn take_exactly(&mut self) -> Message {
        assert!(self.received.is_empty());
        while self.received.len() < 4 || self.received.len() < self.announced() {
            let missing = match self.received.len() {
                begun @ 0..4 => 4 - begun,
                begun => self.announced() - begun,
            };
            let mut piece = vec![0; missing];
            let count = self.stream.read(&mut piece).await.unwrap();
            self.received.extend(&piece[..count]);
        }
        self.buffered().unwrap()
    }

    fn announced(&self) -> usize {
        u32::from_be_bytes(*self.received.first_chunk().unwrap()) as usize
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, received: Vec::new() }
    }

    /// The daemon's part of opening a connection.
    pub async fn greet(&mut self) {
        loop {
            let call = self.take().await;
            match call.procedure {
                procedure::AUTH_LIST => self.reply(&call, &words(&[0])).await,
                procedure::SUPPORTS_FEATURE => self.reply(&call, &words(&[1])).await,
                procedure::CONNECT_OPEN => {
                    self.reply(&call, &[]).await;
                    return;
                }
                other => panic!("procedure {other} while opening"),
            }
        }
    }

    /// The next message from the client.
    pub async fn take(&mut self) -> Message {
        self.try_take().await.expect("the client closed the connection")
    }

    /// The next message, or `None` at the end of the stream. Cancel-safe.
    pub async fn try_take(&mut self) -> Option<Message> {
        loop {
            if let Some(message) = self.buffered() {
                return Some(message);
            }
            if self.stream.read_buf(&mut self.received).await.ok()? == 0 {
                assert!(self.received.is_empty(), "the client stopped in the middle of a message");
                return None;
            }
        }
    }

    fn buffered(&mut self) -> Option<Message> {
        let length = u32::from_be_bytes(*self.received.first_chunk()?) as usize;
        if self.received.len() < length {
            return None;
        }
        let rest = self.received.split_off(length);
        let message = std::mem::replace(&mut self.received, rest);
        let word = |index: usize| {
            let bytes = &message[4 * index..4 * index + 4];
            u32::from_be_bytes(bytes.try_into().unwrap())
        };
        Some(Message {
            program: word(1),
            version: word(2),
            procedure: word(3),
            kind: word(4),
            serial: word(5),
            status: word(6),
            payload: message[28..].to_vec(),
        })
    }

    /// Answers all requests, including the close, until the client disconnects.
    pub async fn serve(mut self, mut answer: impl FnMut(&Message) -> Vec<u8>) {
        while let Some(call) = self.try_take().await {
            let payload = answer(&call);
            self.reply(&call, &payload).await;
            if call.procedure == procedure::CONNECT_CLOSE {
                return;
            }
        }
    }

    pub async fn reply(&mut self, call: &Message, payload: &[u8]) {
        self.send(&call.reply(payload)).await;
    }

    pub async fn send(&mut self, message: &Message) {
        self.send_bytes(&message.bytes()).await;
    }

    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }
}

impl Message {
    pub fn reply(&self, payload: &[u8]) -> Self {
        Self {
            kind: REPLY,
            status: OK,
            payload: payload.to_vec(),
            ..self.clone()
        }
    }

    pub fn error(&self, code: i32, domain: i32, text: &str) -> Self {
        let mut payload = words(&[code as u32, domain as u32, 1]);
        payload.extend(string(text));
        payload.extend(words(&[2, 0, 0, 0, 0, -1_i32 as u32, -1_i32 as u32, 0]));
        Self { kind: REPLY, status: ERROR, payload, ..self.clone() }
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = words(&[
            28 + self.payload.len() as u32,
            self.program,
            self.version,
            self.procedure,
            self.kind,
            self.serial,
            self.status,
        ]);
        bytes.extend(&self.payload);
        bytes
    }
}

pub fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// The encoding of a string.
pub fn string(text: &str) -> Vec<u8> {
    let mut bytes = words(&[text.len() as u32]);
    bytes.extend(text.as_bytes());
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// A lifecycle event of a domain, as daemons send it.
pub fn event() -> Message {
    let mut payload = words(&[0]);
    payload.extend(string("guest"));
    payload.extend([7; 16]);
    payload.extend(words(&[1, 2, 0]));
    Message {
        program: REMOTE,
        version: 1,
        procedure: 318,
        kind: MESSAGE,
        serial: 1,
        status: OK,
        payload,
    }
}

pub fn ping() -> Message {
    Message {
        program: KEEPALIVE,
        version: 1,
        procedure: 1,
        kind: MESSAGE,
        serial: 0,
        status: OK,
        payload: Vec::new(),
    }
}
