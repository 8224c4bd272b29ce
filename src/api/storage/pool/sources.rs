//! What pools can be made of, and which kinds of them the daemon knows.

use crate::client::Connect;
use crate::error::Result;
use crate::protocol::remote;

/// # Sources of storage pools
impl Connect {
    /// Finds what pools of a type could be made of, as XML: volume groups for `logical`, exports
    /// for `netfs`, targets for `iscsi` (`virConnectFindStoragePoolSources`).
    /// [Takes long](crate#calls-that-take-long).
    ///
    /// `source_spec` is a `<source>` element that says where to look, such as the `<host>` of
    /// exports; whether there must be one depends on the type. Types without sources to find, such
    /// as `dir`, are [unsupported](crate::Error::is_unsupported).
    #[doc(alias = "virConnectFindStoragePoolSources")]
    pub async fn find_storage_pool_sources(
        &self,
        pool_type: &str,
        source_spec: Option<&str>,
    ) -> Result<String> {
        let reply = self
            .call(remote::ConnectFindStoragePoolSources {
                r#type: pool_type.into(),
                src_spec: source_spec.map(Into::into),
                flags: 0,
            })
            .await?;
        Ok(reply.decode()?.xml.into_owned())
    }

    /// Returns the types of pools that the daemon knows, which of them it can run, and their
    /// formats, as XML (`virConnectGetStoragePoolCapabilities`).
    #[doc(alias = "virConnectGetStoragePoolCapabilities")]
    #[doc(alias = "getStoragePoolCapabilities")]
    pub async fn storage_pool_capabilities(&self) -> Result<String> {
        let reply = self.call(remote::ConnectGetStoragePoolCapabilities { flags: 0 }).await?;
        Ok(reply.decode()?.capabilities.into_owned())
    }
}
