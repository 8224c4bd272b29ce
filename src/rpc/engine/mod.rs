//! The protocol's state on one connection, without sockets and without a clock.

mod streams;

pub(crate) use streams::StreamEnd;

use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Instant;

use crate::error::{CloseReason, ProtocolError};
use crate::protocol::{Event, keepalive};
use crate::rpc::calls::{CallSetup, CallState, Calls, Outcome};
use crate::rpc::events::{EventQueue, EventRouter, Route};
use crate::rpc::frame::{Frame, append_message};
use crate::rpc::header::{Header, MessageType, ProcedureId, Status};
use crate::rpc::keepalive::{Keepalive, Verdict};
use crate::rpc::outbox::Outbox;
use crate::xdr::{self, Encode, EncodeError};

/// Why a call was not sent.
#[derive(Debug)]
pub(crate) enum StartError {
    /// The arguments cannot be encoded.
    Encode(EncodeError),
    /// So many calls are in flight that there is no serial left.
    NoSerial,
    /// The connection has ended.
    Ended(CloseReason),
}

/// Calls, events, streams and keepalive of one connection: messages and instants go in, messages
/// and deadlines come out.
#[derive(Debug, Default)]
pub(crate) struct Engine {
    pub(crate) outbox: Outbox,
    calls: Calls,
    events: EventRouter,
    keepalive: Option<Keepalive>,
    /// No call's deadline is earlier.
    earliest_deadline: Option<Instant>,
    /// Streams whose consumers are behind by more than their budgets.
    full_streams: usize,
    /// Whom to wake once the lock around the engine is released.
    wakers: Vec<Waker>,
    ended: Option<CloseReason>,
}

impl Engine {
    /// Starts, or with `None` stops, asking a silent peer for signs of life.
    pub(crate) fn set_keepalive(&mut self, keepalive: Option<Keepalive>) {
        self.keepalive = keepalive;
    }

    /// Calls that the daemon has not answered, those included that nobody waits for any more.
    pub(crate) fn unanswered(&self) -> usize {
        self.calls.unanswered()
    }

    /// Whether what arrives may come with descriptors, which plain reading would lose.
    pub(crate) fn expects_descriptors(&self) -> bool {
        self.calls.expects_descriptors()
    }

    /// Why the connection ended, if it did.
    pub(crate) fn ended(&self) -> Option<&CloseReason> {
        self.ended.as_ref()
    }

    /// Those to wake because of what happened since the last time.
    pub(crate) fn take_wakers(&mut self, into: &mut Vec<Waker>) {
        into.append(&mut self.wakers);
    }

    /// Appends one call to the outbox and gives its serial.
    pub(crate) fn start_call(
        &mut self,
        mut setup: CallSetup,
        args: &(dyn Encode + Sync),
    ) -> Result<u32, StartError> {
        if let Some(reason) = &self.ended {
            return Err(StartError::Ended(reason.clone()));
        }
        let id = setup.id;
        let deadline = setup.deadline;
        let expected = setup.binding.as_ref().map(|binding| binding.event);
        let descriptors = std::mem::take(&mut setup.descriptors);
        let serial = self.calls.insert(setup).ok_or(StartError::NoSerial)?;
        let outbox = self.outbox.buffer();
        let appended = if descriptors.is_empty() {
            let header = header(id, MessageType::Call, serial, Status::Ok);
            append_message(outbox, &header, args)
        } else {
            let header = header(id, MessageType::CallWithFds, serial, Status::Ok);
            append_message(outbox, &header, &(descriptors.len() as u32, args))
        };
        if let Err(error) = appended {
            self.calls.answered(serial);
            self.calls.free(serial);
            return Err(StartError::Encode(error));
        }
        for descriptor in descriptors {
            self.outbox.push_descriptor(descriptor);
        }
        if let Some(event) = expected {
            self.events.expect(event);
        }
        self.earliest_deadline = match (self.earliest_deadline, deadline) {
            (Some(earliest), Some(deadline)) => Some(earliest.min(deadline)),
            (earliest, deadline) => earliest.or(deadline),
        };
        Ok(serial)
    }

