//! Ctrl-C and other signals.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;

use crate::Result;

/// Maximum wait for anything, on a busy machine without hardware virtualization.
const PATIENCE: Duration = Duration::from_secs(120);

/// Signals that ask this program to end. Once caught, they are kept until they are checked.
pub(crate) struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupts {
    pub(crate) fn catch() -> Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for something, unless one of the signals comes or has come.
    ///
    /// Only waiting is interrupted, never a call: a daemon carries out an abandoned call, and might
    /// start the guest again after it was removed.
    pub(crate) async fn or<T>(&mut self, waiting: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => Err("interrupted".into()),
            _ = self.terminate.recv() => Err("told to end".into()),
            result = waiting => result,
            () = sleep(PATIENCE) => Err(format!("nothing happened for {PATIENCE:?}").into()),
        }
    }
}
