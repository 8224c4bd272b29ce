//! What is counted of a running guest.

use std::collections::BTreeSet;

use super::{Guide, value_of};
use crate::programs::assert_fails;

pub async fn of_a_running_guest(guide: &Guide<'_>, name: &str) {
    // Nothing is to move between two looks.
    guide.virsh(&["suspend", name]);
    block(guide, name).await;
    processors(guide, name).await;
    memory(guide, name).await;
    let said = guide.run("4.6.4", &[name]).await;
    assert_eq!(said, "an interface of the type user has no device on the host");
    guide.virsh(&["resume", name]);
}

async fn block(guide: &Guide<'_>, name: &str) {
    let virshs = guide.virsh(&["domblkstat", name, "vda"]);
    let said = guide.run("4.6.1a", &[name]).await;
    for (ours, theirs) in [
        ("read requests", "rd_req"),
        ("bytes read", "rd_bytes"),
        ("write requests", "wr_req"),
        ("bytes written", "wr_bytes"),
    ] {
        let ours = value_of(&said, &format!("vda {ours}"));
        assert_eq!(ours, value_of(&virshs, &format!("vda {theirs}")), "{said}");
    }
    // The guest's kernel has looked for partitions.
    assert_ne!(value_of(&said, "vda bytes read"), "0");
    assert!(said.contains("sda read requests: ") && !said.contains("errors"), "{said}");

    let said = guide.run("4.6.1b", &[name]).await;
    for (ours, theirs) in [
        ("read", "rd_req"),
        ("write", "wr_req"),
        ("flush", "flush_operations"),
    ] {
        let ours = value_of(&said, &format!("vda {ours} requests"));
        assert_eq!(ours, value_of(&virshs, &format!("vda {theirs}")), "{said}");
    }
}

async fn processors(guide: &Guide<'_>, name: &str) {
    let virshs = guide.daemon.virsh_output(["cpu-stats", name, "--total"]).unwrap();
    if virshs.status.success() {
        let virshs = String::from_utf8(virshs.stdout).unwrap();
        let said = guide.run("4.6.2b", &[name]).await;
        for (ours, theirs) in [
            ("CPU time", "cpu_time"),
            ("in user mode", "user_time"),
            ("in the kernel", "system_time"),
        ] {
            let time = |text: &str, name| value_of(text, name).parse::<f64>().unwrap();
            // The hypervisor itself goes on.
            assert!((time(&said, ours) - time(&virshs, theirs)).abs() < 1.0, "{said} {virshs}");
        }
    } else {
        // Without control groups nobody counts.
        let reason = String::from_utf8(virshs.stderr).unwrap();
        let reason = reason.trim().rsplit("error: ").next().unwrap().to_owned();
        assert_fails(&guide.output("4.6.2b", &[name]).await, &reason);
    }

    let virshs = guide.daemon.virsh_output(["cpu-stats", name, "--start", "0"]).unwrap();
    let said = guide.run("4.6.2a", &[name]).await;
    if virshs.status.success() {
        let virshs = String::from_utf8(virshs.stdout).unwrap();
        assert_eq!(said.lines().count(), virshs.matches("cpu_time").count(), "{said} {virshs}");
    } else {
        assert_eq!(said, "the host counts for all processors together only", "{virshs:?}");
    }

    let virshs = guide.virsh(&["vcpuinfo", name]);
    let said = guide.run("4.6.2c", &[name]).await;
    let time = value_of(&said, "virtual processor 0").parse::<f64>().unwrap();
    let theirs = value_of(&virshs, "CPU time");
    let theirs = theirs.trim_end_matches('s').parse::<f64>().unwrap();
    // virsh has one digit less.
    assert!(time > 0.0 && (time - theirs).abs() <= 0.1, "{said} {virshs}");
    assert_eq!(said.lines().count(), 1);
}

async fn memory(guide: &Guide<'_>, name: &str) {
    let virshs = guide.virsh(&["dommemstat", name]);
    let said = guide.run("4.6.3", &[name]).await;
    let names = |text: &str| {
        let names = text.lines().map(|line| line.split([' ', ':']).next().unwrap().to_owned());
        names.collect::<BTreeSet<_>>()
    };
    assert_eq!(names(&said), names(&virshs));
    for name in ["actual", "available", "unused"] {
        assert_eq!(value_of(&said, name), value_of(&virshs, name), "{said} {virshs}");
    }
    assert_eq!(value_of(&said, "actual"), "262144");
}
