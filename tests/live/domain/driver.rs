//! What the test driver can always tell.

use std::time::Duration;

use libvirt_client::domain::stats::GetAllDomainStatsFlags;
use libvirt_client::domain::{State, StatsTypes};

use crate::common::test_driver;

#[tokio::test]
async fn processor_time_by_the_hosts_processors() {
    let Some((_, conn)) = test_driver().await else {
        return;
    };
    let domain = conn.domain_lookup_by_name("test").await.unwrap();
    let stats = domain.cpu_stats().await.unwrap();
    let total = domain.cpu_stats_total().await.unwrap();
    assert_eq!(stats.len(), 2);
    let times = stats.iter().map(|stats| stats.cpu_time.unwrap());
    let sum: Duration = times.sum();
    assert!(sum > Duration::ZERO && sum <= total.cpu_time.unwrap(), "{sum:?} of {total:?}");
    assert!(stats.iter().all(|stats| stats.vcpu_time.is_some() && stats.other.is_empty()));
    assert!(total.user_time.is_some() && total.system_time.is_some());
}

#[tokio::test]
async fn statistics_of_a_driver_that_has_few() {
    let Some((_, conn)) = test_driver().await else {
        return;
    };
    let domain = conn.domain_lookup_by_name("test").await.unwrap();
    let flags = GetAllDomainStatsFlags::empty();
    let stats = domain.stats(StatsTypes::empty(), flags).await.unwrap();
    assert_eq!(stats.state.map(|state| state.state), Some(State::Running));
    assert!(stats.block.is_empty() && stats.cpu.time.is_none() && stats.other.is_empty());
    let enforced = flags | GetAllDomainStatsFlags::ENFORCE_STATS;
    let error = domain.stats(StatsTypes::PERF, enforced).await.unwrap_err();
    assert!(error.is_unsupported(), "{error}");
}
