//! Identifying and finding domains.

use std::collections::{BTreeSet, HashSet};
use std::fs;

use libvirt_client::domain::{CreateFlags, Domain, SaveRestoreFlags};
use libvirt_client::types::connect::ListAllDomainsFlags as Filter;
use libvirt_client::types::error::ErrorCode;
use libvirt_client::{Connect, Error, Optional};
use rig::guest::{Disk, Guest};
use rig::{Daemon, Need};
use uuid::Uuid;

use crate::common::{GUESTS, describe, discard, qemu};

#[tokio::test]
async fn a_domain_is_the_same_by_number_name_and_uuid() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let (xml, _) = describe(daemon, "lookup-identity", |guest| guest);
    let flags = CreateFlags::PAUSED | CreateFlags::AUTODESTROY;
    let created = conn.domain_create_xml(&xml, flags).await.unwrap();

    assert_eq!(created.name(), "lookup-identity");
    let virsh = |command| daemon.virsh([command, "lookup-identity"]).unwrap();
    assert_eq!(created.uuid().to_string(), virsh("domuuid").trim());
    let id = created.id().unwrap();
    assert_eq!(id.to_string(), virsh("domid").trim());

    let by_id = conn.domain_lookup_by_id(id).await.unwrap();
    let by_name = conn.domain_lookup_by_name("lookup-identity").await.unwrap();
    let by_uuid = conn.domain_lookup_by_uuid(created.uuid()).await.unwrap();
    for found in [&by_id, &by_name, &by_uuid] {
        assert_eq!(found, &created);
        assert_eq!(found.name(), created.name());
        assert_eq!(found.uuid(), created.uuid());
        assert_eq!(found.id(), Some(id));
    }
    // Only the UUID and the connection count, and neither ever changes.
    #[allow(clippy::mutable_key_type)]
    let same = HashSet::from([created.clone(), by_id, by_name, by_uuid]);
    assert_eq!(same.len(), 1);

    // The same guest over another connection is another handle, until it is moved over.
    let other = Connect::open(&daemon.uri()).await.unwrap();
    let elsewhere = other.domain_lookup_by_id(id).await.unwrap();
    assert_ne!(elsewhere, created);
    assert_eq!(elsewhere.via(&conn), created);
    other.close().await;
    assert!(elsewhere.info().await.unwrap_err().is_closed());
    assert!(elsewhere.via(&conn).info().await.is_ok());

    discard(&created).await;
}

#[tokio::test]
async fn what_is_not_there_is_an_error_or_none() {
    let Some((_, conn)) = qemu().await else {
        return;
    };
    let by_name = conn.domain_lookup_by_name("lookup-nobody").await;
    let error = by_name.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::NoDomain));
    assert!(error.is_not_found());
    assert!(error.to_string().contains("lookup-nobody"), "{error}");

    let uuid = Uuid::from_u128(0x6f1f_0b51_c0de_4c0d_a000_0000_0000_0001);
    let by_uuid = conn.domain_lookup_by_uuid(uuid).await;
    assert!(by_uuid.unwrap_err().to_string().contains(&uuid.to_string()));

    let by_id = conn.domain_lookup_by_id(i32::MAX as u32).await;
    assert_eq!(by_id.optional().unwrap(), None);
    let by_name = conn.domain_lookup_by_name("lookup-nobody").await;
    assert_eq!(by_name.optional().unwrap(), None);
    let by_uuid = conn.domain_lookup_by_uuid(uuid).await;
    assert_eq!(by_uuid.optional().unwrap(), None);

    // On the wire the number has a sign.
    let error = conn.domain_lookup_by_id(1 << 31).await.unwrap_err();
    assert!(matches!(error, Error::InvalidArgument { .. }), "{error:?}");
}

/// A filter, the options of `virsh list` that mean the same, and what passes it in the daemon of
/// [`Listed`].
const FILTERS: [(Filter, &str, &[&str]); 18] = [
    (Filter::empty(), "--all", &["off", "paused", "running", "saved"]),
    (Filter::ACTIVE, "", &["paused", "running"]),
    (Filter::INACTIVE, "--inactive", &["off", "saved"]),
    (Filter::PERSISTENT, "--all --persistent", &["off", "saved"]),
    (Filter::TRANSIENT, "--all --transient", &["paused", "running"]),
    (Filter::RUNNING, "--all --state-running", &["running"]),
    (Filter::PAUSED, "--all --state-paused", &["paused"]),
    (Filter::SHUTOFF, "--all --state-shutoff", &["off", "saved"]),
    (Filter::OTHER, "--all --state-other", &[]),
    (Filter::MANAGEDSAVE, "--all --with-managed-save", &["saved"]),
    (
        Filter::NO_MANAGEDSAVE,
        "--all --without-managed-save",
        &["off", "paused", "running"],
    ),
    (Filter::AUTOSTART, "--all --autostart", &["off"]),
    (Filter::NO_AUTOSTART, "--all --no-autostart", &["paused", "running", "saved"]),
    (Filter::HAS_SNAPSHOT, "--all --with-snapshot", &["off"]),
    (Filter::NO_SNAPSHOT, "--all --without-snapshot", &["paused", "running", "saved"]),
    (Filter::HAS_CHECKPOINT, "--all --with-checkpoint", &["paused"]),
    (
        Filter::NO_CHECKPOINT,
        "--all --without-checkpoint",
        &["off", "running", "saved"],
    ),
    // Of one group either may hold, of two groups both must.
    (
        Filter::PAUSED.union(Filter::SHUTOFF).union(Filter::NO_AUTOSTART),
        "--all --state-paused --state-shutoff --no-autostart",
        &["paused", "saved"],
    ),
];

