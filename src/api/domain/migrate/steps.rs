//! The steps of version 3 of the migration protocol, each of which is one call.
//!
//! What a step returns as its cookie is for the next one, on the other host.

use super::plan::Plan;
use crate::api::domain::{Domain, MigrateFlags};
use crate::client::Connect;
use crate::error::Result;
use crate::params::TypedParams;
use crate::protocol::remote;

pub(super) type Cookie = Vec<u8>;

/// Version 3, with its arguments as typed parameters or in fields.
pub(super) struct Steps<'a> {
    pub(super) plan: &'a mut Plan,
    pub(super) typed: bool,
    /// Has the source refuse changes to the domain from the first step on, if it can.
    pub(super) protection: MigrateFlags,
}

impl Steps<'_> {
    fn params(&self) -> TypedParams {
        self.plan.parameters.to_params()
    }

    fn source_flags(&self) -> MigrateFlags {
        self.plan.flags | self.protection
    }

    /// Returns the definition for the destination.
    pub(super) async fn begin(&self) -> Result<(Cookie, String)> {
        let Plan { source, parameters, .. } = &*self.plan;
        let dom = source.wire();
        let flags = self.source_flags();
        if self.typed {
            let params = self.params();
            let request =
                remote::DomainMigrateBegin3Params { dom, params: (&params).into(), flags };
            let reply = source.call(request).await?;
            let ret = reply.decode()?;
            return Ok((ret.cookie_out.into_owned(), ret.xml.into_owned()));
        }
        let request = remote::DomainMigrateBegin3 {
            dom,
            xmlin: parameters.destination_xml.as_deref().map(Into::into),
            flags: classic(flags),
            dname: parameters.destination_name.as_deref().map(Into::into),
            bandwidth: self.plan.bandwidth(),
        };
        let reply = source.call(request).await?;
        let ret = reply.decode()?;
        Ok((ret.cookie_out.into_owned(), ret.xml.into_owned()))
    }

    /// Also returns the address to send the guest to, if the destination chose one.
    pub(super) async fn prepare(
        &mut self,
        destination: &Connect,
        cookie: Cookie,
        xml: String,
    ) -> Result<(Cookie, Option<String>)> {
        let flags = self.plan.destination_flags();
        let bandwidth = self.plan.bandwidth();
        if self.typed {
            self.plan.parameters.destination_xml = Some(xml);
            let params = self.params();
            let request = remote::DomainMigratePrepare3Params {
                params: (&params).into(),
                cookie_in: cookie.into(),
                flags,
            };
            let reply = destination.call(request).await?;
            let ret = reply.decode()?;
            return Ok((ret.cookie_out.into_owned(), ret.uri_out.map(String::from)));
        }
        let parameters = &self.plan.parameters;
        let request = remote::DomainMigratePrepare3 {
            cookie_in: cookie.into(),
            uri_in: parameters.uri.as_deref().map(Into::into),
            flags: classic(flags),
            dname: parameters.destination_name.as_deref().map(Into::into),
            bandwidth,
            dom_xml: xml.as_str().into(),
        };
        let reply = destination.call(request).await?;
        let ret = reply.decode()?;
        Ok((ret.cookie_out.into_owned(), ret.uri_out.map(String::from)))
    }

    /// Returns when the guest's memory has been sent, and the guest is paused.
    pub(super) async fn perform(&self, cookie: Cookie) -> Result<Cookie> {
        let Plan { source, parameters, .. } = &*self.plan;
        let dom = source.wire();
        let flags = self.source_flags();
        if self.typed {
            let params = self.params();
            let request = remote::DomainMigratePerform3Params {
                dom,
                dconnuri: None,
                params: (&params).into(),
                cookie_in: cookie.into(),
                flags,
            };
            let reply = source.call(request).await?;
            return Ok(reply.decode()?.cookie_out.into_owned());
        }
        let request = remote::DomainMigratePerform3 {
            dom,
            xmlin: None,
            cookie_in: cookie.into(),
            dconnuri: None,
            uri: parameters.uri.as_deref().map(Into::into),
            flags: classic(flags),
            dname: parameters.destination_name.as_deref().map(Into::into),
            bandwidth: self.plan.bandwidth(),
        };
        let reply = source.call(request).await?;
        Ok(reply.decode()?.cookie_out.into_owned())
    }

    /// Returns the domain on the destination. Where it is cancelled it succeeds by failing with
    /// `VIR_ERR_MIGRATE_FINISH_OK`.
    pub(super) async fn finish(
        &mut self,
        destination: &Connect,
        cookie: Cookie,
        cancelled: bool,
    ) -> Result<(Domain, Cookie)> {
        let flags = self.plan.destination_flags();
        if self.typed {
            let name = self.plan.destination_name().to_owned();
            self.plan.parameters.destination_name = Some(name);
            let params = self.params();
            let request = remote::DomainMigrateFinish3Params {
                params: (&params).into(),
                cookie_in: cookie.into(),
                flags,
                cancelled: cancelled.into(),
            };
            let reply = destination.call(request).await?;
            let ret = reply.decode()?;
            let domain = Domain::from_wire(destination, &ret.dom);
            return Ok((domain, ret.cookie_out.into_owned()));
        }
        let request = remote::DomainMigrateFinish3 {
            dname: self.plan.destination_name().into(),
            cookie_in: cookie.into(),
            dconnuri: None,
            uri: self.plan.parameters.uri.as_deref().map(Into::into),
            flags: classic(flags),
            cancelled: cancelled.into(),
        };
        let reply = destination.call(request).await?;
        let ret = reply.decode()?;
        Ok((Domain::from_wire(destination, &ret.dom), ret.cookie_out.into_owned()))
    }

    /// Removes the source's guest or, where it is cancelled, lets it go on.
    pub(super) async fn confirm(&self, cookie: Cookie, cancelled: bool) -> Result<()> {
        let source = &self.plan.source;
        let dom = source.wire();
        let flags = self.source_flags();
        let cancelled = cancelled.into();
        if self.typed {
            let params = self.params();
            let request = remote::DomainMigrateConfirm3Params {
                dom,
                params: (&params).into(),
                cookie_in: cookie.into(),
                flags,
                cancelled,
            };
            return source.run(request).await;
        }
        source
            .run(remote::DomainMigrateConfirm3 {
                dom,
                cookie_in: cookie.into(),
                flags: classic(flags),
                cancelled,
            })
            .await
    }
}

/// Returns flags as the older calls have them.
pub(super) fn classic(flags: MigrateFlags) -> u64 {
    flags.bits().into()
}
