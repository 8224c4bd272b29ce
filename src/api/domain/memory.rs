//! A domain's memory: limits, balloon and statistics.

use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::{DirtyRateCalcFlags, Domain, MemoryModFlags, MemoryStatTags};
use crate::api::wire;
use crate::error::Result;
use crate::protocol::{Request, remote};

/// Memory statistics of a running domain (`virDomainMemoryStatTags`).
///
/// All but [`actual_balloon_kib`](Self::actual_balloon_kib) and [`rss_kib`](Self::rss_kib) comes
/// from the guest's balloon driver, if it has one that reports; see
/// [`Domain::set_memory_stats_period`].
///
/// `Display` writes a line for each, with its name and number, as `virsh dommemstat` does.
#[doc(alias = "virDomainMemoryStatTags")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MemoryStats {
    /// Memory swapped in since the guest booted, in KiB.
    pub swap_in_kib: Option<u64>,
    /// Memory swapped out since the guest booted, in KiB.
    pub swap_out_kib: Option<u64>,
    /// Major page faults: those that had to wait for a disk.
    pub major_faults: Option<u64>,
    /// Minor page faults: those that did not.
    pub minor_faults: Option<u64>,
    /// Memory that is not used at all, not even for caches, in KiB.
    pub unused_kib: Option<u64>,
    /// Memory that the guest's operating system sees, in KiB.
    pub available_kib: Option<u64>,
    /// Memory that the balloon leaves the guest, in KiB.
    pub actual_balloon_kib: Option<u64>,
    /// Resident memory of the process that runs the domain, in KiB.
    pub rss_kib: Option<u64>,
    /// Memory that could be taken from the guest without making it swap, in KiB.
    pub usable_kib: Option<u64>,
    /// Time of the guest's last report; `None` if there was none.
    pub last_update: Option<SystemTime>,
    /// Caches that the guest could free without writing them anywhere, in KiB.
    pub disk_caches_kib: Option<u64>,
    /// Successful allocations of huge pages.
    pub hugetlb_allocations: Option<u64>,
    /// Failed allocations of huge pages.
    pub hugetlb_failures: Option<u64>,
    /// Statistics that this release has no field for.
    pub other: Vec<(MemoryStatTags, u64)>,
}

impl MemoryStats {
    /// Returns the statistics that there are, with the names that virsh and libvirt-python give
    /// them, in the order of the fields. The last update is in seconds since 1970.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> libvirt_client::Result<()> {
    /// # let conn = libvirt_client::Connect::open("test:///default").await?;
    /// # let domain = conn.domain_lookup_by_name("test").await?;
    /// for (name, value) in domain.memory_stats().await?.iter() {
    ///     println!("{name}: {value}"); // `swap_in: 0`
    /// }
    /// # assert!(domain.memory_stats().await?.iter().any(|(name, _)| name == "actual"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (Cow<'static, str>, u64)> {
        let known = [
            ("swap_in", self.swap_in_kib),
            ("swap_out", self.swap_out_kib),
            ("major_fault", self.major_faults),
            ("minor_fault", self.minor_faults),
            ("unused", self.unused_kib),
            ("available", self.available_kib),
            ("actual", self.actual_balloon_kib),
            ("rss", self.rss_kib),
            ("usable", self.usable_kib),
            ("last_update", self.last_update.and_then(seconds_since_1970)),
            ("disk_caches", self.disk_caches_kib),
            ("hugetlb_pgalloc", self.hugetlb_allocations),
            ("hugetlb_pgfail", self.hugetlb_failures),
        ];
        let known = known.into_iter();
        let known = known.filter_map(|(name, value)| Some((Cow::Borrowed(name), value?)));
        let other = self.other.iter();
        known.chain(other.map(|(tag, value)| (format!("tag_{}", i32::from(*tag)).into(), *value)))
    }

    fn from_wire(stats: &[remote::DomainMemoryStat]) -> Self {
        let mut values = Self::default();
        for stat in stats {
            let field = match stat.tag.into() {
                MemoryStatTags::SwapIn => &mut values.swap_in_kib,
                MemoryStatTags::SwapOut => &mut values.swap_out_kib,
                MemoryStatTags::MajorFault => &mut values.major_faults,
                MemoryStatTags::MinorFault => &mut values.minor_faults,
                MemoryStatTags::Unused => &mut values.unused_kib,
                MemoryStatTags::Available => &mut values.available_kib,
                MemoryStatTags::ActualBalloon => &mut values.actual_balloon_kib,
                MemoryStatTags::Rss => &mut values.rss_kib,
                MemoryStatTags::Usable => &mut values.usable_kib,
                MemoryStatTags::DiskCaches => &mut values.disk_caches_kib,
                MemoryStatTags::HugetlbPgalloc => &mut values.hugetlb_allocations,
                MemoryStatTags::HugetlbPgfail => &mut values.hugetlb_failures,
                MemoryStatTags::LastUpdate => {
                    values.last_update = report_time(stat.val);
                    continue;
                }
                tag @ MemoryStatTags::Other(_) => {
                    values.other.push((tag, stat.val));
                    continue;
                }
            };
            *field = Some(stat.val);
        }
        values
    }
}

impl fmt::Display for MemoryStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|(name, value)| writeln!(f, "{name} {value}"))
    }
}

