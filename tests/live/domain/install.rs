//! The ways for an operating system to get into a guest.

#[path = "../../../examples/provision/templates.rs"]
mod templates;

use std::fs;
use std::path::Path;

use libvirt_client::domain::{DefineFlags, EventStoppedDetailType, XmlFlags};
use libvirt_client::events::domain::{Change, Lifecycle};
use rig::guest::Disk;
use templates::{Machine, Medium};

use super::media;
use crate::common::{discard, eventually, qemu};

fn machine<'a>(name: &'a str, disk: &'a Disk) -> Machine<'a> {
    Machine {
        name,
        kind: "qemu",
        memory_mib: 64,
        vcpus: 1,
        disk: &disk.path,
        disk_format: disk.format,
    }
}

#[tokio::test]
async fn each_medium_is_defined_and_becomes_a_command_line() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let dir = daemon.scratch();
    let iso = dir.join("install-media.iso");
    fs::write(&iso, media::cdrom()).unwrap();
    let disk = Disk::qcow2(dir.join("install-media.qcow2"), 1).unwrap();
    let machine = machine("install-media", &disk);
    let kernel = rig::guest::kernel().unwrap();
    let initrd = rig::guest::initrd().unwrap();
    let media = [
        (
            Medium::Cdrom { iso: &iso },
            "<boot dev='cdrom'/>",
            vec![r#""ide-cd","#, "install-media.iso"],
        ),
        (
            Medium::Network { name: "lan" },
            "<boot dev='network'/>",
            vec![r#""virtio-net-pci","#],
        ),
        (
            Medium::Kernel { kernel: &kernel, initrd: &initrd, arguments: "auto=true a&b" },
            "<cmdline>auto=true a&amp;b</cmdline>",
            vec![
                "-kernel",
                kernel.to_str().unwrap(),
                "-initrd",
                initrd.to_str().unwrap(),
                "-append 'auto=true a&b'",
            ],
        ),
    ];
    for (medium, boots, expected) in media {
        let xml = machine.to_be_installed(&medium);
        let flags = DefineFlags::VALIDATE;
        let domain = conn.domain_define_xml_flags(&xml, flags).await.unwrap();
        let defined = domain.xml_desc(XmlFlags::INACTIVE).await.unwrap();
        assert!(defined.contains(boots), "{boots} in {defined}");
        assert!(defined.contains("<on_reboot>destroy</on_reboot>"));
        let command = conn.domain_xml_to_native("qemu-argv", &xml).await.unwrap();
        // The device that is booted from stands in front of its place in the order.
        let first = command.split(r#""bootindex":1"#).next().unwrap();
        for part in expected {
            assert!(first.contains(part), "{part} in {command}");
        }
        discard(&domain).await;
    }
}

#[tokio::test]
async fn an_installed_guest_boots_from_its_disk() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let dir = daemon.scratch();
    let iso = dir.join("install-phases.iso");
    fs::write(&iso, media::cdrom()).unwrap();
    let disk = Disk::qcow2(dir.join("install-phases.qcow2"), 1).unwrap();
    let machine = machine("install-phases", &disk);

    // First it boots from the installation medium, which ends it by rebooting.
    let log = dir.join("install-phases-1.serial");
    let xml = with_serial_log(&machine.to_be_installed(&Medium::Cdrom { iso: &iso }), &log);
    let installer = conn.domain_define_xml(&xml).await.unwrap();
    let mut changes = conn.subscribe::<Lifecycle>(Some(&installer)).await.unwrap();
    installer.create().await.unwrap();
    let how = loop {
        let event = changes.next().await.unwrap().unwrap();
        if let Change::Stopped(how) = event.change {
            break how;
        }
    };
    assert_eq!(how, EventStoppedDetailType::Shutdown);
    assert_eq!(fs::read_to_string(&log).unwrap().trim(), media::INSTALLING);

    // Then from the disk that was written.
    let log = dir.join("install-phases-2.serial");
    let xml = with_serial_log(&machine.installed(installer.uuid()), &log);
    let domain = conn.domain_define_xml(&xml).await.unwrap();
    assert_eq!(domain, installer);
    let command = conn.domain_xml_to_native("qemu-argv", &xml).await.unwrap();
    let first = command.split(r#""bootindex":1"#).next().unwrap();
    assert!(first.contains(r#""virtio-blk-pci","#), "{command}");
    assert!(!command.contains("ide-cd"), "{command}");
    domain.create().await.unwrap();
    eventually("it has booted from its disk", async || {
        fs::read_to_string(&log).is_ok_and(|said| said.trim() == media::INSTALLED)
    })
    .await;
    discard(&domain).await;
}

/// The templates' console with a copy of all that it shows.
fn with_serial_log(xml: &str, log: &Path) -> String {
    let console =
        format!("<serial type='pty'><log file='{}' append='off'/></serial>", log.display());
    let logged = xml.replace("<serial type='pty'/>", &console);
    assert_ne!(logged, xml);
    logged
}
