//! Versions 1 and 2 of the migration protocol, for hosts before libvirt 0.9.2.

use super::conduct::Conduct;
use super::plan::Plan;
use super::steps::{Cookie, classic};
use crate::api::domain::{Domain, MigrateFlags, State, XmlFlags};
use crate::error::MigrationSide::{Destination, Source};
use crate::error::MigrationStep::{Begin, Finish, Perform, Prepare};
use crate::error::{Error, ProtocolError, Result};
use crate::protocol::{Request as _, remote};
use crate::types::error::ErrorCode;
use crate::types::feature::Feature;

/// Migrates by version 2: the source's XML, prepare, perform, finish.
pub(super) async fn migrate_v2(mut conduct: Conduct) -> Result<Domain> {
    match v2(&mut conduct).await {
        Some(domain) => Ok(domain),
        None => Err(conduct.into_error().await),
    }
}

async fn v2(conduct: &mut Conduct) -> Option<Domain> {
    let xml = match xml(&conduct.plan).await {
        Ok(xml) => xml,
        Err(error) => {
            conduct.failed(Source, Begin, error);
            return None;
        }
    };
    keep_paused(&mut conduct.plan).await;
    let plan = &conduct.plan;
    let prepare = remote::DomainMigratePrepare2 {
        uri_in: plan.parameters.uri.as_deref().map(Into::into),
        flags: classic(plan.destination_flags()),
        dname: plan.parameters.destination_name.as_deref().map(Into::into),
        bandwidth: plan.bandwidth(),
        dom_xml: xml.as_str().into(),
    };
    let prepared = async {
        let reply = conduct.destination.call(prepare).await?;
        let ret = reply.decode()?;
        Ok((ret.cookie.into_owned(), ret.uri_out.map(String::from)))
    };
    let (cookie, uri) = match prepared.await {
        Ok(prepared) => prepared,
        Err(error) => {
            conduct.failed(Destination, Prepare, error);
            return None;
        }
    };
    let procedure = remote::DomainMigratePrepare2::INFO.name;
    let sent = take_uri(conduct, uri, procedure) && perform(conduct, &cookie).await;
    let plan = &conduct.plan;
    let finish = remote::DomainMigrateFinish2 {
        dname: plan.destination_name().into(),
        cookie: cookie.into(),
        uri: plan.parameters.uri.as_deref().unwrap_or_default().into(),
        flags: classic(plan.destination_flags()),
        retcode: (!sent).into(),
    };
    let finished = async {
        let reply = conduct.destination.call(finish).await?;
        Ok(Domain::from_wire(&conduct.destination, &reply.decode()?.ddom))
    };
    let finished: Result<_> = finished.await;
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

/// Migrates by version 1: prepare, perform, finish.
pub(super) async fn migrate_v1(mut conduct: Conduct) -> Result<Domain> {
    match v1(&mut conduct).await {
        Some(domain) => Ok(domain),
        None => Err(conduct.into_error().await),
    }
}

async fn v1(conduct: &mut Conduct) -> Option<Domain> {
    keep_paused(&mut conduct.plan).await;
    let plan = &conduct.plan;
    let prepare = remote::DomainMigratePrepare {
        uri_in: plan.parameters.uri.as_deref().map(Into::into),
        flags: classic(plan.destination_flags()),
        dname: plan.parameters.destination_name.as_deref().map(Into::into),
        bandwidth: plan.bandwidth(),
    };
    let prepared = async {
        let reply = conduct.destination.call(prepare).await?;
        let ret = reply.decode()?;
        Ok((ret.cookie.into_owned(), ret.uri_out.map(String::from)))
    };
    let (cookie, uri) = match prepared.await {
        Ok(prepared) => prepared,
        Err(error) => {
            conduct.failed(Destination, Prepare, error);
            return None;
        }
    };
    let procedure = remote::DomainMigratePrepare::INFO.name;
    if !take_uri(conduct, uri, procedure) || !perform(conduct, &cookie).await {
        return None;
    }
    let plan = &conduct.plan;
    let finish = remote::DomainMigrateFinish {
        dname: plan.destination_name().into(),
        cookie: cookie.into(),
        uri: plan.parameters.uri.as_deref().unwrap_or_default().into(),
        flags: classic(plan.destination_flags()),
    };
    let finished = async {
        let reply = conduct.destination.call(finish).await?;
        Ok(Domain::from_wire(&conduct.destination, &reply.decode()?.ddom))
    };
    match finished.await {
        Ok(domain) => Some(domain),
        Err(error) => {
            conduct.failed(Destination, Finish, error);
            None
        }
    }
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

/// Takes over the address that the destination chose. Returns whether there is one.
fn take_uri(conduct: &mut Conduct, uri: Option<String>, procedure: &'static str) -> bool {
    let parameters = &mut conduct.plan.parameters;
    parameters.uri = uri.or_else(|| parameters.uri.take());
    if parameters.uri.is_some() {
        return true;
    }
    let reason = "no address to send the guest to".to_owned();
    let error = ProtocolError::InvalidReply { procedure, reason };
    conduct.failed(Destination, Prepare, error.into());
    false
}

/// Has the source send the guest. Returns whether it did.
async fn perform(conduct: &mut Conduct, cookie: &Cookie) -> bool {
    if conduct.control.is_aborted() {
        conduct.failed(Destination, Prepare, Error::Aborted("the migration"));
        return false;
    }
    let plan = &conduct.plan;
    let request = remote::DomainMigratePerform {
        dom: plan.source.wire(),
        cookie: cookie.as_slice().into(),
        uri: plan.parameters.uri.as_deref().unwrap_or_default().into(),
        flags: classic(plan.flags),
        dname: plan.parameters.destination_name.as_deref().map(Into::into),
        bandwidth: plan.bandwidth(),
    };
    let (sent, lost) = conduct.watch().until_sent(plan.source.run(request)).await;
    match sent {
        Ok(()) => true,
        Err(error) => {
            if let Some(reason) = lost {
                conduct.failed(Destination, Perform, Error::Closed(reason));
            }
            conduct.failed(Source, Perform, error);
            false
        }
    }
}
