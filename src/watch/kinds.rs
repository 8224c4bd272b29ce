//! The kinds of objects that can be watched.

use futures_core::future::BoxFuture;
use uuid::Uuid;

use super::list;
use super::watched::{Entry, Watched, sealed};
use crate::api::domain::{Domain, DomainState};
use crate::api::network::Network;
use crate::api::node_device::NodeDevice;
use crate::api::secret::Secret;
use crate::api::storage::StoragePool;
use crate::client::Connect;
use crate::error::Result;
use crate::events;
use crate::types::storage_pool;

/// The kinds: object, what stays the same of it, its name, how to get its state, its events, and how
/// to list all.
macro_rules! watched {
    ($(
        $object:ident by $key:ident: $key_ty:ty, shown as $shown:ident,
        $state_of:path => $state:ty, $events:ident::$event_object:ident, $list:path;
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
    };
}

watched! {
    Domain by uuid: Uuid, shown as name,
    list::state_of_domain => DomainState, domain::domain, list::domains;
    Network by uuid: Uuid, shown as name,
    list::state_of_network => bool, network::network, list::networks;
    StoragePool by uuid: Uuid, shown as name,
    list::state_of_pool => storage_pool::State, storage_pool::pool, list::pools;
    NodeDevice by name: String, shown as name,
    list::device_exists => (), node_device::device, list::node_devices;
    Secret by uuid: Uuid, shown as usage_id,
    list::secret_exists => (), secret::secret, list::secrets;
}
