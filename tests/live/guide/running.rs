//! One running guest, for all that is to be seen of it and to be changed in it.

use std::fs;

use libvirt_client::Connect;
use rig::guest::Disk;
use rig::{Daemon, Need};

use super::{Guide, configuration, live, performance};
use crate::common::{GUESTS, define, discard, wait_for_shell};

#[tokio::test]
async fn a_running_guest_is_measured_and_changed() {
    if !rig::available(GUESTS).unwrap() {
        return;
    }
    // Of its own, with control groups where there are any: they count CPU time.
    let mut builder = Daemon::builder();
    if rig::is_root() && rig::available(&[Need::Root]).unwrap() {
        builder = builder.qemu_conf_line(r#"cgroup_controllers = ["cpu", "cpuacct"]"#);
    }
    let daemon = builder.start().unwrap();
    let conn = Connect::open(&daemon.uri()).await.unwrap();
    let guide = Guide::of(&daemon);
    // The groups are the host's, where others may run this test too.
    let name = &format!("guide-running-{}", std::process::id());
    let disk = disk_with_backing_image(&guide);
    let drive = "<disk type='file' device='cdrom'><target dev='sda' bus='sata'/></disk>";
    let guest = define(&daemon, &conn, name, |guest| {
        let guest = guest.vcpus(4, 1).memory_mib(256).root_ports(8);
        guest.disk(disk).user_nic().device(drive)
    });
    let guest = guest.await;
    guest.domain.create().await.unwrap();
    wait_for_shell(&guest.serial_log).await;

    performance::of_a_running_guest(&guide, name).await;
    configuration::of_a_running_guest(&guide, name).await;
    live::devices(&guide, name).await;
    live::block_jobs(&guide, name).await;
    discard(&guest.domain).await;
}

/// A disk of which nothing is in its own image.
fn disk_with_backing_image(guide: &Guide<'_>) -> Disk {
    let [backing, image] = ["backing.raw", "image.qcow2"].map(|name| guide.path(name));
    fs::write(&backing, vec![7; 32 << 20]).unwrap();
    let mut create = guide.daemon.command("qemu-img");
    create.args([
        "create", "-q", "-f", "qcow2", "-b", &backing, "-F", "raw", &image,
    ]);
    let output = create.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    Disk { path: image.into(), format: "qcow2" }
}
