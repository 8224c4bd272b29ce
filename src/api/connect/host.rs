//! The host that the daemon runs on.

use crate::client::Connect;
use crate::error::Result;
use crate::protocol::remote;

impl Connect {
    /// The host's name (`virConnectGetHostname`).
    pub async fn hostname(&self) -> Result<String> {
        let reply = self.call::<remote::ConnectGetHostname>(&()).await?;
        Ok(reply.decode()?.hostname.into_owned())
    }
}
