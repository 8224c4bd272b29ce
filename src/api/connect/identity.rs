//! Who is at the other end, and how safe the way there is.

use crate::api::wire::truth;
use crate::client::Connect;
use crate::error::Result;
use crate::protocol::remote;
use crate::types::feature::Feature;

impl Connect {
    /// The name of the hypervisor driver, such as `QEMU` (`virConnectGetType`).
    ///
    /// It never changes: the daemon is asked once for each connection.
    pub async fn hypervisor(&self) -> Result<&str> {
        let ask = || async {
            let reply = self.call(remote::ConnectGetType).await?;
            Ok(reply.decode()?.r#type.into_owned())
        };
        self.hypervisor_cell().get_or_try_init(ask).await.map(String::as_str)
    }

    /// The host's name (`virConnectGetHostname`).
    pub async fn hostname(&self) -> Result<String> {
        let reply = self.call(remote::ConnectGetHostname).await?;
        Ok(reply.decode()?.hostname.into_owned())
    }

    /// Whether nobody on the way to the hypervisor can read along (`virConnectIsSecure`): the
    /// connection is local or encrypted, and so is the daemon's own to its hypervisor.
    pub async fn is_secure(&self) -> Result<bool> {
        Ok(self.security().secure && self.daemon_is_secure().await?)
    }

    /// Whether what goes over the wire is encrypted (`virConnectIsEncrypted`). Local connections are
    /// secure without.
    pub async fn is_encrypted(&self) -> Result<bool> {
        Ok(self.security().encrypted && self.daemon_is_secure().await?)
    }

    async fn daemon_is_secure(&self) -> Result<bool> {
        let reply = self.call(remote::ConnectIsSecure).await?;
        Ok(truth(reply.decode()?.secure))
    }

    /// Whether the daemon, or its driver, has an ability that clients probe for
    /// (`VIR_DRV_SUPPORTS_FEATURE`).
    ///
    /// Daemons answer no for features that they have never heard of.
    pub async fn supports_feature(&self, feature: Feature) -> Result<bool> {
        let reply = self.call(remote::ConnectSupportsFeature { feature: feature.into() }).await?;
        Ok(truth(reply.decode()?.supported))
    }
}
