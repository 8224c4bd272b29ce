//! Migrations that the source's daemon conducts by itself (peer to peer), or its hypervisor
//! (direct): one call.

use std::convert::Infallible;
use std::future::pending;

use super::conduct::error;
use super::plan::{Plan, refused, require, unsupported};
use super::running::MigrationControl;
use super::steps::classic;
use super::whereabouts;
use crate::api::domain::{Domain, MigrateFlags};
use crate::client::Connect;
use crate::error::{
    Error, MigrationFailure, MigrationOutcome, MigrationSide, MigrationStep, Presence, Result,
};
use crate::protocol::remote;
use crate::types::feature::Feature;
use crate::uri::ConnectUri;

/// Migrates to the daemon that the source reaches as `uri`. With `destination` it can be said where
/// the guest is after a failure.
pub(super) async fn migrate(
    plan: Plan,
    uri: &str,
    destination: Option<&Connect>,
    control: MigrationControl,
) -> Result<()> {
    if plan.has(MigrateFlags::PEER2PEER) {
        refuse_local(uri)?;
    } else {
        let what = "direct migration by the source (did you mean PEER2PEER?)";
        require(plan.source.connect(), Feature::MigrationDirect, what).await?;
    }
    if control.is_aborted() {
        return Err(Error::Aborted("the migration"));
    }
    let (sent, _) = control.until_sent(perform(&plan, uri), pending::<Infallible>()).await;
    match sent {
        Ok(()) => Ok(()),
        // Refused by this client.
        Err(refusal @ (Error::InvalidArgument { .. } | Error::Unsupported(_))) => Err(refusal),
        Err(failure) => {
            let outcome = match destination {
                Some(conn) => whereabouts::look(plan.source.connect(), conn, &plan.source).await,
                None => MigrationOutcome {
                    source: whereabouts::look_at(plan.source.connect(), &plan.source).await,
                    destination: Presence::Unknown,
                },
            };
            let first = MigrationFailure {
                side: MigrationSide::Source,
                step: MigrationStep::Perform,
                error: failure,
            };
            Err(error(vec![first], outcome))
        }
    }
}

/// Makes the error for a guest that has moved and is not found on the destination.
pub(super) async fn unseen(source: &Domain, destination: &Connect, failure: Error) -> Error {
    let outcome = whereabouts::look(source.connect(), destination, source).await;
    let first = MigrationFailure {
        side: MigrationSide::Destination,
        step: MigrationStep::Finish,
        error: failure,
    };
    error(vec![first], outcome)
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
    let local = match &parsed.host {
        Some(host) => host.starts_with("localhost"),
        None => parsed.parameters.get("socket").is_none(),
    };
    if local {
        return refused(&format!("{uri} is the source itself, as the source sees it"));
    }
    Ok(())
}
