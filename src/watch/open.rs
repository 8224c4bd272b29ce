//! Where watches come from.

use super::source::Source;
use super::table::Watch;
use crate::api::domain::Domain;
use crate::api::network::Network;
use crate::api::node_device::NodeDevice;
use crate::api::secret::Secret;
use crate::api::storage::StoragePool;
use crate::client::{Connect, Reconnect};

/// # Tables of what exists
impl Connect {
    /// Keeps a table of all domains and their states; see [`watch`](crate::watch).
    ///
    /// Does not wait, and makes no call before [`Watch::next`] is called. The watch ends with the connection, or goes on over the next one if this is one of a
    /// [`Reconnect`].
    pub fn watch_domains(&self) -> Watch<Domain> {
        Watch::new(Source::Connect(self.clone()))
    }

    /// Keeps a table of all networks and whether they are active; see [`watch`](crate::watch).
    /// As [`watch_domains`](Self::watch_domains).
    pub fn watch_networks(&self) -> Watch<Network> {
        Watch::new(Source::Connect(self.clone()))
    }

    /// Keeps a table of all storage pools and their states; see [`watch`](crate::watch).
    /// As [`watch_domains`](Self::watch_domains).
    pub fn watch_storage_pools(&self) -> Watch<StoragePool> {
        Watch::new(Source::Connect(self.clone()))
    }

    /// Keeps a table of the host's devices; see [`watch`](crate::watch).
    /// As [`watch_domains`](Self::watch_domains).
    pub fn watch_node_devices(&self) -> Watch<NodeDevice> {
        Watch::new(Source::Connect(self.clone()))
    }

    /// Keeps a table of all secrets, not of their values; see [`watch`](crate::watch).
    /// As [`watch_domains`](Self::watch_domains).
    pub fn watch_secrets(&self) -> Watch<Secret> {
        Watch::new(Source::Connect(self.clone()))
    }
}

/// # Tables of what exists
impl Reconnect {
    /// Keeps a table of all domains and their states; see [`watch`](crate::watch).
    ///
    /// Does not wait, and makes no call before [`Watch::next`] is called. There need be no connection yet; the watch goes on over all that will be.
    pub fn watch_domains(&self) -> Watch<Domain> {
        Watch::new(Source::Reconnect(self.clone()))
    }

    /// Keeps a table of all networks and whether they are active; see [`watch`](crate::watch).
    /// As [`watch_domains`](Self::watch_domains).
    pub fn watch_networks(&self) -> Watch<Network> {
        Watch::new(Source::Reconnect(self.clone()))
    }

    /// Keeps a table of all storage pools and their states; see [`watch`](crate::watch).
    /// As [`watch_domains`](Self::watch_domains).
    pub fn watch_storage_pools(&self) -> Watch<StoragePool> {
        Watch::new(Source::Reconnect(self.clone()))
    }

    /// Keeps a table of the host's devices; see [`watch`](crate::watch).
    /// As [`watch_domains`](Self::watch_domains).
    pub fn watch_node_devices(&self) -> Watch<NodeDevice> {
        Watch::new(Source::Reconnect(self.clone()))
    }

    /// Keeps a table of all secrets, not of their values; see [`watch`](crate::watch).
    /// As [`watch_domains`](Self::watch_domains).
    pub fn watch_secrets(&self) -> Watch<Secret> {
        Watch::new(Source::Reconnect(self.clone()))
    }
}
