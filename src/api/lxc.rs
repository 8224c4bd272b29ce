//! What only the LXC driver can do.

use std::os::fd::OwnedFd;

use super::domain::Domain;
use crate::error::Result;
use crate::protocol::lxc;

impl Domain {
    /// The namespaces of a running container, as descriptors to enter them by
    /// (`virDomainLxcOpenNamespace`). Over UNIX sockets only.
    pub async fn lxc_open_namespace(&self) -> Result<Vec<OwnedFd>> {
        let called = self
            .connect()
            .call_with_fds(lxc::DomainOpenNamespace { dom: self.wire(), flags: 0 }, Vec::new());
        let (_, namespaces) = called.await?;
        Ok(namespaces)
    }
}
