//! Disks.

use std::time::Duration;

use libvirt_client::domain::stats::GetAllDomainStatsFlags;
use libvirt_client::domain::{
    BlockIoTune, BlockResizeFlags, Domain, ModificationImpact, StatsTypes,
};
use rig::guest::Disk;

use super::{run_in_guest, value_of, virsh};
use crate::common::{boot, qemu, wait_for_agent};

const LIVE: ModificationImpact = ModificationImpact::LIVE;
const MIB: u64 = 1 << 20;

#[tokio::test]
async fn disks_of_a_running_guest() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let first = Disk::qcow2(daemon.scratch().join("res-block-a.qcow2"), 64).unwrap();
    let second = Disk::raw(daemon.scratch().join("res-block-b.raw"), 16).unwrap();
    let [path, raw_path] = [&first, &second].map(|disk| disk.path.to_str().unwrap().to_owned());
    let guest =
        boot(daemon, &conn, "res-block", |guest| guest.disk(first).disk(second).agent(true));
    let domain = &guest.await.domain;
    wait_for_agent(daemon, "res-block").await;

    let targets = domain.disk_targets().await.unwrap();
    assert_eq!(targets.len(), 2);
    assert_eq!((targets[0].target.as_str(), targets[1].target.as_str()), ("vda", "vdb"));
    assert_eq!(targets[0].source.as_deref(), Some(path.as_str()));
    assert_eq!((targets[0].kind.as_str(), targets[0].device.as_str()), ("file", "disk"));
    assert_eq!(targets[1].bus.as_deref(), Some("virtio"));
    assert_eq!(targets[1].alias.as_deref(), Some("virtio-disk1"));

    // What goes through, and what is then there.
    let before = domain.block_stats("vdb").await.unwrap();
    let fill = "yes libvirt | dd of=/dev/vdb bs=64k count=160 iflag=fullblock conv=fsync";
    run_in_guest(daemon, domain, fill).await;
    domain.suspend().await.unwrap();
    let after = domain.block_stats(&raw_path).await.unwrap();
    let written = after.write_bytes.unwrap() - before.write_bytes.unwrap();
    assert!(written >= 10 * MIB, "{written} bytes written");
    assert!(after.write_requests > before.write_requests && after.read_bytes > Some(0));
    assert_eq!(after.errors, None);
    let details = domain.block_stats_flags("vdb").await.unwrap();
    assert_eq!(details.write_bytes, after.write_bytes);
    let said = virsh(daemon, ["domblkstat", "res-block", "vdb"]).await;
    for (name, value) in [
        ("vdb rd_req", details.read_requests),
        ("vdb rd_bytes", details.read_bytes),
        ("vdb wr_req", details.write_requests),
        ("vdb wr_bytes", details.write_bytes),
        ("vdb flush_operations", details.flush_requests),
    ] {
        assert_eq!(value_of(&said, name), value.unwrap().to_string(), "{name}");
    }
    let nanos = |time: Option<Duration>| time.unwrap().as_nanos().to_string();
    assert_eq!(value_of(&said, "vdb wr_total_times"), nanos(details.write_time));
    assert!(details.other.is_empty(), "{details:?}");
    let all = domain.block_stats("").await.unwrap();
    assert!(all.write_bytes >= after.write_bytes && all.read_bytes > after.read_bytes);

    let peeked = domain.block_peek("vdb", 0, (10 * MIB) as usize).await.unwrap();
    assert_eq!(peeked.len() as u64, 10 * MIB);
    assert!(peeked.chunks(8).all(|line| line == b"libvirt\n"));
    assert_eq!(domain.block_peek("vdb", 4 * MIB + 3, 4).await.unwrap(), b"virt");
    assert!(domain.block_peek("vdz", 0, 0).await.is_err());

    // How large they are.
    let info = domain.block_info("vda").await.unwrap();
    let said = virsh(daemon, ["domblkinfo", "res-block", "vda"]).await;
    assert_eq!(info.capacity_bytes, 64 * MIB);
    assert_eq!(value_of(&said, "Capacity"), info.capacity_bytes.to_string());
    assert_eq!(value_of(&said, "Allocation"), info.allocation_bytes.to_string());
    assert_eq!(value_of(&said, "Physical"), info.physical_bytes.to_string());
    let none = BlockResizeFlags::empty();
    domain.block_resize("vda", 96 * MIB, none).await.unwrap();
    assert_eq!(domain.block_info("vda").await.unwrap().capacity_bytes, 96 * MIB);
    assert_eq!(domain.disk_errors().await.unwrap(), []);

    threshold(domain).await;
    limits(domain, &virsh(daemon, ["blkdeviotune", "res-block", "vda"]).await).await;
    let said = virsh(daemon, ["blkdeviotune", "res-block", "vda"]).await;
    assert_eq!(value_of(&said, "write_iops_sec"), "300");
}

async fn threshold(domain: &Domain) {
    let threshold = async || {
        let (types, flags) = (StatsTypes::BLOCK, GetAllDomainStatsFlags::empty());
        domain.stats(types, flags).await.unwrap().blocks[0].threshold_bytes
    };
    assert_eq!(threshold().await, None);
    domain.set_block_threshold("vda", Some(60 * MIB)).await.unwrap();
    assert_eq!(threshold().await, Some(60 * MIB));
    domain.set_block_threshold("vda", None).await.unwrap();
    assert_eq!(threshold().await, None);
}

async fn limits(domain: &Domain, before: &str) {
    assert_eq!(value_of(before, "total_bytes_sec"), "0");
    let mut limits = BlockIoTune::default();
    limits.total_bytes_per_second = Some(50 * MIB);
    limits.total_max_bytes_per_second = Some(80 * MIB);
    limits.total_max_bytes_length = Some(Duration::from_secs(4));
    limits.write_iops = Some(300);
    limits.group_name = Some("busy".to_owned());
    domain.set_block_io_tune("vda", &limits, LIVE).await.unwrap();
    let now = domain.block_io_tune("vda", LIVE).await.unwrap();
    assert_eq!(now.total_bytes_per_second, limits.total_bytes_per_second);
    assert_eq!(now.total_max_bytes_per_second, limits.total_max_bytes_per_second);
    assert_eq!(now.total_max_bytes_length, limits.total_max_bytes_length);
    assert_eq!((now.write_iops, now.read_iops), (Some(300), Some(0)));
    assert_eq!(now.group_name, limits.group_name);
    assert!(now.other.is_empty(), "{now:?}");

    let mut both = BlockIoTune::default();
    both.total_iops = Some(1);
    both.read_iops = Some(1);
    let error = domain.set_block_io_tune("vda", &both, LIVE).await.unwrap_err();
    assert!(error.to_string().contains("total and read/write"), "{error}");

    // Newer than the daemon: the procedure itself is unknown to it.
    let unknown = domain.set_throttle_group("g", &limits, LIVE).await;
    if let Err(error) = unknown {
        assert!(error.is_unsupported(), "{error}");
        let error = domain.del_throttle_group("g", LIVE).await.unwrap_err();
        assert!(error.is_unsupported(), "{error}");
    } else {
        domain.del_throttle_group("g", LIVE).await.unwrap();
    }
}
