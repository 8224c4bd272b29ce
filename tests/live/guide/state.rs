//! What domains say of themselves.

use std::time::SystemTime;

use rig::guest::Disk;

use super::{Guide, value_of};
use crate::common::{define, discard, eventually, qemu, wait_for_agent, wait_for_shell};

#[tokio::test]
async fn a_guest_that_runs_and_one_that_does_not_are_described() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let guide = Guide::of(daemon);
    let name = "guide-state";
    let disk = Disk::qcow2(guide.scratch("guide-state.qcow2"), 1).unwrap();
    let guest = define(daemon, &conn, name, |guest| {
        guest.agent(true).vcpus(2, 1).memory_mib(256).current_mib(128).disk(disk)
    });
    let guest = guest.await;
    let uuid = guide.virsh(&["domuuid", name]);

    let off = [
        ("4.3.1", format!("{name} does not run, so that it has no ID")),
        ("4.3.4", format!("{name} has no current snapshot\nhas_current_snapshot: false")),
        ("4.3.5", "has_managed_save_image: false".to_owned()),
        ("4.3.8", "is_active: false".to_owned()),
        ("4.3.12", format!("{name} can have 2 processors")),
        ("4.3.14", format!("{name} is off\nreason: Shutoff(Unknown)")),
    ];
    for (number, said) in off {
        assert_eq!(guide.run(number, &[name]).await, said);
    }
    assert!(guest.domain.max_vcpus().await.is_err());
    guide.fail("4.3.6", &[name], "domain is not running").await;
    guide.fail("4.3.15", &[name], "domain is not running").await;

    guest.domain.create().await.unwrap();
    wait_for_shell(&guest.serial_log).await;
    wait_for_agent(daemon, name).await;
    guide.virsh(&["snapshot-create-as", name, "before"]);
    let id = guide.virsh(&["domid", name]);
    assert_eq!(guide.run("4.3.1", &[name]).await, format!("{name} has the ID {id}"));
    assert_eq!(guide.run("4.3.2", &[name]).await, format!("{name} has the UUID {uuid}"));
    let info = guide.virsh(&["dominfo", name]);
    let os_type = value_of(&info, "OS Type");
    assert_eq!(guide.run("4.3.3", &[name]).await, format!("{name} has the OS type {os_type}"));
    let snapshot = guide.virsh(&["snapshot-current", name, "--name"]);
    assert_eq!(
        guide.run("4.3.4", &[name]).await,
        format!("{name} has the current snapshot {snapshot}\nhas_current_snapshot: true")
    );
    assert_eq!(guide.run("4.3.6", &[name]).await, format!("{name} has the host name guest"));
    info_is_virshs(&guide, name).await;
    assert_eq!(guide.run("4.3.8", &[name]).await, "is_active: true");
    assert_eq!(guide.run("4.3.9", &[name]).await, "is_persistent: true");
    let maximum = value_of(&info, "Max memory");
    assert_eq!(guide.run("4.3.11", &[name]).await, format!("{name} can have {maximum} KiB"));
    let vcpus = guide.virsh(&["vcpucount", name, "--maximum", "--live"]);
    assert_eq!(
        guide.run("4.3.12", &[name]).await,
        format!("{name} can have {vcpus} processors")
    );
    assert_eq!(guide.run("4.3.13", &[&uuid]).await, format!("{uuid} has the name {name}"));
    let state = guide.run("4.3.14", &[name]).await;
    assert_eq!(state.lines().next(), Some(&*format!("{name} runs")));
    assert_eq!(value_of(&state, "reason").to_lowercase(), guide.reason(name));
    time_is_virshs(&guide, name).await;

    // The definition is another one, and the machine, too.
    guide.virsh(&["desc", name, "--live", "--config", "changed"]);
    guide.virsh(&["setvcpus", name, "2", "--live"]);
    guide.virsh(&[
        "define",
        &guide.file("again.xml", &guide.virsh(&["dumpxml", name])),
    ]);
    let updated = guest.domain.is_updated().await.unwrap();
    assert_eq!(
        (guide.run("4.3.10", &[name]).await, updated),
        ("is_updated: false".into(), false)
    );

    guide.virsh(&["snapshot-delete", name, "before"]);
    guide.virsh(&["managedsave", name, "--paused"]);
    let said = value_of(&guide.virsh(&["dominfo", name]), "Managed save");
    assert_eq!(said, "yes");
    assert_eq!(guide.run("4.3.5", &[name]).await, "has_managed_save_image: true");
    discard(&guest.domain).await;
}

async fn info_is_virshs(guide: &Guide<'_>, name: &str) {
    // The balloon takes its time.
    eventually("the guest has given memory up", async || {
        value_of(&guide.virsh(&["dominfo", name]), "Used memory") == "131072"
    })
    .await;
    let before = guide.virsh(&["dominfo", name]);
    let said = guide.run("4.3.7", &[name]).await;
    let after = guide.virsh(&["dominfo", name]);
    for (ours, virshs) in [
        ("maximum of memory", "Max memory"),
        ("memory", "Used memory"),
        ("processors", "CPU(s)"),
    ] {
        assert_eq!(value_of(&said, ours), value_of(&after, virshs), "{said}");
    }
    assert_eq!(value_of(&said, "state").to_lowercase(), value_of(&after, "State"));
    let time = value_of(&said, "CPU time").parse::<f64>().unwrap();
    let [before, after] = [before, after].map(|info| {
        let time = value_of(&info, "CPU time");
        time.trim_end_matches('s').parse::<f64>().unwrap()
    });
    // virsh has one digit less.
    assert!(before - 0.1 <= time && time <= after + 0.1, "{before} {time} {after}");
}

async fn time_is_virshs(guide: &Guide<'_>, name: &str) {
    let virshs = || value_of(&guide.virsh(&["domtime", name]), "Time").parse::<u64>().unwrap();
    let before = virshs();
    let said = guide.run("4.3.15", &[name]).await;
    let after = virshs();
    let time = said.strip_prefix(&format!("in {name} it is ")).unwrap();
    let time = humantime::parse_rfc3339(time).unwrap();
    let time = time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    assert!((before..=after).contains(&time), "{before} {time} {after}");
}