#[tokio::test]
async fn lists_are_those_of_virsh() {
    if !rig::available(GUESTS).unwrap() {
        return;
    }
    // Its own: other tests' guests would come and go between two lists.
    let daemon = Daemon::builder().start().unwrap();
    let conn = Connect::open(&daemon.uri()).await.unwrap();
    let listed = Listed::new(&daemon, &conn).await;

    for (name, flag) in Filter::all().iter_names() {
        assert!(FILTERS.iter().any(|(filter, ..)| *filter == flag), "{name}");
    }
    for (filter, options, expected) in FILTERS {
        let found = conn.list_all_domains(filter).await.unwrap();
        let names: BTreeSet<_> = found.iter().map(Domain::name).collect();
        assert_eq!(names, expected.iter().copied().collect(), "{filter:?}");
        let args = ["list", "--name"].into_iter().chain(options.split_whitespace());
        let output = daemon.virsh(args).unwrap();
        let of_virsh: BTreeSet<_> = output.split_whitespace().collect();
        assert_eq!(names, of_virsh, "{filter:?} and {options}");
        let count = conn.count_all_domains(filter).await.unwrap();
        assert_eq!(count as usize, expected.len(), "{filter:?}");
    }

    // The older calls.
    assert_eq!(conn.num_of_domains().await.unwrap(), 2);
    let ids: BTreeSet<_> = conn.list_domains().await.unwrap().into_iter().collect();
    let expected = [&listed.running, &listed.paused].map(|domain| domain.id().unwrap());
    assert_eq!(ids, expected.into());
    assert_eq!(conn.num_of_defined_domains().await.unwrap(), 2);
    let mut names = conn.list_defined_domains().await.unwrap();
    names.sort();
    assert_eq!(names, ["off", "saved"]);

    // What the list says of each is what a lookup says.
    for domain in conn.list_all_domains(Filter::empty()).await.unwrap() {
        let found = conn.domain_lookup_by_uuid(domain.uuid()).await.unwrap();
        assert_eq!((found.name(), found.id()), (domain.name(), domain.id()));
    }
}

/// One guest for each side of each filter.
struct Listed {
    running: Domain,
    paused: Domain,
}

impl Listed {
    async fn new(daemon: &Daemon, conn: &Connect) -> Self {
        let xml = |guest: Guest| guest.xml().unwrap();
        let running = xml(Guest::new("running"));
        let running = conn.domain_create_xml(&running, CreateFlags::empty()).await;

        let disk = Disk::qcow2(daemon.scratch().join("paused.qcow2"), 1).unwrap();
        let paused = xml(Guest::new("paused").disk(disk));
        let paused = conn.domain_create_xml(&paused, CreateFlags::PAUSED).await;
        daemon.virsh(["checkpoint-create-as", "paused", "c1"]).unwrap();

        let disk = Disk::qcow2(daemon.scratch().join("off.qcow2"), 1).unwrap();
        let off = xml(Guest::new("off").disk(disk));
        let off = conn.domain_define_xml(&off).await.unwrap();
        off.set_autostart(true).await.unwrap();
        daemon.virsh(["snapshot-create-as", "off", "s1"]).unwrap();

        let saved = conn.domain_define_xml(&xml(Guest::new("saved"))).await.unwrap();
        saved.create_with_flags(CreateFlags::PAUSED).await.unwrap();
        saved.managed_save(SaveRestoreFlags::empty()).await.unwrap();

        Self { running: running.unwrap(), paused: paused.unwrap() }
    }
}

/// The states that no real guest is in for long: the test driver starts in whatever state its file
/// says.
#[tokio::test]
async fn crashed_and_sleeping_domains_are_other() {
    if !rig::available(&[Need::Daemon, Need::Virsh]).unwrap() {
        return;
    }
    let daemon = Daemon::builder().test_driver().start().unwrap();
    let domain = |name: &str, state: u32| {
        format!(
            "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
               <name>{name}</name><memory>8192</memory><os><type>hvm</type></os>
               <test:runstate>{state}</test:runstate>
             </domain>"
        )
    };
    let node = format!(
        "<node>{}{}{}</node>",
        domain("runs", 1),
        domain("crashed", 6),
        domain("sleeps", 7)
    );
    let file = daemon.scratch().join("node.xml");
    fs::write(&file, node).unwrap();
    let uri = format!("test+unix://{}?socket={}", file.display(), daemon.socket().display());
    let conn = Connect::open(&uri).await.unwrap();
    let names = async |filter| {
        let domains = conn.list_all_domains(filter).await.unwrap();
        let names = domains.iter().map(|domain| domain.name().to_owned());
        names.collect::<BTreeSet<_>>()
    };
    let both = ["crashed", "sleeps"].map(String::from).into();
    assert_eq!(names(Filter::OTHER).await, both);
    assert_eq!(names(Filter::RUNNING).await, [String::from("runs")].into());
}
