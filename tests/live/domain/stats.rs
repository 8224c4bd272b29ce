//! Statistics of many domains at once.

#[allow(dead_code)]
#[path = "../../../examples/domstats.rs"]
mod domstats;

use libvirt_client::connect::Version;
use libvirt_client::domain::stats::GetAllDomainStatsFlags;
use libvirt_client::domain::{CreateFlags, Domain, DomainStats, State, StatsTypes};
use libvirt_client::{Connect, Error};
use rig::guest::Disk;
use rig::{Daemon, Need, network};

use crate::common::{boot, define, qemu};

const ALL: StatsTypes = StatsTypes::empty();
const PLAIN: GetAllDomainStatsFlags = GetAllDomainStatsFlags::empty();

/// A daemon of its own: what it says of all its domains is compared.
#[tokio::test]
async fn statistics_of_all_domains() {
    let needs = [
        Need::Daemon,
        Need::Qemu,
        Need::Guest,
        Need::Virsh,
        Need::Network,
        Need::Root,
    ];
    if !rig::available(&needs).unwrap() {
        return;
    }
    let daemon = &Daemon::builder().start().unwrap();
    daemon.virsh_with_file(["net-create"], &network::nat_xml("lan", 79)).unwrap();
    let conn = Connect::open(&daemon.uri()).await.unwrap();
    let disk = Disk::qcow2(daemon.scratch().join("a.qcow2"), 32).unwrap();
    let guest = boot(daemon, &conn, "runs", |guest| {
        guest.vcpus(2, 2).iothreads(2).disk(disk).network("lan").user_nic()
    });
    let runs = &guest.await.domain;
    runs.suspend().await.unwrap();
    let rests = &define(daemon, &conn, "rests", |guest| guest.vcpus(3, 1)).await.domain;

    assert_same_as_virsh(daemon, &conn).await;
    typed_and_raw_agree(&conn).await;
    fields(runs, rests).await;
    filters(daemon, &conn, runs, rests).await;
}

/// The counters that move even while a guest is paused are between two looks of ours.
async fn assert_same_as_virsh(daemon: &Daemon, conn: &Connect) {
    let before = domstats::text(conn).await.unwrap();
    let uri = daemon.uri();
    let mut virsh = daemon.command("virsh");
    let said = virsh.args(["-c", &uri, "domstats", "--raw"]).output().unwrap();
    let after = domstats::text(conn).await.unwrap();
    let said = String::from_utf8(said.stdout).unwrap();

    assert!(said.contains("Domain: 'runs'\n  state.state=3\n") && said.contains("'rests'"));
    let lines = |text: &str| text.split('\n').map(str::to_owned).collect::<Vec<_>>();
    let (before, said, after) = (lines(&before), lines(&said), lines(&after));
    assert_eq!(before.len(), said.len(), "{before:#?}\n{said:#?}");
    assert_eq!(said.len(), after.len());
    for ((before, said), after) in before.iter().zip(&said).zip(&after) {
        if before != said {
            let number = |line: &str| line.split_once('=').unwrap().1.parse::<u64>().unwrap();
            let name = |line: &str| line.split_once('=').unwrap().0.to_owned();
            assert_eq!(name(before), name(said));
            assert!((number(before)..=number(after)).contains(&number(said)), "{before} {said}");
        }
    }
}

async fn typed_and_raw_agree(conn: &Connect) {
    let raw = conn.all_domain_stats_raw(ALL, PLAIN).await.unwrap();
    let typed = conn.all_domain_stats(ALL, PLAIN).await.unwrap();
    assert_eq!((raw.len(), typed.len()), (2, 2));
    for ((domain, params), record) in raw.iter().zip(typed) {
        assert_eq!(domain, &record.domain);
        let mut stats = DomainStats::from_params(params);
        assert!(stats.other.is_empty(), "{:?}", stats.other);
        // What moves while a guest is paused.
        stats.cpu = record.stats.cpu.clone();
        stats.balloon.rss_kib = record.stats.balloon.rss_kib;
        stats.nets.clone_from(&record.stats.nets);
        assert_eq!(stats, record.stats);
    }
}

