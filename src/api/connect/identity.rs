//! Identity of the hypervisor and the host, and security of the connection.

use crate::api::wire::truth;
use crate::client::{Connect, asked_once};
use crate::error::Result;
use crate::protocol::remote;
use crate::types::feature::Feature;

/// # Daemon and hypervisor
impl Connect {
    /// Returns the name of the hypervisor driver, such as `QEMU` (`virConnectGetType`).
    ///
    /// The name never changes: the daemon is asked once per connection.
    #[doc(alias = "virConnectGetType")]
    #[doc(alias = "getType")]
    pub async fn hypervisor(&self) -> Result<&str> {
        let ask = async {
            let reply = self.call(remote::ConnectGetType).await?;
            Ok(reply.decode()?.r#type.into_owned())
        };
        asked_once(self.hypervisor_cell(), ask).await.map(String::as_str)
    }

    /// Returns the host's name (`virConnectGetHostname`). The daemon asks the host's resolver, which
    /// may take seconds.
    #[doc(alias = "virConnectGetHostname")]
    #[doc(alias = "getHostname")]
    pub async fn hostname(&self) -> Result<String> {
        let reply = self.call(remote::ConnectGetHostname).await?;
        Ok(reply.decode()?.hostname.into_owned())
    }

    /// Returns whether the way to the hypervisor is secure (`virConnectIsSecure`): the connection
    /// is local or encrypted, and so is the daemon's own to its hypervisor.
    #[doc(alias = "virConnectIsSecure")]
    pub async fn is_secure(&self) -> Result<bool> {
        Ok(self.security().secure && self.daemon_is_secure().await?)
    }

    /// Returns whether the connection is encrypted (`virConnectIsEncrypted`). Local connections are
    /// secure without encryption.
    #[doc(alias = "virConnectIsEncrypted")]
    pub async fn is_encrypted(&self) -> Result<bool> {
        Ok(self.security().encrypted && self.daemon_is_secure().await?)
    }

    async fn daemon_is_secure(&self) -> Result<bool> {
        let reply = self.call(remote::ConnectIsSecure).await?;
        Ok(truth(reply.decode()?.secure))
    }

    /// Returns whether the daemon, or its driver, supports a feature that clients probe for
    /// (`VIR_DRV_SUPPORTS_FEATURE`).
    ///
    /// Daemons answer no for features that they do not know.
    #[doc(alias = "VIR_DRV_SUPPORTS_FEATURE")]
    pub async fn supports_feature(&self, feature: Feature) -> Result<bool> {
        let reply = self.call(remote::ConnectSupportsFeature { feature: feature.into() }).await?;
        Ok(truth(reply.decode()?.supported))
    }
}
