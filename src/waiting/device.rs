//! Detaching a device.

use std::time::Duration;

use super::followed::{Condition, Followed, within};
use crate::api::domain::{DeviceModifyFlags, Domain, XmlFlags};
use crate::error::{Error, Optional as _, Result};
use crate::events::{DomainEvent, DomainEventKinds};

/// # Detaching devices and waiting
impl Domain {
    /// Asks the running guest to release the device that has that alias in the domain's XML, and
    /// waits until it has, or runs no more. The definition keeps the device.
    ///
    /// Fails with [`Error::Failed`] if the guest refuses, which not every guest says, and after
    /// `timeout` with [`Error::Timeout`]; the guest may still release the device later. What
    /// [`detach_device_alias`](Self::detach_device_alias) refuses fails at once. If the connection
    /// is lost with the request, and is one of a [`Reconnect`](crate::Reconnect), the request is
    /// not repeated. Dropping the future does not take the request back.
    pub async fn detach_device_and_wait(&self, alias: &str, timeout: Duration) -> Result<()> {
        let kinds = DomainEventKinds::DEVICE_REMOVED
            | DomainEventKinds::DEVICE_REMOVAL_FAILED
            | DomainEventKinds::LIFECYCLE;
        within(timeout, self, "the device's removal", async {
            let mut followed = Followed::begin(self, kinds).await?;
            let flags = DeviceModifyFlags::LIVE;
            followed.acted(followed.domain().detach_device_alias(alias, flags).await)?;
            followed.until(&mut Removed(alias)).await
        })
        .await
    }
}

struct Removed<'a>(&'a str);

impl Condition for Removed<'_> {
    type Met = ();

    fn event(&mut self, event: &DomainEvent) -> Result<Option<()>> {
        match event {
            DomainEvent::DeviceRemoved(event) if event.device == self.0 => Ok(Some(())),
            DomainEvent::DeviceRemovalFailed(event) if event.device == self.0 => {
                Err(Error::Failed(format!("the guest refused to release {}", self.0)))
            }
            _ => Ok(None),
        }
    }

    async fn look(&mut self, domain: &Domain) -> Result<Option<()>> {
        let runs = domain.is_active().await.optional()? == Some(true);
        let Some(xml) = domain.xml_desc(XmlFlags::empty()).await.optional()?.filter(|_| runs)
        else {
            return Ok(Some(()));
        };
        let is_there = xml.contains(&format!("<alias name='{}'/>", self.0));
        Ok((!is_there).then_some(()))
    }
}