async fn fields(runs: &Domain, rests: &Domain) {
    let stats = runs.stats(ALL, PLAIN).await.unwrap();
    assert_eq!(stats.state, Some(runs.state().await.unwrap()));
    let info = runs.info().await.unwrap();
    assert_eq!(stats.balloon.current_kib, Some(info.memory_kib));
    assert_eq!(stats.balloon.maximum_kib, Some(info.max_memory_kib));
    let memory = runs.memory_stats().await.unwrap();
    assert_eq!(stats.balloon.available_kib, memory.available_kib);
    assert_eq!(stats.balloon.last_update, memory.last_update);
    assert!(stats.cpu.time > Some(std::time::Duration::ZERO) && stats.cpu.user.is_some());
    assert_eq!(
        (stats.vcpu_current, stats.vcpu_maximum, stats.vcpus.len()),
        (Some(2), Some(2), 2)
    );
    let vcpus = runs.vcpus().await.unwrap();
    assert_eq!(stats.vcpus[1].time, Some(vcpus[1].cpu_time));
    assert_eq!(stats.vcpus[1].state, Some(vcpus[1].state));
    assert_eq!((stats.block_count, stats.blocks.len()), (Some(1), 1));
    let block = runs.block_info("vda").await.unwrap();
    assert_eq!(stats.blocks[0].capacity_bytes, Some(block.capacity_bytes));
    let details = runs.block_stats_flags("vda").await.unwrap();
    assert_eq!(stats.blocks[0].read_time, details.read_time);
    let version = runs.connect().lib_version().await.unwrap();
    let limits = stats.blocks[0].limits.as_ref();
    if version >= Version::new(11, 10, 0) {
        assert!(limits.unwrap().request_alignment_bytes > Some(0), "{limits:?}");
    } else {
        assert_eq!(limits, None);
    }
    let disks = runs.disk_targets().await.unwrap();
    assert_eq!(stats.blocks[0].name.as_ref(), Some(&disks[0].target));
    assert_eq!(stats.blocks[0].path, disks[0].source);
    // The second has no device that could be counted.
    let interfaces = runs.interface_targets().await.unwrap();
    assert_eq!((stats.net_count, stats.nets.len(), interfaces.len()), (Some(2), 1, 2));
    assert_eq!((stats.nets[0].number, &stats.nets[0].name), (0, &interfaces[0].target));
    assert_eq!((stats.iothread_count, stats.iothreads.len()), (Some(2), 2));
    assert!(stats.iothreads.iter().all(|thread| thread.poll_max.is_some()));

    let stats = rests.stats(ALL, PLAIN).await.unwrap();
    assert_eq!(stats.state.map(|state| state.state), Some(State::Shutoff));
    assert_eq!((stats.vcpu_current, stats.vcpu_maximum), (Some(1), Some(3)));
    assert!(stats.balloon.rss_kib.is_none() && stats.vcpus.iter().all(|vcpu| vcpu.time.is_none()));
}

async fn filters(daemon: &Daemon, conn: &Connect, runs: &Domain, rests: &Domain) {
    let names = async |flags| {
        let records = conn.all_domain_stats(StatsTypes::STATE, flags).await.unwrap();
        let names = records.iter().map(|record| record.domain.name().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(GetAllDomainStatsFlags::ACTIVE).await, ["runs"]);
    assert_eq!(names(GetAllDomainStatsFlags::SHUTOFF).await, ["rests"]);
    assert!(names(GetAllDomainStatsFlags::RUNNING).await.is_empty());
    let stats = runs.stats(StatsTypes::STATE, PLAIN).await.unwrap();
    assert!(stats.blocks.is_empty() && stats.vcpu_current.is_none());

    // With the images behind a disk.
    let file = daemon.scratch().join("b.qcow2");
    let spec = format!("vda,file={}", file.display());
    let args = [
        "snapshot-create-as",
        "runs",
        "--disk-only",
        "--no-metadata",
        "--diskspec",
        &spec,
    ];
    daemon.virsh(args).unwrap();
    let backing = GetAllDomainStatsFlags::BACKING;
    let stats = runs.stats(StatsTypes::BLOCK, backing).await.unwrap();
    assert_eq!((stats.block_count, stats.blocks.len()), (Some(2), 2));
    let [first, second] = &stats.blocks[..] else {
        unreachable!()
    };
    assert_eq!((&first.name, &first.path), (&second.name, &Some(file.display().to_string())));
    assert!(first.backing_index.is_some() && second.backing_index.is_some());
    assert!(first.read_bytes.is_some() && second.read_bytes.is_none());

    // Of some domains.
    let both = [rests.clone(), runs.clone()];
    let records = conn.domain_list_stats(&both, StatsTypes::STATE, PLAIN).await.unwrap();
    assert_eq!(records.len(), 2);
    let records = conn.domain_list_stats_raw(&both[..1], StatsTypes::VCPU, PLAIN).await;
    let records = records.unwrap();
    assert_eq!((records.len(), &records[0].0), (1, rests));
    assert_eq!(records[0].1.get("vcpu.maximum"), Some(3_u32));
    let names: Vec<_> = records[0].1.iter().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(names[..2], ["vcpu.current", "vcpu.maximum"]);

    // What is gone is left out of lists, but is an error by itself.
    rests.undefine().await.unwrap();
    let records = conn.domain_list_stats(&both, StatsTypes::STATE, PLAIN).await.unwrap();
    assert_eq!(records.len(), 1);
    let error = rests.stats(StatsTypes::STATE, PLAIN).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
}

#[tokio::test]
async fn no_domains_and_other_connections_domains_are_not_asked_about() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let other = Connect::open(&daemon.uri()).await.unwrap();
    let xml = rig::guest::Guest::new("res-foreign").xml().unwrap();
    let flags = CreateFlags::PAUSED | CreateFlags::AUTODESTROY;
    let foreign = other.domain_create_xml(&xml, flags).await.unwrap();
    let error = conn.domain_list_stats(std::slice::from_ref(&foreign), ALL, PLAIN).await;
    assert!(matches!(error, Err(Error::InvalidArgument { .. })), "{error:?}");
    let own = [foreign.via(&conn)];
    assert_eq!(conn.domain_list_stats(&own, ALL, PLAIN).await.unwrap().len(), 1);

    // No domains would be all of them to the daemon.
    conn.close().await;
    assert!(conn.all_domain_stats(ALL, PLAIN).await.is_err());
    assert!(conn.domain_list_stats(&[], ALL, PLAIN).await.unwrap().is_empty());
    assert!(conn.domain_list_stats_raw(&[], ALL, PLAIN).await.unwrap().is_empty());
}
