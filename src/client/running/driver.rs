//! The task that owns a connection's socket.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use super::clock::now;
use super::shared::{Shared, SharedState};
use crate::error::CloseReason;
use crate::rpc::backpressure::Gate;
use crate::rpc::frame::FrameBuffer;
use crate::transport::ReadHalf;

/// Reads in a row before other tasks get their turn.
const READS_PER_TURN: usize = 16;

/// How long a thread that shuts its runtime down waits for the daemon to take note of the end.
const LEAVE_LIMIT: Duration = Duration::from_millis(200);

/// Reads, hands out what was read, and sends what callers left in the outbox.
///
/// It never waits for a consumer.
pub(crate) struct Driver {
    shared: Arc<Shared>,
    read: Box<dyn ReadHalf>,
    frames: FrameBuffer,
    timer: Pin<Box<Sleep>>,
    /// Whom the last batch of messages is for; kept for its memory.
    wakers: Vec<Waker>,
    /// Whether there is room for what reading might bring.
    gate: Gate,
    /// Whether what arrives may come with descriptors.
    expects_descriptors: bool,
    /// What ended the connection, while the transport is asked for a better reason.
    ending: Option<CloseReason>,
    finished: bool,
}

impl Driver {
    /// Needs a runtime with time enabled.
    pub(crate) fn new(shared: Arc<Shared>, read: Box<dyn ReadHalf>) -> Self {
        Self {
            shared,
            read,
            frames: FrameBuffer::new(),
            timer: Box::pin(sleep_until(Instant::now())),
            wakers: Vec::new(),
            gate: Gate::Open,
            expects_descriptors: false,
            ending: None,
            finished: false,
        }
    }

