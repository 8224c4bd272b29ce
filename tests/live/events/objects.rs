//! What happens to other things than domains.

use libvirt_client::Connect;
use libvirt_client::events::connection::HypervisorClosed;
use libvirt_client::events::{EventKind, HostEvent, Subscription};
use libvirt_client::events::{network, node_device, secret, storage_pool};
use libvirt_client::network::EventLifecycleType as NetworkChange;
use libvirt_client::node_device::EventLifecycleType as DeviceChange;
use libvirt_client::secret::EventLifecycleType as SecretChange;
use libvirt_client::storage::storage_pool::EventLifecycleType as PoolChange;
use rig::{Daemon, Need};
use uuid::Uuid;

use crate::common::{LIMIT, qemu};

const NETWORK: &str = "events-network";
const POOL: &str = "events-pool";
const SECRET: Uuid = Uuid::from_u128(0x5ec4_e700_0000_4000_8000_0000_0000_00b1);

/// The next event that is about the right thing.
async fn next<E: EventKind>(events: &mut Subscription<E>, is_ours: impl Fn(&E) -> bool) -> E {
    let finding = async {
        loop {
            let event = events.next().await.unwrap().unwrap();
            if is_ours(&event) {
                return event;
            }
        }
    };
    tokio::time::timeout(LIMIT, finding).await.unwrap()
}

#[tokio::test]
async fn networks_pools_and_secrets_are_told_of() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let mut host = conn.host_events().await.unwrap();

    networks_are_told_of(daemon, &conn).await;
    pools_are_told_of(daemon, &conn).await;
    secrets_are_told_of(daemon, &conn).await;
    all_was_told_in_order(&mut host).await;

    // No daemon here has a hypervisor that it could lose, but each lets one ask.
    for _ in 0..2 {
        drop(host);
        host = conn.host_events().await.unwrap();
        conn.subscribe::<HypervisorClosed>(None).await.unwrap();
    }
}

async fn networks_are_told_of(daemon: &Daemon, conn: &Connect) {
    let name = NETWORK;
    let xml = format!("<network><name>{name}</name></network>");
    let mut events = conn.subscribe::<network::Lifecycle>(None).await.unwrap();
    daemon.virsh_with_file(["net-define"], &xml).unwrap();
    let network = conn.network_lookup_by_name(name).await.unwrap();
    let about = conn.subscribe::<network::Lifecycle>(Some(&network)).await;
    let mut about = about.unwrap();
    daemon.virsh(["net-start", name]).unwrap();
    daemon.virsh(["net-destroy", name]).unwrap();
    daemon.virsh(["net-undefine", name]).unwrap();
    let changes = [
        NetworkChange::Defined,
        NetworkChange::Started,
        NetworkChange::Stopped,
        NetworkChange::Undefined,
    ];
    for change in changes {
        let event = next(&mut events, |event| event.network.name() == name).await;
        assert_eq!(event.network, network);
        assert_eq!(event.change, change);
    }
    // The first was over when that subscription began.
    for change in &changes[1..] {
        let event = next(&mut about, |_| true).await;
        assert_eq!((event.network.name(), event.change), (name, *change));
    }
}

async fn pools_are_told_of(daemon: &Daemon, conn: &Connect) {
    let name = POOL;
    let dir = daemon.scratch().join(name);
    let target = dir.to_str().unwrap();
    let mut events = conn.subscribe::<storage_pool::Lifecycle>(None).await.unwrap();
    let refreshes = conn.subscribe::<storage_pool::Refresh>(None).await;
    let mut refreshes = refreshes.unwrap();
    daemon.virsh(["pool-define-as", name, "dir", "--target", target]).unwrap();
    for command in ["pool-build", "pool-start", "pool-refresh", "pool-destroy"] {
        daemon.virsh([command, name]).unwrap();
    }
    daemon.virsh(["pool-delete", name]).unwrap();
    daemon.virsh(["pool-undefine", name]).unwrap();
    for change in [
        PoolChange::Defined,
        PoolChange::Created,
        PoolChange::Started,
        PoolChange::Stopped,
        PoolChange::Deleted,
        PoolChange::Undefined,
    ] {
        let event = next(&mut events, |event| event.pool.name() == name).await;
        assert_eq!(event.change, change);
    }
    next(&mut refreshes, |event| event.pool.name() == name).await;
}

async fn secrets_are_told_of(daemon: &Daemon, conn: &Connect) {
    let uuid = SECRET;
    let mut events = conn.subscribe::<secret::Lifecycle>(None).await.unwrap();
    let mut values = conn.subscribe::<secret::ValueChanged>(None).await.unwrap();
    let xml = format!("<secret><uuid>{uuid}</uuid></secret>");
    daemon.virsh_with_file(["secret-define"], &xml).unwrap();
    let id = uuid.to_string();
    daemon.virsh(["secret-set-value", &id, "--base64", "c2VjcmV0"]).unwrap();
    daemon.virsh(["secret-undefine", &id]).unwrap();
    for change in [SecretChange::Defined, SecretChange::Undefined] {
        let event = next(&mut events, |event| event.secret.uuid() == uuid).await;
        assert_eq!(event.change, change);
    }
    next(&mut values, |event| event.secret.uuid() == uuid).await;
}

