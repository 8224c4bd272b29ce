//! One attempt to open a connection: its deadline, and its progress for error messages.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::client::connection::Connect;
use crate::client::options::Options;
use crate::error::uri::place;
use crate::error::{CloseReason, Error, ProtocolError, Result, TunnelFailure, Waiting};
use crate::transport::Carrier;
use crate::uri::{ConnectUri, TransportKind};

pub(super) struct Attempt {
    /// The deadline, and the timeout that it was computed from.
    limit: Option<(Instant, Duration)>,
    stage: Mutex<Stage>,
    carrier: OnceLock<Arc<dyn Carrier>>,
}

#[derive(Debug)]
struct Stage {
    step: Step,
    /// The target, for error messages.
    target: String,
    /// Set where the port is one that other daemons use for TLS.
    is_plain_port: bool,
}

/// The current step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// From the start to the daemon's first message.
    Reaching,
    Authenticating,
    /// The daemon opens its hypervisor driver.
    Opening,
}

impl Attempt {
    pub(super) fn new(options: &Options) -> Self {
        let stage = Stage {
            step: Step::Reaching,
            target: place(&options.uri),
            is_plain_port: false,
        };
        // A deadline that the clock cannot represent is none.
        let limit = options.open_timeout.and_then(|after| {
            let deadline = Instant::now().checked_add(after)?;
            Some((deadline, after))
        });
        Self { limit, stage: Mutex::new(stage), carrier: OnceLock::new() }
    }

    /// Returns the deadline.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.limit.map(|(deadline, _)| deadline)
    }

    /// Runs the attempt. `opening` is boxed because the callers' futures would otherwise grow by
    /// its size.
    pub(super) async fn run(
        &self,
        options: &Options,
        opening: Pin<Box<impl Future<Output = Result<Connect>>>>,
    ) -> Result<Connect> {
        // Without a runtime, tokio's timers and sockets panic.
        options.runtime()?;
        let opened = match self.limit {
            Some((deadline, after)) => {
                let opened = timeout_at(deadline, opening).await;
                opened.unwrap_or_else(|_| Err(self.expired(after)))
            }
            None => opening.await,
        };
        opened.map_err(|error| self.locate(error))
    }

    pub(super) fn begin(&self, step: Step) {
        self.stage().step = step;
    }

    /// Records the URI that was resolved.
    pub(super) fn resolved(&self, uri: Option<&ConnectUri>) {
        if let Some(uri) = uri {
            let mut stage = self.stage();
            stage.target = place(uri.as_str());
            stage.is_plain_port = uri.transport() == TransportKind::Tcp;
        }
    }

    /// Adds the peer's address, which the URI does not have, to the target.
    pub(super) fn reached(&self, peer: &str) {
        let mut stage = self.stage();
        stage.target = match &*stage.target {
            "" => peer.to_owned(),
            target => format!("{target} at {peer}"),
        };
    }

    pub(super) fn set_carrier(&self, carrier: Option<Arc<dyn Carrier>>) {
        if let Some(carrier) = carrier {
            self.carrier.get_or_init(|| carrier);
        }
    }

    /// Returns the error of an opening that timed out.
    fn expired(&self, after: Duration) -> Error {
        let step = self.stage().step;
        let operation = match (step, self.carrier.get()) {
            (Step::Reaching, Some(carrier)) => {
                let failed = carrier.failed(TunnelFailure::NoAnswer(after));
                return Error::Tunnel(Arc::new(failed));
            }
            (Step::Reaching, None) => "opening the connection (first contact)",
            (Step::Authenticating, _) => "opening the connection (authentication)",
            (Step::Opening, _) => "opening the connection (the driver)",
        };
        Error::Timeout { operation, after, waiting: Waiting::Opening }
    }

    /// Replaces the error of a failed opening by the carrier's, where that says more.
    pub(super) fn explain(&self, error: Error) -> Error {
        let (Some(reason), Some(carrier)) = (error.close_reason(), self.carrier.get()) else {
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

    /// Adds the target to the error, unless the error has one.
    fn locate(&self, error: Error) -> Error {
        match &error {
            Error::Uri { .. }
            | Error::Config { .. }
            | Error::Unreadable { .. }
            | Error::Connect { .. }
            | Error::Start { .. }
            | Error::Network(_)
            | Error::Tunnel(_)
            | Error::Tls { .. }
            | Error::Ssh(_)
            | Error::Opening { .. } => return error,
            Error::Remote(_)
            | Error::Closed(_)
            | Error::NotSent(_)
            | Error::NotConnected(_)
            | Error::Timeout { .. }
            | Error::Overrun { .. }
            | Error::Incomplete { .. }
            | Error::Migration(_)
            | Error::Aborted(_)
            | Error::Failed(_)
            | Error::Protocol(_)
            | Error::InvalidArgument { .. }
            | Error::ReadOnly(_)
            | Error::Auth(_)
            | Error::File(_)
            | Error::Unsupported(_) => {}
        }
        let stage = self.stage();
        let may_want_tls =
            error.is_hang_up() && stage.is_plain_port && stage.step == Step::Reaching;
        Error::Opening {
            target: shown(&stage.target),
            source: Box::new(error),
            hint: may_want_tls.then_some(
                "daemons hang up at once where they expect TLS: is this such a port \
                 (driver+tls://…)?",
            ),
        }
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Formats a target for error messages, where it must not be empty.
pub(crate) fn shown(target: &str) -> String {
    let target = Some(target).filter(|target| !target.is_empty());
    target.unwrap_or("the daemon").to_owned()
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt").field("stage", &*self.stage()).finish_non_exhaustive()
    }
}
