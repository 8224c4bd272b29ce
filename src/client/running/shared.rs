//! The state that a connection's callers and its driver task share.

use std::os::fd::AsFd;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::error::{CloseReason, Waiting};
use crate::protocol::ProcedureInfo;
use crate::rpc::alarms::AlarmKey;
use crate::rpc::backpressure::Gate;
use crate::rpc::calls::{CallSetup, Outcome};
#[cfg(test)]
use crate::rpc::engine::Holdings;
use crate::rpc::engine::{Engine, StreamEnd};
use crate::rpc::events::EventRouter;
use crate::rpc::frame::packet_head;
use crate::rpc::header::{Header, MessageType, Status};
use crate::rpc::outbox::Unsent;
use crate::rpc::streams::Chunk;
use crate::transport::WriteHalf;

/// The time limit of a close.
const LINGER: Duration = Duration::from_secs(2);

/// The engine and the socket's write half under one lock, which is only held briefly.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<SharedState>,
    /// Notified when waiting calls may be sendable, and at the end.
    pub(super) room: Notify,
    /// Notified when the driver task is done.
    done: Notify,
}

pub(super) struct SharedState {
    pub(super) engine: Engine,
    /// `None` once the connection has ended, so that handles do not keep the socket open.
    pub(super) write: Option<Box<dyn WriteHalf>>,
    /// The driver task's waker, once it runs.
    pub(super) driver: Option<Waker>,
    /// Set while the driver task has an unhandled request to flush the outbox.
    pub(super) flush_requested: bool,
    /// Set where a buffer below the outbox may hold bytes back.
    unflushed: bool,
    /// Wakers of streams that wait for an empty outbox.
    stream_writers: Vec<Waker>,
    /// The deadline of the driver task's timer.
    pub(super) armed: Option<Instant>,
    pub(super) closing: Option<Closing>,
    pub(super) driver_done: bool,
}

/// A close in progress.
#[derive(Debug, Clone, Copy)]
pub(super) struct Closing {
    /// The serial of the daemon's reply, if it was sent a request.
    pub(super) serial: Option<u32>,
    pub(super) give_up: Instant,
}

impl Closing {
    pub(super) fn is_answered_by(&self, header: &Header) -> bool {
        header.kind == MessageType::Reply && Some(header.serial) == self.serial
    }
}

