//! The engine driven by hand: messages as bytes, artificial instants, wakers that count.

mod abandoned;
mod admission;
mod backpressure;
mod calls;
mod deadlines;
mod end;
mod events;
mod keepalive;
mod stream_ends;
mod streams;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Wake, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{Engine, StreamEnd};
use crate::error::{CloseReason, ProtocolError};
use crate::protocol::{Request as _, remote};
use crate::rpc::calls::{CallSetup, Outcome};
use crate::rpc::frame::{FrameBuffer, packet_head};
use crate::rpc::header::{Header, MessageType, ProcedureId, Status};
use crate::rpc::streams::{Chunk, Incoming};

/// The daemon's `max_client_requests`.
const MAX_REQUESTS: usize = 3;
/// The budget of the streams that tests open.
const BUDGET: usize = 4096;

/// The procedure of calls where it does not matter.
const PROCEDURE: ProcedureId = ProcedureId { program: 0x2000_8086, version: 1, procedure: 7 };

/// An engine, with stand-ins for the driver and the socket.
struct Rig {
    engine: Engine,
    frames: FrameBuffer,
    start: Instant,
    /// The time, in milliseconds after the start.
    now: u64,
}

/// One message that the engine sent.
#[derive(Debug, PartialEq, Eq)]
struct Sent {
    header: Header,
    payload: Vec<u8>,
}

/// A waker that counts.
#[derive(Debug, Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A caller that can be woken.
struct Caller {
    count: Arc<Count>,
    waker: Waker,
}

impl Caller {
    fn new() -> Self {
        let count = Arc::<Count>::default();
        Self { waker: Arc::clone(&count).into(), count }
    }

    /// Returns the number of wake-ups since the last time.
    fn woken(&self) -> usize {
        self.count.0.swap(0, Ordering::Relaxed)
    }
}

/// Returns one message as it is on the wire.
fn message(
    id: ProcedureId,
    kind: MessageType,
    serial: u32,
    status: Status,
    body: &[u8],
) -> Vec<u8> {
    let mut message = packet_head(&Header { id, kind, serial, status }, body.len());
    message.extend_from_slice(body);
    message
}

fn reply(serial: u32, body: &[u8]) -> Vec<u8> {
    message(PROCEDURE, MessageType::Reply, serial, Status::Ok, body)
}

fn error_reply(serial: u32, body: &[u8]) -> Vec<u8> {
    message(PROCEDURE, MessageType::Reply, serial, Status::Error, body)
}

/// Returns a packet of stream data; without a body it is the end of the data.
fn data(serial: u32, body: &[u8]) -> Vec<u8> {
    message(PROCEDURE, MessageType::Stream, serial, Status::Continue, body)
}

fn piece(bytes: &'static [u8]) -> Chunk {
    Chunk::Data(Bytes::from_static(bytes))
}

fn setup() -> CallSetup {
    let mut setup = CallSetup::new(&remote::ConnectGetHostname::INFO);
    setup.id = PROCEDURE;
    setup
}

/// Returns a call whose reply opens a stream that accepts holes.
fn stream_setup() -> CallSetup {
    CallSetup {
        stream: Some(Box::new(Incoming::new(BUDGET, true))),
        ..setup()
    }
}

impl Rig {
    fn new() -> Self {
        Self {
            engine: Engine::new(MAX_REQUESTS - 1),
            frames: FrameBuffer::new(),
            start: Instant::now(),
            now: 0,
        }
    }

    /// Returns the instant so many milliseconds after the start.
    fn at(&self, millis: u64) -> Instant {
        self.start + Duration::from_millis(millis)
    }

    fn now(&self) -> Instant {
        self.at(self.now)
    }

    /// Starts a call and takes it off the outbox.
    fn call(&mut self, setup: CallSetup) -> u32 {
        let id = setup.id;
        let serial = self.engine.start_call(setup, &()).unwrap();
        let sent = self.sent();
        let header = Header { id, kind: MessageType::Call, serial, status: Status::Ok };
        assert_eq!(sent, [Sent { header, payload: Vec::new() }]);
        serial
    }

