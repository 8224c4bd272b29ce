//! What conducting a migration keeps: its hosts, and what has failed so far.

use std::time::Duration;

use super::plan::Plan;
use super::running::MigrationControl;
use super::whereabouts;
use crate::api::domain::MigrateFlags;
use crate::client::Connect;
use crate::error::{
    CloseReason, Error, MigrationError, MigrationFailure, MigrationOutcome, MigrationSide,
    MigrationStep, ProtocolError,
};

/// A migration that this client conducts.
pub(super) struct Conduct {
    pub(super) plan: Plan,
    /// Without deadlines, as the plan's source.
    pub(super) destination: Connect,
    pub(super) control: MigrationControl,
    /// The time that a lost host may be waited for.
    pub(super) recovery: Duration,
    /// Whether the destination had a definition of the guest before.
    pub(super) replaces: bool,
    pub(super) failures: Vec<MigrationFailure>,
}

impl Conduct {
    pub(super) fn new(
        plan: Plan,
        destination: Connect,
        control: MigrationControl,
        recovery: Duration,
    ) -> Self {
        let failures = Vec::new();
        Self {
            plan,
            destination,
            control,
            recovery,
            replaces: false,
            failures,
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

    /// Records that the source could not send the guest, and that this was vain before because the
    /// destination had been lost.
    pub(super) fn not_sent(&mut self, error: Error, lost: Option<CloseReason>) {
        if let Some(reason) = lost {
            self.failed(MigrationSide::Destination, MigrationStep::Perform, Error::Closed(reason));
        }
        self.failed(MigrationSide::Source, MigrationStep::Perform, error);
    }

    /// Takes over the address to send the guest to, if the destination chose one. Returns whether
    /// the guest can be sent: there is an address, and the migration was not aborted. A definition
    /// alone is on its way by then: daemons do not remove one that has been prepared.
    pub(super) fn can_send(&mut self, uri: Option<String>, prepare: &'static str) -> bool {
        let parameters = &mut self.plan.parameters;
        parameters.uri = uri.or_else(|| parameters.uri.take());
        let error = if parameters.uri.is_none() {
            let reason = "no address to send the guest to".to_owned();
            Error::from(ProtocolError::InvalidReply { procedure: prepare, reason })
        } else if self.control.is_aborted() && !self.plan.has(MigrateFlags::OFFLINE) {
            Error::Aborted("the migration")
        } else {
            return true;
        };
        self.failed(MigrationSide::Destination, MigrationStep::Prepare, error);
        false
    }

    /// Logs what has failed on the way of a guest that has arrived all the same.
    pub(super) fn log_failures(&self) {
        for failure in &self.failures {
            tracing::warn!(%failure, "the guest has moved, in spite of a failure");
        }
    }

    /// Makes the error of a migration that failed, once everything has been done that can be done.
    pub(super) async fn into_error(self) -> Error {
        let outcome =
            whereabouts::look(self.plan.source.connect(), &self.destination, &self.plan.source)
                .await;
        error(self.failures, outcome)
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