/// One stream has all of it, in order.
async fn all_was_told_in_order(host: &mut Subscription<HostEvent>) {
    let mut told = Vec::new();
    while told.len() < 14 {
        let event = tokio::time::timeout(LIMIT, host.next()).await;
        match event.unwrap().unwrap().unwrap() {
            HostEvent::Network(event) if event.network.name() == NETWORK => {
                told.push(format!("network {:?}", event.change));
            }
            HostEvent::StoragePool(event) if event.pool.name() == POOL => {
                told.push(format!("pool {:?}", event.change));
            }
            HostEvent::StoragePoolRefresh(event) if event.pool.name() == POOL => {
                told.push("pool refreshed".to_owned());
            }
            HostEvent::Secret(event) if event.secret.uuid() == SECRET => {
                told.push(format!("secret {:?}", event.change));
            }
            HostEvent::SecretValue(event) if event.secret.uuid() == SECRET => {
                told.push("secret set".to_owned());
            }
            _ => {}
        }
    }
    let expected = [
        "network Defined",
        "network Started",
        "network Stopped",
        "network Undefined",
        "pool Defined",
        "pool Created",
        "pool Started",
        "pool refreshed",
        "pool Stopped",
        "pool Deleted",
        "pool Undefined",
        "secret Defined",
        "secret set",
        "secret Undefined",
    ];
    assert_eq!(told, expected);
}

/// Nothing tells a daemon here of the host's own devices; the test driver makes some up.
#[tokio::test]
async fn devices_of_the_host_are_told_of() {
    if !rig::available(&[Need::Daemon, Need::Virsh]).unwrap() {
        return;
    }
    let daemon = Daemon::builder().test_driver().start().unwrap();
    let conn = Connect::open(&daemon.uri()).await.unwrap();
    let mut events = conn.subscribe::<node_device::Lifecycle>(None).await.unwrap();
    let updates = conn.subscribe::<node_device::Update>(None).await.unwrap();
    let mut host = conn.host_events().await.unwrap();
    let xml = "<device><parent>scsi_host2</parent><capability type='scsi_host'>\
         <capability type='fc_host'><wwnn>2000000012341234</wwnn><wwpn>2000000012341235</wwpn>\
         </capability></capability></device>";
    daemon.virsh_with_file(["nodedev-create"], xml).unwrap();
    daemon.virsh(["nodedev-destroy", "scsi_host12"]).unwrap();
    for change in [DeviceChange::Created, DeviceChange::Deleted] {
        let event = next(&mut events, |_| true).await;
        assert_eq!((event.device.name(), event.change), ("scsi_host12", change));
        let event = tokio::time::timeout(LIMIT, host.next()).await;
        let event = event.unwrap().unwrap().unwrap();
        assert!(
            matches!(&event, HostEvent::NodeDevice(event) if event.change == change),
            "{event:?}"
        );
    }
    drop(updates);
}

#[cfg(feature = "qemu")]
#[tokio::test]
async fn monitors_are_listened_to() {
    use std::time::{Duration, SystemTime};

    use libvirt_client::domain::CreateFlags;
    use libvirt_client::events::qemu::{MonitorEvent, MonitorFilter};
    use libvirt_client::qemu::MonitorEventRegisterFlags;

    use crate::common::describe;

    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let flags = CreateFlags::PAUSED | CreateFlags::AUTODESTROY;
    let (xml, _) = describe(daemon, "events-monitor", |guest| guest);
    let domain = conn.domain_create_xml(&xml, flags).await.unwrap();
    let (xml, _) = describe(daemon, "events-monitor-2", |guest| guest);
    let other = conn.domain_create_xml(&xml, flags).await.unwrap();

    let ours = |event: &MonitorEvent| event.domain == domain || event.domain == other;
    let mut all = conn.subscribe::<MonitorEvent>(None).await.unwrap();
    let mut filter = MonitorFilter { domain: Some(domain.clone()), ..MonitorFilter::default() };
    let mut of_one = conn.subscribe::<MonitorEvent>(Some(&filter)).await.unwrap();
    filter.event = Some("STOP".to_owned());
    let mut stops = conn.subscribe::<MonitorEvent>(Some(&filter)).await.unwrap();
    filter.domain = None;
    filter.event = Some("^res.*e$".to_owned());
    filter.flags = MonitorEventRegisterFlags::REGEX | MonitorEventRegisterFlags::NOCASE;
    let mut resumes = conn.subscribe::<MonitorEvent>(Some(&filter)).await.unwrap();

    other.resume().await.unwrap();
    domain.resume().await.unwrap();
    domain.suspend().await.unwrap();
    let mut names = Vec::new();
    for _ in 0..3 {
        let event = next(&mut all, ours).await;
        assert!(
            event.time > SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000),
            "{event:?}"
        );
        names.push((event.domain.name().to_owned(), event.event));
    }
    let name = |domain: &str, event: &str| (domain.to_owned(), event.to_owned());
    assert_eq!(
        names,
        [
            name("events-monitor-2", "RESUME"),
            name("events-monitor", "RESUME"),
            name("events-monitor", "STOP")
        ]
    );
    for expected in ["RESUME", "STOP"] {
        let event = next(&mut of_one, |_| true).await;
        assert_eq!((&event.domain, &*event.event), (&domain, expected));
    }
    let event = next(&mut stops, |_| true).await;
    assert_eq!((&event.domain, &*event.event), (&domain, "STOP"));
    for expected in [&other, &domain] {
        let event = next(&mut resumes, ours).await;
        assert_eq!((&event.domain, &*event.event), (expected, "RESUME"));
    }
    // What an event carries.
    daemon
        .virsh([
            "qemu-monitor-command",
            domain.name(),
            "--hmp",
            "system_reset",
        ])
        .unwrap();
    let event = next(&mut of_one, |event| event.event == "RESET").await;
    assert!(event.details.unwrap().contains("guest"));
}
