//! What the test driver can always tell.

use std::time::Duration;

use libvirt_client::Error;
use libvirt_client::domain::stats::GetAllDomainStatsFlags;
use libvirt_client::domain::{State, StatsTypes};
use libvirt_client::types::connect::ListAllDomainsFlags as Filter;

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
    assert!(stats.blocks.is_empty() && stats.cpu.time.is_none() && stats.other.is_empty());
    let enforced = flags | GetAllDomainStatsFlags::ENFORCE_STATS;
    let error = domain.stats(StatsTypes::PERF, enforced).await.unwrap_err();
    assert!(error.is_unsupported(), "{error}");
}

#[tokio::test]
async fn the_test_driver_has_one_domain() {
    let Some((daemon, conn)) = test_driver().await else {
        return;
    };
    let domain = conn.domain_lookup_by_id(1).await.unwrap();
    assert_eq!(domain.name(), "test");
    let uuid = daemon.virsh(["domuuid", "test"]).unwrap();
    assert_eq!(domain.uuid().to_string(), uuid.trim());
    let listed = conn.list_all_domains(Filter::PERSISTENT).await.unwrap();
    assert!(listed.contains(&domain));
}

#[tokio::test]
async fn a_name_does_not_end_at_a_nul() {
    let Some((_, conn)) = test_driver().await else {
        return;
    };
    conn.domain_lookup_by_name("test").await.unwrap();
    let with_nul = "test\0evil";
    let xml = "<domain type='test'><name>x\0</name></domain>";
    let errors = [
        conn.domain_lookup_by_name(with_nul).await.unwrap_err(),
        conn.storage_pool_lookup_by_name("default-pool\0").await.unwrap_err(),
        conn.storage_vol_lookup_by_path("/default\0").await.unwrap_err(),
        conn.domain_define_xml(xml).await.unwrap_err(),
    ];
    for error in errors {
        let Error::InvalidArgument { reason, .. } = &error else {
            panic!("{error:?}");
        };
        assert!(reason.contains("NUL"), "{reason}");
    }
    conn.hostname().await.unwrap();
}
