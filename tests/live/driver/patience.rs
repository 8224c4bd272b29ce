//! Waiting, but not forever.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How long a guest may take for anything on a busy machine.
pub const LIMIT: Duration = Duration::from_secs(120);

/// Waits until something is true.
pub async fn eventually<F: Future<Output = bool>>(what: &str, is_true: impl Fn() -> F) {
    let deadline = Instant::now() + LIMIT;
    while !is_true().await {
        assert!(Instant::now() < deadline, "not within {LIMIT:?}: {what}");
        sleep(Duration::from_millis(10)).await;
    }
}
