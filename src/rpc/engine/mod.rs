//! The state of one connection, without sockets and without a clock.

#[cfg(test)]
mod holdings;
mod streams;
#[cfg(test)]
mod tests;
mod time;

#[cfg(test)]
pub(crate) use holdings::Holdings;
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
use crate::rpc::frame::{Frame, append_message, secret_message};
use crate::rpc::header::{Header, MessageType, ProcedureId, Status};
use crate::rpc::keepalive::Keepalive;
use crate::rpc::outbox::Outbox;
use crate::xdr::{self, Encode, EncodeError};

/// The number of unsent bytes above which new calls wait, so that a daemon that does not read does
/// not cost memory.
const OUTBOX_FULL: usize = 1024 * 1024;
/// The number of unsent bytes above which no keepalive messages are added: the bytes themselves
/// show that this side is alive.
const OUTBOX_ALIVE: usize = 64 * 1024;

/// A reason for which a call cannot be sent yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hindrance {
    /// The daemon does not read what was sent to it.
    NoRoom,
    /// The daemon has as many calls that take long as it may be given.
    NoTurn,
}

/// A reason for which a call was not sent.
#[derive(Debug)]
pub(crate) enum StartError {
    /// The arguments cannot be encoded.
    Encode(EncodeError),
    /// All serials are in use.
    NoSerial,
    /// The connection has ended.
    Ended(CloseReason),
}