    /// The outcome of a call, which frees its serial unless the daemon still owes something on it.
    pub(crate) fn poll_call(
        &mut self,
        serial: u32,
        waker: &Waker,
    ) -> Poll<Result<Outcome, CloseReason>> {
        let Some(slot) = self.calls.get(serial) else {
            return Poll::Ready(Err(self.ended.clone().unwrap_or(CloseReason::Local)));
        };
        match &mut slot.state {
            CallState::Replied {
                good,
                payload,
                descriptors,
            } => {
                let good = *good;
                let (payload, descriptors) = (std::mem::take(payload), std::mem::take(descriptors));
                if good && slot.stream.is_some() {
                    slot.state = CallState::Streaming;
                } else {
                    self.calls.free(serial);
                }
                return Poll::Ready(Ok(if good {
                    Outcome::Reply(payload, descriptors)
                } else {
                    Outcome::Error(payload)
                }));
            }
            CallState::Expired => {
                slot.state = CallState::Abandoned;
                return Poll::Ready(Ok(Outcome::Expired));
            }
            _ => {}
        }
        if let Some(reason) = &self.ended {
            self.calls.free(serial);
            return Poll::Ready(Err(reason.clone()));
        }
        match &mut slot.waker {
            Some(old) if old.will_wake(waker) => {}
            empty => *empty = Some(waker.clone()),
        }
        Poll::Pending
    }

    /// The caller went away. Its late reply will be discarded, and undone where it created something.
    pub(crate) fn abandon(&mut self, serial: u32) {
        let Some(slot) = self.calls.get(serial) else {
            return;
        };
        slot.waker = None;
        match &slot.state {
            CallState::Waiting | CallState::Expired => {
                slot.state = CallState::Abandoned;
                slot.deadline = None;
                self.discard_incoming(serial);
            }
            CallState::Replied { good: true, .. } => self.undo(serial),
            CallState::Replied { good: false, .. } => self.calls.free(serial),
            CallState::Free
            | CallState::Abandoned
            | CallState::Streaming
            | CallState::StreamFinishing
            | CallState::StreamClosing => {}
        }
    }

    /// Has one more queue get the events of a registration that exists.
    pub(crate) fn attach_queue(&mut self, route: Route, queue: &Arc<EventQueue>) {
        if let Some(reason) = &self.ended {
            self.wakers.extend(queue.end(reason.clone()));
        }
        self.events.attach(route, Arc::clone(queue));
    }

    pub(crate) fn detach_queue(&mut self, route: Route, queue: &Arc<EventQueue>) {
        self.events.detach(route, queue);
    }

    /// Takes in one message.
    pub(crate) fn receive(&mut self, frame: Frame<'_>) -> Result<(), ProtocolError> {
        let Header { id, kind, .. } = frame.header;
        match kind {
            MessageType::Reply | MessageType::ReplyWithFds => self.receive_reply(frame),
            MessageType::Message if id.program == keepalive::PROGRAM.number => {
                if id.procedure == keepalive::Ping::INFO.number {
                    self.send_keepalive(keepalive::Pong::INFO.number);
                }
                Ok(())
            }
            MessageType::Message => {
                self.events.deliver(id, frame.payload(), &mut self.wakers);
                Ok(())
            }
            MessageType::Stream | MessageType::StreamHole => {
                self.receive_stream(frame);
                Ok(())
            }
            MessageType::Call | MessageType::CallWithFds => {
                Err(ProtocolError::UnexpectedMessage { kind: kind as i32 })
            }
        }
    }

    fn receive_reply(&mut self, frame: Frame<'_>) -> Result<(), ProtocolError> {
        let Header {
            id, serial, status, ..
        } = frame.header;
        let ProcedureId {
            program, procedure, ..
        } = id;
        let Some(slot) = self.calls.get(serial) else {
            return Err(ProtocolError::UnknownSerial { serial, procedure });
        };
        // A daemon that does not know the program or the procedure echoes them all the same.
        if slot.id != id {
            return Err(ProtocolError::ForeignReply {
                serial,
                program,
                procedure,
            });
        }
        let good = match status {
            Status::Ok => true,
            Status::Error => false,
            Status::Continue => return Err(ProtocolError::ReplyStatus { serial, procedure }),
        };
        match slot.state {
            CallState::Waiting | CallState::Expired => {
                let (payload, descriptors) = frame.into_parts();
                if let Some(binding) = slot.binding.take() {
                    let callback = xdr::from_slice(&payload).ok();
                    if good && callback.is_some() == binding.has_callback_id {
                        self.events.bind(&binding, callback, &mut self.wakers);
                    }
                    self.events.settle(binding.event);
                }
                slot.deadline = None;
                slot.state = CallState::Replied {
                    good,
                    payload,
                    descriptors,
                };
                self.wakers.extend(slot.waker.take());
                self.calls.answered(serial);
            }
            CallState::Abandoned => {
                if let Some(binding) = slot.binding.take() {
                    self.events.settle(binding.event);
                }
                self.calls.answered(serial);
                if good {
                    self.undo(serial);
                } else {
                    self.calls.free(serial);
                }
            }
            _ => return Err(ProtocolError::UnknownSerial { serial, procedure }),
        }
        Ok(())
    }

