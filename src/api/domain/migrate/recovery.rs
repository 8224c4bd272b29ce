//! After a connection was lost: finding out what the host did, and settling what is left.
//!
//! A daemon that loses the client that conducts a migration removes a guest that was to arrive, and
//! leaves one that has been sent paused. So whoever knows how it ended must come back and say so.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::conduct::Conduct;
use super::pauses::Pauses;
use crate::api::domain::{
    Domain, DomainState, MigrateFlags, PausedReason, RunningReason, State, StateReason,
    UndefineFlags,
};
use crate::client::Connect;
use crate::error::MigrationSide::{Destination, Source};
use crate::error::MigrationStep::{Confirm, Finish};
use crate::error::{Optional as _, Result};
use crate::types::error::ErrorCode;

/// Whether the guest is on the destination.
pub(super) enum Arrived {
    There(Domain),
    Never,
    /// The destination cannot be asked.
    Unknown,
}

const LONGEST_PAUSE: Duration = Duration::from_secs(2);

const DECADES: Duration = Duration::from_secs(30 * 365 * 24 * 3600);

/// The time for which a lost destination is waited for that only has to remove what it has.
const REMOVAL: Duration = Duration::from_secs(5);

/// Finds out whether the destination has started the guest.
pub(super) async fn arrival(conduct: &mut Conduct) -> Arrived {
    arrival_within(conduct, conduct.recovery).await
}

/// Waits until the destination, which was lost, has removed what it has of a guest that will not
/// come: it does so by itself.
pub(super) async fn removal(conduct: &mut Conduct) {
    arrival_within(conduct, conduct.recovery.min(REMOVAL)).await;
}

async fn arrival_within(conduct: &mut Conduct, limit: Duration) -> Arrived {
    let mut deadline = after(limit);
    let mut pauses = Pauses::up_to(LONGEST_PAUSE);
    loop {
        match timeout_at(deadline, look_again(conduct)).await {
            Ok(Sight::Settled(arrival)) => return arrival,
            // That takes as long as it takes.
            Ok(Sight::Fetching) => deadline = after(limit),
            Ok(Sight::Undecided) => {}
            Err(_) => return Arrived::Unknown,
        }
        if timeout_at(deadline, pauses.pause()).await.is_err() {
            return Arrived::Unknown;
        }
    }
}

/// A limit that the clock cannot represent is as good as none.
fn after(limit: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(limit).unwrap_or(now + DECADES)
}

/// What the destination shows of the guest.
enum Sight {
    Settled(Arrived),
    /// The guest runs there, and its memory is still being fetched from the source.
    Fetching,
    /// The destination is about to start the guest or to remove it, or was lost again.
    Undecided,
}

/// Looks at the destination, over another connection if it was lost.
async fn look_again(conduct: &mut Conduct) -> Sight {
    if !conduct.destination.is_alive() {
        let Some(conn) = reopen(&conduct.destination).await else {
            return Sight::Settled(Arrived::Unknown);
        };
        conduct.destination = conn;
    }
    match sight(conduct).await {
        Ok(sight) => sight,
        Err(error) => {
            if conduct.failed(Destination, Finish, error) {
                Sight::Undecided
            } else {
                Sight::Settled(Arrived::Unknown)
            }
        }
    }
}

/// Only a guest that runs has come for good, or one that is paused because that was asked for: a
/// daemon that was restarted removes any other, and may take its time. While one of them has a part
/// of the guest's memory that the other has not, neither is to remove it.
async fn sight(conduct: &Conduct) -> Result<Sight> {
    let uuid = conduct.plan.source.uuid();
    let domain = conduct.destination.domain_lookup_by_uuid(uuid).await.optional()?;
    let Some(domain) = domain else {
        return Ok(Sight::Settled(Arrived::Never));
    };
    let Some(DomainState { state, reason }) = domain.state().await.optional()? else {
        return Ok(Sight::Settled(Arrived::Never));
    };
    Ok(match (state, reason) {
        (State::Shutoff, _) if conduct.plan.has(MigrateFlags::OFFLINE) => {
            // What was there before looks like what has come.
            if conduct.replaces {
                return Ok(Sight::Settled(Arrived::Unknown));
            }
            // Preparing leaves something that the daemon keeps in its memory alone.
            match domain.is_persistent().await.optional()? {
                Some(true) => Sight::Settled(Arrived::There(domain)),
                Some(false) => Sight::Undecided,
                None => Sight::Settled(Arrived::Never),
            }
        }
        // A definition that was there before is no guest.
        (State::Shutoff, _) => Sight::Settled(Arrived::Never),
        (
            _,
            StateReason::Running(RunningReason::PostCopyFailed)
            | StateReason::Paused(PausedReason::PostCopyFailed),
        ) => Sight::Settled(Arrived::Unknown),
        (_, StateReason::Running(RunningReason::PostCopy)) => Sight::Fetching,
        (State::Running, _) => Sight::Settled(Arrived::There(domain)),
        (State::Paused, StateReason::Paused(PausedReason::User))
            if conduct.plan.has(MigrateFlags::PAUSED) =>
        {
            Sight::Settled(Arrived::There(domain))
        }
        _ => Sight::Undecided,
    })
}

