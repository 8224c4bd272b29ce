//! Tables of what exists.

use std::collections::BTreeMap;
use std::time::Duration;

use libvirt_client::connect::ListAllDomainsFlags;
use libvirt_client::domain::{CreateFlags, Domain, DomainState, State};
use libvirt_client::network::{self, Network};
use libvirt_client::storage::StoragePool;
use libvirt_client::storage::storage_pool::{self, State as PoolState};
use libvirt_client::watch::{Change, Entry, Watch, Watched};
use libvirt_client::{Backoff, Connect, Optional as _, Reconnect};
use rig::Daemon;
use tokio::time::timeout;
use uuid::Uuid;

use crate::common::{GUESTS, LIMIT, test_driver};

const TEST_XML: &str = "<domain type='test'><name>NAME</name><memory>1024</memory>\
                        <os><type>hvm</type></os></domain>";

/// Takes changes until one satisfies the condition.
async fn until<O: Watched>(
    watch: &mut Watch<O>,
    what: &str,
    condition: impl Fn(&Change<O>) -> bool,
) {
    let waiting = async {
        loop {
            let change = watch.next().await.unwrap().unwrap();
            if condition(&change) {
                return;
            }
        }
    };
    timeout(LIMIT, waiting).await.unwrap_or_else(|_| panic!("not told: {what}"));
}

/// Whether the change is one to that state.
fn is_now<O: Watched>(change: &Change<O>, is_it: impl Fn(&Entry<O>) -> bool) -> bool {
    match change {
        Change::Appeared(entry) | Change::Changed { entry, .. } => is_it(entry),
        _ => false,
    }
}

#[tokio::test]
async fn domains() {
    let Some((_, conn)) = test_driver().await else {
        return;
    };
    let mut watch = conn.watch_domains();
    until(&mut watch, "the list", |change| *change == Change::Current).await;
    assert!(watch.entries().any(|entry| entry.object.name() == "test"));
    assert!(!watch.is_empty() && watch.len() == watch.entries().count());

    let name = "watch-domains";
    let is = |state: State| {
        move |change: &Change<Domain>| {
            is_now(change, |entry| entry.object.name() == name && entry.state == state)
        }
    };
    let domain = conn.domain_define_xml(&TEST_XML.replace("NAME", name)).await.unwrap();
    until(&mut watch, "its definition", is(State::Shutoff)).await;
    domain.create().await.unwrap();
    until(&mut watch, "its start", is(State::Running)).await;
    domain.suspend().await.unwrap();
    until(&mut watch, "its pause", |change| match change {
        Change::Changed { entry, before } if entry.object.name() == name => {
            before.state == State::Running && entry.state == State::Paused
        }
        _ => false,
    })
    .await;
    domain.destroy().await.unwrap();
    until(&mut watch, "its end", is(State::Shutoff)).await;
    let renamed = "watch-renamed";
    domain.rename(renamed).await.unwrap();
    until(
        &mut watch,
        "its name",
        |change| matches!(change, Change::Changed { entry, .. } if entry.object.name() == renamed),
    )
    .await;
    domain.undefine().await.unwrap();
    until(
        &mut watch,
        "that it is gone",
        |change| matches!(change, Change::Gone(entry) if entry.object.name() == renamed),
    )
    .await;
    conn.close().await;
    let error = watch.next().await.unwrap().unwrap_err();
    assert!(error.is_closed(), "{error}");
    assert!(watch.next().await.is_none());
}

