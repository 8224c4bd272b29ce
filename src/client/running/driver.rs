//! The driver task, which owns a connection's socket.

use std::pin::Pin;
use std::sync::{Arc, MutexGuard};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use super::clock::now;
use super::shared::{Shared, SharedState};
use crate::error::CloseReason;
use crate::rpc::backpressure::Gate;
use crate::rpc::frame::FrameBuffer;
use crate::transport::ReadHalf;

/// Consecutive reads before the task yields.
const READS_PER_TURN: usize = 16;

/// Reads once the peer takes nothing more: what a socket can hold, and an end.
const READS_AT_END: usize = 256;

/// The time that a thread shutting down its runtime waits for the daemon to confirm the close.
const LEAVE_LIMIT: Duration = Duration::from_millis(200);

/// The task that reads, dispatches what it read, and sends what callers left in the outbox.
///
/// It never waits for a consumer.
pub(crate) struct Driver {
    shared: Arc<Shared>,
    read: Box<dyn ReadHalf>,
    frames: FrameBuffer,
    timer: Pin<Box<Sleep>>,
    /// The wakers of the last batch of messages; kept for their allocation.
    wakers: Vec<Waker>,
    /// The backpressure on reading.
    gate: Gate,
    /// Set where messages may come with file descriptors.
    expects_descriptors: bool,
    /// The reason for the end, while the transport is asked for a better one.
    ending: Option<CloseReason>,
    finished: bool,
}

impl Driver {
    /// Creates the driver. Needs a runtime with time enabled.
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

    /// Runs one turn; returns the reason for the connection's end.
    fn turn(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        let shared = Arc::clone(&self.shared);
        let mut state = shared.lock();
        state.begin_turn(cx.waker());
        let flushed = state.flush(cx);
        self.note_state(&mut state);
        shared.conclude(state, &mut self.wakers, matches!(flushed, Ok(true)));
        if let Err(reason) = flushed {
            return Poll::Ready(self.drain_input(cx, reason));
        }
        for _ in 0..READS_PER_TURN {
            if self.gate != Gate::Open {
                // A stream's reader that catches up wakes this task.
                return self.wait(cx);
            }
            match self.read_once(cx) {
                Poll::Ready(Some(reason)) => return Poll::Ready(reason),
                Poll::Ready(None) => {}
                Poll::Pending => return self.wait(cx),
            }
        }
        // A peer that never pauses must not delay deadlines.
        if let Some(reason) = self.check_deadlines(cx) {
            return Poll::Ready(reason);
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Updates what the next read depends on.
    fn note_state(&mut self, state: &mut SharedState) {
        self.gate = state.gate(now);
        self.expects_descriptors = state.engine.expects_descriptors();
    }

    /// Reads what the peer sent before it stopped taking data, so that no reply is lost.
    fn drain_input(&mut self, cx: &mut Context<'_>, reason: CloseReason) -> CloseReason {
        // A peer that never pauses must not hold up the end.
        for _ in 0..READS_AT_END {
            match self.read_once(cx) {
                Poll::Ready(None) => {}
                Poll::Ready(Some(end)) => return end,
                Poll::Pending => break,
            }
        }
        reason
    }

    /// Reads once and dispatches the messages; `Some` is the end of the connection.
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
        // Keepalive responses are due now. If sending fails, reading on tells why.
        let flushed = state.flush(cx);
        self.note_state(&mut state);
        shared.conclude(state, &mut self.wakers, matches!(flushed, Ok(true)));
        Poll::Ready(end)
    }

    /// Asks the transport for the reason, if the transport ended the connection.
    fn explain(&mut self, cx: &mut Context<'_>, reason: CloseReason) -> Poll<CloseReason> {
        let by_transport =
            matches!(reason, CloseReason::Eof | CloseReason::EofInMessage | CloseReason::Io(_));
        if !by_transport {
            return Poll::Ready(reason);
        }
        if let Poll::Ready(better) = self.read.poll_end_reason(cx) {
            return Poll::Ready(better.unwrap_or(reason));
        }
        if self.outwait(cx).is_ready() {
            return Poll::Ready(reason);
        }
        self.ending = Some(reason);
        Poll::Pending
    }

    /// Waits until there is something to read or a deadline passes.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        loop {
            let shared = Arc::clone(&self.shared);
            let state = shared.lock();
            let was_paused = self.gate != Gate::Open;
            let reopening = match self.gate {
                Gate::Paused(until) => until,
                Gate::Open | Gate::Overrun => None,
            };
            let due = match state.closing {
                Some(closing) => Some(closing.give_up),
                None => state.engine.deadline().into_iter().chain(reopening).min(),
            };
            ready!(self.poll_due(cx, state, due));
            if let Some(reason) = self.check_deadlines(cx) {
                return Poll::Ready(reason);
            }
            if was_paused && self.gate == Gate::Open {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }

    /// Waits until something is due, if anything ever is.
    fn poll_due(
        &mut self,
        cx: &mut Context<'_>,
        mut state: MutexGuard<'_, SharedState>,
        due: Option<std::time::Instant>,
    ) -> Poll<()> {
        let Some(due) = due else {
            // The timer may have fired; whoever has a deadline next must have it set.
            state.armed = None;
            return Poll::Pending;
        };
        // A timer that fires early costs one look at the clock, so it is not moved for each call.
        if state.armed.is_none_or(|armed| due < armed) {
            state.armed = Some(due);
            self.timer.as_mut().reset(Instant::from_std(due));
        }
        drop(state);
        self.timer.as_mut().poll(cx)
    }

    /// Handles the deadlines that pass while the transport is asked for the reason of its end; ready
    /// when that is not to be waited for any more.
    fn outwait(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let shared = Arc::clone(&self.shared);
            let state = shared.lock();
            let due = match state.closing {
                Some(closing) => Some(closing.give_up),
                None => state.engine.deadline(),
            };
            ready!(self.poll_due(cx, state, due));
            let mut state = shared.lock();
            if state.pass_deadlines(now()).is_err() {
                return Poll::Ready(());
            }
            shared.conclude(state, &mut self.wakers, false);
        }
    }