/// Has the source, whose connection was lost, remove its guest if that has arrived, or go on with
/// it if not.
pub(super) async fn settle_source(conduct: &mut Conduct, arrived: bool) {
    let deadline = after(conduct.recovery);
    let settling = async {
        loop {
            let Some(conn) = reopen(conduct.plan.source.connect()).await else {
                return false;
            };
            conduct.plan.source = conduct.plan.source.via(&conn);
            let settled = if arrived {
                remove(conduct).await
            } else {
                go_on(conduct).await
            };
            match settled {
                Ok(()) => return true,
                Err(error) => {
                    if !conduct.failed(Source, Confirm, error) {
                        return false;
                    }
                }
            }
        }
    };
    if timeout_at(deadline, settling).await != Ok(true) {
        tracing::warn!("what a migration left on its source could not be settled");
    }
}

/// Removes the guest that stayed behind: it has arrived, so whatever it is paused for here, it is
/// a remnant. Daemons do not agree on the reason that they give.
async fn remove(conduct: &Conduct) -> Result<()> {
    let source = &conduct.plan.source;
    let Some(state) = settled_state(source).await? else {
        return Ok(());
    };
    if state.state == State::Paused {
        source.destroy().await.optional()?;
    }
    let undefine = conduct.plan.has(MigrateFlags::UNDEFINE_SOURCE);
    if undefine && source.is_persistent().await.optional()? == Some(true) {
        undefine_all(source).await?;
    }
    Ok(())
}

/// Undefines a guest whatever there is of it besides, as a daemon does whose guest has left.
async fn undefine_all(source: &Domain) -> Result<()> {
    let flags = UndefineFlags::KEEP_NVRAM | UndefineFlags::KEEP_TPM;
    let flags = flags | UndefineFlags::SNAPSHOTS_METADATA | UndefineFlags::CHECKPOINTS_METADATA;
    match source.undefine_flags(flags).await {
        // A daemon that does not know all of them.
        Err(error) if error.is_unsupported() || error.code() == Some(ErrorCode::InvalidArg) => {
            source.undefine().await.optional()?;
        }
        undefined => {
            undefined.optional()?;
        }
    }
    Ok(())
}

/// Lets the guest go on that was paused to be migrated.
async fn go_on(conduct: &Conduct) -> Result<()> {
    let source = &conduct.plan.source;
    let Some(state) = settled_state(source).await? else {
        return Ok(());
    };
    if waits_for_migration(state) {
        source.resume().await.optional()?;
    }
    Ok(())
}

/// Returns the domain's state once it has no job any more that could change it.
async fn settled_state(domain: &Domain) -> Result<Option<DomainState>> {
    let mut pauses = Pauses::up_to(LONGEST_PAUSE);
    loop {
        let job = match domain.job_info().await {
            // A domain that does not run has no job.
            Err(error) if error.code() == Some(ErrorCode::OperationInvalid) => None,
            other => other.optional()?.flatten(),
        };
        if job.is_none() {
            return domain.state().await.optional();
        }
        pauses.pause().await;
    }
}

/// Returns whether a guest is paused because of a migration.
fn waits_for_migration(state: DomainState) -> bool {
    let reason = StateReason::Paused(PausedReason::Migration);
    state.state == State::Paused && state.reason == reason
}

/// Opens a connection again, trying as often as it takes; `None` if that can never be.
async fn reopen(conn: &Connect) -> Option<Connect> {
    let mut pauses = Pauses::up_to(LONGEST_PAUSE);
    loop {
        match conn.reopen().await {
            Ok(conn) => return Some(conn),
            Err(error) if error.is_unsupported() => return None,
            Err(error) => tracing::debug!(%error, "a migration's host cannot be reached again yet"),
        }
        pauses.pause().await;
    }
}