#[tokio::test]
async fn networks_and_pools() {
    let Some((_, conn)) = test_driver().await else {
        return;
    };
    let mut networks = conn.watch_networks();
    let xml = "<network><name>watch-net</name><ip address='192.168.96.1'/></network>";
    let network = conn.network_define_xml(xml, network::DefineFlags::empty()).await.unwrap();
    let is = |name: &'static str, active: bool| {
        move |change: &Change<Network>| {
            is_now(change, |entry| entry.object.name() == name && entry.state == active)
        }
    };
    until(&mut networks, "its definition", is("watch-net", false)).await;
    network.create().await.unwrap();
    until(&mut networks, "its start", is("watch-net", true)).await;
    network.destroy().await.unwrap();
    network.undefine().await.unwrap();
    until(
        &mut networks,
        "its end",
        |change| matches!(change, Change::Gone(entry) if entry.object.name() == "watch-net"),
    )
    .await;

    let mut pools = conn.watch_storage_pools();
    let xml = "<pool type='dir'><name>watch-pool</name><target><path>/x</path></target></pool>";
    let flags = storage_pool::DefineFlags::empty();
    let pool = conn.storage_pool_define_xml(xml, flags).await.unwrap();
    let is = |state: PoolState| {
        move |change: &Change<StoragePool>| {
            is_now(change, |entry| entry.object.name() == "watch-pool" && entry.state == state)
        }
    };
    until(&mut pools, "its definition", is(PoolState::Inactive)).await;
    pool.create(storage_pool::CreateFlags::empty()).await.unwrap();
    until(&mut pools, "its start", is(PoolState::Running)).await;
    pool.destroy().await.unwrap();
    pool.undefine().await.unwrap();
    until(
        &mut pools,
        "its end",
        |change| matches!(change, Change::Gone(entry) if entry.object.name() == "watch-pool"),
    )
    .await;
}

fn often(daemon: &Daemon) -> Reconnect {
    let backoff = Backoff::new(Duration::from_millis(20), Duration::from_millis(200));
    Connect::builder(&daemon.uri()).reconnecting(backoff).unwrap()
}

/// A guest that takes little, and never boots.
fn tiny(number: usize) -> String {
    format!(
        "<domain type='qemu'><name>watch-{number}</name><memory unit='MiB'>4</memory>\
         <os><type arch='x86_64' machine='pc'>hvm</type></os>\
         <devices><controller type='usb' model='none'/><memballoon model='none'/></devices>\
         </domain>"
    )
}

const GUESTS_IN_ALL: usize = 200;
const DEATHS: usize = 20;
const ACTORS: usize = 4;

/// Starts, pauses, ends, removes and defines guests, whatever comes of it.
async fn act(host: Reconnect, actor: usize) {
    let mut step = actor;
    loop {
        let Ok(conn) = host.connect().await else {
            return;
        };
        // A walk over the actor's own guests that does not repeat itself soon.
        step = step.wrapping_mul(13).wrapping_add(7);
        let number = (step % (GUESTS_IN_ALL / ACTORS)) * ACTORS + actor;
        let looking = conn.domain_lookup_by_name(&format!("watch-{number}")).await;
        let done = match looking.optional() {
            Ok(Some(domain)) => match (domain.state().await, step / 64 % 4) {
                (Ok(now), 0) if now == State::Shutoff => domain.undefine().await,
                (Ok(now), _) if now == State::Shutoff => domain.create().await,
                (Ok(now), 0 | 1) if now == State::Running => domain.suspend().await,
                (Ok(now), 2) if now == State::Paused => domain.resume().await,
                (Ok(_), _) => domain.destroy().await,
                (Err(error), _) => Err(error),
            },
            Ok(None) => conn.domain_define_xml(&tiny(number)).await.map(drop),
            Err(error) => Err(error),
        };
        // The daemon dies under it, or a guest is busy.
        drop(done);
    }
}

/// Follows the changes by hand, for comparison with the table.
fn note(told: &mut BTreeMap<Uuid, DomainState>, change: &Change<Domain>) {
    match change {
        Change::Appeared(entry) => {
            let before = told.insert(entry.object.uuid(), entry.state);
            assert_eq!(before, None, "{entry:?}");
        }
        Change::Changed { entry, before } => {
            let known = told.insert(entry.object.uuid(), entry.state);
            assert_eq!(known, Some(before.state), "{entry:?}");
        }
        Change::Gone(entry) => {
            assert_eq!(told.remove(&entry.object.uuid()), Some(entry.state), "{entry:?}");
        }
        _ => {}
    }
}

