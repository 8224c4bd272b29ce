//! The clock that deadlines are compared with.

use std::time::Instant;

/// The present time, as the driver's timer tells it.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
