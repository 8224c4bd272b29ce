//! Devices that come and go.

use std::fs;

use libvirt_client::domain::{DeviceModifyFlags, Domain, ShutdownFlags, XmlFlags};
use rig::Daemon;
use rig::guest::{Disk, Guest};

use crate::common::{define, discard, eventually, qemu, wait_for_shell};

const LIVE: DeviceModifyFlags = DeviceModifyFlags::LIVE;
const CONFIG: DeviceModifyFlags = DeviceModifyFlags::CONFIG;

fn disk_xml(disk: &Disk, target: &str) -> String {
    format!(
        "<disk type='file' device='disk'><driver name='qemu' type='{}'/><source file='{}'/>\
         <target dev='{target}' bus='virtio'/><alias name='ua-{target}'/></disk>",
        disk.format,
        disk.path.display()
    )
}

/// What `virsh` lists of the running guest, or of the definition.
fn disks(daemon: &Daemon, domain: &Domain, options: &[&str]) -> Vec<String> {
    let args = ["domblklist", domain.name()].into_iter().chain(options.iter().copied());
    let list = daemon.virsh(args).unwrap();
    let targets = list.lines().filter_map(|line| line.split_whitespace().next());
    targets.map(String::from).collect()
}

#[tokio::test]
async fn disks_are_plugged_in_and_pulled_out() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let dir = daemon.scratch();
    let iso = dir.join("device-disc.iso");
    fs::write(&iso, vec![0; 4096]).unwrap();
    let drive = "<disk type='file' device='cdrom'><target dev='sda' bus='sata'/><readonly/></disk>";
    let adapt = |guest: Guest| guest.root_ports(8).device(drive);
    let guest = define(daemon, &conn, "device-disks", adapt).await;
    let domain = guest.domain;
    domain.create().await.unwrap();
    wait_for_shell(&guest.serial_log).await;
    let running = || disks(daemon, &domain, &[]);
    let defined = || disks(daemon, &domain, &["--inactive"]);
    assert_eq!((running(), defined()), (vec!["sda".into()], vec!["sda".into()]));

    // Into the running guest alone, the definition alone, and both.
    let [a, b, c] = ["vda", "vdb", "vdc"].map(|target| {
        let disk = Disk::raw(dir.join(format!("device-disks.{target}")), 1).unwrap();
        disk_xml(&disk, target)
    });
    domain.attach_device(&a).await.unwrap();
    assert_eq!((running(), defined()), (vec!["sda".into(), "vda".into()], vec!["sda".into()]));
    domain.attach_device_flags(&b, CONFIG).await.unwrap();
    domain.attach_device_flags(&c, LIVE | CONFIG).await.unwrap();
    assert_eq!(
        (running(), defined()),
        (
            vec!["sda".into(), "vda".into(), "vdc".into()],
            vec!["sda".into(), "vdb".into(), "vdc".into()]
        )
    );
    let error = domain.attach_device(&a).await.unwrap_err();
    assert!(error.to_string().contains("ua-vda"), "{error}");

    // A disc in the drive.
    let full = drive.replace("<target", &format!("<source file='{}'/><target", iso.display()));
    domain.update_device_flags(&full, LIVE).await.unwrap();
    let xml = domain.xml_desc(XmlFlags::empty()).await.unwrap();
    assert!(xml.contains(iso.to_str().unwrap()), "{xml}");
    let xml = domain.xml_desc(XmlFlags::INACTIVE).await.unwrap();
    assert!(!xml.contains(iso.to_str().unwrap()), "{xml}");

    // Out again, which the guest must agree to.
    domain.detach_device(&a).await.unwrap();
    domain.detach_device_flags(&b, CONFIG).await.unwrap();
    domain.detach_device_alias("ua-vdc", LIVE).await.unwrap();
    eventually("the guest has given the disks up", async || running() == ["sda"]).await;
    assert_eq!(defined(), ["sda", "vdc"]);
    let error = domain.detach_device(&a).await.unwrap_err();
    assert!(error.is_not_found(), "{error:?}");
    let alias = "ua-vdz";
    let error = domain.detach_device_alias(alias, LIVE).await.unwrap_err();
    assert!(error.to_string().contains(alias), "{error}");

    let flags = ShutdownFlags::ACPI_POWER_BTN;
    domain.shutdown_flags(flags).await.unwrap();
    eventually("it is off", async || !domain.is_active().await.unwrap()).await;
    assert_eq!(running(), ["sda", "vdc"]);
    discard(&domain).await;
}
