//! Which host has a guest.

use std::time::Duration;

use tokio::time::timeout;
use uuid::Uuid;

use crate::api::domain::{Domain, DomainState, PausedReason, RunningReason, State, StateReason};
use crate::client::Connect;
use crate::error::{MigrationOutcome, Optional as _, Presence, Result};

/// The time within which a host must answer for a failed migration's error.
const LIMIT: Duration = Duration::from_secs(5);

/// Asks a host what it has of a guest.
pub(super) async fn presence(conn: &Connect, uuid: Uuid) -> Result<Presence> {
    let Some(domain) = conn.domain_lookup_by_uuid(uuid).await.optional()? else {
        return Ok(Presence::Absent);
    };
    let state = domain.state().await.optional()?;
    Ok(state.map_or(Presence::Absent, of_state))
}

fn of_state(state: DomainState) -> Presence {
    match (state.state, state.reason) {
        (State::Shutoff | State::Crashed | State::Nostate, _) => Presence::Inactive,
        (
            _,
            StateReason::Paused(PausedReason::PostCopyFailed)
            | StateReason::Running(RunningReason::PostCopyFailed),
        ) => Presence::PostCopyFailed,
        (State::Paused, _) => Presence::Paused,
        _ => Presence::Running,
    }
}

/// Asks both hosts, each for a short time only.
pub(super) async fn look(
    source: &Connect,
    destination: &Connect,
    domain: &Domain,
) -> MigrationOutcome {
    let (source, destination) = tokio::join!(look_at(source, domain), look_at(destination, domain));
    MigrationOutcome { source, destination }
}

/// Asks one host, for a short time only, over another connection if it was lost.
pub(super) async fn look_at(conn: &Connect, domain: &Domain) -> Presence {
    let asking = async {
        if conn.is_alive() {
            return presence(conn, domain.uuid()).await;
        }
        presence(&conn.reopen().await?, domain.uuid()).await
    };
    match timeout(LIMIT, asking).await {
        Ok(Ok(presence)) => presence,
        Ok(Err(_)) | Err(_) => Presence::Unknown,
    }
}
