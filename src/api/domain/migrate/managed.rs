//! Version 3 of the migration protocol: begin, prepare, perform, finish, confirm.
//!
//! From the first step on each host waits for the next one, so whatever happens they are told how
//! it ended.

use std::time::Duration;

use tokio::time::timeout;

use super::conduct::Conduct;
use super::recovery::{self, Arrived};
use super::steps::{Cookie, Steps};
use super::whereabouts::presence;
use crate::api::domain::{Domain, MigrateFlags, State};
use crate::error::MigrationSide::{Destination, Source};
use crate::error::MigrationStep::{Begin, Confirm, Finish, Perform, Prepare};
use crate::error::{Error, Presence, Result, Waiting};
use crate::protocol::Request as _;
use crate::protocol::remote;
use crate::types::error::ErrorCode;
use crate::types::feature::Feature;

/// How far the steps on the way to the destination came.
enum Sent {
    /// The guest is on the source, and the source waits for nothing.
    Settled,
    /// The guest is on the source, which waits to be told that it stays.
    Stays,
    /// The destination is to finish with this cookie, for good or because of a failure.
    Finish {
        cookie: Cookie,
        cancelled: bool,
        source_waits: bool,
    },
}

/// Migrates by version 3, whose arguments are typed parameters or not.
pub(super) async fn migrate(mut conduct: Conduct, typed: bool) -> Result<Domain> {
    let protection =
        conduct.plan.source.connect().supports_feature(Feature::MigrateChangeProtection);
    let protection = if protection.await? {
        MigrateFlags::CHANGE_PROTECTION
    } else {
        MigrateFlags::empty()
    };
    let sent = send(&mut conduct, typed, protection).await;
    let (arrival, cookie) = match sent {
        Sent::Settled => (Arrived::Never, None),
        Sent::Stays => (Arrived::Never, Some(Cookie::new())),
        Sent::Finish { cookie, cancelled, source_waits } => {
            let (arrival, cookie) =
                finish(&mut conduct, typed, protection, cookie, cancelled).await;
            (arrival, source_waits.then_some(cookie))
        }
    };
    match (cookie, &arrival) {
        // Letting the source's guest go on could have it run twice.
        (_, Arrived::Unknown) => {}
        (Some(cookie), _) => {
            let arrived = matches!(arrival, Arrived::There(_));
            let steps = Steps { plan: &mut conduct.plan, typed, protection };
            if let Err(error) = tidied(steps.confirm(cookie, !arrived), conduct.recovery).await
                && conduct.failed(Source, Confirm, error)
            {
                recovery::settle_source(&mut conduct, arrived).await;
            }
        }
        // The source itself lets the guest go on when it cannot send it, unless it was lost just
        // when it had.
        (None, _) if conduct.lost(Source, &[Perform]) => {
            recovery::settle_source(&mut conduct, false).await;
        }
        (None, _) => {}
    }
    match arrival {
        Arrived::There(domain) => {
            conduct.log_failures();
            Ok(domain)
        }
        Arrived::Never => {
            if conduct.lost(Destination, &[Prepare, Perform, Finish]) {
                recovery::removal(&mut conduct).await;
            }
            Err(conduct.into_error().await)
        }
        Arrived::Unknown => Err(conduct.into_error().await),
    }
}

