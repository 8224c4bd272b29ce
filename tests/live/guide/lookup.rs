//! Look-ups and lists.

use std::collections::BTreeSet;

use libvirt_client::Connect;
use libvirt_client::domain::{CreateFlags, SaveRestoreFlags};
use rig::Daemon;
use rig::guest::{Disk, Guest};

use super::Guide;
use crate::common::GUESTS;

/// The filters, and the options of `virsh list` that mean the same.
const FILTERS: [(&str, &str); 17] = [
    ("ACTIVE", ""),
    ("INACTIVE", "--inactive"),
    ("PERSISTENT", "--all --persistent"),
    ("TRANSIENT", "--all --transient"),
    ("RUNNING", "--all --state-running"),
    ("PAUSED", "--all --state-paused"),
    ("SHUTOFF", "--all --state-shutoff"),
    ("OTHER", "--all --state-other"),
    ("MANAGEDSAVE", "--all --with-managed-save"),
    ("NO_MANAGEDSAVE", "--all --without-managed-save"),
    ("AUTOSTART", "--all --autostart"),
    ("NO_AUTOSTART", "--all --no-autostart"),
    ("HAS_SNAPSHOT", "--all --with-snapshot"),
    ("NO_SNAPSHOT", "--all --without-snapshot"),
    ("HAS_CHECKPOINT", "--all --with-checkpoint"),
    ("NO_CHECKPOINT", "--all --without-checkpoint"),
    (
        "(PAUSED or SHUTOFF) and PERSISTENT",
        "--all --state-paused --state-shutoff --persistent",
    ),
];

#[tokio::test]
async fn domains_are_found_and_listed() {
    if !rig::available(GUESTS).unwrap() {
        return;
    }
    // Of its own: other tests' guests would come and go between two lists.
    let daemon = Daemon::builder().start().unwrap();
    let conn = Connect::open(&daemon.uri()).await.unwrap();
    let guide = Guide::of(&daemon);
    assert_eq!(guide.run("4.2a", &[]).await, "running domains: 0");
    one_guest_for_each_side_of_each_filter(&daemon, &conn).await;

    let [id, uuid] = ["domid", "domuuid"].map(|command| guide.virsh(&[command, "paused"]));
    let by_id = guide.run("4.1a", &[&id]).await;
    assert_eq!(by_id, format!("the domain with the ID {id} is paused"));
    assert_eq!(guide.run("4.1a", &["4711"]).await, "no domain has the ID 4711");
    let by_name = guide.run("4.1b", &["paused"]).await;
    assert_eq!(by_name, format!("the domain with the name paused is {uuid}"));
    let by_uuid = guide.run("4.1c", &[&uuid]).await;
    assert_eq!(by_uuid, format!("the domain with the UUID {uuid} is paused"));
    guide.fail("4.1a", &["x"], "the ID 'x': invalid digit").await;
    guide.fail("4.1b", &["nobody"], "no domain with matching name 'nobody'").await;
    guide.fail("4.1c", &["nobody"], "the UUID 'nobody': invalid").await;

    let ids = guide.virsh(&["list", "--id"]);
    assert_eq!(listed(&guide.run("4.2a", &[]).await), (2, words(&ids)));
    let defined = guide.virsh(&["list", "--inactive", "--name"]);
    assert_eq!(listed(&guide.run("4.2b", &[]).await), (2, words(&defined)));
    let all = guide.run("4.2c", &[]).await;
    assert!(all.starts_with("all domains: 4\n"), "{all}");
    assert!(all.contains(&format!("\n  paused runs with the ID {id}")), "{all}");
    assert!(all.contains("\n  saved does not run"), "{all}");

    let filtered = guide.run("4.2d", &[]).await;
    assert_eq!(filtered.lines().count(), FILTERS.len(), "{filtered}");
    for ((filter, options), line) in FILTERS.iter().zip(filtered.lines()) {
        let options: Vec<_> =
            ["list", "--name"].into_iter().chain(options.split_whitespace()).collect();
        let (name, found) = line.split_once(':').unwrap();
        assert_eq!((name, words(found)), (*filter, words(&guide.virsh(&options))));
    }
}

/// The number in the first line, and what is in the others.
fn listed(text: &str) -> (usize, BTreeSet<&str>) {
    let (first, rest) = text.split_once('\n').unwrap();
    (first.rsplit(' ').next().unwrap().parse().unwrap(), words(rest))
}

fn words(text: &str) -> BTreeSet<&str> {
    text.split_whitespace().collect()
}

async fn one_guest_for_each_side_of_each_filter(daemon: &Daemon, conn: &Connect) {
    let with_disk = |name: &str| {
        let disk = Disk::qcow2(daemon.scratch().join(format!("{name}.qcow2")), 1).unwrap();
        Guest::new(name).disk(disk).xml().unwrap()
    };
    let running = Guest::new("running").xml().unwrap();
    conn.domain_create_xml(&running, CreateFlags::empty()).await.unwrap();
    conn.domain_create_xml(&with_disk("paused"), CreateFlags::PAUSED).await.unwrap();
    daemon.virsh(["checkpoint-create-as", "paused", "c1"]).unwrap();
    let off = conn.domain_define_xml(&with_disk("off")).await.unwrap();
    off.set_autostart(true).await.unwrap();
    daemon.virsh(["snapshot-create-as", "off", "s1"]).unwrap();
    let saved = conn.domain_define_xml(&Guest::new("saved").xml().unwrap()).await.unwrap();
    saved.create_with_flags(CreateFlags::PAUSED).await.unwrap();
    saved.managed_save(SaveRestoreFlags::empty()).await.unwrap();
}
