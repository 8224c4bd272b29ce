//! How far an opening has come, for the error should it come to nothing.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use crate::error::uri::place;
use crate::error::{CloseReason, Error, ProtocolError, TunnelFailure, Waiting};
use crate::transport::Carrier;
use crate::uri::{ConnectUri, TransportKind};

pub(super) struct Progress {
    state: Mutex<State>,
    carrier: OnceLock<Arc<dyn Carrier>>,
}

#[derive(Debug)]
struct State {
    step: Step,
    /// What is to be opened, for the user.
    target: String,
    /// Whether it is a port where others may expect TLS.
    is_plain_port: bool,
}

/// What is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// From the start to the daemon's first words.
    Reaching,
    Authenticating,
    /// The daemon opens its driver.
    Opening,
}

impl Progress {
    /// `uri` is what the user wants opened; none is what there is.
    pub(super) fn new(uri: &str) -> Self {
        let state = State {
            step: Step::Reaching,
            target: place(uri),
            is_plain_port: false,
        };
        Self { state: Mutex::new(state), carrier: OnceLock::new() }
    }

    pub(super) fn begin(&self, step: Step) {
        self.state().step = step;
    }

    /// The URI has turned out to be this one.
    pub(super) fn resolved(&self, uri: Option<&ConnectUri>) {
        if let Some(uri) = uri {
            let mut state = self.state();
            state.target = place(uri.as_str());
            state.is_plain_port = uri.transport == TransportKind::Tcp;
        }
    }

    /// The peer is here, which the URI does not say.
    pub(super) fn reached(&self, peer: &str) {
        let mut state = self.state();
        state.target = match &*state.target {
            "" => peer.to_owned(),
            target => format!("{target} at {peer}"),
        };
    }

    pub(super) fn set_carrier(&self, carrier: Option<Arc<dyn Carrier>>) {
        if let Some(carrier) = carrier {
            self.carrier.get_or_init(|| carrier);
        }
    }

    /// The error of an opening that has taken too long.
    pub(super) fn expired(&self, after: Duration) -> Error {
        let step = self.state().step;
        let procedure = match (step, self.carrier.get()) {
            (Step::Reaching, Some(carrier)) => {
                let failed = carrier.failed(TunnelFailure::NoAnswer(after));
                return Error::Tunnel(Arc::new(failed));
            }
            (Step::Reaching, None) => "opening the connection (first contact)",
            (Step::Authenticating, _) => "opening the connection (authentication)",
            (Step::Opening, _) => "opening the connection (the driver)",
        };
        Error::Timeout { procedure, after, waiting: Waiting::Opening }
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

    /// Says what was to be opened, unless the error does.
    pub(super) fn locate(&self, error: Error) -> Error {
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
            | Error::NotConnected(_)
            | Error::Timeout { .. }
            | Error::Overrun { .. }
            | Error::Incomplete { .. }
            | Error::Protocol(_)
            | Error::InvalidArgument { .. }
            | Error::Auth(_)
            | Error::File(_)
            | Error::Unsupported(_) => {}
        }
        let state = self.state();
        let hung_up = matches!(&error, Error::Closed(CloseReason::Eof | CloseReason::Io(_)));
        let may_want_tls = hung_up && state.is_plain_port && state.step == Step::Reaching;
        Error::Opening {
            target: shown(&state.target),
            source: Box::new(error),
            hint: may_want_tls.then_some(
                "daemons hang up at once where they expect TLS: is this such a port \
                 (driver+tls://…)?",
            ),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A target as errors have it, which must not be empty.
pub(super) fn shown(target: &str) -> String {
    let target = Some(target).filter(|target| !target.is_empty());
    target.unwrap_or("the daemon").to_owned()
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress")
            .field("state", &*self.state())
            .finish_non_exhaustive()
    }
}