    /// Opens a stream, including its reply.
    fn open(&mut self) -> u32 {
        let serial = self.call(stream_setup());
        self.feed(&reply(serial, &[])).unwrap();
        assert_eq!(self.outcome(serial), "");
        serial
    }

    /// Processes the bytes of one read as the driver does.
    fn feed(&mut self, bytes: &[u8]) -> Result<(), ProtocolError> {
        self.frames.space().0.extend_from_slice(bytes);
        let mut result = Ok(());
        while let Some(frame) = self.frames.next().unwrap() {
            result = self.engine.receive(frame);
            if result.is_err() {
                break;
            }
        }
        if self.engine.keeps_alive() {
            self.engine.note_alive(self.now());
        }
        self.wake();
        result
    }

    /// Advances the time to so many milliseconds after the start, and ticks.
    fn tick(&mut self, millis: u64) -> Result<(), CloseReason> {
        self.now = millis;
        let result = self.engine.tick(self.now());
        self.wake();
        result
    }

    fn end(&mut self, reason: CloseReason) {
        self.engine.end(reason, self.now());
        self.wake();
    }

    /// Wakes the wakers that the engine returned.
    fn wake(&mut self) {
        let mut wakers = Vec::new();
        self.engine.take_wakers(&mut wakers);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Takes all messages off the outbox, as a socket that has room does.
    fn sent(&mut self) -> Vec<Sent> {
        let mut sent = Vec::new();
        while !self.engine.outbox.is_empty() {
            let message = self.engine.outbox.unsent_message().to_vec();
            self.engine.outbox.advance(message.len());
            let (head, payload) = message.split_at(28);
            let header = Header::decode(&head[4..]).unwrap();
            sent.push(Sent { header, payload: payload.to_vec() });
        }
        sent
    }

    /// Returns the statuses of the outgoing messages, which must all be the stream's.
    fn sent_on(&mut self, serial: u32) -> Vec<Status> {
        let sent = self.sent().into_iter().map(|Sent { header, payload }| {
            assert_eq!((header.serial, header.id), (serial, PROCEDURE));
            assert_eq!((header.kind, payload.len()), (MessageType::Stream, 0));
            header.status
        });
        sent.collect()
    }

    fn poll(&mut self, serial: u32, caller: &Caller) -> Poll<Result<Outcome, CloseReason>> {
        self.engine.poll_call(serial, &caller.waker)
    }

    /// Returns the results of a call that was answered.
    fn outcome(&mut self, serial: u32) -> Bytes {
        match self.poll(serial, &Caller::new()) {
            Poll::Ready(Ok(Outcome::Reply(payload, _))) => payload,
            other => panic!("{other:?}"),
        }
    }

    fn poll_stream(&mut self, serial: u32, caller: &Caller) -> Poll<Result<Chunk, StreamEnd>> {
        self.engine.poll_stream(serial, &caller.waker)
    }

    /// Returns a stream's next item.
    fn item(&mut self, serial: u32) -> Chunk {
        match self.poll_stream(serial, &Caller::new()) {
            Poll::Ready(Ok(item)) => item,
            other => panic!("{other:?}"),
        }
    }

    /// Returns the reason why a stream has no more data.
    fn end_of_stream(&mut self, serial: u32) -> StreamEnd {
        match self.poll_stream(serial, &Caller::new()) {
            Poll::Ready(Err(end)) => end,
            other => panic!("{other:?}"),
        }
    }

    /// Checks that nothing is left: no slot is taken, no wait is pending, no stream counts as
    /// behind.
    fn assert_idle(&mut self) {
        assert_eq!(self.engine.calls.in_use(), 0);
        assert_eq!(self.engine.unanswered(), 0);
        assert!(!self.engine.expects_descriptors());
        assert_eq!(self.engine.backpressure.full(), 0);
    }
}
