//! Versions 1 and 2 of the migration protocol, for hosts before libvirt 0.9.2.

use super::conduct::Conduct;
use super::plan::Plan;
use super::steps::{Cookie, classic};
use crate::api::domain::{Domain, MigrateFlags, State, XmlFlags};
use crate::client::Connect;
use crate::error::MigrationSide::{Destination, Source};
use crate::error::MigrationStep::{Begin, Finish, Prepare};
use crate::error::Result;
use crate::protocol::{Request as _, remote};
use crate::types::error::ErrorCode;
use crate::types::feature::Feature;

/// The two versions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Old {
    /// Prepare, perform, finish.
    V1,
    /// The same with the source's XML, and the destination is told if the source has failed.
    V2,
}

pub(super) async fn migrate(mut conduct: Conduct, version: Old) -> Result<Domain> {
    match steps(&mut conduct, version).await {
        Some(domain) => Ok(domain),
        None => Err(conduct.into_error().await),
    }
}

async fn steps(conduct: &mut Conduct, version: Old) -> Option<Domain> {
    let xml = match version {
        Old::V1 => None,
        Old::V2 => match xml(&conduct.plan).await {
            Ok(xml) => Some(xml),
            Err(error) => {
                conduct.failed(Source, Begin, error);
                return None;
            }
        },
    };
    keep_paused(&mut conduct.plan).await;
    let (cookie, uri) = match prepare(&conduct.plan, &conduct.destination, xml.as_deref()).await {
        Ok(prepared) => prepared,
        Err(error) => {
            conduct.failed(Destination, Prepare, error);
            return None;
        }
    };
    let procedure = match version {
        Old::V1 => remote::DomainMigratePrepare::INFO.name,
        Old::V2 => remote::DomainMigratePrepare2::INFO.name,
    };
    let sent = conduct.can_send(uri, procedure) && perform(conduct, &cookie).await;
    let finished = match version {
        Old::V1 if !sent => return None,
        Old::V1 => finish(&conduct.plan, &conduct.destination, cookie).await,
        Old::V2 => finish2(&conduct.plan, &conduct.destination, cookie, !sent).await,
    };
    match finished {
        Ok(domain) if sent => Some(domain),
        Ok(_) => None,
        Err(error) if !sent && error.code() == Some(ErrorCode::MigrateFinishOk) => None,
        Err(error) => {
            conduct.failed(Destination, Finish, error);
            None
        }
    }
}

/// Has the destination make itself ready, by version 2 if there is XML. Also returns the address to
/// send the guest to, if it chose one.
async fn prepare(
    plan: &Plan,
    destination: &Connect,
    xml: Option<&str>,
) -> Result<(Cookie, Option<String>)> {
    let uri_in = plan.parameters.uri.as_deref().map(Into::into);
    let flags = classic(plan.destination_flags());
    let dname = plan.parameters.destination_name.as_deref().map(Into::into);
    let bandwidth = plan.bandwidth();
    if let Some(xml) = xml {
        let dom_xml = xml.into();
        let request = remote::DomainMigratePrepare2 { uri_in, flags, dname, bandwidth, dom_xml };
        let reply = destination.call(request).await?;
        let ret = reply.decode()?;
        return Ok((ret.cookie.into_owned(), ret.uri_out.map(String::from)));
    }
    let request = remote::DomainMigratePrepare { uri_in, flags, dname, bandwidth };
    let reply = destination.call(request).await?;
    let ret = reply.decode()?;
    Ok((ret.cookie.into_owned(), ret.uri_out.map(String::from)))
}

/// Returns the domain on the destination, by version 1.
async fn finish(plan: &Plan, destination: &Connect, cookie: Cookie) -> Result<Domain> {
    let request = remote::DomainMigrateFinish {
        dname: plan.destination_name().into(),
        cookie: cookie.into(),
        uri: plan.parameters.uri.as_deref().unwrap_or_default().into(),
        flags: classic(plan.destination_flags()),
    };
    let reply = destination.call(request).await?;
    Ok(Domain::from_wire(destination, &reply.decode()?.ddom))
}

/// Returns the domain on the destination, or has that removed, by version 2.
async fn finish2(
    plan: &Plan,
    destination: &Connect,
    cookie: Cookie,
    cancelled: bool,
) -> Result<Domain> {
    let request = remote::DomainMigrateFinish2 {
        dname: plan.destination_name().into(),
        cookie: cookie.into(),
        uri: plan.parameters.uri.as_deref().unwrap_or_default().into(),
        flags: classic(plan.destination_flags()),
        retcode: cancelled.into(),
    };
    let reply = destination.call(request).await?;
    Ok(Domain::from_wire(destination, &reply.decode()?.ddom))
}

/// Returns the definition for the destination.
async fn xml(plan: &Plan) -> Result<String> {
    let migratable = plan.source.connect().supports_feature(Feature::XmlMigratable).await?;
    let flags = if migratable {
        XmlFlags::MIGRATABLE
    } else {
        XmlFlags::SECURE | XmlFlags::UPDATE_CPU
    };
    plan.source.xml_desc(flags).await
}

/// Has the destination leave a guest paused that is.
async fn keep_paused(plan: &mut Plan) {
    if let Ok(info) = plan.source.info().await
        && info.state == State::Paused
    {
        plan.flags |= MigrateFlags::PAUSED;
    }
}

/// Has the source send the guest. Returns whether it did.
async fn perform(conduct: &mut Conduct, cookie: &Cookie) -> bool {
    let plan = &conduct.plan;
    let request = remote::DomainMigratePerform {
        dom: plan.source.wire(),
        cookie: cookie.as_slice().into(),
        uri: plan.parameters.uri.as_deref().unwrap_or_default().into(),
        flags: classic(plan.flags),
        dname: plan.parameters.destination_name.as_deref().map(Into::into),
        bandwidth: plan.bandwidth(),
    };
    let lost = conduct.destination.closed();
    match conduct.control.until_sent(plan.source.run(request), lost).await {
        (Ok(()), _) => true,
        (Err(error), lost) => {
            conduct.not_sent(error, lost);
            false
        }
    }
}
