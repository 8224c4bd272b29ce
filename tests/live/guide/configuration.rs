//! What is in a domain's XML, and what can be changed of it.

use super::{Guide, value_of};
use crate::common::{define, discard, eventually, qemu};

pub async fn of_a_running_guest(guide: &Guide<'_>, name: &str) {
    let vcpus = |kind| guide.virsh(&["vcpucount", name, "--current", kind]);
    assert_eq!(guide.run("4.5.3a", &[name, "2"]).await, format!("{name} has 2 processors"));
    assert_eq!((&*vcpus("--live"), &*vcpus("--config")), ("2", "1"));
    guide.fail("4.5.3a", &[name, "5"], "greater than max").await;
    guide.fail("4.5.3a", &[name, "two"], "the count 'two': invalid digit").await;

    let said = guide.run("4.5.3b", &[name, "163840"]).await;
    assert_eq!(said, format!("{name} is to have 163840 KiB of 262144 KiB"));
    eventually("the guest has given memory up", async || {
        value_of(&guide.virsh(&["dommemstat", name]), "actual") == "163840"
    })
    .await;
}

#[tokio::test]
async fn a_definition_is_read_and_changed() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let guide = Guide::of(daemon);
    let name = "guide-configuration";
    let guest = define(daemon, &conn, name, |guest| guest).await;

    for (flags, options) in [
        ("", &[][..]),
        ("INACTIVE", &["--inactive"]),
        (
            "SECURE,INACTIVE,UPDATE_CPU,MIGRATABLE",
            &[
                "--security-info",
                "--inactive",
                "--update-cpu",
                "--migratable",
            ],
        ),
    ] {
        let arguments = [&["dumpxml", name][..], options].concat();
        assert_eq!(guide.run("4.5b", &[name, flags]).await, guide.virsh(&arguments));
    }
    guide.fail("4.5b", &[name, "ALL"], "there is no flag ALL").await;

    let xpath = |path: &str| {
        let xml = guide.virsh(&["dumpxml", name]);
        let (_, behind) = xml.split_once(path).unwrap_or_else(|| panic!("no {path} in {xml}"));
        behind.split(['\'', '<']).next().unwrap().to_owned()
    };
    let (machine, arch) = (xpath(" machine='"), xpath("<type arch='"));
    let said = guide.run("4.5a", &[name]).await;
    assert_eq!(said, format!("type: qemu\nmachine: {machine}\narchitecture: {arch}"));
    let said = guide.run("4.5.1", &[name]).await;
    assert_eq!(said, format!("emulator: {}", xpath("<emulator>")));
    let said = guide.run("4.5.2", &[name]).await;
    let boot = ["kernel", "initrd", "cmdline"]
        .map(|what| format!("{what}: {}\n", xpath(&format!("<{what}>"))));
    let device = xpath("<boot dev='");
    assert_eq!(said, format!("{}device: {device}", boot.concat()));

    let vcpus = |kind| guide.virsh(&["vcpucount", name, "--config", kind]);
    let said = guide.run("4.5.3c", &[name, "6", "3"]).await;
    assert_eq!(said, format!("{name} will have 3 of 6 processors"));
    assert_eq!((&*vcpus("--current"), &*vcpus("--maximum")), ("3", "6"));
    let said = guide.run("4.5.3d", &[name, "524288", "262144"]).await;
    assert_eq!(said, format!("{name} will have 262144 KiB of 524288 KiB"));
    let info = guide.virsh(&["dominfo", name]);
    assert_eq!(value_of(&info, "Max memory"), "524288");
    assert_eq!(value_of(&info, "Used memory"), "262144");

    let autostart = || value_of(&guide.virsh(&["dominfo", name]), "Autostart");
    for (argument, said, virshs) in [("on", "true", "enable"), ("off", "false", "disable")] {
        let printed = guide.run("4.4.5", &[name, argument]).await;
        assert_eq!(printed, format!("{name} starts with its host: {said}"));
        assert_eq!(autostart(), virshs);
    }
    guide.fail("4.4.5", &[name, "yes"], "'yes' is neither on nor off").await;
    discard(&guest.domain).await;
}
