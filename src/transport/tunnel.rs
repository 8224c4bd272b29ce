//! What is known of something that carries a connection: ssh, or another program.

use std::process::ExitStatus;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Carrier;
use crate::error::{TunnelError, TunnelFailure};

/// How much of what it complains of is kept: the last of it.
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

    /// Takes down what it complains of.
    pub(super) fn heard(&self, bytes: &[u8]) {
        let mut said = self.lock();
        said.stderr.extend_from_slice(bytes);
        let excess = said.stderr.len().saturating_sub(KEPT);
        said.stderr.drain(..excess);
    }

    pub(super) fn set_status(&self, status: Option<ExitStatus>) {
        self.lock().status = status;
    }

    /// How it ended; `otherwise` if that was not told.
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
