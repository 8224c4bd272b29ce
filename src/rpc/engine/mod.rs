//! The protocol's state on one connection, without sockets and without a clock.

mod streams;
#[cfg(test)]
mod tests;
mod time;

pub(crate) use streams::StreamEnd;

use std::task::{Poll, Waker};
use std::time::Instant;

use crate::error::{CloseReason, ProtocolError};
use crate::protocol::{Event, keepalive};
use crate::rpc::admission::{Admission, Ticket};
use crate::rpc::alarms::Alarms;
use crate::rpc::backpressure::Backpressure;
use crate::rpc::calls::{CallSetup, CallState, Calls, Outcome};
use crate::rpc::events::EventRouter;
use crate::rpc::frame::{Frame, append_message};
use crate::rpc::header::{Header, MessageType, ProcedureId, Status};
use crate::rpc::keepalive::Keepalive;
use crate::rpc::outbox::Outbox;
use crate::xdr::{self, Encode, EncodeError};

/// Unsent bytes above which new calls wait. A daemon that does not read must not make us hoard.
const OUTBOX_FULL: usize = 1024 * 1024;
/// Unsent bytes above which signs of life are not added: what is there is one by itself.
const OUTBOX_ALIVE: usize = 64 * 1024;

/// What a call has to wait for before it can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hindrance {
    /// The daemon has not taken what was sent to it.
    NoRoom,
    /// The daemon works on as many calls that take long as it may be given.
    NoTurn,
}

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
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) outbox: Outbox,
    calls: Calls,
    admission: Admission,
    /// Whether somebody may be sent now who could not before.
    has_place: bool,
    events: EventRouter,
    keepalive: Option<Keepalive>,
    /// Whether something arrived that was not merely a question whether we are alive.
    any_answer: bool,
    /// No call's deadline is earlier.
    earliest_deadline: Option<Instant>,
    pub(crate) alarms: Alarms,
    backpressure: Backpressure,
    /// Whether reading paused when that was last decided.
    reads_paused: bool,
    /// Whom to wake once the lock around the engine is released.
    wakers: Vec<Waker>,
    ended: Option<CloseReason>,
}

impl Engine {
    /// `max_long` is how many calls that take long the daemon may be given at a time.
    pub(crate) fn new(max_long: usize) -> Self {
        Self {
            outbox: Outbox::default(),
            calls: Calls::default(),
            admission: Admission::new(max_long),
            has_place: false,
            events: EventRouter::default(),
            keepalive: None,
            any_answer: false,
            earliest_deadline: None,
            alarms: Alarms::default(),
            backpressure: Backpressure::default(),
            reads_paused: false,
            wakers: Vec::new(),
            ended: None,
        }
    }

    /// Starts, or with `None` stops, asking a silent peer for signs of life.
    pub(crate) fn set_keepalive(&mut self, keepalive: Option<Keepalive>) {
        self.keepalive = keepalive;
        self.any_answer = false;
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

    /// What keeps a call from being sent now. It takes the ticket along when it asks again, and gives
    /// it back in the end.
    pub(crate) fn hindrance(
        &mut self,
        setup: &CallSetup,
        ticket: &mut Option<Ticket>,
    ) -> Option<Hindrance> {
        // Calls on an ended connection fail at once.
        if self.ended.is_some() {
            return None;
        }
        if !self.admission.admits(setup.id, setup.long, ticket) {
            return Some(Hindrance::NoTurn);
        }
        (self.outbox.len() > OUTBOX_FULL).then_some(Hindrance::NoRoom)
    }

    /// Gives a place in the queue back.
    pub(crate) fn leave_queue(&mut self, ticket: Ticket) {
        self.admission.leave_queue(ticket);
        self.has_place = true;
    }

    /// Whether, since the last time, something changed because of which calls that wait for their
    /// turn should ask again.
    pub(crate) fn take_has_place(&mut self) -> bool {
        std::mem::take(&mut self.has_place)
    }

    /// How many calls of each procedure are unanswered, in the order of their names.
    pub(crate) fn unanswered_by_name(&self) -> Vec<(&'static str, usize)> {
        let mut counts = std::collections::BTreeMap::new();
        for slot in self.calls.slots() {
            if slot.state().is_unanswered() {
                *counts.entry(slot.procedure).or_insert(0) += 1;
            }
        }
        counts.into_iter().collect()
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
        let long = setup.long;
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
            self.free(serial);
            return Err(StartError::Encode(error));
        }
        self.admission.sent(long);
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
        if let Some(outcome) = slot.take_outcome() {
            match slot.state() {
                CallState::Streaming => {}
                CallState::Abandoned => self.discard_incoming(serial),
                _ => self.free(serial),
            }
            return Poll::Ready(Ok(outcome));
        }
        if let Some(reason) = self.ended.clone() {
            self.free(serial);
            return Poll::Ready(Err(reason));
        }
        wait(&mut slot.waker, waker);
        Poll::Pending
    }

