//! The ways for guests to stop.

use libvirt_client::domain::CreateFlags;
use rig::guest::boots;

use super::Guide;
use crate::common::{
    define, describe, discard, qemu, wait_for_agent, wait_for_boots, wait_for_shell,
};

#[tokio::test]
async fn a_guest_reboots_and_ends() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let guide = Guide::of(daemon);
    let name = "guide-stopping";
    let guest = define(daemon, &conn, name, |guest| guest.agent(true)).await;
    guest.domain.create().await.unwrap();
    wait_for_shell(&guest.serial_log).await;
    wait_for_agent(daemon, name).await;
    let said = guide.run("4.4.2e", &[name]).await;
    assert_eq!(said, format!("{name} is asked to reboot\n{name} reboots"));
    wait_for_boots(&guest.serial_log, 2).await;
    wait_for_agent(daemon, name).await;
    let said = guide.run("4.4.2b", &[name]).await;
    assert_eq!(said, format!("{name} has shut down"));
    assert_eq!(guide.reason(name), "shutoff(shutdown)");
    assert_eq!(boots(&guest.serial_log).unwrap(), 2);
    assert_eq!(guide.run("4.4.2b", &[name]).await, format!("{name} has shut down"));

    guest.domain.create_with_flags(CreateFlags::PAUSED).await.unwrap();
    assert_eq!(guide.run("4.4.2c", &[name]).await, format!("{name} has ended"));
    assert_eq!(guide.reason(name), "shutoff(destroyed)");
    guest.domain.create_with_flags(CreateFlags::PAUSED).await.unwrap();
    assert_eq!(guide.run("4.4.2d", &[name]).await, format!("{name} has ended"));
    assert_eq!(guide.reason(name), "shutoff(destroyed)");
    guide.fail("4.4.2c", &[name], "domain is not running").await;
    discard(&guest.domain).await;
}

#[tokio::test]
async fn a_guest_without_acpi_ignores_its_power_button_but_no_reset() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let guide = Guide::of(daemon);
    let name = "guide-deaf";
    let (xml, serial_log) = describe(daemon, name, |guest| guest);
    // The firmware of a machine of the type q35 would have it in any case.
    let mut deaf = xml;
    for (part, other) in [
        ("<features><acpi/></features>", ""),
        ("machine='q35'", "machine='pc'"),
        ("<controller type='pci' model='pcie-root'/>", ""),
    ] {
        assert!(deaf.contains(part), "{part} in {deaf}");
        deaf = deaf.replace(part, other);
    }
    let domain = conn.domain_create_xml(&deaf, CreateFlags::AUTODESTROY).await.unwrap();
    wait_for_shell(&serial_log).await;
    let output = guide.output("4.4.2a", &[name, "1"]).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, format!("guide: {name} still runs after 1 s\n"));
    assert_eq!(guide.reason(name), "running(booted)");
    assert_eq!(guide.run("4.4.2f", &[name]).await, format!("{name} is reset"));
    wait_for_boots(&serial_log, 2).await;
    discard(&domain).await;
}
