//! What a guest knows.

use std::fmt;
use std::sync::Arc;

/// What answers the commands of a guest's agent.
pub(crate) type Agent = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// What a guest knows.
pub(crate) struct Guest {
    /// Its clock: seconds since 1970, and nanoseconds.
    pub(crate) time: (i64, u32),
    pub(crate) agent: Option<Agent>,
}

impl fmt::Debug for Guest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guest").field("time", &self.time).finish_non_exhaustive()
    }
}

impl Default for Guest {
    fn default() -> Self {
        Self { time: (627_319_920, 0), agent: None }
    }
}
