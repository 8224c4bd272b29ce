//! A host that exists in this process only.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::failure::Result;
use super::faults::{Fault, Faults};
use super::routes::Routes;
use super::state::State;
use super::{connect, domain, interface, network, node_device, node_file, storage};

/// A host: what all of its clients share.
#[derive(Debug)]
pub(crate) struct Host {
    state: Mutex<State>,
    faults: Mutex<Faults>,
    is_down: AtomicBool,
}

impl Host {
    pub(super) fn new(state: State) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(state),
            faults: Mutex::default(),
            is_down: AtomicBool::new(false),
        })
    }

    /// Creates a host with what a node file has.
    pub(crate) fn of_node(text: &str) -> Result<Arc<Self>> {
        node_file::state(text).map(Self::new)
    }

    /// Changes the host without a call, and tells of it.
    pub(crate) fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        state.events.flush();
    }

    /// Creates a host of its own with what the default host has at first.
    pub(crate) fn with_default_node() -> Arc<Self> {
        Self::new(node_file::default_state())
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A call checks everything before it changes anything.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Cuts all connections: what was not sent yet is not sent any more.
    pub(crate) fn cut(&self) {
        self.state().events.cut();
    }

    /// Has the host refuse connections, or not any more.
    pub(crate) fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::Release);
    }

    pub(super) fn is_down(&self) -> bool {
        self.is_down.load(Ordering::Acquire)
    }

    /// Notes a call, and returns what happens to it instead of its answer.
    pub(super) fn called(&self, procedure: u32, arguments: &[u8]) -> Option<Fault> {
        self.faults().called(procedure, arguments)
    }

    /// Returns the number of a client's calls that may be in progress.
    pub(super) fn requests_at_a_time(&self) -> usize {
        self.faults().requests_at_a_time
    }
}

/// Returns what answers the procedures.
pub(super) fn routes() -> Routes {
    let mut routes = Routes::default();
    connect::route(&mut routes);
    domain::route(&mut routes);
    network::route(&mut routes);
    interface::route(&mut routes);
    storage::route(&mut routes);
    node_device::route(&mut routes);
    routes
}