    /// Handles deadlines that have passed; returns the reason for the connection's end.
    fn check_deadlines(&mut self, cx: &mut Context<'_>) -> Option<CloseReason> {
        let shared = Arc::clone(&self.shared);
        let mut state = shared.lock();
        if let Err(reason) = state.pass_deadlines(now()) {
            return Some(reason);
        }
        let flushed = state.flush(cx);
        self.note_state(&mut state);
        shared.conclude(state, &mut self.wakers, matches!(flushed, Ok(true)));
        flushed.err().map(|reason| self.drain_input(cx, reason))
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
    /// Handles a runtime that shuts down with the connection open, or before the daemon has
    /// confirmed the close.
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

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::client::running::PendingCall;
    use crate::protocol::{Request as _, remote};
    use crate::rpc::calls::CallSetup;
    use crate::rpc::frame::packet_head;
    use crate::rpc::header::{Header, MessageType, ProcedureId, Status};
    use crate::rpc::read_buffer::ReadBuffer;
    use crate::transport::WriteHalf;

    /// A peer that sends events without end, for so many reads.
    struct Endless(usize);

    impl ReadHalf for Endless {
        fn poll_read(
            &mut self,
            _cx: &mut Context<'_>,
            into: &mut ReadBuffer,
        ) -> Poll<io::Result<usize>> {
            self.0 = self.0.checked_sub(1).expect("the driver should have ended");
            let id = ProcedureId::new(remote::PROGRAM, 318);
            let kind = MessageType::Message;
            let event = packet_head(&Header { id, kind, serial: 0, status: Status::Ok }, 0);
            into.extend_from_slice(&event);
            Poll::Ready(Ok(event.len()))
        }
    }

    /// It takes nothing.
    struct Deaf;

    impl WriteHalf for Deaf {
        fn poll_write(&mut self, _cx: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }

        fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    /// It has ended, and nobody says why.
    struct Unexplained;

    impl ReadHalf for Unexplained {
        fn poll_read(
            &mut self,
            _cx: &mut Context<'_>,
            _into: &mut ReadBuffer,
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(0))
        }

        fn poll_end_reason(&mut self, _cx: &mut Context<'_>) -> Poll<Option<CloseReason>> {
            Poll::Pending
        }
    }

    #[tokio::test(start_paused = true)]
    async fn deadlines_do_not_rest_while_the_reason_of_the_end_is_asked_for() {
        let shared = Arc::new(Shared::new(Box::new(Deaf), 4));
        let driving = tokio::spawn(Driver::new(Arc::clone(&shared), Box::new(Unexplained)));
        tokio::task::yield_now().await;
        let after = Duration::from_millis(100);
        let setup = CallSetup {
            deadline: Some(now() + after),
            ..CallSetup::new(&remote::ConnectGetHostname::INFO)
        };
        let begin = Instant::now();
        let call = PendingCall::begin(&shared, setup, after, &())
            .await
            .unwrap_or_else(|error| panic!("{error:?}"));
        let error = call.finish::<()>().await.expect_err("nobody answers");
        assert!(error.is_timeout(), "{error:?}");
        assert_eq!(begin.elapsed(), after);
        assert!(!driving.is_finished());
        driving.abort();
    }

    #[tokio::test]
    async fn a_peer_that_takes_nothing_and_never_pauses_does_not_delay_the_end() {
        let shared = Arc::new(Shared::new(Box::new(Deaf), 4));
        shared.with_engine(|engine| engine.outbox.buffer().push(0));
        Driver::new(Arc::clone(&shared), Box::new(Endless(10_000))).await;
        assert!(matches!(shared.end_reason(), Some(CloseReason::Io(_))));
    }
}
