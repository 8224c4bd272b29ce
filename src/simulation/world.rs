//! What all parts of one run share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::plan::Plan;
use super::random::Random;

/// What all parts of one run share. One thread runs everything, so no lock is ever waited for.
pub(super) struct World {
    pub(super) plan: Plan,
    start: Instant,
    random: Mutex<Random>,
    state: Mutex<State>,
    /// Notified when the client has read or written something.
    pub(super) moved: Notify,
}

#[derive(Default)]
struct State {
    /// What happened, where somebody wants to see it.
    trace: Option<Vec<String>>,
    failure: Option<String>,
    last_token: u32,
    /// What users wait for, by token.
    waits: BTreeMap<u32, Wait>,
    /// Streams, by the token of the call that opened them.
    streams: BTreeMap<u32, Transfer>,
    is_ending: bool,
    /// The bytes that users have had sent, which bounds what may wait to be sent.
    requested: usize,
}

struct Wait {
    what: String,
    deadline: Option<Instant>,
}

/// What a daemon has sent and received of one stream.
#[derive(Debug, Clone, Default)]
pub(super) struct Transfer {
    /// The offset after everything that the daemon has sent.
    pub(super) sent: u64,
    /// Holes that it has sent: offset and length.
    pub(super) holes: Vec<(u64, u64)>,
    /// It has said that there is no more.
    pub(super) is_complete: bool,
    /// It has sent what this stream was not opened for.
    pub(super) is_broken: bool,
    /// It has failed the stream.
    pub(super) has_failed: bool,
    /// The offset after everything that the daemon has received.
    pub(super) received: u64,
}

impl World {
    pub(super) fn new(plan: Plan, random: Random, tracing: bool) -> Arc<Self> {
        let state = State { trace: tracing.then(Vec::new), ..State::default() };
        Arc::new(Self {
            plan,
            start: Instant::now(),
            random: Mutex::new(random),
            state: Mutex::new(state),
            moved: Notify::new(),
        })
    }

    pub(super) fn random(&self) -> MutexGuard<'_, Random> {
        self.random.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time since the start.
    pub(super) fn time(&self) -> Duration {
        self.start.elapsed()
    }

    /// Writes a line of the trace, if there is one.
    pub(super) fn note(&self, line: impl FnOnce() -> String) {
        let time = self.time();
        if let Some(trace) = &mut self.state().trace {
            trace.push(format!("{:10.3} {}", time.as_secs_f64(), line()));
        }
    }

    /// Records that something is not as it must be. The first counts.
    pub(super) fn fail(&self, what: impl Into<String>) {
        let what = what.into();
        self.note(|| format!("FAILED: {what}"));
        let time = self.time();
        let failure = format!("after {:.3} s: {what}", time.as_secs_f64());
        self.state().failure.get_or_insert(failure);
    }

    pub(super) fn check(&self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.fail(what());
        }
    }

    pub(super) fn failure(&self) -> Option<String> {
        self.state().failure.clone()
    }

    pub(super) fn take_trace(&self) -> Vec<String> {
        self.state().trace.take().unwrap_or_default()
    }

    /// A number that nothing else has.
    pub(super) fn token(&self) -> u32 {
        let mut state = self.state();
        state.last_token += 1;
        state.last_token
    }

    /// Has users begin nothing new.
    pub(super) fn end(&self) {
        self.state().is_ending = true;
    }

    pub(super) fn is_ending(&self) -> bool {
        self.state().is_ending
    }

    /// Records that somebody waits, until the guard is dropped.
    pub(super) fn waits(self: &Arc<Self>, what: String, deadline: Option<Instant>) -> Waiting {
        let token = self.token();
        self.note(|| format!("+{token} {what}"));
        self.state().waits.insert(token, Wait { what, deadline });
        Waiting { world: Arc::clone(self), token }
    }

    /// Describes what is still waited for.
    pub(super) fn still_waiting(&self) -> Vec<String> {
        self.state().waits.values().map(|wait| wait.what.clone()).collect()
    }

    /// Returns what should have ended before now.
    pub(super) fn overdue(&self, tolerance: Duration) -> Option<String> {
        let now = Instant::now();
        let state = self.state();
        let is_late = |wait: &&Wait| wait.deadline.is_some_and(|at| at + tolerance < now);
        state.waits.values().find(is_late).map(|wait| wait.what.clone())
    }

    pub(super) fn request(&self, bytes: usize) {
        self.state().requested += bytes;
    }

    pub(super) fn requested(&self) -> usize {
        self.state().requested
    }

    /// Changes what is known of a stream.
    pub(super) fn transfer<T>(&self, token: u32, change: impl FnOnce(&mut Transfer) -> T) -> T {
        change(self.state().streams.entry(token).or_default())
    }
}

/// Somebody waits.
pub(super) struct Waiting {
    world: Arc<World>,
    token: u32,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.world.note(|| format!("-{}", self.token));
        self.world.state().waits.remove(&self.token);
    }
}
