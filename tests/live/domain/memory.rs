//! Memory.

use std::collections::BTreeSet;
use std::time::Duration;

use libvirt_client::domain::stats::GetAllDomainStatsFlags;
use libvirt_client::domain::{
    DirtyRateCalcFlags, DirtyRateStatus, Domain, MemoryFlags, MemoryModFlags, StatsTypes,
};
use rig::Daemon;

use super::{value_of, virsh};
use crate::common::{define, discard, eventually, qemu, wait_for_shell};

#[tokio::test]
async fn memory_of_a_running_guest() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let guest = define(daemon, &conn, "res-memory", |guest| guest.memory_mib(256).current_mib(128));
    let guest = guest.await;
    let domain = &guest.domain;
    domain.create().await.unwrap();
    wait_for_shell(&guest.serial_log).await;

    balloon(domain).await;
    definition(daemon, domain).await;
    reports(daemon, domain).await;
    inside(domain).await;
    domain.resume().await.unwrap();
    dirty_rate(domain).await;

    domain.destroy().await.unwrap();
    domain.set_max_memory(384 << 10).await.unwrap();
    assert_eq!(domain.max_memory_kib().await.unwrap(), 384 << 10);
    discard(domain).await;
}

async fn balloon(domain: &Domain) {
    assert_eq!(domain.max_memory_kib().await.unwrap(), 256 << 10);
    domain.set_memory(200 << 10).await.unwrap();
    eventually("the guest has 200 MiB", async || {
        domain.info().await.unwrap().memory_kib == 200 << 10
    })
    .await;
    let flags = MemoryModFlags::LIVE;
    domain.set_memory_flags(150 << 10, flags).await.unwrap();
    eventually("the guest has 150 MiB", async || {
        domain.memory_stats().await.unwrap().actual_balloon_kib == Some(150 << 10)
    })
    .await;
    let error = domain.set_memory(300 << 10).await.unwrap_err();
    assert!(error.to_string().contains("max"), "{error}");
}

async fn definition(daemon: &'static Daemon, domain: &Domain) {
    let config = MemoryModFlags::CONFIG;
    domain.set_memory_flags(100 << 10, config).await.unwrap();
    let maximum = config | MemoryModFlags::MAXIMUM;
    domain.set_memory_flags(512 << 10, maximum).await.unwrap();
    let xml = virsh(daemon, ["dumpxml", "--inactive", domain.name()]).await;
    assert!(xml.contains("<memory unit='KiB'>524288</memory>"), "{xml}");
    assert!(xml.contains("<currentMemory unit='KiB'>102400</currentMemory>"), "{xml}");
    assert_eq!(domain.max_memory_kib().await.unwrap(), 256 << 10);
    assert!(domain.set_max_memory(300 << 10).await.is_err());
}

/// What the guest says itself. Leaves it paused, so that nothing moves.
async fn reports(daemon: &'static Daemon, domain: &Domain) {
    let period = async |seconds| {
        let period = (seconds > 0).then(|| Duration::from_secs(seconds));
        domain.set_memory_stats_period(period, MemoryModFlags::LIVE).await
    };
    period(0).await.unwrap();
    let before = domain.memory_stats().await.unwrap();
    period(1).await.unwrap();
    eventually("the guest has reported", async || {
        domain.memory_stats().await.unwrap().last_update > before.last_update
    })
    .await;
    period(0).await.unwrap();
    domain.suspend().await.unwrap();
    let stats = domain.memory_stats().await.unwrap();
    let said = virsh(daemon, ["dommemstat", domain.name()]).await;
    for (name, value) in [
        ("actual", stats.actual_balloon_kib),
        ("swap_in", stats.swap_in_kib),
        ("swap_out", stats.swap_out_kib),
        ("major_fault", stats.major_faults),
        ("minor_fault", stats.minor_faults),
        ("unused", stats.unused_kib),
        ("available", stats.available_kib),
        ("usable", stats.usable_kib),
        ("disk_caches", stats.disk_caches_kib),
        ("hugetlb_pgalloc", stats.hugetlb_allocations),
        ("hugetlb_pgfail", stats.hugetlb_failures),
    ] {
        let value = value.unwrap_or_else(|| panic!("no {name} in {stats:?}"));
        assert_eq!(value_of(&said, name), value.to_string(), "{name}");
    }
    // The process's size changes although the guest is paused.
    let lines = |text: &str| {
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with("rss "));
        lines.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    assert_eq!(lines(&stats.to_string()), lines(&said));
    assert!(stats.rss_kib.unwrap() > 50 << 10 && stats.other.is_empty());
    let since_1970 = stats.last_update.unwrap().duration_since(std::time::UNIX_EPOCH);
    assert_eq!(value_of(&said, "last_update"), since_1970.unwrap().as_secs().to_string());
    let half = Duration::from_millis(500);
    let error = domain.set_memory_stats_period(Some(half), MemoryModFlags::LIVE).await;
    assert!(matches!(error, Err(libvirt_client::Error::InvalidArgument { .. })));
}

async fn inside(domain: &Domain) {
    // The last bytes of the first megabyte are the firmware's date.
    let physical = MemoryFlags::PHYSICAL;
    let date = domain.memory_peek(0xf_fff5, 8, physical).await.unwrap();
    assert_eq!(date, b"06/23/99");
    let much = domain.memory_peek(0xf_0000, 9 << 20, physical).await.unwrap();
    assert_eq!(much.len(), 9 << 20);
    assert_eq!(much[0xfff5..0xfffd], *date);
    let start = 0xf_0000 + (8 << 20) - 100;
    let seam = domain.memory_peek(start, 200, physical).await.unwrap();
    assert_eq!(much[(8 << 20) - 100..][..200], seam);
    assert_eq!(domain.memory_peek(0, 0, physical).await.unwrap(), b"");
    assert!(domain.memory_peek(0, 1, MemoryFlags::empty()).await.is_err());
}

async fn dirty_rate(domain: &Domain) {
    let second = Duration::from_secs(1);
    domain
        .start_dirty_rate_calc(second, DirtyRateCalcFlags::PAGE_SAMPLING)
        .await
        .unwrap();
    let rate = async || {
        let (types, flags) = (StatsTypes::DIRTYRATE, GetAllDomainStatsFlags::empty());
        domain.stats(types, flags).await.unwrap().dirty_rate.unwrap_or_default()
    };
    eventually("the rate was measured", async || {
        rate().await.status == Some(DirtyRateStatus::Measured)
    })
    .await;
    let rate = rate().await;
    assert_eq!((rate.period, rate.mode.as_deref()), (Some(second), Some("page-sampling")));
    assert!(rate.mib_per_second.is_some() && rate.start_time > Some(Duration::ZERO));
}
