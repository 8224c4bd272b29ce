//! The connection and its host.

use std::time::Duration;

use libvirt_client::connect::SuspendTarget;

use super::shown::{field, number};
use crate::common::test_driver;

#[tokio::test]
async fn the_test_driver_has_a_version_of_its_own() {
    let Some((daemon, conn)) = test_driver().await else {
        return;
    };
    assert_eq!(conn.hypervisor().await.unwrap(), "TEST");
    let version = conn.version().await.unwrap().unwrap();
    let shown = daemon.virsh(["version"]).unwrap();
    assert_eq!(field(&shown, "Running hypervisor"), format!("TEST {version}"));
}

#[tokio::test]
async fn the_hypervisors_name_is_asked_for_once() {
    let Some((_, conn)) = test_driver().await else {
        return;
    };
    let first = conn.hypervisor().await.unwrap();
    conn.close().await;
    // Now nobody could answer; and a clone is the same connection.
    assert_eq!(conn.clone().hypervisor().await.unwrap(), first);
    assert!(conn.version().await.unwrap_err().is_closed());
}

#[tokio::test]
async fn the_test_drivers_host_never_changes() {
    let Some((daemon, conn)) = test_driver().await else {
        return;
    };
    let info = conn.node_info().await.unwrap();
    assert_eq!((info.cpus, info.mhz, info.max_cpus()), (16, Some(1400), 16));
    assert_eq!(conn.node_cpu_map().await.unwrap().online.to_string(), "0,2,4");

    let shown = daemon.virsh(["nodecpustats"]).unwrap();
    let stats = conn.node_cpu_stats(None).await.unwrap();
    let nanos = |label| Some(Duration::from_nanos(number(&shown, label)));
    assert_eq!(stats.user, nanos("user"));
    assert_eq!(stats.kernel, nanos("system"));
    assert_eq!(stats.idle, nanos("idle"));
    assert_eq!(stats.iowait, nanos("iowait"));
    assert!(stats.other.is_empty(), "{stats:?}");

    let cells = conn.node_cells_free_memory_bytes(0, 1024).await.unwrap();
    let shown = daemon.virsh(["freecell", "--all"]).unwrap();
    let free: Vec<_> = cells.iter().map(|bytes| bytes / 1024).collect();
    assert_eq!(free, [number(&shown, "0"), number(&shown, "1")]);
    assert_eq!(conn.node_cells_free_memory_bytes(1, 1).await.unwrap(), cells[1..]);
    let total = conn.node_free_memory_bytes().await.unwrap() / 1024;
    assert_eq!(total, number(&daemon.virsh(["freecell"]).unwrap(), "Total"));

    // It has no more than that.
    assert!(conn.node_memory_stats(None).await.unwrap_err().is_unsupported());
    assert!(conn.node_memory_parameters().await.unwrap_err().is_unsupported());
    assert!(conn.node_sev_info().await.unwrap_err().is_unsupported());
    let target = SuspendTarget::Mem;
    let suspended = conn.node_suspend_for_duration(target, Duration::from_secs(60)).await;
    assert!(suspended.unwrap_err().is_unsupported());
}
