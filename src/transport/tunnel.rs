//! The state of a connection's carrier: ssh, or another program.

use std::process::ExitStatus;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Carrier;
use crate::error::{TunnelError, TunnelFailure};

/// The number of bytes of standard error that are kept, from its end.
const KEPT: usize = 4096;

#[derive(Debug)]
pub(super) struct Tunnel {
    program: String,
    host: Option<String>,
    said: Mutex<Said>,
}

#[derive(Debug, Default)]
struct Said {
    stderr: Vec<u8>,
    status: Option<ExitStatus>,
}

impl Tunnel {
    pub(super) fn new(program: &str, host: Option<&str>) -> Self {
        Self {
            program: program.to_owned(),
            host: host.map(ToOwned::to_owned),
            said: Mutex::default(),
        }
    }

    /// Records standard error.
    pub(super) fn heard(&self, bytes: &[u8]) {
        let mut said = self.lock();
        said.stderr.extend_from_slice(bytes);
        let excess = said.stderr.len().saturating_sub(KEPT);
        said.stderr.drain(..excess);
    }

    pub(super) fn set_status(&self, status: Option<ExitStatus>) {
        self.lock().status = status;
    }

    /// Returns the error of its end; `otherwise` if no exit status is known.
    pub(super) fn ended(&self, otherwise: TunnelFailure) -> TunnelError {
        let status = self.lock().status;
        self.failed(status.map_or(otherwise, TunnelFailure::Ended))
    }

    fn lock(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Carrier for Tunnel {
    fn failed(&self, failure: TunnelFailure) -> TunnelError {
        let said = self.lock();
        TunnelError::new(&self.program, self.host.as_deref(), failure, &said.stderr)
    }
}
