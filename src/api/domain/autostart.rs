//! Starting domains with their host.

use super::Domain;
use crate::api::wire::truth;
use crate::error::Result;
use crate::protocol::remote;

/// # Autostart
impl Domain {
    /// Returns the autostart flag: whether the domain starts with its host
    /// (`virDomainGetAutostart`).
    #[doc(alias = "virDomainGetAutostart")]
    pub async fn autostart(&self) -> Result<bool> {
        let reply = self.call(remote::DomainGetAutostart { dom: self.wire() }).await?;
        Ok(truth(reply.decode()?.autostart))
    }

    /// Sets the autostart flag: whether the domain starts with its host (`virDomainSetAutostart`).
    /// Fails for a transient domain.
    #[doc(alias = "virDomainSetAutostart")]
    pub async fn set_autostart(&self, autostart: bool) -> Result<()> {
        self.run(remote::DomainSetAutostart { dom: self.wire(), autostart: autostart.into() })
            .await
    }

    /// Returns whether the domain starts the next time its host does (`virDomainGetAutostartOnce`).
    ///
    /// Since libvirt 11.2.0; older daemons give an error for which
    /// [`is_unsupported`](crate::Error::is_unsupported) holds.
    #[doc(alias = "virDomainGetAutostartOnce")]
    pub async fn autostart_once(&self) -> Result<bool> {
        let reply = self.call(remote::DomainGetAutostartOnce { dom: self.wire() }).await?;
        Ok(truth(reply.decode()?.autostart))
    }

    /// Sets whether the domain starts the next time its host does, and only then
    /// (`virDomainSetAutostartOnce`). Since libvirt 11.2.0.
    #[doc(alias = "virDomainSetAutostartOnce")]
    pub async fn set_autostart_once(&self, autostart: bool) -> Result<()> {
        self.run(remote::DomainSetAutostartOnce { dom: self.wire(), autostart: autostart.into() })
            .await
    }
}
