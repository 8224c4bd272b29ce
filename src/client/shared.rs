//! What a connection's callers and its driver share.

use std::os::fd::AsFd;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::error::{CloseReason, Error};
use crate::rpc::calls::{CallSetup, Outcome};
use crate::rpc::engine::{Engine, StartError, StreamEnd};
use crate::rpc::frame::packet_head;
use crate::rpc::header::{Header, MessageType, ProcedureId, Status};
use crate::rpc::outbox::Unsent;
use crate::rpc::streams::Item;
use crate::transport::WriteHalf;
use crate::xdr::Encode;

/// Unsent bytes above which new calls wait. A daemon that does not read must not make us hoard.
const OUTBOX_FULL: usize = 1024 * 1024;
/// How long the end of the connection may take once it was asked for.
const LINGER: Duration = Duration::from_secs(2);

/// The engine and the socket's write half under one short lock.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    /// Told when the outbox has room again, and at the end.
    room: Notify,
    /// Told when the driver is done.
    done: Notify,
}

pub(super) struct State {
    pub(super) engine: Engine,
    /// Absent once the connection has ended, so that handles do not keep the socket open.
    pub(super) write: Option<Box<dyn WriteHalf>>,
    /// The driver's waker, once it runs.
    pub(super) driver: Option<Waker>,
    /// Whether the driver was already asked to flush the outbox.
    flush_requested: bool,
    /// Whether something below the outbox may hold bytes back.
    unflushed: bool,
    /// Streams that wait for an empty outbox.
    stream_writers: Vec<Waker>,
    /// What the driver's timer is set to.
    pub(super) armed: Option<Instant>,
    pub(super) closing: Option<Closing>,
    pub(super) driver_done: bool,
}

/// A close in progress.
#[derive(Debug, Clone, Copy)]
pub(super) struct Closing {
    /// The reply to wait for, if the daemon was told.
    pub(super) serial: Option<u32>,
    pub(super) give_up: Instant,
}

impl Closing {
    pub(super) fn is_answered_by(&self, header: &Header) -> bool {
        header.kind == MessageType::Reply && Some(header.serial) == self.serial
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("engine", &self.engine)
            .finish_non_exhaustive()
    }
}

/// Why a call could not be started right now.
enum Refused {
    /// The outbox is full.
    NoRoom,
    Start(StartError),
}