/// Begins, prepares and performs.
async fn send(conduct: &mut Conduct, typed: bool, protection: MigrateFlags) -> Sent {
    if conduct.control.is_aborted() {
        return Sent::Settled;
    }
    let mut steps = Steps { plan: &mut conduct.plan, typed, protection };
    let (cookie, xml) = match steps.begin().await {
        Ok(begun) => begun,
        Err(error) => {
            conduct.failed(Source, Begin, error);
            return Sent::Settled;
        }
    };
    // Only with protection does the source remember that something has begun.
    let given_up = if protection.is_empty() {
        Sent::Settled
    } else {
        Sent::Stays
    };
    if conduct.control.is_aborted() {
        conduct.failed(Source, Begin, Error::Aborted("the migration"));
        return given_up;
    }
    // The destination is to leave a guest paused that is.
    if let Ok(state) = steps.plan.source.state().await
        && state.state == State::Paused
        && !steps.plan.has(MigrateFlags::POSTCOPY_RESUME)
    {
        steps.plan.flags |= MigrateFlags::PAUSED;
    }
    if steps.plan.has(MigrateFlags::OFFLINE) {
        match presence(&conduct.destination, steps.plan.source.uuid()).await {
            Ok(presence) => conduct.replaces = presence != Presence::Absent,
            Err(error) => {
                conduct.failed(Destination, Prepare, error);
                return given_up;
            }
        }
    }
    let (cookie, uri) = match steps.prepare(&conduct.destination, cookie, xml).await {
        Ok(prepared) => prepared,
        Err(error) => {
            conduct.failed(Destination, Prepare, error);
            return given_up;
        }
    };
    if !conduct.can_send(uri, remote::DomainMigratePrepare3Params::INFO.name) {
        // The destination would take its own cookie for that of a source that is this very host.
        return Sent::Finish { cookie: Cookie::new(), cancelled: true, source_waits: true };
    }
    if conduct.plan.has(MigrateFlags::OFFLINE) {
        return Sent::Finish { cookie: Cookie::new(), cancelled: false, source_waits: true };
    }
    perform(conduct, typed, protection, cookie).await
}

/// Has the source send the guest, and stops that when it is to be aborted or has become vain.
async fn perform(
    conduct: &mut Conduct,
    typed: bool,
    protection: MigrateFlags,
    cookie: Cookie,
) -> Sent {
    let steps = Steps { plan: &mut conduct.plan, typed, protection };
    let lost = conduct.destination.closed();
    let (performed, lost) = conduct.control.until_sent(steps.perform(cookie), lost).await;
    match performed {
        Ok(cookie) => Sent::Finish { cookie, cancelled: false, source_waits: true },
        Err(error) => {
            // The source has tidied up already, unless its answer alone is at fault.
            let source_waits = matches!(error, Error::Protocol(_));
            conduct.not_sent(error, lost);
            Sent::Finish { cookie: Cookie::new(), cancelled: true, source_waits }
        }
    }
}

/// Has the destination start the guest, or remove it.
async fn finish(
    conduct: &mut Conduct,
    typed: bool,
    protection: MigrateFlags,
    cookie: Cookie,
    cancelled: bool,
) -> (Arrived, Cookie) {
    let mut steps = Steps { plan: &mut conduct.plan, typed, protection };
    let finishing = steps.finish(&conduct.destination, cookie, cancelled);
    let finished = if cancelled {
        // Nobody waits for more than that something is tidied up.
        tidied(finishing, conduct.recovery).await
    } else {
        finishing.await
    };
    match finished {
        Ok((domain, cookie)) if !cancelled => (Arrived::There(domain), cookie),
        Ok((_, cookie)) => {
            tracing::warn!("the destination ignored that the migration was cancelled");
            (Arrived::Never, cookie)
        }
        Err(error) if cancelled && error.code() == Some(ErrorCode::MigrateFinishOk) => {
            (Arrived::Never, Cookie::new())
        }
        Err(error) => {
            // An answer that cannot be understood does not say whether the guest has come.
            let unclear = matches!(error, Error::Protocol(_));
            let lost = conduct.failed(Destination, Finish, error);
            let arrival = if (lost || unclear) && !cancelled {
                recovery::arrival(conduct).await
            } else {
                Arrived::Never
            };
            (arrival, Cookie::new())
        }
    }
}

/// Waits for a step that only tidies up, which a hypervisor that hangs could keep for ever.
async fn tidied<T>(step: impl Future<Output = Result<T>>, limit: Duration) -> Result<T> {
    timeout(limit, step).await.unwrap_or(Err(Error::Timeout {
        operation: "tidying up after a migration",
        after: limit,
        waiting: Waiting::Reply { unanswered: 1 },
    }))
}
