//! How far an opening has come, for the error should it come to nothing.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use crate::error::{CloseReason, Error, ProtocolError, TunnelFailure, Waiting};
use crate::transport::Carrier;

#[derive(Default)]
pub(super) struct Progress {
    step: Mutex<Step>,
    carrier: OnceLock<Arc<dyn Carrier>>,
}

/// What is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Step {
    /// From the start to the daemon's first words.
    #[default]
    Reaching,
    Authenticating,
    /// The daemon opens its driver.
    Opening,
}

impl Progress {
    pub(super) fn begin(&self, step: Step) {
        *self.step() = step;
    }

    pub(super) fn set_carrier(&self, carrier: Option<Arc<dyn Carrier>>) {
        if let Some(carrier) = carrier {
            self.carrier.get_or_init(|| carrier);
        }
    }

    /// The error of an opening that has taken too long.
    pub(super) fn expired(&self, after: Duration) -> Error {
        let procedure = match (*self.step(), self.carrier.get()) {
            (Step::Reaching, Some(carrier)) => {
                let failed = carrier.failed(TunnelFailure::NoAnswer(after));
                return Error::Tunnel(Arc::new(failed));
            }
            (Step::Reaching, None) => "opening the connection (first contact)",
            (Step::Authenticating, _) => "opening the connection (authentication)",
            (Step::Opening, _) => "opening the connection (the driver)",
        };
        Error::Timeout {
            procedure,
            after,
            waiting: Waiting::Opening,
        }
    }

    /// The error of an opening that failed, if need be in the words of what carried it.
    pub(super) fn explain(&self, error: Error) -> Error {
        let (Error::Closed(reason), Some(carrier)) = (&error, self.carrier.get()) else {
            return error;
        };
        match reason {
            CloseReason::Tunnel(failed) => Error::Tunnel(Arc::clone(failed)),
            CloseReason::Protocol(violation) => match &**violation {
                ProtocolError::NotLibvirt { first_bytes } => {
                    let first_bytes = first_bytes.clone();
                    let failure = TunnelFailure::NotLibvirt { first_bytes };
                    Error::Tunnel(Arc::new(carrier.failed(failure)))
                }
                _ => error,
            },
            _ => error,
        }
    }

    fn step(&self) -> MutexGuard<'_, Step> {
        self.step.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress")
            .field("step", &*self.step())
            .finish_non_exhaustive()
    }
}
