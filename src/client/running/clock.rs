//! The clock for deadlines, and its timers.

use std::time::Instant;

use tokio::runtime::Handle;

/// Returns the current time of tokio's timers, which the driver task uses.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Makes a timer: it is the runtime's, whichever executor waits for it.
pub(crate) fn timer<T>(runtime: &Handle, make: impl FnOnce() -> T) -> T {
    let _context = runtime.enter();
    make()
}
