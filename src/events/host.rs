//! All events of a host in one stream.

use serde::Serialize;

use super::merged::{self, DomainEvent, DomainEventKinds};
use super::subscription::{Source, Subscription};
use super::{connection, network, node_device, secret, storage_pool};
use crate::client::Connect;
use crate::error::{Error, Result};

/// An event of any kind but those of QEMU's monitors.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "object", content = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum HostEvent {
    /// An event of a domain.
    Domain(DomainEvent),
    /// See [`network::Lifecycle`].
    Network(network::Lifecycle),
    /// See [`network::MetadataChange`].
    NetworkMetadata(network::MetadataChange),
    /// See [`storage_pool::Lifecycle`].
    StoragePool(storage_pool::Lifecycle),
    /// See [`storage_pool::Refresh`].
    StoragePoolRefresh(storage_pool::Refresh),
    /// See [`node_device::Lifecycle`].
    NodeDevice(node_device::Lifecycle),
    /// See [`node_device::Update`].
    NodeDeviceUpdate(node_device::Update),
    /// See [`secret::Lifecycle`].
    Secret(secret::Lifecycle),
    /// See [`secret::ValueChanged`].
    SecretValue(secret::ValueChanged),
    /// See [`connection::HypervisorClosed`].
    HypervisorClosed(connection::HypervisorClosed),
}

macro_rules! host_events {
    ($($variant:ident: $kind:ty,)*) => {
        $(impl From<$kind> for HostEvent {
            fn from(event: $kind) -> Self {
                Self::$variant(event)
            }
        })*

        /// Returns the sources of all events but the domains'.
        async fn others(conn: &Connect) -> Result<Vec<Source<HostEvent>>> {
            Ok(vec![$(Source::of::<$kind, HostEvent>(conn, None).await?,)*])
        }
    };
}

host_events! {
    Network: network::Lifecycle,
    NetworkMetadata: network::MetadataChange,
    StoragePool: storage_pool::Lifecycle,
    StoragePoolRefresh: storage_pool::Refresh,
    NodeDevice: node_device::Lifecycle,
    NodeDeviceUpdate: node_device::Update,
    Secret: secret::Lifecycle,
    SecretValue: secret::ValueChanged,
    HypervisorClosed: connection::HypervisorClosed,
}

impl From<DomainEvent> for HostEvent {
    fn from(event: DomainEvent) -> Self {
        Self::Domain(event)
    }
}

/// # Events of a host
impl Connect {
    /// Subscribes to all events of the host, in one stream and in the order in which they were
    /// sent: of domains, networks, storage pools, host devices, secrets, and the hypervisor.
    ///
    /// Kinds that the daemon does not support or refuses are left out, unless those are all, such as
    /// those of networks by a virtqemud that finds no virtnetworkd to ask; [`Subscription::left_out`]
    /// says why.
    pub async fn host_events(&self) -> Result<Subscription<HostEvent>> {
        let mut sources = merged::sources(self, DomainEventKinds::all(), None).await?;
        sources.extend(others(self).await?);
        let is_dispensable = |error: &Error| matches!(error, Error::Remote(_));
        self.subscribe_to(sources, is_dispensable).await
    }
}
