//! Guests from XML.

use libvirt_client::Connect;

use super::{Guide, value_of};
use crate::common::{describe, discard, qemu};

#[tokio::test]
async fn guests_start_from_files() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let guide = Guide::of(daemon);
    let file = |name: &str| {
        let (xml, _) = describe(daemon, name, |guest| guest);
        guide.file(&format!("{name}.xml"), &xml)
    };
    let is_persistent = |name: &str| value_of(&guide.virsh(&["dominfo", name]), "Persistent");

    let name = "guide-transient";
    assert_eq!(guide.run("4.4.1a", &[&file(name)]).await, format!("{name} has booted"));
    assert_eq!((&*guide.reason(name), &*is_persistent(name)), ("running(booted)", "no"));
    guide.virsh(&["destroy", name]);
    assert_gone(&guide, name);
    guide.fail("4.4.1a", &["/nowhere"], "'/nowhere': No such file").await;
    let bad = guide.file("guide-bad.xml", "<domain type='qemu'/>");
    guide.fail("4.4.1a", &[&bad], "missing name").await;

    let name = "guide-paused";
    let said = guide.run("4.4.1b", &[&file(name)]).await;
    let (before, after) = said.split_once('\n').unwrap();
    assert_eq!(before, format!("{name}: Paused(User)"));
    assert_eq!(after.to_lowercase(), format!("{name}: {}", guide.reason(name)));
    assert_eq!(guide.reason(name), "running(unpaused)");
    guide.virsh(&["destroy", name]);

    let name = "guide-auto-destroy";
    let said = guide.run("4.4.1c", &[&file(name)]).await;
    let ended = format!("{name} has ended with its connection: Stopped(Destroyed)");
    assert_eq!(said, format!("{name} has booted\n{ended}"));
    assert_gone(&guide, name);

    let name = "guide-persistent";
    assert_eq!(guide.run("4.4.1d", &[&file(name)]).await, format!("{name} has booted"));
    assert_eq!((&*guide.reason(name), &*is_persistent(name)), ("running(booted)", "yes"));
    end(&conn, name).await;

    let name = "guide-made-persistent";
    let said = guide.run("4.4.1e", &[&file(name)]).await;
    assert_eq!(said, format!("{name} is persistent: false\n{name} is persistent: true"));
    assert_eq!((&*guide.reason(name), &*is_persistent(name)), ("running(booted)", "yes"));
    end(&conn, name).await;
}

fn assert_gone(guide: &Guide<'_>, name: &str) {
    let all = guide.virsh(&["list", "--all", "--name"]);
    assert!(all.lines().all(|line| line.trim() != name), "{all}");
}

async fn end(conn: &Connect, name: &str) {
    discard(&conn.domain_lookup_by_name(name).await.unwrap()).await;
}
