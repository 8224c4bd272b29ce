//! Guests of two hosts that change all the time, and move, while the hosts' daemons are killed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use libvirt_client::connect::ListAllDomainsFlags;
use libvirt_client::domain::{Domain, DomainState, MigrateFlags, State};
use libvirt_client::watch::{Change, Watch};
use libvirt_client::{Connect, Optional as _, Reconnect, Result};
use rig::Daemon;
use tokio::sync::watch::{Receiver, Sender, channel};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{next, often};
use crate::common::LIMIT;
use crate::migration::hosts::{Hosts, loopback};

const GUESTS_IN_ALL: usize = 200;
const DEATHS: usize = 20;
/// Each time after so many, the other daemon dies, too.
const DEATHS_OF_ONE: usize = 4;
const ACTORS: usize = 4;
/// So many guests arrive on the other host at least, while they run or are paused, and while not.
const MOVES: usize = 5;

/// A guest that takes little, and never boots.
fn tiny(number: usize) -> String {
    format!(
        "<domain type='qemu'><name>watch-{number}</name><memory unit='MiB'>4</memory>\
         <os><type arch='x86_64' machine='pc'>hvm</type></os>\
         <devices><controller type='usb' model='none'/><memballoon model='none'/></devices>\
         </domain>"
    )
}

/// Somebody who changes guests of their own.
struct Actor {
    hosts: [Reconnect; 2],
    number: usize,
    over: CancellationToken,
    moves: Arc<Moves>,
}

/// The guests that have arrived on the other host.
#[derive(Debug, Default)]
struct Moves {
    live: AtomicUsize,
    offline: AtomicUsize,
}

impl Actor {
    /// Starts, pauses, ends, removes, defines and moves guests, whatever comes of it.
    async fn act(self) {
        let mut step = self.number;
        while !self.over.is_cancelled() {
            let [a, b] = &self.hosts;
            let Ok((a, b)) = tokio::try_join!(a.connect(), b.connect()) else {
                return;
            };
            // A walk over the actor's own guests that does not repeat itself soon.
            step = step.wrapping_mul(13).wrapping_add(7);
            let guest = (step % (GUESTS_IN_ALL / ACTORS)) * ACTORS + self.number;
            let (here, there) = if (step / 512).is_multiple_of(2) {
                (a, b)
            } else {
                (b, a)
            };
            // The daemon dies under it, or a guest is busy.
            drop(self.change([&here, &there], guest, step / 64 % 5).await);
        }
    }

    async fn change(&self, hosts: [&Connect; 2], guest: usize, choice: usize) -> Result<()> {
        for (here, there) in [(hosts[0], hosts[1]), (hosts[1], hosts[0])] {
            let found = here.domain_lookup_by_name(&format!("watch-{guest}")).await;
            let Some(domain) = found.optional()? else {
                continue;
            };
            return match (domain.state().await?.state, choice) {
                (State::Shutoff, 0) => domain.undefine().await,
                (State::Shutoff, 1) => self.migrate_offline(&domain, there).await,
                (State::Shutoff, _) => domain.create().await,
                (_, 0 | 1 | 4) => self.migrate_live(&domain, there).await,
                (State::Running, 2) => domain.suspend().await,
                (State::Paused, 3) => domain.resume().await,
                _ => domain.destroy().await,
            };
        }
        hosts[0].domain_define_xml(&tiny(guest)).await.map(drop)
    }

    async fn migrate_live(&self, domain: &Domain, there: &Connect) -> Result<()> {
        let flags = MigrateFlags::LIVE | MigrateFlags::UNSAFE;
        let flags = flags | MigrateFlags::PERSIST_DEST | MigrateFlags::UNDEFINE_SOURCE;
        domain.migrate(there).flags(flags).parameters(loopback()).await?;
        self.moves.live.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn migrate_offline(&self, domain: &Domain, there: &Connect) -> Result<()> {
        let flags = MigrateFlags::OFFLINE | MigrateFlags::PERSIST_DEST;
        domain.migrate(there).flags(flags).await?;
        self.moves.offline.fetch_add(1, Ordering::Relaxed);
        // A source that undefines it by itself tells nobody so.
        domain.undefine().await
    }
}

/// Somebody who watches a host, and follows the changes by hand, for comparison with the table.
struct Observer {
    host: Reconnect,
    watch: Watch<Domain>,
    told: BTreeMap<Uuid, DomainState>,
}

/// What observers have been told.
#[derive(Default)]
struct Progress {
    /// How often each was told of all that exists.
    lists: [usize; 2],
    changes: usize,
}

impl Progress {
    fn has_listed(&self, times: [usize; 2]) -> bool {
        self.lists.iter().zip(times).all(|(listed, times)| *listed >= times)
    }
}

impl Observer {
    fn of(daemon: &Daemon) -> Self {
        let host = often(daemon);
        Self { watch: host.watch_domains(), host, told: BTreeMap::new() }
    }

    async fn follow(
        mut self,
        index: usize,
        progress: Sender<Progress>,
        over: CancellationToken,
    ) -> Self {
        loop {
            let change = tokio::select! {
                change = next(&mut self.watch) => change,
                () = over.cancelled() => return self,
            };
            self.note(&change);
            progress.send_modify(|progress| {
                progress.lists[index] += usize::from(change == Change::Current);
                progress.changes += 1;
            });
        }
    }

