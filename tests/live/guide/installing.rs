//! Guests that are installed, to the end: what they boot then was not there before.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use libvirt_client::Connect;
use libvirt_client::domain::MemoryFlags;
use rig::guest::Disk;
use rig::{Need, network};

use super::{Guide, value_of};
use crate::common::{discard, eventually, qemu};
use crate::domain::media;

#[tokio::test]
async fn a_cdrom_installs_a_guest() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let guide = Guide::of(daemon);
    let name = "guide-cdrom";
    let disk = Disk::raw(guide.scratch("guide-cdrom.raw"), 1).unwrap();
    let iso = guide.path("guide-cdrom.iso");
    fs::write(&iso, media::cdrom()).unwrap();
    let disk = disk.path.to_str().unwrap();
    let said = guide.run("4.4.1f", &["qemu", name, disk, &iso]).await;
    assert_eq!(said, format!("{name} has booted: Running(Booted)"));
    // Its installer has rebooted.
    executes(&conn, name, media::INSTALLED).await;
    assert_eq!(boot_sector(disk), media::installed());
    let boot = guide.run("4.5.2", &[name]).await;
    assert_eq!(boot, "device: hd\ndevice: cdrom");
    discard(&conn.domain_lookup_by_name(name).await.unwrap()).await;
}

#[tokio::test]
async fn a_network_boots_a_guest() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    if !rig::available(&[Need::Network, Need::Root]).unwrap() {
        return;
    }
    let guide = Guide::of(daemon);
    let name = "guide-pxe";
    // Where the server gets, which is another user.
    let files = tempfile::tempdir().unwrap();
    fs::set_permissions(files.path(), Permissions::from_mode(0o755)).unwrap();
    fs::write(files.path().join("boot"), media::installed()).unwrap();
    let xml = network::nat_xml(name, 84).replace(
        "<dhcp>",
        &format!("<tftp root='{}'/><dhcp><bootp file='boot'/>", files.path().display()),
    );
    guide.virsh(&["net-create", &guide.file("guide-pxe.net", &xml)]);
    let disk = Disk::qcow2(guide.scratch("guide-pxe.qcow2"), 1).unwrap();
    let disk = disk.path.to_str().unwrap();
    let said = guide.run("4.4.1g", &["qemu", name, disk, name]).await;
    assert_eq!(said, format!("{name} has booted: Running(Booted)"));
    executes(&conn, name, media::INSTALLED).await;

    // What it has loaded came through its interface.
    guide.virsh(&["suspend", name]);
    let interface = &conn.domain_lookup_by_name(name).await.unwrap().interface_targets().await;
    let device = interface.as_ref().unwrap()[0].target.as_deref().unwrap();
    eventually("virsh says the same", async || {
        let said = guide.run("4.6.4", &[name]).await;
        let received = value_of(&said, &format!("{device} bytes received"));
        assert!(received.parse::<u64>().unwrap() > 512, "{said}");
        let virshs = guide.virsh(&["domifstat", name, device]);
        // The host's end still sends a packet of its own now and then.
        [
            ("bytes received", "rx_bytes"),
            ("packets received", "rx_packets"),
            ("errors of receiving", "rx_errs"),
            ("dropped in receiving", "rx_drop"),
            ("bytes sent", "tx_bytes"),
            ("packets sent", "tx_packets"),
            ("errors of sending", "tx_errs"),
            ("dropped in sending", "tx_drop"),
        ]
        .iter()
        .all(|(ours, theirs)| {
            let ours = value_of(&said, &format!("{device} {ours}"));
            ours == value_of(&virshs, &format!("{device} {theirs}"))
        })
    })
    .await;
    discard(&conn.domain_lookup_by_name(name).await.unwrap()).await;
    guide.virsh(&["net-destroy", name]);
}

#[tokio::test]
async fn a_kernel_installs_a_guest_in_two_phases() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let guide = Guide::of(daemon);
    let name = "guide-kernel";
    let disk = Disk::raw(guide.scratch("guide-kernel.raw"), 1).unwrap();
    let disk = disk.path.to_str().unwrap();
    let [kernel, initrd] = [rig::guest::kernel(), rig::guest::initrd()].map(Result::unwrap);
    let [kernel, initrd] = [&kernel, &initrd].map(|path| path.to_str().unwrap());
    let said = guide.run("4.4.1h", &["qemu", name, disk, kernel, initrd, &installer()]).await;
    assert_eq!(said, format!("{name} runs its installer\nthe installer has ended"));
    assert_eq!(boot_sector(disk), media::installed());

    let said = guide.run("4.4.1i", &["qemu", name, disk]).await;
    assert_eq!(said, format!("{name} has booted: Running(Booted)"));
    executes(&conn, name, media::INSTALLED).await;
    assert_eq!(value_of(&guide.virsh(&["dominfo", name]), "Persistent"), "yes");
    discard(&conn.domain_lookup_by_name(name).await.unwrap()).await;
}

/// Arguments of the kernel by which its first program writes a boot sector and reboots.
fn installer() -> String {
    let octal = |bytes: &[u8]| {
        let escapes = bytes.iter().map(|byte| format!("\\{byte:03o}"));
        escapes.collect::<Vec<_>>().concat()
    };
    let sector = media::installed();
    let (code, signature) = sector.split_at(sector.len() - 2);
    // A command line is shorter than all of that.
    let length = code.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let (code, signature) = (octal(&code[..length]), octal(signature));
    let script = [
        "B=/bin/busybox",
        "$B mkdir -p /dev",
        "$B mount -t devtmpfs dev /dev",
        "while read -r m; do $B insmod /lib/modules/$m.ko; done </lib/modules/order",
        &format!("$B printf '{code}' >/dev/vda"),
        &format!("$B printf '{signature}' | $B dd of=/dev/vda bs=1 seek=510"),
        "$B sync",
        "$B reboot -f",
    ];
    format!(
        "console=ttyS0 quiet panic=1 no_timer_check nokaslr mitigations=off rdinit=/bin/busybox -- \
         sh -c \"{}\"",
        script.join("; ")
    )
}

fn boot_sector(disk: &str) -> Vec<u8> {
    fs::read(disk).unwrap()[..512].to_vec()
}

/// Waits until the guest has something where the firmware puts what it boots.
async fn executes(conn: &Connect, name: &str, text: &str) {
    let domain = conn.domain_lookup_by_name(name).await.unwrap();
    eventually(&format!("{name} has booted {text}"), async || {
        let origin = u64::from(media::ORIGIN);
        let memory = domain.memory_peek(origin, 512, MemoryFlags::PHYSICAL).await.unwrap();
        String::from_utf8_lossy(&memory).contains(text)
    })
    .await;
}
