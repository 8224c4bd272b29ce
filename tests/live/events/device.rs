//! What becomes of a guest's devices.

use std::fs;
use std::path::Path;

use libvirt_client::connect::Version;
use libvirt_client::domain::{
    BlockJobStatus, BlockJobType, DeviceModifyFlags, DiskChangeReason, Domain,
    EventTrayChangeReason, MetadataType, ModificationImpact, SaveRestoreFlags,
};
use rig::Daemon;
use rig::guest::{Disk, Guest};

use super::{Watch, find, monitor};
use crate::common::{define, discard, qemu, wait_for_shell};

const LIVE: DeviceModifyFlags = DeviceModifyFlags::LIVE;

#[tokio::test]
async fn what_becomes_of_devices_is_told() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let dir = daemon.scratch();
    let at = |name: &str| dir.join(format!("events-device.{name}"));
    let disk = Disk::qcow2(at("vda"), 8).unwrap();
    let other = Disk::qcow2(at("vdb"), 1).unwrap();
    fs::write(at("iso"), vec![0; 4096]).unwrap();
    let drive = "<disk type='file' device='cdrom'><target dev='sda' bus='sata'/><readonly/></disk>";
    let missing = "<disk type='file' device='cdrom'>\
         <source file='/nowhere/events.iso' startupPolicy='optional'/>\
         <target dev='sdb' bus='sata'/><readonly/></disk>";
    let adapt = |guest: Guest| {
        let guest = guest.memory_mib(160).root_ports(8).disk(disk.clone());
        guest.device(drive).device(missing)
    };
    let guest = define(daemon, &conn, "events-device", adapt).await;
    let domain = guest.domain;
    let name = domain.name();
    let mut watch = Watch::of(&domain).await;
    domain.create().await.unwrap();
    let change = find!(watch, DiskChange);
    assert_eq!(change.old_source.as_deref(), Some("/nowhere/events.iso"));
    assert_eq!(change.new_source, None);
    assert_eq!(change.device, "sata0-0-1");
    assert_eq!(change.reason, DiskChangeReason::ChangeMissingOnStart);
    wait_for_shell(&guest.serial_log).await;

    // In and out.
    let added = format!(
        "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>\
         <source file='{}'/><target dev='vdb' bus='virtio'/><alias name='ua-plugged'/></disk>",
        other.path.display()
    );
    domain.attach_device(&added).await.unwrap();
    assert_eq!(find!(watch, DeviceAdded).device, "ua-plugged");
    domain.detach_device(&added).await.unwrap();
    assert_eq!(find!(watch, DeviceRemoved).device, "ua-plugged");

    let full = format!("<source file='{}'/><target", at("iso").display());
    let full = drive.replace("<target", &full);
    domain.update_device_flags(&full, LIVE).await.unwrap();
    for reason in [EventTrayChangeReason::Open, EventTrayChangeReason::Close] {
        let tray = find!(watch, TrayChange);
        assert_eq!((&*tray.device, tray.reason), ("sata0-0-0", reason));
    }

    daemon.virsh(["setmem", name, "130M", "--live"]).unwrap();
    find!(watch, BalloonChange if |event| event.actual_kib == 130 * 1024);

    let throttle = ["blkdeviotune", name, "vda", "--total-iops-sec", "1000"];
    daemon.virsh(throttle.into_iter().chain(["--live"])).unwrap();
    let params = find!(watch, Tunable).params;
    assert_eq!(params.get::<String>("blkdeviotune.disk").unwrap(), "vda");
    let limit = params.get::<u64>("blkdeviotune.total_iops_sec");
    assert_eq!(limit.unwrap(), 1000);

    daemon.virsh(["domblkthreshold", name, "vda", "4096"]).unwrap();
    // What the guest would write.
    let backend = "/machine/peripheral/virtio-disk0/virtio-backend";
    let writing = format!("qemu-io -d {backend} \"write 1M 1M\"");
    monitor(daemon, &domain, &writing);
    let threshold = find!(watch, BlockThreshold if |event| event.image == "vda");
    assert_eq!(threshold.path.as_deref(), disk.path.to_str());
    assert_eq!(threshold.threshold_bytes, 4096);
    assert!(threshold.excess_bytes > 0);

    metadata_is_told_of(&domain, &mut watch).await;
    let copy = at("copy");
    copying_is_told_of(daemon, &domain, &mut watch, &disk.path, &copy).await;
    let backup = format!(
        "<domainbackup><disks><disk name='vda' type='file'><target file='{}'/></disk></disks>\
         </domainbackup>",
        at("backup").display()
    );
    daemon.virsh_with_file(["backup-begin", name], &backup).unwrap();
    let params = find!(watch, JobCompleted).params;
    assert!(params.get::<bool>("success").unwrap(), "{params:?}");
    let job = find!(watch, BlockJob2);
    assert_eq!((job.kind, job.status), (BlockJobType::Backup, BlockJobStatus::Completed));

    domain.managed_save(SaveRestoreFlags::empty()).await.unwrap();
    // QEMU 11.1 counts differently from 7.2 and 10.0: it tells of the second pass first.
    let first = find!(watch, MigrationIteration).iteration;
    let newest = conn.version().await.unwrap() >= Some(Version::new(11, 1, 0));
    assert_eq!(first, if newest { 2 } else { 1 });
    find!(watch, JobCompleted);
    discard(&domain).await;
}

async fn metadata_is_told_of(domain: &Domain, watch: &mut Watch) {
    let namespace = "http://example.org/events";
    for (kind, text, key, namespace) in [
        (MetadataType::Description, "some text", None, None),
        (MetadataType::Title, "some text", None, None),
        (MetadataType::Element, "<some/>", Some("our"), Some(namespace)),
    ] {
        let impact = ModificationImpact::LIVE;
        let set = domain.set_metadata(kind, Some(text), key, namespace, impact);
        set.await.unwrap();
        let change = find!(watch, MetadataChange);
        assert_eq!((change.kind, change.namespace.as_deref()), (kind, namespace));
    }
}

async fn copying_is_told_of(
    daemon: &Daemon,
    domain: &Domain,
    watch: &mut Watch,
    source: &Path,
    copy: &Path,
) {
    // Once by the disk's source and once by its target.
    let copying = [
        "blockcopy",
        domain.name(),
        "vda",
        "--dest",
        copy.to_str().unwrap(),
    ];
    let options = ["--transient-job", "--wait", "--pivot"];
    daemon.virsh(copying.into_iter().chain(options)).unwrap();
    for status in [BlockJobStatus::Ready, BlockJobStatus::Completed] {
        let job = find!(watch, BlockJob2);
        assert_eq!((&*job.target, job.kind, job.status), ("vda", BlockJobType::Copy, status));
        let job = find!(watch, BlockJob);
        assert_eq!((job.kind, job.status), (BlockJobType::Copy, status));
        let file = if status == BlockJobStatus::Ready {
            source
        } else {
            copy
        };
        assert_eq!(job.source, file.to_str().unwrap());
    }
}