    fn note(&mut self, change: &Change<Domain>) {
        match change {
            Change::Appeared(entry) => {
                let before = self.told.insert(entry.object.uuid(), entry.state);
                assert_eq!(before, None, "{entry:?}");
            }
            Change::Changed { entry, before } => {
                let known = self.told.insert(entry.object.uuid(), entry.state);
                assert_eq!(known, Some(before.state), "{entry:?}");
            }
            Change::Gone(entry) => {
                let known = self.told.remove(&entry.object.uuid());
                assert_eq!(known, Some(entry.state), "{entry:?}");
            }
            _ => {}
        }
    }

    /// What the host says that it has, which nobody changes any more; but it may be tidying up.
    async fn list(&self) -> BTreeMap<Uuid, DomainState> {
        let conn = self.host.connect().await.unwrap();
        let mut list = BTreeMap::new();
        for domain in conn.list_all_domains(ListAllDomainsFlags::empty()).await.unwrap() {
            if let Some(state) = domain.state().await.optional().unwrap() {
                list.insert(domain.uuid(), state);
            }
        }
        list
    }

    /// Asserts that what it is told ends in what the host has.
    async fn assert_ends_with_the_list(&mut self) {
        let mut list = BTreeMap::new();
        let following = async {
            loop {
                list = self.list().await;
                let is_same = async {
                    while self.told != list {
                        let change = next(&mut self.watch).await;
                        self.note(&change);
                    }
                };
                if timeout(Duration::from_secs(1), is_same).await.is_ok() {
                    return;
                }
            }
        };
        if timeout(Duration::from_secs(30), following).await.is_err() {
            let told = self.told.iter().filter(|(uuid, state)| list.get(uuid) != Some(state));
            let told: Vec<_> = told.collect();
            let listed: Vec<_> =
                list.iter().filter(|(uuid, state)| self.told.get(uuid) != Some(state)).collect();
            panic!("told: {told:?}, listed: {listed:?}");
        }
        let entries = self.watch.entries();
        let table: BTreeMap<_, _> =
            entries.map(|entry| (entry.object.uuid(), entry.state)).collect();
        assert_eq!(table, self.told);
    }
}

async fn wait_for(progress: &mut Receiver<Progress>, is_it: impl FnMut(&Progress) -> bool) {
    timeout(LIMIT, progress.wait_for(is_it)).await.expect("no progress").unwrap();
}

#[tokio::test]
async fn the_tables_are_the_lists_after_all() {
    let Some(Hosts { a, b, conn_a, .. }) = Hosts::start().await else {
        return;
    };
    for number in 0..GUESTS_IN_ALL {
        conn_a.domain_define_xml(&tiny(number)).await.unwrap();
    }
    let over = CancellationToken::new();
    let moves = Arc::new(Moves::default());
    let acting = [often(&a), often(&b)];
    let act = |number| {
        let actor = Actor {
            hosts: acting.clone(),
            number,
            over: over.clone(),
            moves: moves.clone(),
        };
        tokio::spawn(actor.act())
    };
    let actors: Vec<_> = (0..ACTORS).map(act).collect();
    let nobody_acts = CancellationToken::new();
    let (sender, mut progress) = channel(Progress::default());
    let observers: Vec<_> = [&a, &b]
        .into_iter()
        .enumerate()
        .map(|(index, daemon)| {
            let observer = Observer::of(daemon);
            tokio::spawn(observer.follow(index, sender.clone(), nobody_acts.clone()))
        })
        .collect();

    // Each time everything was listed, the daemons have some more time, and die.
    wait_for(&mut progress, |now| now.has_listed([1, 1])).await;
    let mut daemons = [a, b];
    for death in 1..=DEATHS {
        let until = progress.borrow().changes + 10;
        wait_for(&mut progress, |now| now.changes >= until).await;
        let victims = if death % DEATHS_OF_ONE == 0 {
            0..2
        } else {
            0..1
        };
        let mut lists = progress.borrow().lists;
        for index in victims.clone() {
            lists[index] += 1;
        }
        let dying = move || {
            for daemon in &mut daemons[victims.clone()] {
                daemon.kill9().unwrap();
            }
            for daemon in &mut daemons[victims] {
                daemon.restart().unwrap();
            }
            daemons
        };
        daemons = tokio::task::spawn_blocking(dying).await.unwrap();
        wait_for(&mut progress, |now| now.has_listed(lists)).await;
    }
    let enough = |number: &AtomicUsize| number.load(Ordering::Relaxed) >= MOVES;
    wait_for(&mut progress, |_| enough(&moves.live) && enough(&moves.offline)).await;

    over.cancel();
    for actor in actors {
        timeout(LIMIT, actor).await.unwrap().unwrap();
    }
    for host in acting {
        host.close().await;
    }
    println!("{moves:?}, {} changes", progress.borrow().changes);
    nobody_acts.cancel();
    for observer in observers {
        observer.await.unwrap().assert_ends_with_the_list().await;
    }
}
