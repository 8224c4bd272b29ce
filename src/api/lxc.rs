//! Calls of the LXC driver.

use std::os::fd::OwnedFd;

use super::domain::Domain;
use crate::error::Result;
use crate::protocol::lxc;

/// # LXC containers
impl Domain {
    /// Opens the namespaces of a running container, and returns descriptors with which to enter
    /// them (`virDomainLxcOpenNamespace`). Over UNIX sockets only.
    #[doc(alias = "virDomainLxcOpenNamespace")]
    pub async fn lxc_open_namespace(&self) -> Result<Vec<OwnedFd>> {
        let called = self
            .connect()
            .call_with_fds(lxc::DomainOpenNamespace { dom: self.wire(), flags: 0 }, Vec::new());
        let (_, namespaces) = called.await?;
        Ok(namespaces)
    }
}
