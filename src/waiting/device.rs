//! Detaching a device.

use std::time::Duration;

use super::followed::{Condition, Followed, within};
use crate::api::domain::{DeviceModifyFlags, Domain, XmlFlags};
use crate::error::{Error, Optional as _, Result};
use crate::events::{DomainEvent, DomainEventKinds};
use crate::types::error::ErrorCode;

/// # Detaching devices and waiting
impl Domain {
    /// Asks the running guest to release the device that has that alias in the domain's XML, and
    /// waits until it has, or runs no more. The definition keeps the device.
    ///
    /// Repeat it after a timeout: a running guest that has no device of that alias any more is a
    /// success. So is an alias that no device ever had, since nobody can tell the two apart.
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
            let mut removed = Removed(alias);
            match followed.acted(followed.domain().detach_device_alias(alias, flags).await) {
                // The guest released it before it was asked again.
                Err(error)
                    if is_about_device(&error)
                        && matches!(removed.look(followed.domain()).await, Ok(Some(()))) => {}
                result => {
                    result?;
                    followed.until(&mut removed).await?;
                }
            }
            Ok(())
        })
        .await
    }
}

/// Returns whether the daemon may have failed because it knows no device of that alias, for which it
/// has no code of its own, and whose text may be translated.
fn is_about_device(error: &Error) -> bool {
    matches!(error.code(), Some(ErrorCode::InternalError | ErrorCode::DeviceMissing))
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
