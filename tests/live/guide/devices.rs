//! Devices in a domain's XML.

use rig::guest::Disk;

use super::Guide;
use crate::common::{define, discard, qemu};

#[tokio::test]
async fn devices_are_shown_and_given() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let guide = Guide::of(daemon);
    let name = "guide-devices";
    let disk = Disk::qcow2(guide.scratch("a&b.qcow2"), 1).unwrap();
    let tablet = "<input type='tablet' bus='usb'/>";
    let guest = define(daemon, &conn, name, |guest| guest.disk(disk).user_nic().device(tablet));
    let guest = guest.await;

    let said = guide.run("4.7.1", &[name]).await;
    let source = guide.virsh(&["domblklist", name]);
    let source = source
        .strip_prefix(" vda")
        .unwrap_or(source.strip_prefix("vda").unwrap())
        .trim();
    assert!(said.starts_with("disk type=file device=disk\n"), "{said}");
    for line in [
        "  driver name=qemu type=qcow2",
        &format!("  source file={source}"),
        "  target dev=vda bus=virtio",
    ] {
        assert!(said.lines().any(|said| said == line), "{line} in {said}");
    }
    let said = guide.run("4.7.2", &[name]).await;
    let list = guide.virsh(&["domiflist", name]);
    let mac = list.split_whitespace().last().unwrap();
    assert!(
        said.starts_with(&format!("interface type=user\n  mac address={mac}\n")),
        "{said}"
    );
    assert!(said.contains("\n  model type=virtio"), "{said}");
    let said = guide.run("4.7.3", &[name]).await;
    for line in [
        "input type=keyboard bus=ps2",
        "input type=mouse bus=ps2",
        "input type=tablet bus=usb",
    ] {
        assert!(said.lines().any(|said| said == line), "{line} in {said}");
    }

    let said = guide.run("4.7.4", &[name, "0x046d", "0xc52b"]).await;
    assert_eq!(said, format!("{name} will have the USB device 0x046d:0xc52b"));
    let said = guide.run("4.7.5", &[name, "0000:06:12.5"]).await;
    assert_eq!(said, format!("{name} will have the PCI device 0000:06:12.5"));
    let xml = guide.virsh(&["dumpxml", name]);
    for part in [
        "<hostdev mode='subsystem' type='usb'",
        "<vendor id='0x046d'/>",
        "<product id='0xc52b'/>",
        "<hostdev mode='subsystem' type='pci' managed='yes'>",
        "<address domain='0x0000' bus='0x06' slot='0x12' function='0x5'/>",
    ] {
        assert!(xml.contains(part), "{part} in {xml}");
    }
    guide
        .fail("4.7.5", &[name, "06:12.5"], "'06:12.5' is not like 0000:06:12.5")
        .await;
    guide.fail("4.7.5", &[name, "0000:06:12.x"], "invalid digit").await;
    discard(&guest.domain).await;
}
