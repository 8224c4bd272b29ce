//! Listing what exists, each with its state.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::watched::{Entry, Watched};
use crate::api::domain::{Domain, DomainState, StatsTypes};
use crate::api::network::Network;
use crate::api::node_device::NodeDevice;
use crate::api::secret::Secret;
use crate::api::storage::StoragePool;
use crate::client::Connect;
use crate::error::{CloseReason, Error, Optional as _, Result};
use crate::types::connect::{
    GetAllDomainStatsFlags, ListAllDomainsFlags, ListAllNetworksFlags, ListAllNodeDeviceFlags,
    ListAllSecretsFlags, ListAllStoragePoolsFlags,
};
use crate::types::storage_pool;

/// The number of objects that are asked for their state at a time.
const AT_A_TIME: usize = 32;

pub(super) async fn domains(conn: Connect) -> Result<Vec<Entry<Domain>>> {
    let flags = GetAllDomainStatsFlags::empty();
    match conn.all_domain_stats(StatsTypes::STATE, flags).await {
        Ok(records) => {
            let entries = records
                .into_iter()
                .map(|record| Some(Entry { object: record.domain, state: record.stats.state? }));
            if let Some(entries) = entries.collect() {
                return Ok(entries);
            }
        }
        Err(error) if error.is_unsupported() => {}
        Err(error) => return Err(error),
    }
    // A driver without bulk statistics.
    let all = conn.list_all_domains(ListAllDomainsFlags::empty()).await?;
    with_states(&conn, all).await
}

pub(super) async fn networks(conn: Connect) -> Result<Vec<Entry<Network>>> {
    let all = conn.list_all_networks(ListAllNetworksFlags::empty()).await?;
    with_states(&conn, all).await
}

pub(super) async fn pools(conn: Connect) -> Result<Vec<Entry<StoragePool>>> {
    let all = conn.list_all_storage_pools(ListAllStoragePoolsFlags::empty()).await?;
    with_states(&conn, all).await
}

pub(super) async fn node_devices(conn: Connect) -> Result<Vec<Entry<NodeDevice>>> {
    let all = conn.list_all_node_devices(ListAllNodeDeviceFlags::empty()).await?;
    Ok(all.into_iter().map(|object| Entry { object, state: () }).collect())
}

pub(super) async fn secrets(conn: Connect) -> Result<Vec<Entry<Secret>>> {
    let all = conn.list_all_secrets(ListAllSecretsFlags::empty()).await?;
    Ok(all.into_iter().map(|object| Entry { object, state: () }).collect())
}

pub(super) async fn state_of_domain(domain: Domain) -> Result<DomainState> {
    domain.state().await
}

pub(super) async fn state_of_network(network: Network) -> Result<bool> {
    network.is_active().await
}

pub(super) async fn state_of_pool(pool: StoragePool) -> Result<storage_pool::State> {
    Ok(pool.info().await?.state)
}

pub(super) async fn device_exists(device: NodeDevice) -> Result<()> {
    device.connect().node_device_lookup_by_name(device.name()).await.map(drop)
}

pub(super) async fn secret_exists(secret: Secret) -> Result<()> {
    secret.connect().secret_lookup_by_uuid(secret.uuid()).await.map(drop)
}

/// Asks each for its state, several at a time, and leaves out those that are gone meanwhile.
async fn with_states<O: Watched>(conn: &Connect, objects: Vec<O>) -> Result<Vec<Entry<O>>> {
    let turns = Arc::new(Semaphore::new(AT_A_TIME));
    let mut asking = JoinSet::new();
    for object in objects {
        let turns = Arc::clone(&turns);
        let ask = async move {
            let _turn = turns.acquire_owned().await;
            let state = object.clone().look().await.optional()?;
            Ok::<_, Error>(state.map(|state| Entry { object, state }))
        };
        asking.spawn_on(ask, conn.runtime());
    }
    let mut entries = Vec::new();
    while let Some(asked) = asking.join_next().await {
        // None of them panics or is aborted, unless the runtime ends.
        if let Ok(asked) = asked {
            entries.extend(asked?);
        } else {
            return Err(Error::Closed(CloseReason::RuntimeGone));
        }
    }
    Ok(entries)
}