fn seconds_since_1970(time: SystemTime) -> Option<u64> {
    time.duration_since(SystemTime::UNIX_EPOCH).ok().map(|since| since.as_secs())
}

/// Converts the time of a guest's report, with zero for none.
pub(super) fn report_time(seconds: u64) -> Option<SystemTime> {
    let seconds = i64::try_from(seconds).ok().filter(|seconds| *seconds != 0)?;
    wire::unix_time(seconds)
}

/// # Memory
impl Domain {
    /// Returns the domain's maximum memory in KiB (`virDomainGetMaxMemory`).
    #[doc(alias = "virDomainGetMaxMemory")]
    pub async fn max_memory_kib(&self) -> Result<u64> {
        let reply = self.call(remote::DomainGetMaxMemory { dom: self.wire() }).await?;
        Ok(reply.decode()?.memory)
    }

    /// Sets the domain's maximum memory in KiB (`virDomainSetMaxMemory`).
    ///
    /// Hardly any hypervisor supports it for a running domain.
    #[doc(alias = "virDomainSetMaxMemory")]
    pub async fn set_max_memory(&self, kib: u64) -> Result<()> {
        self.run(remote::DomainSetMaxMemory { dom: self.wire(), memory: kib }).await
    }

    /// Sets the memory of the running domain in KiB (`virDomainSetMemory`).
    ///
    /// Asks the guest's balloon driver, which reacts in its own time, if at all;
    /// [`info`](Self::info) shows the current value.
    #[doc(alias = "virDomainSetMemory")]
    pub async fn set_memory(&self, kib: u64) -> Result<()> {
        self.run(remote::DomainSetMemory { dom: self.wire(), memory: kib }).await
    }

    /// Sets the memory in KiB of the running domain or of its definition, as `flags` say, or with
    /// `MAXIMUM` the maximum memory (`virDomainSetMemoryFlags`).
    #[doc(alias = "virDomainSetMemoryFlags")]
    #[doc(alias = "setMemoryFlags")]
    pub async fn set_memory_flags(&self, kib: u64, flags: MemoryModFlags) -> Result<()> {
        self.run(remote::DomainSetMemoryFlags { dom: self.wire(), memory: kib, flags })
            .await
    }

    /// Sets the period at which the guest's balloon driver is asked for statistics, in whole
    /// seconds; `None` for never (`virDomainSetMemoryStatsPeriod`).
    #[doc(alias = "virDomainSetMemoryStatsPeriod")]
    pub async fn set_memory_stats_period(
        &self,
        period: Option<Duration>,
        flags: MemoryModFlags,
    ) -> Result<()> {
        let name = remote::DomainSetMemoryStatsPeriod::INFO.name;
        self.run(remote::DomainSetMemoryStatsPeriod {
            dom: self.wire(),
            period: wire::signed_seconds(name, period.unwrap_or_default())?,
            flags,
        })
        .await
    }

    /// Returns memory statistics of the running domain (`virDomainMemoryStats`).
    #[doc(alias = "virDomainMemoryStats")]
    pub async fn memory_stats(&self) -> Result<MemoryStats> {
        let reply = self
            .call(remote::DomainMemoryStats {
                dom: self.wire(),
                max_stats: remote::DOMAIN_MEMORY_STATS_MAX as u32,
                flags: 0,
            })
            .await?;
        Ok(MemoryStats::from_wire(&reply.decode()?.stats))
    }

    /// Starts to measure the guest's dirty rate, i.e. how fast it changes its memory, for
    /// `period` in whole seconds (`virDomainStartDirtyRateCalc`).
    ///
    /// Returns at once. The result is in the [statistics](super::stats::DirtyRate) when its status
    /// says that it was measured.
    #[doc(alias = "virDomainStartDirtyRateCalc")]
    pub async fn start_dirty_rate_calc(
        &self,
        period: Duration,
        flags: DirtyRateCalcFlags,
    ) -> Result<()> {
        let name = remote::DomainStartDirtyRateCalc::INFO.name;
        self.run(remote::DomainStartDirtyRateCalc {
            dom: self.wire(),
            seconds: wire::signed_seconds(name, period)?,
            flags,
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_tag_has_a_field() {
        let stats: Vec<_> = (0..15)
            .map(|tag| remote::DomainMemoryStat { tag, val: 100 + tag as u64 })
            .collect();
        let stats = MemoryStats::from_wire(&stats);
        assert_eq!(stats.swap_in_kib, Some(100));
        assert_eq!(stats.last_update, report_time(109));
        assert_eq!(stats.hugetlb_failures, Some(112));
        let other = [113, 114].map(|val| (MemoryStatTags::Other(val - 100), val as u64));
        assert_eq!(stats.other, other);
        let (names, values): (Vec<_>, Vec<_>) = stats.iter().unzip();
        assert_eq!(values, (100..115).collect::<Vec<_>>());
        assert_eq!(names[6], "actual");
        assert_eq!(names[12..], ["hugetlb_pgfail", "tag_13", "tag_14"]);
    }

    #[test]
    fn never_is_no_time() {
        let never = remote::DomainMemoryStat { tag: MemoryStatTags::LastUpdate.into(), val: 0 };
        assert_eq!(MemoryStats::from_wire(&[never]), MemoryStats::default());
    }
}
