//! Migrations that the source's daemon conducts by itself (peer to peer), or its hypervisor
//! (direct): one call.

use std::convert::Infallible;
use std::future::pending;

use super::conduct::{Conduct, error};
use super::plan::{Plan, refused, require, unsupported};
use super::recovery::{self, Arrived};
use super::running::MigrationControl;
use super::steps::classic;
use super::whereabouts;
use crate::api::domain::{Domain, MigrateFlags};
use crate::error::MigrationSide::{Destination, Source};
use crate::error::MigrationStep::{Finish, Perform};
use crate::error::{Error, MigrationFailure, MigrationOutcome, Presence, Result};
use crate::protocol::remote;
use crate::types::feature::Feature;
use crate::uri::ConnectUri;

/// Migrates to the daemon that the source reaches as `uri`.
async fn migrate(plan: &Plan, uri: &str, control: &MigrationControl) -> Result<()> {
    if plan.has(MigrateFlags::PEER2PEER) {
        refuse_local(uri)?;
    } else {
        let what = "direct migration by the source (did you mean PEER2PEER?)";
        require(plan.source.connect(), Feature::MigrationDirect, what).await?;
    }
    if control.is_aborted() {
        return Err(Error::Aborted("the migration"));
    }
    control.until_sent(perform(plan, uri), pending::<Infallible>()).await.0
}

/// Returns whether a failure is a refusal by this client, and nothing has been done.
fn is_refusal(failure: &Error) -> bool {
    matches!(
        failure,
        Error::Aborted(_)
            | Error::InvalidArgument { .. }
            | Error::Unsupported(_)
            | Error::Uri { .. }
    )
}

/// Migrates to a daemon that nobody but the source knows.
pub(super) async fn migrate_to_uri(
    plan: &Plan,
    uri: &str,
    control: &MigrationControl,
) -> Result<()> {
    let failure = match migrate(plan, uri, control).await {
        Err(failure) if !is_refusal(&failure) => failure,
        result => return result,
    };
    let outcome = MigrationOutcome {
        source: whereabouts::look_at(plan.source.connect(), &plan.source).await,
        destination: Presence::Unknown,
    };
    Err(error(vec![at_source(failure)], outcome))
}

/// Migrates to a daemon that this client is connected to as well, which can be asked about the
/// guest.
pub(super) async fn migrate_to_host(mut conduct: Conduct) -> Result<Domain> {
    let destination = &conduct.destination;
    let before = whereabouts::look_at(destination, &conduct.plan.source).await;
    let failure = match migrate(&conduct.plan, destination.uri(), &conduct.control).await {
        Ok(()) => match destination.domain_lookup_by_name(conduct.plan.destination_name()).await {
            Ok(domain) => return Ok(domain),
            Err(error) => MigrationFailure { side: Destination, step: Finish, error },
        },
        Err(refusal) if is_refusal(&refusal) => return Err(refusal),
        Err(failure) => at_source(failure),
    };
    conduct.failures.push(failure);
    // What was there before has not come by this migration.
    if matches!(before, Presence::Running | Presence::Paused | Presence::PostCopyFailed) {
        return Err(conduct.into_error().await);
    }
    let Plan { source, .. } = &conduct.plan;
    let outcome = whereabouts::look(source.connect(), &conduct.destination, source).await;
    let is_here = matches!(outcome.source, Presence::Running | Presence::PostCopyFailed);
    if outcome.destination == Presence::Paused {
        recovery::removal(&mut conduct).await;
    }
    if outcome.destination != Presence::Running || is_here {
        return Err(conduct.into_error().await);
    }
    let Arrived::There(domain) = recovery::arrival(&mut conduct).await else {
        return Err(conduct.into_error().await);
    };
    // A source that has not heard that the guest has arrived keeps it, paused.
    recovery::settle_source(&mut conduct, true).await;
    conduct.log_failures();
    Ok(domain)
}

fn at_source(error: Error) -> MigrationFailure {
    MigrationFailure { side: Source, step: Perform, error }
}

async fn perform(plan: &Plan, uri: &str) -> Result<()> {
    let Plan { source, parameters, flags } = plan;
    let flags = *flags;
    let peer_to_peer = plan.has(MigrateFlags::PEER2PEER);
    let dom = source.wire();
    let conn = source.connect();
    if peer_to_peer && conn.supports_feature(Feature::MigrationParams).await? {
        let params = parameters.to_params();
        let request = remote::DomainMigratePerform3Params {
            dom,
            dconnuri: Some(uri.into()),
            params: (&params).into(),
            cookie_in: Vec::new().into(),
            flags,
        };
        return source.call(request).await.map(drop);
    }
    plan.require_classic_parameters()?;
    let destination_name = parameters.destination_name.as_deref();
    if conn.supports_feature(Feature::MigrationV3).await? {
        let request = remote::DomainMigratePerform3 {
            dom,
            xmlin: parameters.destination_xml.as_deref().map(Into::into),
            cookie_in: Vec::new().into(),
            dconnuri: peer_to_peer.then(|| uri.into()),
            uri: parameters.uri.as_deref().map(Into::into),
            flags: classic(flags),
            dname: destination_name.map(Into::into),
            bandwidth: plan.bandwidth(),
        };
        return source.call(request).await.map(drop);
    }
    if parameters.destination_xml.is_some() {
        return unsupported("changing the definition, by the source");
    }
    let uri = match (peer_to_peer, parameters.uri.as_deref()) {
        (true, None) => uri,
        (true, Some(_)) => return unsupported("a migration URI, by the source"),
        (false, Some(uri)) => uri,
        (false, None) => return refused("a direct migration needs the parameter uri"),
    };
    let request = remote::DomainMigratePerform {
        dom,
        cookie: Vec::new().into(),
        uri: uri.into(),
        flags: classic(flags),
        dname: destination_name.map(Into::into),
        bandwidth: plan.bandwidth(),
    };
    source.run(request).await
}

/// Refuses a destination that is the source itself, as the source would see it.
fn refuse_local(uri: &str) -> Result<()> {
    let parsed = ConnectUri::parse(uri)?;
    let local = if let Some(host) = parsed.host() {
        host.starts_with("localhost")
    } else {
        // A socket may lead to another daemon.
        !parsed.scheme().ends_with("+unix") || parsed.parameters().get("socket").is_none()
    };
    if local {
        return refused(&format!("{uri} is the source itself, as the source sees it"));
    }
    Ok(())
}