#[tokio::test]
async fn the_table_is_the_list_after_all() {
    if !rig::available(GUESTS).unwrap() {
        return;
    }
    let mut daemon = Daemon::builder().start().unwrap();
    let host = often(&daemon);
    let conn = host.connect().await.unwrap();
    for number in 0..GUESTS_IN_ALL {
        conn.domain_define_xml(&tiny(number)).await.unwrap();
    }
    let mut watch = host.watch_domains();
    let acting = often(&daemon);
    let actors: Vec<_> =
        (0..ACTORS).map(|actor| tokio::spawn(act(acting.clone(), actor))).collect();

    let mut told = BTreeMap::new();
    let mut gaps = 0;
    let mut changes = 0;
    // Each time everything was listed, the daemon has some more time, and dies.
    while gaps <= DEATHS {
        let change = timeout(LIMIT, watch.next()).await.unwrap().unwrap().unwrap();
        note(&mut told, &change);
        changes += 1;
        if change == Change::Current {
            gaps += 1;
            let until = changes + 10;
            while gaps <= DEATHS && changes < until {
                let change = timeout(LIMIT, watch.next()).await.unwrap().unwrap().unwrap();
                note(&mut told, &change);
                changes += 1;
            }
            if gaps <= DEATHS {
                daemon.kill9().unwrap();
                daemon.restart().unwrap();
            }
        }
    }
    for actor in actors {
        actor.abort();
    }
    acting.close().await;

    // What was under way comes to its end.
    let conn = host.connect().await.unwrap();
    let listing = async {
        let mut list = BTreeMap::new();
        for domain in conn.list_all_domains(ListAllDomainsFlags::empty()).await.unwrap() {
            if let Some(state) = domain.state().await.optional().unwrap() {
                list.insert(domain.uuid(), state);
            }
        }
        list
    };
    let mut list = listing.await;
    let is_same = async {
        while told != list {
            let change = watch.next().await.unwrap().unwrap();
            note(&mut told, &change);
        }
    };
    if timeout(Duration::from_secs(30), is_same).await.is_err() {
        list.retain(|uuid, state| told.get(uuid) != Some(state));
        panic!("{list:?}");
    }
    let table: BTreeMap<_, _> =
        watch.entries().map(|entry| (entry.object.uuid(), entry.state)).collect();
    assert_eq!(table, told);
}

#[tokio::test]
async fn a_host_that_is_not_there_yet() {
    let Some((daemon, _)) = test_driver().await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("socket");
    let backoff = Backoff::new(Duration::from_millis(10), Duration::from_millis(10));
    let uri = format!("test+unix:///default?socket={}", socket.display());
    let host = Connect::builder(&uri).reconnecting(backoff).unwrap();
    let mut watch = host.watch_domains();
    assert!(timeout(Duration::from_millis(100), watch.next()).await.is_err());
    std::os::unix::fs::symlink(daemon.socket(), &socket).unwrap();
    until(&mut watch, "the list", |change| *change == Change::Current).await;
    let flags = CreateFlags::empty();
    let conn = host.connect().await.unwrap();
    let xml = TEST_XML.replace("NAME", "watch-late");
    let domain = conn.domain_create_xml(&xml, flags).await.unwrap();
    until(&mut watch, "a start", |change| {
        is_now(change, |entry| entry.object.name() == "watch-late")
    })
    .await;
    domain.destroy().await.unwrap();
    host.close().await;
    let last = async {
        loop {
            match watch.next().await {
                Some(Ok(_)) => {}
                other => return other,
            }
        }
    };
    assert!(timeout(LIMIT, last).await.unwrap().unwrap().is_err());
    assert!(watch.next().await.is_none());
}