    /// One turn; the result is the end of the connection.
    fn turn(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        let shared = Arc::clone(&self.shared);
        let mut state = shared.lock();
        state.begin_turn(cx.waker());
        let flushed = state.flush(cx);
        self.note_state(&mut state);
        shared.conclude(state, &mut self.wakers, matches!(flushed, Ok(true)));
        if let Err(reason) = flushed {
            return Poll::Ready(self.last_words(cx, reason));
        }
        for _ in 0..READS_PER_TURN {
            if self.gate != Gate::Open {
                // A stream's reader that catches up wakes us.
                return self.wait(cx);
            }
            match self.read_once(cx) {
                Poll::Ready(Some(reason)) => return Poll::Ready(reason),
                Poll::Ready(None) => {}
                Poll::Pending => return self.wait(cx),
            }
        }
        // A peer that never pauses does not stop the clock.
        if let Some(reason) = self.look_at_clock(cx) {
            return Poll::Ready(reason);
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Takes down what the next read depends on.
    fn note_state(&mut self, state: &mut SharedState) {
        self.gate = state.gate(now);
        self.expects_descriptors = state.engine.expects_descriptors();
    }

    /// A peer that takes no more may have answered before; those answers are not lost.
    fn last_words(&mut self, cx: &mut Context<'_>, reason: CloseReason) -> CloseReason {
        loop {
            match self.read_once(cx) {
                Poll::Ready(None) => {}
                Poll::Ready(Some(end)) => return end,
                Poll::Pending => return reason,
            }
        }
    }

    /// Reads once and hands out what came; `Some` is the end of the connection.
    fn read_once(&mut self, cx: &mut Context<'_>) -> Poll<Option<CloseReason>> {
        let (bytes, descriptors) = self.frames.space();
        let read = if self.expects_descriptors {
            self.read.poll_read_descriptors(cx, bytes, descriptors)
        } else {
            self.read.poll_read(cx, bytes)
        };
        let count = match ready!(read) {
            Ok(count) => count,
            Err(error) => return Poll::Ready(Some(error.into())),
        };
        let shared = Arc::clone(&self.shared);
        let mut state = shared.lock();
        let closing = state.closing;
        if count == 0 {
            let closed_here = closing.map(|_| CloseReason::Local);
            return Poll::Ready(Some(closed_here.unwrap_or_else(|| self.frames.end_of_stream())));
        }
        let end = loop {
            match self.frames.next() {
                Ok(None) => break None,
                Ok(Some(frame)) => match closing {
                    Some(closing) if closing.is_answered_by(&frame.header) => {
                        break Some(CloseReason::Local);
                    }
                    Some(_) => {}
                    None => {
                        if let Err(error) = state.engine.receive(frame) {
                            break Some(error.into());
                        }
                    }
                },
                Err(error) => break Some(error.into()),
            }
        };
        if state.engine.keeps_alive() {
            state.engine.note_alive(now());
        }
        // Answers to pings are due now. Should that fail, reading on tells why.
        let flushed = state.flush(cx);
        self.note_state(&mut state);
        shared.conclude(state, &mut self.wakers, matches!(flushed, Ok(true)));
        Poll::Ready(end)
    }

    /// Why the transport ended, if that is what ended the connection.
    fn explain(&mut self, cx: &mut Context<'_>, reason: CloseReason) -> Poll<CloseReason> {
        let by_transport =
            matches!(reason, CloseReason::Eof | CloseReason::EofInMessage | CloseReason::Io(_));
        if !by_transport {
            return Poll::Ready(reason);
        }
        let Poll::Ready(better) = self.read.poll_end_reason(cx) else {
            self.ending = Some(reason);
            return Poll::Pending;
        };
        Poll::Ready(better.unwrap_or(reason))
    }

    /// Nothing to read: until when?
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        loop {
            let shared = Arc::clone(&self.shared);
            let mut state = shared.lock();
            let was_paused = self.gate != Gate::Open;
            let reopening = match self.gate {
                Gate::Paused(until) => until,
                Gate::Open | Gate::Overrun => None,
            };
            let due = match state.closing {
                Some(closing) => Some(closing.give_up),
                None => state.engine.deadline().into_iter().chain(reopening).min(),
            };
            let Some(due) = due else {
                return Poll::Pending;
            };
            // A timer that is set too early only looks at the clock once more; it is not moved for
            // each call.
            if state.armed.is_none_or(|armed| due < armed) {
                state.armed = Some(due);
                self.timer.as_mut().reset(Instant::from_std(due));
            }
            drop(state);
            ready!(self.timer.as_mut().poll(cx));
            if let Some(reason) = self.look_at_clock(cx) {
                return Poll::Ready(reason);
            }
            if was_paused && self.gate == Gate::Open {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }

    /// Does what is due; the result is the end of the connection.
    fn look_at_clock(&mut self, cx: &mut Context<'_>) -> Option<CloseReason> {
        let shared = Arc::clone(&self.shared);
        let mut state = shared.lock();
        let now = now();
        if state.armed.is_some_and(|armed| armed <= now) {
            state.armed = None;
        }
        if state.closing.is_some_and(|closing| closing.give_up <= now) {
            return Some(CloseReason::Local);
        }
        if state.engine.deadline().is_some_and(|due| due <= now)
            && let Err(reason) = state.engine.tick(now)
        {
            return Some(reason);
        }
        let flushed = state.flush(cx);
        self.note_state(&mut state);
        shared.conclude(state, &mut self.wakers, matches!(flushed, Ok(true)));
        flushed.err().map(|reason| self.last_words(cx, reason))
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let reason = match this.ending.take() {
            Some(reason) => reason,
            None => ready!(this.turn(cx)),
        };
        let reason = ready!(this.explain(cx, reason));
        tracing::debug!(%reason, "connection ended");
        // The daemon sees the end even where a handle keeps the write half.
        if let Some(write) = &mut this.shared.lock().write {
            let _best_effort = write.poll_shutdown(cx);
        }
        this.finished = true;
        this.shared.finish(reason, now());
        Poll::Ready(())
    }
}

impl Drop for Driver {
    /// The runtime shuts down with the connection open, or before the daemon has confirmed its end.
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        if self.shared.lock().closing.is_some() {
            self.read.wait_for_end(LEAVE_LIMIT);
        }
        self.shared.finish(CloseReason::RuntimeGone, now());
    }
}