impl Shared {
    pub(crate) fn new(write: Box<dyn WriteHalf>) -> Self {
        Self {
            state: Mutex::new(State {
                engine: Engine::default(),
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

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // No critical section panics; were one to, a half-made change would not be worse than
        // poisoning every caller.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a call as soon as the outbox has room for it.
    pub(super) async fn start(
        &self,
        procedure: &'static str,
        mut setup: CallSetup,
        args: &(dyn Encode + Sync),
    ) -> Result<u32, Error> {
        loop {
            match self.try_start(&mut setup, args) {
                Ok(serial) => return Ok(serial),
                Err(Refused::Start(error)) => return Err(start_error(procedure, error)),
                Err(Refused::NoRoom) => {}
            }
            let mut room = std::pin::pin!(self.room.notified());
            room.as_mut().enable();
            if self.lock().has_room() {
                continue;
            }
            room.await;
        }
    }

    fn try_start(&self, setup: &mut CallSetup, args: &(dyn Encode + Sync)) -> Result<u32, Refused> {
        let mut guard = self.lock();
        let state = &mut *guard;
        if !state.has_room() {
            return Err(Refused::NoRoom);
        }
        // The driver must know of descriptors before it reads on, so it sends those calls itself.
        let lone = state.engine.outbox.is_empty()
            && state.engine.unanswered() == 0
            && !setup.expects_descriptors;
        let deadline = setup.deadline;
        let setup = std::mem::replace(setup, CallSetup::new(setup.id));
        let serial = state
            .engine
            .start_call(setup, args)
            .map_err(Refused::Start)?;
        let mut wake = deadline.is_some_and(|due| state.armed.is_none_or(|armed| due < armed));
        if lone {
            wake |= !state.write_now();
        } else if !state.flush_requested {
            state.flush_requested = true;
            wake = true;
        }
        let waker = if wake { state.driver.clone() } else { None };
        drop(guard);
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(serial)
    }

    pub(super) fn poll_outcome(
        &self,
        serial: u32,
        waker: &Waker,
    ) -> Poll<Result<Outcome, CloseReason>> {
        self.lock().engine.poll_call(serial, waker)
    }

    /// Changes the engine's state from outside the driver and has the driver act on it.
    pub(super) fn with_engine<T>(&self, change: impl FnOnce(&mut Engine) -> T) -> T {
        let mut state = self.lock();
        let result = change(&mut state.engine);
        let mut wakers = Vec::new();
        state.engine.take_wakers(&mut wakers);
        wakers.extend(state.driver.clone());
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
        result
    }

    /// The next thing that a stream brought; has the driver read on once there is room for it.
    pub(super) fn poll_stream(&self, serial: u32, waker: &Waker) -> Poll<Result<Item, StreamEnd>> {
        let mut state = self.lock();
        let was_deaf = !state.engine.may_read();
        let item = state.engine.poll_stream(serial, waker);
        let driver = if was_deaf && state.engine.may_read() {
            state.driver.clone()
        } else {
            None
        };
        drop(state);
        driver.into_iter().for_each(Waker::wake);
        item
    }

    /// Sends one packet of a stream once nothing else waits to be sent: what the daemon does not
    /// take must stay with the caller.
    pub(super) fn poll_stream_send(
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
            if !state
                .stream_writers
                .iter()
                .any(|other| other.will_wake(waker))
            {
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

    /// Ends this side of a stream, and waits for the daemon to agree.
    pub(super) fn poll_stream_end(
        &self,
        serial: u32,
        status: Status,
        waker: &Waker,
    ) -> Poll<Result<(), StreamEnd>> {
        self.with_engine(|engine| engine.poll_stream_end(serial, status, waker))
    }

    /// Ends the connection: tells the daemon where that makes sense, fails everything that is in
    /// flight, and leaves the rest to the driver.
    pub(super) fn request_close(&self, close_call: Option<ProcedureId>, now: Instant) {
        let mut state = self.lock();
        if state.closing.is_some() || state.driver_done {
            return;
        }
        let call = close_call.map(CallSetup::new);
        let serial = call.and_then(|setup| state.engine.start_call(setup, &()).ok());
        state.closing = Some(Closing {
            serial,
            give_up: now + LINGER,
        });
        state.engine.end(CloseReason::Local);
        self.wake_all(state);
    }

    /// The driver's last act.
    pub(super) fn finish(&self, reason: CloseReason) {
        let mut state = self.lock();
        state.engine.end(reason);
        state.driver_done = true;
        state.driver = None;
        state.write = None;
        self.wake_all(state);
        self.done.notify_waiters();
    }

    fn wake_all(&self, mut state: MutexGuard<'_, State>) {
        let mut wakers = std::mem::take(&mut state.stream_writers);
        state.engine.take_wakers(&mut wakers);
        wakers.extend(state.driver.clone());
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
        self.room.notify_waiters();
    }

    /// The outbox is empty: whoever waited for that goes on.
    pub(super) fn notify_room(&self) {
        let writers = std::mem::take(&mut self.lock().stream_writers);
        writers.into_iter().for_each(Waker::wake);
        self.room.notify_waiters();
    }

    /// Why the connection ended, if it did.
    pub(super) fn end_reason(&self) -> Option<CloseReason> {
        self.lock().engine.ended().cloned()
    }

    /// Waits until the driver is done, and says why the connection ended.
    pub(super) async fn wait_done(&self) -> CloseReason {
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

impl State {
    /// Ended connections have room: calls on them fail at once.
    fn has_room(&self) -> bool {
        self.engine.outbox.len() <= OUTBOX_FULL || self.engine.ended().is_some()
    }

    /// Writes from the caller's task. `false` when the driver must go on.
    fn write_now(&mut self) -> bool {
        let (Some(driver), Some(write)) = (&self.driver, &mut self.write) else {
            return false;
        };
        // Descriptors are the driver's to send.
        let Unsent::Bytes(bytes) = self.engine.outbox.unsent() else {
            return false;
        };
        match write.try_write(driver, bytes) {
            Ok(count) => self.engine.outbox.advance(count),
            // The driver meets the same error, and it is its to report.
            Err(_) => return false,
        }
        self.unflushed = true;
        self.engine.outbox.is_empty()
    }

    /// Sends a large packet past the empty outbox, which only gets what the socket does not take.
    /// `false` when the driver must go on.
    fn send_packet(&mut self, header: &Header, payload: &[u8]) -> bool {
        let head = packet_head(header, payload.len());
        let sent = match (&self.driver, &mut self.write) {
            // An error is the driver's to meet and to report.
            (Some(driver), Some(write)) => write
                .try_write_both(driver, &head, payload)
                .unwrap_or_default(),
            _ => 0,
        };
        self.unflushed = true;
        let outbox = self.engine.outbox.buffer();
        outbox.extend_from_slice(head.get(sent..).unwrap_or_default());
        let sent = sent.saturating_sub(head.len());
        outbox.extend_from_slice(payload.get(sent..).unwrap_or_default());
        self.engine.outbox.is_empty()
    }

    /// Sends what the socket takes. `true` when that emptied the outbox, so that there is room again.
    pub(super) fn flush(&mut self, cx: &mut Context<'_>) -> Result<bool, CloseReason> {
        let Some(write) = &mut self.write else {
            return Ok(false);
        };
        let had_some = !self.engine.outbox.is_empty();
        while !self.engine.outbox.is_empty() {
            let sent = match self.engine.outbox.unsent() {
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
        if had_some || self.unflushed {
            self.unflushed = write.poll_flush(cx)?.is_pending();
        }
        Ok(had_some)
    }

    /// The driver starts a turn: requests from now on are for the next one.
    pub(super) fn begin_turn(&mut self, waker: &Waker) {
        self.flush_requested = false;
        match &mut self.driver {
            Some(old) if old.will_wake(waker) => {}
            slot => *slot = Some(waker.clone()),
        }
    }
}

fn start_error(procedure: &'static str, error: StartError) -> Error {
    match error {
        StartError::Encode(error) => Error::unsendable(procedure, error),
        StartError::NoSerial => Error::InvalidArgument {
            procedure,
            reason: "a million calls are in flight on this connection".to_owned(),
        },
        StartError::Ended(reason) => Error::Closed(reason),
    }
}