impl std::fmt::Debug for SharedState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedState")
            .field("engine", &self.engine)
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// Creates the state; `max_long` limits the calls that take long that the daemon has at a time.
    pub(crate) fn new(write: Box<dyn WriteHalf>, max_long: usize) -> Self {
        Self {
            state: Mutex::new(SharedState {
                engine: Engine::new(max_long),
                write: Some(write),
                driver: None,
                flush_requested: false,
                unflushed: false,
                stream_writers: Vec::new(),
                armed: None,
                closing: None,
                driver_done: false,
            }),
            room: Notify::new(),
            done: Notify::new(),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, SharedState> {
        // No critical section panics; if one did, a half-made change would not be worse than a
        // panic in every caller.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the state of a call that was sent and not answered in time.
    pub(crate) fn waiting_for_reply(&self) -> Waiting {
        Waiting::Reply { unanswered: self.lock().engine.unanswered() }
    }

    pub(crate) fn poll_outcome(
        &self,
        serial: u32,
        waker: &Waker,
    ) -> Poll<Result<Outcome, CloseReason>> {
        self.lock().engine.poll_call(serial, waker)
    }

    /// Changes the engine's state from outside the driver task and wakes the task.
    pub(crate) fn with_engine<T>(&self, change: impl FnOnce(&mut Engine) -> T) -> T {
        let mut state = self.lock();
        let result = change(&mut state.engine);
        let mut wakers: Vec<_> = state.driver.clone().into_iter().collect();
        self.conclude(state, &mut wakers, false);
        result
    }

    /// Changes the recipients of events, without waking the driver task.
    pub(crate) fn with_events<T>(&self, change: impl FnOnce(&mut EventRouter) -> T) -> T {
        change(self.lock().engine.events())
    }

    /// Ends a change of the state: unlocks it, and wakes all wakers that it concerns. `has_room`
    /// states that the outbox was emptied.
    pub(super) fn conclude(
        &self,
        mut state: MutexGuard<'_, SharedState>,
        wakers: &mut Vec<Waker>,
        has_room: bool,
    ) {
        let may_start = state.engine.take_has_place() || has_room;
        state.engine.take_wakers(wakers);
        if has_room {
            wakers.append(&mut state.stream_writers);
        }
        drop(state);
        wakers.drain(..).for_each(Waker::wake);
        if may_start {
            self.room.notify_waiters();
        }
    }

    /// Sets an alarm, or changes its waker.
    pub(super) fn set_alarm(&self, key: Option<AlarmKey>, at: Instant, waker: &Waker) -> AlarmKey {
        let mut state = self.lock();
        let key = state.engine.alarms.set(key, at, waker);
        let is_first = state.armed.is_none_or(|armed| at < armed);
        let driver = state.driver.clone().filter(|_| is_first);
        drop(state);
        driver.into_iter().for_each(Waker::wake);
        key
    }

    pub(super) fn remove_alarm(&self, key: AlarmKey) {
        self.lock().engine.alarms.remove(key);
    }

    /// Returns the number of bytes that the daemon has taken in total, and of those still unsent.
    pub(crate) fn sent(&self) -> (u64, usize) {
        let state = self.lock();
        (state.engine.outbox.total_sent(), state.engine.outbox.len())
    }

    /// Polls a stream's next item; wakes the driver task when the stream is no longer behind, which
    /// others still may be.
    pub(crate) fn poll_stream(&self, serial: u32, waker: &Waker) -> Poll<Result<Chunk, StreamEnd>> {
        let mut state = self.lock();
        let behind = state.engine.streams_behind();
        let item = state.engine.poll_stream(serial, waker);
        let driver = if state.engine.streams_behind() < behind {
            state.driver.clone()
        } else {
            None
        };
        drop(state);
        driver.into_iter().for_each(Waker::wake);
        item
    }

    /// Sends one packet of a stream once the outbox is empty: data that the daemon does not take
    /// must stay with the caller.
    pub(crate) fn poll_stream_send(
        &self,
        serial: u32,
        kind: MessageType,
        payload: &[u8],
        waker: &Waker,
    ) -> Poll<Result<(), StreamEnd>> {
        let mut guard = self.lock();
        let state = &mut *guard;
        let header = match state.engine.stream_packet(serial, kind, Status::Continue) {
            Ok(header) => header,
            Err(end) => return Poll::Ready(Err(end)),
        };
        if !state.engine.outbox.is_empty() {
            if !state.stream_writers.iter().any(|other| other.will_wake(waker)) {
                state.stream_writers.push(waker.clone());
            }
            return Poll::Pending;
        }
        let flushed = state.send_packet(&header, payload);
        let driver = if flushed { None } else { state.driver.clone() };
        drop(guard);
        driver.into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(()))
    }

    /// Ends this side of a stream, and waits for the daemon to confirm.
    pub(crate) fn poll_stream_end(
        &self,
        serial: u32,
        status: Status,
        waker: &Waker,
    ) -> Poll<Result<(), StreamEnd>> {
        self.with_engine(|engine| engine.poll_stream_end(serial, status, waker))
    }

    /// Ends the connection: sends the daemon the close request if possible, fails all calls in
    /// flight, and leaves the rest to the driver task.
    pub(crate) fn request_close(&self, close: &ProcedureInfo, now: Instant) {
        let mut state = self.lock();
        if state.closing.is_some() || state.driver_done {
            return;
        }
        let serial = state.engine.start_call(CallSetup::new(close), &()).ok();
        // The runtime may be about to shut down, and the driver task with it.
        state.write_now();
        state.closing = Some(Closing { serial, give_up: now + LINGER });
        state.engine.end(CloseReason::Local, now);
        let mut wakers: Vec<_> = state.driver.clone().into_iter().collect();
        self.conclude(state, &mut wakers, true);
    }

    /// Records the end of the driver task.
    pub(super) fn finish(&self, reason: CloseReason, now: Instant) {
        let mut state = self.lock();
        state.engine.end(reason, now);
        state.engine.outbox.drop_secrets();
        state.driver_done = true;
        state.driver = None;
        state.write = None;
        self.conclude(state, &mut Vec::new(), true);
        self.done.notify_waiters();
    }

    /// Counts what is held for callers.
    #[cfg(test)]
    pub(crate) fn holdings(&self) -> Holdings {
        let state = self.lock();
        Holdings {
            stream_writers: state.stream_writers.len(),
            ..state.engine.holdings()
        }
    }

    /// Returns the reason why the connection ended, if it did.
    pub(crate) fn end_reason(&self) -> Option<CloseReason> {
        self.lock().engine.ended().cloned()
    }

    /// Waits until the driver task is done, and returns the reason why the connection ended.
    pub(crate) async fn wait_done(&self) -> CloseReason {
        loop {
            let mut done = std::pin::pin!(self.done.notified());
            done.as_mut().enable();
            {
                let state = self.lock();
                if state.driver_done {
                    return state.engine.ended().cloned().unwrap_or(CloseReason::Local);
                }
            }
            done.await;
        }
    }
}

impl SharedState {
    /// Returns whether to read now; if not, when to check again unless something changes before.
    /// Reads the clock only where a stream's reader is behind.
    pub(super) fn gate(&mut self, now: impl FnOnce() -> Instant) -> Gate {
        if self.engine.is_behind() {
            self.engine.gate(now())
        } else {
            Gate::Open
        }
    }

    /// Handles deadlines that have passed; fails with the reason for the connection's end.
    pub(super) fn pass_deadlines(&mut self, now: Instant) -> Result<(), CloseReason> {
        if self.armed.is_some_and(|armed| armed <= now) {
            self.armed = None;
        }
        if self.closing.is_some_and(|closing| closing.give_up <= now) {
            return Err(CloseReason::Local);
        }
        if self.engine.deadline().is_some_and(|due| due <= now) {
            self.engine.tick(now)?;
        }
        Ok(())
    }

    /// Returns the bytes or the descriptor that one write can send.
    fn unsent(&mut self) -> Option<(&mut Box<dyn WriteHalf>, Unsent<'_>)> {
        let write = self.write.as_mut()?;
        let unsent = if write.takes_one_message() {
            Unsent::Bytes(self.engine.outbox.unsent_message())
        } else {
            self.engine.outbox.unsent()
        };
        Some((write, unsent))
    }

    /// Writes from the caller's task. Returns `false` when the driver task must go on.
    pub(super) fn write_now(&mut self) -> bool {
        let Some(driver) = self.driver.clone() else {
            return false;
        };
        // Only the driver task sends descriptors.
        let Some((write, Unsent::Bytes(bytes))) = self.unsent() else {
            return false;
        };
        match write.try_write(&driver, bytes) {
            Ok(count) => self.engine.outbox.advance(count),
            // The driver task meets the same error and reports it.
            Err(_) => return false,
        }
        self.unflushed = true;
        self.engine.outbox.is_empty()
    }

    /// Sends a large packet past the empty outbox, which only gets what the socket does not take.
    /// Returns `false` when the driver task must go on.
    fn send_packet(&mut self, header: &Header, payload: &[u8]) -> bool {
        let head = packet_head(header, payload.len());
        let sent = match (&self.driver, &mut self.write) {
            // The driver task meets the same error and reports it.
            (Some(driver), Some(write)) => {
                write.try_write_both(driver, &head, payload).unwrap_or_default()
            }
            _ => 0,
        };
        self.unflushed = true;
        let head_rest = head.get(sent..).unwrap_or_default();
        let sent = sent.saturating_sub(head.len());
        let payload_rest = payload.get(sent..).unwrap_or_default();
        self.engine.outbox.push_rest(head_rest, payload_rest);
        self.engine.outbox.is_empty()
    }

    /// Sends what the socket takes. Returns `true` when that emptied the outbox, so that there is
    /// room again.
    pub(super) fn flush(&mut self, cx: &mut Context<'_>) -> Result<bool, CloseReason> {
        if self.write.is_none() {
            return Ok(false);
        }
        let had_some = !self.engine.outbox.is_empty();
        while !self.engine.outbox.is_empty() {
            let Some((write, unsent)) = self.unsent() else {
                return Ok(false);
            };
            let sent = match unsent {
                Unsent::Bytes(bytes) => write.poll_write(cx, bytes),
                Unsent::Descriptor(byte, descriptor) => {
                    write.poll_write_descriptor(cx, byte, descriptor.as_fd())
                }
            };
            match sent? {
                Poll::Ready(count) => self.engine.outbox.advance(count),
                Poll::Pending => return Ok(false),
            }
        }
        if (had_some || self.unflushed)
            && let Some(write) = &mut self.write
        {
            self.unflushed = write.poll_flush(cx)?.is_pending();
        }
        Ok(had_some)
    }

    /// Starts a turn of the driver task: later flush requests are for the next one.
    pub(super) fn begin_turn(&mut self, waker: &Waker) {
        self.flush_requested = false;
        match &mut self.driver {
            Some(old) if old.will_wake(waker) => {}
            slot => *slot = Some(waker.clone()),
        }
    }
}
