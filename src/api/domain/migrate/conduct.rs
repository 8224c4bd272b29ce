//! What conducting a migration keeps: its hosts, and what has failed so far.

use std::pin::pin;
use std::time::Duration;

use super::plan::Plan;
use super::running::MigrationControl;
use super::whereabouts;
use crate::client::Connect;
use crate::error::{
    CloseReason, Error, MigrationError, MigrationFailure, MigrationOutcome, MigrationSide,
    MigrationStep, Result,
};

/// A migration that this client conducts.
pub(super) struct Conduct {
    pub(super) plan: Plan,
    /// Without deadlines, as the plan's source.
    pub(super) destination: Connect,
    pub(super) control: MigrationControl,
    /// The time that a lost host may be waited for.
    pub(super) recovery: Duration,
    pub(super) failures: Vec<MigrationFailure>,
}

/// What can make it vain to send the guest on.
pub(super) struct Watch {
    control: MigrationControl,
    destination: Connect,
}

impl Conduct {
    pub(super) fn watch(&self) -> Watch {
        Watch {
            control: self.control.clone(),
            destination: self.destination.clone(),
        }
    }

    /// Returns whether a side's connection was lost in one of those steps.
    pub(super) fn lost(&self, side: MigrationSide, steps: &[MigrationStep]) -> bool {
        self.failures.iter().any(|failure| {
            failure.side == side && steps.contains(&failure.step) && failure.error.is_closed()
        })
    }

    /// Records a failure. Returns whether the side's connection was lost with it.
    pub(super) fn failed(
        &mut self,
        side: MigrationSide,
        step: MigrationStep,
        error: Error,
    ) -> bool {
        let lost = error.is_closed();
        tracing::debug!(%side, %step, %error, "a step of a migration failed");
        self.failures.push(MigrationFailure { side, step, error });
        lost
    }

    /// Makes the error of a migration that failed, once everything has been done that can be done.
    pub(super) async fn into_error(self) -> Error {
        let outcome =
            whereabouts::look(self.plan.source.connect(), &self.destination, &self.plan.source)
                .await;
        error(self.failures, outcome)
    }
}

impl Watch {
    /// Waits until the guest has been sent, and aborts the source's job if the caller wants that or
    /// the destination is lost; also returns the reason of the latter.
    pub(super) async fn until_sent<T>(
        &self,
        sending: impl Future<Output = Result<T>>,
    ) -> (Result<T>, Option<CloseReason>) {
        let mut sending = pin!(sending);
        tokio::select! {
            biased;
            sent = &mut sending => (sent, None),
            () = self.control.aborted() => (self.control.abort_job(sending).await, None),
            reason = self.destination.closed() => {
                (self.control.abort_job(sending).await, Some(reason))
            }
        }
    }
}

/// Makes the error of failures.
pub(super) fn error(failures: Vec<MigrationFailure>, outcome: MigrationOutcome) -> Error {
    let mut failures = failures.into_iter();
    match failures.next() {
        Some(first) => {
            Error::Migration(Box::new(MigrationError { first, later: failures.collect(), outcome }))
        }
        None => Error::Aborted("the migration"),
    }
}
