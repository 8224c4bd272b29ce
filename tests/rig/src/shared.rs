//! One daemon for all tests of a test program, started by the first that asks.
//!
//! Such a daemon is never dropped; it ends with the process, see [`Daemon`]. Tests that share it
//! must give their guests names of their own, and leave the daemon itself alone.

use std::sync::{Mutex, OnceLock, PoisonError};

use crate::daemon::Daemon;
use crate::error::Result;

/// Returns a daemon with QEMU, and with the defaults otherwise.
pub fn qemu() -> Result<&'static Daemon> {
    static SHARED: Shared = Shared::new();
    SHARED.get(|| Daemon::builder().start())
}

/// Returns a daemon for the test driver alone. All connections to `test:///default` see the same
/// objects, which are reset when there is no connection for a moment.
pub fn test_driver() -> Result<&'static Daemon> {
    static SHARED: Shared = Shared::new();
    SHARED.get(|| Daemon::builder().test_driver().start())
}

struct Shared {
    daemon: OnceLock<Daemon>,
    starting: Mutex<()>,
}

impl Shared {
    const fn new() -> Self {
        Self { daemon: OnceLock::new(), starting: Mutex::new(()) }
    }

    /// Starts the daemon on first use. A failure is not kept, so that each caller gets its reason.
    fn get(&'static self, start: impl FnOnce() -> Result<Daemon>) -> Result<&'static Daemon> {
        // The lock guards nothing that a panic could leave half done.
        let _starting = self.starting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(daemon) = self.daemon.get() {
            return Ok(daemon);
        }
        let daemon = start()?;
        Ok(self.daemon.get_or_init(|| daemon))
    }
}
