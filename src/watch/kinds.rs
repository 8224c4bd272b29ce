//! The kinds of objects that can be watched.

use futures_core::future::BoxFuture;
use uuid::Uuid;

use super::list;
use super::source::Source;
use super::table::Watch;
use super::watched::{Entry, Watched, sealed};
use crate::api::domain::{Domain, DomainState};
use crate::api::network::Network;
use crate::api::node_device::NodeDevice;
use crate::api::secret::Secret;
use crate::api::storage::StoragePool;
use crate::client::{Connect, Reconnect};
use crate::error::Result;
use crate::events;
use crate::types::storage_pool;

/// The kinds: object, what stays the same of it, its name, its state and how to get that, its
/// events, how to list all, and the methods that watch them.
macro_rules! watched {
    ($(
        $object:ident by $key:ident: $key_ty:ty, shown as $shown:ident,
        $state_of:path => $state:ty, $events:ident::$event_object:ident, $list:path,
        $(#[$meta:meta])* $watch:ident;
    )*) => {
        $(
            impl sealed::Sealed for $object {}

            impl Watched for $object {
                type State = $state;
                type Key = $key_ty;
                type Event = events::$events::Lifecycle;

                fn key(&self) -> $key_ty {
                    self.$key().into()
                }

                fn shown(&self) -> &str {
                    self.$shown()
                }

                fn of_event(event: Self::Event) -> Self {
                    event.$event_object
                }

                fn list(conn: Connect) -> BoxFuture<'static, Result<Vec<Entry<Self>>>> {
                    Box::pin($list(conn))
                }

                fn look(self) -> BoxFuture<'static, Result<$state>> {
                    Box::pin($state_of(self))
                }
            }
        )*

        /// # Tables of what exists
        impl Connect {
            $(
                $(#[$meta])*
                /// Does not wait, and makes no call before [`Watch::next`] is called. The watch ends
                /// with the connection, or goes on over the next one if this is one of a
                /// [`Reconnect`].
                pub fn $watch(&self) -> Watch<$object> {
                    Watch::new(Source::Connect(self.clone()))
                }
            )*
        }

        /// # Tables of what exists
        impl Reconnect {
            $(
                $(#[$meta])*
                /// Does not wait, and makes no call before [`Watch::next`] is called; there need be no
                /// connection yet. The watch goes on over all connections.
                pub fn $watch(&self) -> Watch<$object> {
                    Watch::new(Source::Reconnect(self.clone()))
                }
            )*
        }
    };
}

watched! {
    Domain by uuid: Uuid, shown as name,
    list::state_of_domain => DomainState, domain::domain, list::domains,
    /// Keeps a table of all domains and their states; see [`watch`](crate::watch).
    ///
    watch_domains;

    Network by uuid: Uuid, shown as name,
    list::state_of_network => bool, network::network, list::networks,
    /// Keeps a table of all networks and whether they are active; see [`watch`](crate::watch).
    ///
    watch_networks;

    StoragePool by uuid: Uuid, shown as name,
    list::state_of_pool => storage_pool::State, storage_pool::pool, list::pools,
    /// Keeps a table of all storage pools and their states; see [`watch`](crate::watch).
    ///
    watch_storage_pools;

    NodeDevice by name: String, shown as name,
    list::device_exists => (), node_device::device, list::node_devices,
    /// Keeps a table of the host's devices; see [`watch`](crate::watch).
    ///
    watch_node_devices;

    Secret by uuid: Uuid, shown as usage_id,
    list::secret_exists => (), secret::secret, list::secrets,
    /// Keeps a table of all secrets, not of their values; see [`watch`](crate::watch).
    ///
    watch_secrets;
}
