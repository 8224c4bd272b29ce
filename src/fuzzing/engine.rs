//! The engine, driven by bytes.

use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use crate::error::CloseReason;
use crate::protocol::{Request as _, remote};
use crate::rpc::calls::{CallSetup, Outcome};
use crate::rpc::engine::Engine;
use crate::rpc::frame::{FrameBuffer, packet_head};
use crate::rpc::header::{Header, MessageType, ProcedureId, Status};
use crate::rpc::streams::Incoming;

/// What a caller holds.
#[derive(Clone, Copy)]
struct Held {
    serial: u32,
    /// The reply opens a stream.
    opens: bool,
    /// It is a stream already.
    is_open: bool,
}

/// Plays callers, a driver and a daemon, two bytes at a time, then ends the connection. No slot may
/// be lost.
pub fn engine(data: &[u8]) {
    let start = Instant::now();
    let mut now = start;
    let mut engine = Engine::new(3);
    let mut frames = FrameBuffer::new();
    let mut held: Vec<Held> = Vec::new();
    let id = ProcedureId::from(&remote::ConnectGetHostname::INFO);
    let waker = Waker::noop();
    let mut rest = data;
    while let [action, which, after @ ..] = rest {
        rest = after;
        let index = usize::from(*which) % held.len().max(1);
        let chosen = held.get(index).copied();
        match (action % 8, chosen) {
            (0, _) => {
                let mut setup = CallSetup::new(&remote::ConnectGetHostname::INFO);
                let opens = which & 1 != 0;
                if opens {
                    setup.stream = Some(Box::new(Incoming::new(64, which & 2 != 0)));
                }
                if which & 4 != 0 {
                    setup.deadline = Some(now + Duration::from_millis(u64::from(*which)));
                }
                setup.expects_descriptors = which & 8 != 0;
                if let Ok(serial) = engine.start_call(setup, &()) {
                    held.push(Held { serial, opens, is_open: false });
                }
            }
            (1, Some(call)) if !call.is_open => {
                if let Poll::Ready(outcome) = engine.poll_call(call.serial, waker) {
                    if call.opens && matches!(outcome, Ok(Outcome::Reply(..))) {
                        held[index].is_open = true;
                    } else {
                        held.swap_remove(index);
                    }
                }
            }
            (1, Some(stream)) => drop(engine.poll_stream(stream.serial, waker)),
            (2, Some(call)) => {
                held.swap_remove(index);
                if call.is_open {
                    engine.release_stream(call.serial);
                } else {
                    engine.abandon(call.serial);
                }
            }
            (3, Some(stream)) if stream.is_open => {
                let status = if action & 8 != 0 {
                    Status::Ok
                } else {
                    Status::Error
                };
                drop(engine.poll_stream_end(stream.serial, status, waker));
            }
            (4, _) => {
                now += Duration::from_millis(u64::from(*which));
                if engine.tick(now).is_err() {
                    break;
                }
                let _gate = engine.is_behind().then(|| engine.gate(now));
            }
            // A daemon's message: of a kind, with a status, about what is held or was.
            (_, chosen) => {
                let kind = match action >> 3 & 3 {
                    0 | 1 => MessageType::Reply,
                    2 => MessageType::Stream,
                    _ => MessageType::StreamHole,
                };
                let status = match action >> 5 & 3 {
                    0 | 1 => Status::Ok,
                    2 => Status::Continue,
                    _ => Status::Error,
                };
                let serial = chosen.map_or(u32::from(*which), |held| held.serial);
                let body = rest.get(..usize::from(*which >> 2)).unwrap_or_default();
                let mut message = packet_head(&Header { id, kind, serial, status }, body.len());
                message.extend_from_slice(body);
                frames.space().0.extend_from_slice(&message);
                let Ok(Some(frame)) = frames.next() else {
                    unreachable!("a message of our own is whole");
                };
                if engine.receive(frame).is_err() {
                    break;
                }
            }
        }
        // What is sent is a few words for each action.
        assert!(engine.outbox.len() <= 64 * (data.len() + 1));
    }
    engine.end(CloseReason::Eof, now);
    for call in held {
        if call.is_open {
            engine.release_stream(call.serial);
        } else {
            engine.abandon(call.serial);
        }
    }
    assert_eq!(engine.slots_held(), 0, "slots were lost");
}