/// The state of one connection: its calls, streams, events, keepalive and deadlines.
///
/// The engine performs no I/O, reads no clock and calls no wakers: messages and [`Instant`]s are
/// passed in, and bytes, deadlines and wakers are taken out. It belongs under a lock that its
/// *callers*, one for each call and stream, share with one *driver*, which owns the socket and the
/// timer.
///
/// # Callers
///
/// A call goes through these methods, in this order:
///
/// 1. [`hindrance`](Self::hindrance) returns what the call has to wait for. It is called again,
///    with the same ticket, when [`take_has_place`](Self::take_has_place) was true or the outbox
///    has emptied. A ticket is always returned with [`leave_queue`](Self::leave_queue) in the end,
///    whether the call was sent or not.
/// 2. [`start_call`](Self::start_call), under the same lock, appends the call to the outbox and
///    returns its serial. On an error nothing has been appended and no slot is taken.
/// 3. [`poll_call`](Self::poll_call) is pending until the call is answered, its deadline has
///    passed, or the connection has ended. Only the last waker is kept. It is ready once, and the
///    serial must not be used afterwards, unless a good reply opened a stream.
/// 4. [`abandon`](Self::abandon) takes the place of `poll_call` if the caller is dropped before
///    that was ready.
///
/// The holder of a stream, which the call opened with the same serial, reads with
/// [`poll_stream`](Self::poll_stream). It writes with [`stream_packet`](Self::stream_packet), which
/// returns the header of one packet; the holder sends the packet itself, and only while the outbox
/// is empty. [`poll_stream_end`](Self::poll_stream_end) finishes or aborts the stream and waits for
/// the daemon's confirmation. Each of the three returns a [`StreamEnd`] when it can do nothing
/// more. [`release_stream`](Self::release_stream) comes last, and exactly once, whatever came
/// before.
///
/// Waits with a deadline for something other than a reply, such as for admission or a confirmation,
/// set one of the [`alarms`](Self::alarms), and remove it in the end.
///
/// Subscribers open a group and join it with [`events`](Self::events). The call that registers them
/// carries a [`Binding`](crate::rpc::events::Binding), which connects the group to the callback ID
/// in the reply before the next message is processed. Each has a queue with a lock of its own, and
/// needs the engine only to join, leave and unbind.
///
/// # Driver
///
/// The driver sends the content of the [`outbox`](Self::outbox) whenever there is some, after its
/// own calls as well as after the callers'. Between these it follows this order:
///
/// 1. If [`is_behind`](Self::is_behind), it asks [`gate`](Self::gate) whether to read. A pause ends
///    at the instant in it, or when a caller changes something: a reader catches up, or a call is
///    started.
/// 2. It reads, with descriptors if [`expects_descriptors`](Self::expects_descriptors), and passes
///    each received message to [`receive`](Self::receive). An error is a violation of the protocol:
///    it is to end the connection, and no later message may be passed in.
/// 3. If the engine [`keeps_alive`](Self::keeps_alive), as it does from
///    [`set_keepalive`](Self::set_keepalive) to the end, the driver then calls
///    [`note_alive`](Self::note_alive), once for each read that returned data.
/// 4. When [`deadline`](Self::deadline) has passed, it calls [`tick`](Self::tick). An error is the
///    reason to end the connection with. The deadline may be earlier than anything that is due,
///    never later; it becomes earlier with [`start_call`](Self::start_call) and with an alarm.
/// 5. [`take_wakers`](Self::take_wakers) and [`take_has_place`](Self::take_has_place) return what
///    to wake. They are for after any change, including the callers', and the wakers for after the
///    lock is released.
/// 6. [`end`](Self::end) records the reason for the connection's end for everyone.
///    [`receive`](Self::receive) must not be called after it.
///
/// # Guarantees
///
/// - No slot is lost. It is freed once the call was answered and its outcome taken or abandoned;
///   where the reply opened a stream, once that was released and the daemon has confirmed or failed
///   it.
/// - A serial is not used again while its slot is taken, nor for thousands of calls in that slot
///   after that: a late reply never finds another call.
/// - A task that got `Poll::Pending` is woken when the result changes, and at the end of the
///   connection at the latest.
/// - Outstanding replies are counted until the daemon has sent them, even if the caller has
///   abandoned them: for the limits on calls that take long, for descriptors, and for the verdict
///   on a silent daemon.
/// - Data received before the end is still delivered: replies, stream data and the end of a stream,
///   events. After that each call, stream and queue of a registered group returns the reason for
///   the end. A group that is not registered gets it from its registration's call.
/// - After the end nothing is started, sent or waited for; releasing a call or stream frees the
///   slot at once. Only the first reason counts.
#[derive(Debug)]
pub(crate) struct Engine {
    /// The outgoing bytes. Whole messages are appended; the driver takes bytes.
    pub(crate) outbox: Outbox,
    calls: Calls,
    admission: Admission,
    /// Set when calls that wait for admission should ask again.
    has_place: bool,
    events: EventRouter,
    keepalive: Option<Keepalive>,
    /// Set when something other than a ping has arrived since keepalive was last updated.
    any_answer: bool,
    /// A lower bound of the calls' deadlines.
    earliest_deadline: Option<Instant>,
    /// Wake-ups of callers that wait for something other than a reply.
    pub(crate) alarms: Alarms,
    backpressure: Backpressure,
    /// Set while the last gate was closed.
    reads_paused: bool,
    /// Wakers to call once the lock around the engine is released.
    wakers: Vec<Waker>,
    ended: Option<CloseReason>,
}

impl Engine {
    /// Creates an engine whose daemon is given at most `max_long` calls that take long at a time.
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

    /// Starts, or with `None` stops, sending pings to a silent peer.
    pub(crate) fn set_keepalive(&mut self, keepalive: Option<Keepalive>) {
        self.keepalive = keepalive;
        self.any_answer = false;
    }

    /// Returns the number of calls that the daemon has not answered, abandoned ones included.
    pub(crate) fn unanswered(&self) -> usize {
        self.calls.unanswered()
    }

    /// Returns the number of slots that a caller or the holder of a stream has.
    #[cfg(any(fuzzing, test))]
    pub(crate) fn slots_held(&self) -> usize {
        let is_left = |state| matches!(state, &CallState::Abandoned | &CallState::StreamClosing);
        self.calls.slots().filter(|slot| !is_left(slot.state())).count()
    }

    /// Returns whether the daemon may send descriptors, which plain reading would lose.
    pub(crate) fn expects_descriptors(&self) -> bool {
        self.calls.expects_descriptors()
    }

    /// Returns the reason for which the connection has ended, if it has.
    pub(crate) fn ended(&self) -> Option<&CloseReason> {
        self.ended.as_ref()
    }