    /// Takes back what a good reply created that nobody wants any more.
    fn undo(&mut self, serial: u32) {
        let Some(slot) = self.calls.get(serial) else {
            return;
        };
        if slot.stream.is_some() {
            self.release_stream(serial);
        } else {
            self.calls.free(serial);
        }
    }

    fn send_keepalive(&mut self, procedure: u32) {
        let id = ProcedureId::new(keepalive::PROGRAM, procedure);
        self.send_empty(header(id, MessageType::Message, 0, Status::Ok));
    }

    fn send_empty(&mut self, header: Header) {
        // A message without a payload is never too large.
        let _never_too_large = append_message(self.outbox.buffer(), &header, &());
    }

    /// Whether silence of the peer is being watched.
    pub(crate) fn keeps_alive(&self) -> bool {
        self.keepalive.is_some()
    }

    /// Something arrived; the peer is alive.
    pub(crate) fn note_alive(&mut self, now: Instant) {
        if let Some(keepalive) = &mut self.keepalive {
            keepalive.received(now);
        }
    }

    /// When [`tick`](Self::tick) is due, for a reason other than a message.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let keepalive = self.keepalive.as_ref().map(Keepalive::deadline);
        match (self.earliest_deadline, keepalive) {
            (Some(call), Some(ping)) => Some(call.min(ping)),
            (call, ping) => call.or(ping),
        }
    }

    /// Looks at the clock: expires calls, sends a ping, or finds the peer dead.
    pub(crate) fn tick(&mut self, now: Instant) -> Result<(), CloseReason> {
        if self
            .earliest_deadline
            .is_some_and(|earliest| earliest <= now)
        {
            self.expire(now);
        }
        let unanswered = self.unanswered();
        let deaf = !self.may_read();
        match self
            .keepalive
            .as_mut()
            .map(|keepalive| keepalive.tick(now, unanswered, deaf))
        {
            None | Some(Verdict::Wait) => Ok(()),
            Some(Verdict::Ping) => {
                self.send_keepalive(keepalive::Ping::INFO.number);
                Ok(())
            }
            Some(Verdict::Dead) => Err(CloseReason::Keepalive),
        }
    }

    fn expire(&mut self, now: Instant) {
        let mut earliest = None;
        for slot in self.calls.slots_mut() {
            let Some(deadline) = slot.deadline else {
                continue;
            };
            if deadline > now {
                earliest = Some(earliest.map_or(deadline, |other: Instant| other.min(deadline)));
                continue;
            }
            slot.deadline = None;
            if let CallState::Waiting = slot.state {
                slot.state = CallState::Expired;
                self.wakers.extend(slot.waker.take());
            }
        }
        self.earliest_deadline = earliest;
    }

    /// Ends everything: each pending and future call, stream and event queue gets the reason.
    pub(crate) fn end(&mut self, reason: CloseReason) {
        if self.ended.is_some() {
            return;
        }
        for slot in self.calls.slots_mut() {
            self.wakers.extend(slot.waker.take());
            if let Some(stream) = &mut slot.stream {
                self.wakers.extend(stream.take_waiting());
                stream.counted_full = false;
            }
        }
        self.full_streams = 0;
        self.events.end(&reason, &mut self.wakers);
        self.keepalive = None;
        self.earliest_deadline = None;
        self.ended = Some(reason);
    }
}

fn header(id: ProcedureId, kind: MessageType, serial: u32, status: Status) -> Header {
    Header {
        id,
        kind,
        serial,
        status,
    }
}
