//! The clock for deadlines.

use std::time::Instant;

/// Returns the current time of tokio's timers, which the driver task uses.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