    /// The caller went away. Its late reply will be discarded, and undone where it created something.
    pub(crate) fn abandon(&mut self, serial: u32) {
        let Some(slot) = self.calls.get(serial) else {
            return;
        };
        slot.waker = None;
        match slot.state() {
            CallState::Waiting | CallState::Expired if self.ended.is_some() => self.free(serial),
            CallState::Waiting | CallState::Expired => {
                // Expired short calls were counted when they expired.
                if !slot.state().is_given_up() && slot.long.is_none() {
                    self.admission.given_up(slot.id);
                }
                slot.abandoned();
                self.discard_incoming(serial);
            }
            CallState::Replied { good: true, .. } => self.undo(serial),
            CallState::Replied { good: false, .. } => self.free(serial),
            CallState::Free
            | CallState::Abandoned
            | CallState::Streaming
            | CallState::StreamFinishing
            | CallState::StreamClosing => {}
        }
    }

    /// Who gets which events.
    pub(crate) fn events(&mut self) -> &mut EventRouter {
        &mut self.events
    }

    /// Takes in one message.
    pub(crate) fn receive(&mut self, frame: Frame<'_>) -> Result<(), ProtocolError> {
        let Header { id, kind, .. } = frame.header;
        if kind != MessageType::Message || id.program != keepalive::PROGRAM.number {
            self.any_answer = true;
        }
        match kind {
            MessageType::Reply | MessageType::ReplyWithFds => self.receive_reply(frame),
            MessageType::Message if id.program == keepalive::PROGRAM.number => {
                if id.procedure == keepalive::Ping::INFO.number {
                    self.send_keepalive(keepalive::Pong::INFO.number);
                } else {
                    self.any_answer = true;
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
        let Header { id, serial, status, .. } = frame.header;
        let ProcedureId { program, procedure, .. } = id;
        let Some(slot) = self.calls.get(serial) else {
            return Err(ProtocolError::UnknownSerial { serial, procedure });
        };
        // A daemon that does not know the program or the procedure echoes them all the same.
        if slot.id != id {
            return Err(ProtocolError::ForeignReply { serial, program, procedure });
        }
        let good = match status {
            Status::Ok => true,
            Status::Error => false,
            Status::Continue => return Err(ProtocolError::ReplyStatus { serial, procedure }),
        };
        let given_up = slot.state().is_given_up();
        match slot.state() {
            CallState::Waiting | CallState::Expired => {
                let (payload, descriptors) = frame.into_parts();
                if let Some(binding) = slot.binding.take() {
                    let has_id = binding.has_callback_id;
                    let callback = has_id.then(|| xdr::from_slice(&payload).ok()).flatten();
                    if good && callback.is_some() == has_id {
                        self.events.bind(&binding, callback, &mut self.wakers);
                    }
                    self.events.settle(binding.event);
                }
                slot.replied(good, payload, descriptors);
                self.wakers.extend(slot.waker.take());
                if !good {
                    self.discard_incoming(serial);
                }
                self.answered(serial, given_up);
            }
            CallState::Abandoned => {
                if let Some(binding) = slot.binding.take() {
                    self.events.settle(binding.event);
                }
                self.answered(serial, given_up);
                if good {
                    self.undo(serial);
                } else {
                    self.free(serial);
                }
            }
            _ => return Err(ProtocolError::UnknownSerial { serial, procedure }),
        }
        Ok(())
    }

    /// The daemon has answered a call, so it may be given another.
    fn answered(&mut self, serial: u32, given_up: bool) {
        self.calls.answered(serial);
        if let Some(slot) = self.calls.get(serial)
            && (given_up || slot.long.is_some())
        {
            self.admission.answered(slot.id, slot.long, given_up);
            self.has_place = true;
        }
    }

    /// Gives a slot back.
    fn free(&mut self, serial: u32) {
        self.discard_incoming(serial);
        self.calls.free(serial);
    }

    /// Takes back what a good reply created that nobody wants any more.
    fn undo(&mut self, serial: u32) {
        let Some(slot) = self.calls.get(serial) else {
            return;
        };
        if slot.stream.is_some() {
            self.release_stream(serial);
        } else {
            self.free(serial);
        }
    }

    fn send_keepalive(&mut self, procedure: u32) {
        if self.outbox.len() > OUTBOX_ALIVE {
            return;
        }
        let id = ProcedureId::new(keepalive::PROGRAM, procedure);
        self.send_empty(header(id, MessageType::Message, 0, Status::Ok));
    }

    fn send_empty(&mut self, header: Header) {
        // A message without a payload is never too large.
        let _never_too_large = append_message(self.outbox.buffer(), &header, &());
    }

    /// Ends everything: each pending and future call, stream and event queue gets the reason.
    pub(crate) fn end(&mut self, reason: CloseReason, now: Instant) {
        if self.ended.is_some() {
            return;
        }
        let reason = self.with_silence(reason, now);
        for slot in self.calls.slots_mut() {
            self.wakers.extend(slot.waker.take());
            if let Some(stream) = &mut slot.stream {
                self.wakers.extend(stream.take_waiting());
            }
        }
        self.events.end(&reason, &mut self.wakers);
        self.keepalive = None;
        self.earliest_deadline = None;
        self.has_place = true;
        self.ended = Some(reason);
    }
}

/// Has `waker` told of what comes next.
fn wait(slot: &mut Option<Waker>, waker: &Waker) {
    match slot {
        Some(old) if old.will_wake(waker) => {}
        slot => *slot = Some(waker.clone()),
    }
}

fn header(id: ProcedureId, kind: MessageType, serial: u32, status: Status) -> Header {
    Header { id, kind, serial, status }
}