    /// Moves out the wakers collected since the last call.
    pub(crate) fn take_wakers(&mut self, into: &mut Vec<Waker>) {
        into.append(&mut self.wakers);
    }

    /// Returns the reason why a call cannot be sent now, if there is one.
    ///
    /// A call that takes long gets a ticket, which keeps its place in the queue: it is to be passed
    /// in when the call asks again, and returned with [`leave_queue`](Self::leave_queue).
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

    /// Releases the place in the queue of a call that was sent or never will be.
    pub(crate) fn leave_queue(&mut self, ticket: Ticket) {
        self.admission.leave_queue(ticket);
        self.has_place = true;
    }

    /// Returns `true` if calls that wait for admission should ask again, because of a change since
    /// the last time.
    pub(crate) fn take_has_place(&mut self) -> bool {
        std::mem::take(&mut self.has_place)
    }

    /// Counts the unanswered calls of each procedure, in the order of their names.
    pub(crate) fn unanswered_by_name(&self) -> Vec<(&'static str, usize)> {
        let mut counts = std::collections::BTreeMap::new();
        for slot in self.calls.slots() {
            if slot.state().is_unanswered() {
                *counts.entry(slot.procedure).or_insert(0) += 1;
            }
        }
        counts.into_iter().collect()
    }

    /// Appends one call to the outbox and returns its serial. On an error nothing has changed.
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
        let is_secret = setup.is_secret;
        let descriptors = std::mem::take(&mut setup.descriptors);
        let serial = self.calls.insert(setup).ok_or(StartError::NoSerial)?;
        let outbox = self.outbox.buffer();
        let appended = if is_secret {
            let header = header(id, MessageType::Call, serial, Status::Ok);
            secret_message(&header, args).map(|message| self.outbox.push_secret(message))
        } else if descriptors.is_empty() {
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

    /// Returns a call's outcome once there is one, or else the reason for the end of the
    /// connection.
    ///
    /// After the outcome the serial is no longer the caller's, unless a good reply opened a stream.
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

    /// Records that a caller was dropped before its call's outcome was taken.
    ///
    /// The late reply will be discarded, and a stream that it opens aborted. Does nothing for a serial
    /// that is not in use.
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

    /// Returns the router of events, for subscribers that come and go.
    pub(crate) fn events(&mut self) -> &mut EventRouter {
        &mut self.events
    }

    /// Takes in one message, in the order of arrival. An error must end the connection.
    ///
    /// Replies to unknown calls, replies of another procedure than the call's, and messages that
    /// only clients send violate the protocol. Stream packets and events without a recipient are
    /// ignored.
    pub(crate) fn receive(&mut self, frame: Frame<'_>) -> Result<(), ProtocolError> {
        debug_assert!(self.ended.is_none(), "nothing is received after the end");
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
        // A daemon that does not know the program or the procedure still echoes them.
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

    /// Counts a call as answered, which may make place for another.
    fn answered(&mut self, serial: u32, given_up: bool) {
        self.calls.answered(serial);
        self.backpressure.note_answered();
        if let Some(slot) = self.calls.get(serial)
            && (given_up || slot.long.is_some())
        {
            self.admission.answered(slot.id, slot.long, given_up);
            self.has_place = true;
        }
    }

    /// Frees a slot, and discards its stream's data.
    fn free(&mut self, serial: u32) {
        self.discard_incoming(serial);
        self.calls.free(serial);
    }

    /// Aborts the stream that a good reply opened for an absent caller, or frees the slot if it
    /// opened none.
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

    /// Ends everything: each pending and future call, stream and event queue gets the reason, or an
    /// earlier one if there was one.
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

/// Stores `waker` where the next change will find it.
fn wait(slot: &mut Option<Waker>, waker: &Waker) {
    match slot {
        Some(old) if old.will_wake(waker) => {}
        slot => *slot = Some(waker.clone()),
    }
}

fn header(id: ProcedureId, kind: MessageType, serial: u32, status: Status) -> Header {
    Header { id, kind, serial, status }
}
