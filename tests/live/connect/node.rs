//! The host itself.

use std::time::Duration;

use libvirt_client::Error;
use libvirt_client::connect::{AllocPagesFlags, NodeMemoryParameters, SuspendTarget};

use crate::common::{qemu, test_driver};
use crate::driver::shown::{field, number};

#[tokio::test]
async fn processors_and_memory() {
    for (daemon, conn) in [qemu().await, test_driver().await].into_iter().flatten() {
        let info = conn.node_info().await.unwrap();
        let shown = daemon.virsh(["nodeinfo"]).unwrap();
        assert_eq!(info.model, field(&shown, "CPU model"));
        assert_eq!(info.memory_kib, number(&shown, "Memory size"));
        if let Some(mhz) = info.mhz {
            assert!(field(&shown, "CPU frequency").ends_with("MHz"), "{mhz}: {shown}");
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

        let map = conn.node_cpu_map().await.unwrap();
        let shown = daemon.virsh(["nodecpumap"]).unwrap();
        assert_eq!(u64::from(map.possible), number(&shown, "CPUs present"));
        assert_eq!(map.online.len() as u64, number(&shown, "CPUs online"));
        let letters = (0..map.possible).map(|cpu| if map.online.contains(cpu) { 'y' } else { '-' });
        assert_eq!(letters.collect::<String>(), field(&shown, "CPU map"));
    }
}

#[tokio::test]
async fn what_processors_spent_their_time_on() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    for cpu in [None, Some(0)] {
        let before = conn.node_cpu_stats(cpu).await.unwrap();
        let number_arg = cpu.map(|cpu| ["--cpu".to_owned(), cpu.to_string()]);
        let args = ["nodecpustats".to_owned()].into_iter().chain(number_arg.into_iter().flatten());
        let shown = daemon.virsh(args).unwrap();
        let after = conn.node_cpu_stats(cpu).await.unwrap();
        for (before, label, after) in [
            (before.user, "user", after.user),
            (before.kernel, "system", after.kernel),
            (before.idle, "idle", after.idle),
        ] {
            let between = Duration::from_nanos(number(&shown, label));
            let range = before.unwrap()..=after.unwrap();
            assert!(range.contains(&between), "{label}: {range:?} and {shown}");
        }
        assert_eq!(before.utilization_percent, None);
    }
    let error = conn.node_cpu_stats(Some(1 << 20)).await.unwrap_err();
    assert!(error.code().is_some(), "{error}");
    let error = conn.node_cpu_stats(Some(u32::MAX)).await.unwrap_err();
    assert!(matches!(error, Error::InvalidArgument { .. }), "{error}");
}

#[tokio::test]
async fn what_memory_is_used_for() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let host = conn.node_memory_stats(None).await.unwrap();
    let shown = daemon.virsh(["nodememstats"]).unwrap();
    assert_eq!(host.total_kib, Some(number(&shown, "total")));
    assert!(host.free_kib < host.total_kib && host.cached_kib < host.total_kib);
    assert!(host.buffers_kib.is_some() && host.other.is_empty(), "{host:?}");

    let cell = conn.node_memory_stats(Some(0)).await.unwrap();
    let shown = daemon.virsh(["nodememstats", "--cell", "0"]).unwrap();
    assert_eq!(cell.total_kib, Some(number(&shown, "total")));
    assert_eq!(cell.cached_kib, None);
    assert!(conn.node_memory_stats(Some(1 << 20)).await.is_err());
    assert!(conn.node_memory_stats(Some(u32::MAX)).await.is_err());
}

#[tokio::test]
async fn free_memory_and_pages() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    // Other programs use memory meanwhile, so this cannot be compared with what virsh says.
    let total = conn.node_memory_stats(None).await.unwrap().total_kib.unwrap() * 1024;
    let free = conn.node_free_memory_bytes().await.unwrap();
    let cells = conn.node_cells_free_memory_bytes(0, 1024).await.unwrap();
    let nodes = conn.node_info().await.unwrap().nodes;
    assert_eq!(cells.len(), nodes as usize);
    for free in cells.iter().chain([&free]) {
        assert!((1 << 20..total).contains(free), "{free} of {total}");
    }

    // Huge pages are set aside by hand, so nothing changes them.
    let pages = conn.node_free_pages(&[4, 2048], Some(0), nodes).await.unwrap();
    assert_eq!(pages.len(), cells.len());
    let shown = daemon.virsh(["freepages", "--cellno", "0", "--pagesize", "2048"]).unwrap();
    assert_eq!(pages[0][1], number(&shown, "2048KiB"));
    assert!(pages[0][0] > 0);
    assert_eq!(conn.node_free_pages(&[2048, 4], Some(0), 1).await.unwrap()[0][0], pages[0][1]);

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
    assert!(conn.node_free_pages(&[4], Some(1 << 20), 1).await.unwrap_err().code().is_some());
    for (start, cells) in [(0, 0), (0, 1025), (1 << 31, 1)] {
        let error = conn.node_cells_free_memory_bytes(start, cells).await.unwrap_err();
        assert!(matches!(error, Error::InvalidArgument { .. }), "{error}");
    }
}

