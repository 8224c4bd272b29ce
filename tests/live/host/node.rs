//! The host itself.

use std::time::Duration;

use libvirt_client::Error;
use libvirt_client::connect::{AllocPagesFlags, SuspendTarget};

use super::{field, number};
use crate::common::{qemu, test_driver};

#[tokio::test]
async fn processors_and_memory() {
    for (daemon, conn) in [qemu().await, test_driver().await].into_iter().flatten() {
        let info = conn.node_info().await.unwrap();
        let shown = daemon.virsh(["nodeinfo"]).unwrap();
        assert_eq!(info.model, field(&shown, "CPU model"));
        assert_eq!(info.memory_kib, number(&shown, "Memory size"));
        if let Some(mhz) = info.mhz {
            assert!(
                field(&shown, "CPU frequency").ends_with("MHz"),
                "{mhz}: {shown}"
            );
        }
        for (ours, label) in [
            (info.cpus, "CPU(s)"),
            (info.sockets, "CPU socket(s)"),
            (info.cores, "Core(s) per socket"),
            (info.threads, "Thread(s) per core"),
            (info.nodes, "NUMA cell(s)"),
        ] {
            assert_eq!(u64::from(ours), number(&shown, label), "{label}");
        }
        assert!(info.max_cpus() >= info.cpus);
    }
}

#[tokio::test]
async fn the_test_drivers_host_never_changes() {
    let Some((daemon, conn)) = test_driver().await else {
        return;
    };
    let info = conn.node_info().await.unwrap();
    assert_eq!((info.cpus, info.mhz, info.max_cpus()), (16, Some(1400), 16));

    let cells = conn.node_cells_free_memory_bytes(0, 1024).await.unwrap();
    let shown = daemon.virsh(["freecell", "--all"]).unwrap();
    let free: Vec<_> = cells.iter().map(|bytes| bytes / 1024).collect();
    assert_eq!(free, [number(&shown, "0"), number(&shown, "1")]);
    assert_eq!(
        conn.node_cells_free_memory_bytes(1, 1).await.unwrap(),
        cells[1..]
    );
    let total = conn.node_free_memory_bytes().await.unwrap() / 1024;
    assert_eq!(total, number(&daemon.virsh(["freecell"]).unwrap(), "Total"));

    // It has no more than that.
    let target = SuspendTarget::Mem;
    let suspended = conn
        .node_suspend_for_duration(target, Duration::from_secs(60))
        .await;
    assert!(suspended.unwrap_err().is_unsupported());
}

#[tokio::test]
async fn free_memory_and_pages() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    // Other programs use memory meanwhile, so this cannot be compared with what virsh says.
    let total = conn.node_info().await.unwrap().memory_kib * 1024;
    let free = conn.node_free_memory_bytes().await.unwrap();
    let cells = conn.node_cells_free_memory_bytes(0, 1024).await.unwrap();
    let nodes = conn.node_info().await.unwrap().nodes;
    assert_eq!(cells.len(), nodes as usize);
    for free in cells.iter().chain([&free]) {
        assert!((1 << 20..total).contains(free), "{free} of {total}");
    }

    // Huge pages are set aside by hand, so nothing changes them.
    let pages = conn
        .node_free_pages(&[4, 2048], Some(0), nodes)
        .await
        .unwrap();
    assert_eq!(pages.len(), cells.len());
    let shown = daemon
        .virsh(["freepages", "--cellno", "0", "--pagesize", "2048"])
        .unwrap();
    assert_eq!(pages[0][1], number(&shown, "2048KiB"));
    assert!(pages[0][0] > 0);
    assert_eq!(
        conn.node_free_pages(&[2048, 4], Some(0), 1).await.unwrap()[0][0],
        pages[0][1]
    );

    for (sizes, start, cells) in [
        (&[][..], Some(0), 1),
        (&[4][..], Some(0), 0),
        (&[4][..], Some(0), 1025),
        (&[4, 2048][..], Some(0), 513),
        (&[4][..], Some(1 << 31), 1),
    ] {
        let error = conn.node_free_pages(sizes, start, cells).await.unwrap_err();
        assert!(matches!(error, Error::InvalidArgument { .. }), "{error}");
    }
    assert!(
        conn.node_free_pages(&[4], Some(1 << 20), 1)
            .await
            .unwrap_err()
            .code()
            .is_some()
    );
    for (start, cells) in [(0, 0), (0, 1025), (1 << 31, 1)] {
        let error = conn
            .node_cells_free_memory_bytes(start, cells)
            .await
            .unwrap_err();
        assert!(matches!(error, Error::InvalidArgument { .. }), "{error}");
    }
}

#[tokio::test]
async fn huge_pages_are_reserved() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    // None more than there are: it is the machine that runs the tests. Not every one lets us.
    let shown = daemon
        .virsh_output(["allocpages", "2048", "0", "--cellno", "0"])
        .unwrap();
    let none = [(2048, 0)];
    let reserved = conn
        .node_alloc_pages(&none, Some(0), 1, AllocPagesFlags::ADD)
        .await;
    match reserved {
        Ok(nodes) => assert!(nodes == 1 && shown.status.success(), "{shown:?}"),
        Err(error) => assert!(error.code().is_some() && !shown.status.success(), "{error}"),
    }
    let odd = conn
        .node_alloc_pages(&[(3, 0)], Some(0), 1, AllocPagesFlags::ADD)
        .await;
    assert!(odd.unwrap_err().code().is_some());
    let none = conn
        .node_alloc_pages(&[], Some(0), 1, AllocPagesFlags::ADD)
        .await;
    assert!(none.unwrap_err().code().is_some());
}

#[tokio::test]
async fn security() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    // This daemon is configured to have none.
    let model = conn.node_security_model().await.unwrap();
    let shown = daemon.virsh(["capabilities"]).unwrap();
    match model {
        Some(model) => {
            assert!(
                shown.contains(&format!("<model>{}</model>", model.model)),
                "{model:?}"
            );
            assert!(
                shown.contains(&format!("<doi>{}</doi>", model.doi)),
                "{model:?}"
            );
        }
        None => assert!(!shown.contains("<secmodel>")),
    }
}

#[tokio::test]
async fn the_host_does_not_sleep_so_shortly() {
    let Some((_, conn)) = qemu().await else {
        return;
    };
    let sleep = async |target, duration| conn.node_suspend_for_duration(target, duration).await;
    // Less than a minute is refused also where the host could sleep.
    let error = sleep(SuspendTarget::Mem, Duration::from_secs(1))
        .await
        .unwrap_err();
    assert!(error.code().is_some(), "{error}");
    let error = sleep(SuspendTarget::Other(7), Duration::from_secs(1))
        .await
        .unwrap_err();
    assert!(error.code().is_some(), "{error}");
    let error = sleep(SuspendTarget::Mem, Duration::from_millis(1500))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::InvalidArgument { .. }), "{error}");
}
