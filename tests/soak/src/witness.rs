//! Somebody who watches a host all the time, and whose table must be what the host has.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use libvirt_client::connect::ListAllDomainsFlags;
use libvirt_client::domain::{Domain, DomainState};
use libvirt_client::events::EventError;
use libvirt_client::events::domain::Lifecycle;
use libvirt_client::watch::{Change, Watch};
use libvirt_client::{Connect, Optional as _, Reconnect};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::Result;
use crate::ledger::Ledger;

/// A daemon that has just started finds out within this time which guests are still there.
const LIMIT: Duration = Duration::from_secs(60);

type Table = BTreeMap<Uuid, (String, DomainState)>;

#[derive(Debug)]
pub(crate) struct Witness {
    host: Reconnect,
    told: Arc<Mutex<Table>>,
}

impl Witness {
    /// Follows a host's guests, and its events, by tasks that end with the connection.
    pub(crate) async fn new(
        host: &Reconnect,
        ledger: &Arc<Ledger>,
        tasks: &mut JoinSet<()>,
    ) -> Result<Self> {
        let told = Arc::<Mutex<Table>>::default();
        tasks.spawn(watch(host.watch_domains(), told.clone(), ledger.clone()));
        let subscribe = |conn: Connect| async move { conn.subscribe::<Lifecycle>(None).await };
        let mut events = host.subscribe(subscribe).await?;
        let ledger = ledger.clone();
        tasks.spawn(async move {
            while let Some(event) = events.next().await {
                match event {
                    Ok(_) => ledger.note("events"),
                    Err(EventError::Gap(_) | EventError::Delayed) => ledger.note("gaps"),
                    // The end, where it is one, shows in that nothing follows.
                    Err(EventError::Closed(_)) => {}
                    Err(error) => ledger.complain(format!("events: {error}")),
                }
            }
        });
        Ok(Self { host: host.clone(), told })
    }

    /// Waits until what it was told is what the host has, while nobody changes that.
    pub(crate) async fn agrees(&self) -> Result<()> {
        let deadline = Instant::now() + LIMIT;
        loop {
            let list = list(&self.host.connect().await?).await?;
            let told = lock(&self.told).clone();
            if told == list {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let told: Vec<_> =
                    told.iter().filter(|(key, value)| list.get(key) != Some(value)).collect();
                let listed: Vec<_> = list
                    .iter()
                    .filter(|(key, value)| lock(&self.told).get(key) != Some(value))
                    .collect();
                return Err(format!("a table says {told:?} and the list {listed:?}").into());
            }
            sleep(Duration::from_millis(500)).await;
        }
    }
}

async fn watch(mut watch: Watch<Domain>, told: Arc<Mutex<Table>>, ledger: Arc<Ledger>) {
    while let Some(change) = watch.next().await {
        let mut told = lock(&told);
        match change {
            Ok(Change::Appeared(entry) | Change::Changed { entry, .. }) => {
                ledger.note("changes");
                told.insert(entry.object.uuid(), (entry.object.name().to_owned(), entry.state));
            }
            Ok(Change::Gone(entry)) => {
                ledger.note("changes");
                told.remove(&entry.object.uuid());
            }
            // A host that cannot be asked now is asked again.
            _ => {}
        }
    }
}

async fn list(conn: &Connect) -> libvirt_client::Result<Table> {
    let mut table = Table::new();
    for domain in conn.list_all_domains(ListAllDomainsFlags::empty()).await? {
        if let Some(state) = domain.state().await.optional()? {
            table.insert(domain.uuid(), (domain.name().to_owned(), state));
        }
    }
    Ok(table)
}

fn lock(table: &Mutex<Table>) -> MutexGuard<'_, Table> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}