#[tokio::test]
async fn huge_pages_are_reserved() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    // None more than there are: it is the machine that runs the tests. Not every one lets us.
    let shown = daemon.virsh_output(["allocpages", "2048", "0", "--cellno", "0"]).unwrap();
    let none = [(2048, 0)];
    let reserved = conn.node_alloc_pages(&none, Some(0), 1, AllocPagesFlags::ADD).await;
    match reserved {
        Ok(nodes) => assert!(nodes == 1 && shown.status.success(), "{shown:?}"),
        Err(error) => assert!(error.code().is_some() && !shown.status.success(), "{error}"),
    }
    let odd = conn.node_alloc_pages(&[(3, 0)], Some(0), 1, AllocPagesFlags::ADD).await;
    assert!(odd.unwrap_err().code().is_some());
    let none = conn.node_alloc_pages(&[], Some(0), 1, AllocPagesFlags::ADD).await;
    assert!(none.unwrap_err().code().is_some());
}

#[tokio::test]
async fn shared_memory() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let params = conn.node_memory_parameters().await.unwrap();
    let shown = daemon.virsh(["node-memory-tune"]).unwrap();
    let shown = |name: &str| {
        let mut words = shown.lines().map(|line| line.split_whitespace());
        let mut found =
            words.find_map(|mut words| words.next().filter(|word| *word == name).and(words.next()));
        found.take().map(|value| value.parse::<u64>().unwrap())
    };
    assert_eq!(params.pages_to_scan.map(u64::from), shown("shm_pages_to_scan"));
    let sleep = params.sleep.map(|sleep| sleep.as_millis() as u64);
    assert_eq!(sleep, shown("shm_sleep_millisecs"));
    let across = params.merge_across_nodes.map(u64::from);
    assert_eq!(across, shown("shm_merge_across_nodes"));
    assert_eq!(params.pages_shared.is_some(), shown("shm_pages_shared").is_some());
    assert_eq!(params.full_scans.is_some(), shown("shm_full_scans").is_some());
    assert!(params.other.is_empty(), "{params:?}");

    // To what they are: it is the machine that runs the tests. Not every one lets us.
    let mut same = NodeMemoryParameters::default();
    same.pages_to_scan = params.pages_to_scan;
    same.sleep = params.sleep;
    if same != NodeMemoryParameters::default() {
        let number = same.pages_to_scan.unwrap_or(100).to_string();
        let shown = daemon.virsh_output(["node-memory-tune", "--shm-pages-to-scan", &number]);
        let set = conn.node_set_memory_parameters(&same).await;
        assert_eq!(set.is_ok(), shown.unwrap().status.success(), "{set:?}");
        let now = conn.node_memory_parameters().await.unwrap();
        assert_eq!((now.pages_to_scan, now.sleep), (same.pages_to_scan, same.sleep));
    }
    let nothing = NodeMemoryParameters::default();
    let error = conn.node_set_memory_parameters(&nothing).await.unwrap_err();
    assert!(matches!(error, Error::InvalidArgument { .. }), "{error}");
    let mut wrong = NodeMemoryParameters::default();
    wrong.full_scans = Some(1);
    let error = conn.node_set_memory_parameters(&wrong).await.unwrap_err();
    assert!(error.to_string().contains("shm_full_scans"), "{error}");
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
            assert!(shown.contains(&format!("<model>{}</model>", model.model)), "{model:?}");
            assert!(shown.contains(&format!("<doi>{}</doi>", model.doi)), "{model:?}");
        }
        None => assert!(!shown.contains("<secmodel>")),
    }

    // Hardly any machine has it; what it has is then in the domain capabilities, too.
    let has_sev = daemon.virsh(["domcapabilities"]).unwrap().contains("<sev supported='yes'>");
    match conn.node_sev_info().await {
        Ok(info) => assert!(has_sev && info.cbitpos.is_some(), "{info:?}"),
        Err(error) => assert!(!has_sev && error.is_unsupported(), "{error}"),
    }
}

#[tokio::test]
async fn the_host_does_not_sleep_so_shortly() {
    let Some((_, conn)) = qemu().await else {
        return;
    };
    let sleep = async |target, duration| conn.node_suspend_for_duration(target, duration).await;
    // Less than a minute is refused also where the host could sleep.
    let error = sleep(SuspendTarget::Mem, Duration::from_secs(1)).await.unwrap_err();
    assert!(error.code().is_some(), "{error}");
    let error = sleep(SuspendTarget::Other(7), Duration::from_secs(1)).await.unwrap_err();
    assert!(error.code().is_some(), "{error}");
    let error = sleep(SuspendTarget::Mem, Duration::from_millis(1500)).await.unwrap_err();
    assert!(matches!(error, Error::InvalidArgument { .. }), "{error}");
}
