//! What a guest may take of its host.

use std::time::Duration;

use libvirt_client::domain::{
    BlkioParameters, CpuQuota, DeviceValue, Domain, MemoryLimit, MemoryParameters,
    ModificationImpact, NumaParameters, NumatuneMemMode, PerfEvents, SchedulerParameters,
};
use libvirt_client::{Connect, Error};
use rig::{Daemon, Need};

use super::value_of;
use crate::common::define;

const LIVE: ModificationImpact = ModificationImpact::LIVE;
const CONFIG: ModificationImpact = ModificationImpact::CONFIG;

/// A guest of a daemon of its own, for the shared one does without control groups.
#[tokio::test]
async fn limits_of_a_running_guest() {
    let needs = [
        Need::Daemon,
        Need::Qemu,
        Need::Guest,
        Need::Virsh,
        Need::Root,
    ];
    if !rig::available(&needs).unwrap() {
        return;
    }
    let controllers = r#"cgroup_controllers = ["cpu", "cpuacct", "cpuset", "memory", "blkio"]"#;
    let builder = Daemon::builder().qemu_conf_line(controllers);
    let daemon = &builder.start().unwrap();
    let conn = Connect::open(&daemon.uri()).await.unwrap();
    // The groups are the host's, where others may run this test too.
    let name = format!("res-tune-{}", std::process::id());
    let domain = &define(daemon, &conn, &name, |guest| guest).await.domain;
    let virsh = |command: &str, flag: &str| daemon.virsh([command, &name, flag]).unwrap();

    definition(domain, virsh).await;
    // A host that gives nobody control groups gives them to virsh neither.
    let left_out = |error: Error, command: &str| {
        let said = daemon.virsh_output([command, &name]).unwrap();
        assert!(!said.status.success(), "{error}");
        eprintln!("left out: needs control groups; {error}");
    };
    if let Err(error) = domain.create().await {
        return left_out(error, "start");
    }
    if let Err(error) = domain.scheduler_type().await {
        return left_out(error, "schedinfo");
    }
    running(domain, virsh).await;
    security(domain).await;
    domain.destroy().await.unwrap();
}

async fn definition(domain: &Domain, virsh: impl Fn(&str, &str) -> String) {
    let unset = domain.scheduler_parameters_flags(CONFIG).await.unwrap();
    assert_eq!(unset.vcpu_quota, Some(CpuQuota::Unset));
    let mut quarter = SchedulerParameters::default();
    quarter.global_period = Some(Duration::from_millis(100));
    quarter.global_quota = Some(CpuQuota::Limit(Duration::from_millis(25)));
    domain.set_scheduler_parameters_flags(&quarter, CONFIG).await.unwrap();
    let now = domain.scheduler_parameters_flags(CONFIG).await.unwrap();
    assert_eq!(
        (now.global_period, now.global_quota),
        (quarter.global_period, quarter.global_quota)
    );
    assert_eq!(value_of(&virsh("schedinfo", "--config"), "global_quota"), "25000");
    quarter.global_quota = Some(CpuQuota::Unlimited);
    domain.set_scheduler_parameters_flags(&quarter, CONFIG).await.unwrap();
    assert_eq!(value_of(&virsh("schedinfo", "--config"), "global_quota"), "-1");

    let mut limits = MemoryParameters::default();
    limits.soft_limit = Some(MemoryLimit::Kib(400 << 10));
    limits.hard_limit = Some(MemoryLimit::Kib(800 << 10));
    domain.set_memory_parameters(&limits, CONFIG).await.unwrap();
    let now = domain.memory_parameters(CONFIG).await.unwrap();
    assert_eq!((now.soft_limit, now.hard_limit), (limits.soft_limit, limits.hard_limit));
    assert_eq!(now.swap_hard_limit, Some(MemoryLimit::Unlimited));
    assert_eq!(value_of(&virsh("memtune", "--config"), "hard_limit"), "819200");
    limits.hard_limit = Some(MemoryLimit::Unlimited);
    domain.set_memory_parameters(&limits, CONFIG).await.unwrap();
    assert_eq!(value_of(&virsh("memtune", "--config"), "hard_limit"), "unlimited");

    let none = domain.numa_parameters(CONFIG).await.unwrap();
    assert_eq!((none.nodeset.as_deref(), none.mode), (Some(""), Some(NumatuneMemMode::Strict)));
    let mut numa = NumaParameters::default();
    numa.nodeset = Some("0".to_owned());
    numa.mode = Some(NumatuneMemMode::Preferred);
    domain.set_numa_parameters(&numa, CONFIG).await.unwrap();
    assert_eq!(domain.numa_parameters(CONFIG).await.unwrap(), numa);
    assert_eq!(value_of(&virsh("numatune", "--config"), "numa_mode"), "preferred");

    let limit = |device: &str, value| DeviceValue { device: device.to_owned(), value };
    let mut share = BlkioParameters::default();
    share.weight = Some(300);
    share.device_read_bytes_per_second =
        Some(vec![limit("/dev/null", 1 << 20), limit("/dev/zero", 7)]);
    domain.set_blkio_parameters(&share, CONFIG).await.unwrap();
    let now = domain.blkio_parameters(CONFIG).await.unwrap();
    assert_eq!(
        (now.weight, &now.device_read_bytes_per_second),
        (share.weight, &share.device_read_bytes_per_second)
    );
    assert_eq!(now.device_weight, Some(Vec::new()));
    assert!(now.other.is_empty());
    let said = virsh("blkiotune", "--config");
    assert_eq!(value_of(&said, "device_read_bytes_sec"), "/dev/null,1048576,/dev/zero,7");
    // Neither is a disk, so the guest could not start with such limits.
    share.device_read_bytes_per_second = Some(vec![limit("/dev/null", 0), limit("/dev/zero", 0)]);
    domain.set_blkio_parameters(&share, CONFIG).await.unwrap();
}

async fn running(domain: &Domain, virsh: impl Fn(&str, &str) -> String) {
    let scheduler = domain.scheduler_type().await.unwrap();
    assert_eq!((scheduler.name.as_str(), scheduler.parameters), ("posix", 9));
    let mut half = SchedulerParameters::default();
    half.cpu_shares = Some(512);
    half.vcpu_period = Some(Duration::from_millis(50));
    half.vcpu_quota = Some(CpuQuota::Limit(Duration::from_millis(25)));
    domain.set_scheduler_parameters_flags(&half, LIVE).await.unwrap();
    let now = domain.scheduler_parameters().await.unwrap();
    assert_eq!(now, domain.scheduler_parameters_flags(LIVE).await.unwrap());
    assert_eq!((now.vcpu_period, now.vcpu_quota), (half.vcpu_period, half.vcpu_quota));
    assert_eq!(now.emulator_quota, Some(CpuQuota::Unlimited));
    assert!(now.other.is_empty(), "{now:?}");
    let said = virsh("schedinfo", "--live");
    assert_eq!(value_of(&said, "vcpu_quota"), "25000");
    assert_eq!(value_of(&said, "cpu_shares"), now.cpu_shares.unwrap().to_string());
    let mut free = SchedulerParameters::default();
    free.vcpu_quota = Some(CpuQuota::Unlimited);
    domain.set_scheduler_parameters(&free).await.unwrap();
    let now = domain.scheduler_parameters().await.unwrap();
    assert_eq!(now.vcpu_quota, Some(CpuQuota::Unlimited));

    let mut limits = MemoryParameters::default();
    limits.soft_limit = Some(MemoryLimit::Kib(300 << 10));
    domain.set_memory_parameters(&limits, LIVE).await.unwrap();
    let now = domain.memory_parameters(LIVE).await.unwrap();
    assert_eq!(
        (now.soft_limit, now.hard_limit),
        (limits.soft_limit, Some(MemoryLimit::Unlimited))
    );
    assert_eq!(value_of(&virsh("memtune", "--live"), "soft_limit"), "307200");

    let total = domain.cpu_stats_total().await.unwrap().cpu_time.unwrap();
    assert!(total > Duration::ZERO);
    match domain.cpu_stats().await {
        Ok(stats) => {
            let sum: Duration = stats.iter().filter_map(|stats| stats.cpu_time).sum();
            assert!(sum >= total, "{sum:?} after {total:?}");
        }
        // Version 2 of control groups does not count by processor.
        Err(error) => assert!(error.is_unsupported(), "{error}"),
    }
}

async fn security(domain: &Domain) {
    let events = domain.perf_events(LIVE).await.unwrap();
    assert_eq!((events.cmt, events.emulation_faults), (Some(false), Some(false)));
    assert!(events.other.is_empty(), "{events:?}");
    let mut wanted = PerfEvents::default();
    wanted.cpu_clock = Some(true);
    domain.set_perf_events(&wanted, CONFIG).await.unwrap();
    let events = domain.perf_events(CONFIG).await.unwrap();
    assert_eq!((events.cpu_clock, events.task_clock), (Some(true), Some(false)));

    // The daemon's own security driver is none; that of file owners is always there.
    let label = domain.security_label().await.unwrap();
    assert_eq!((label.label.as_str(), label.enforcing), ("", false));
    let labels = domain.security_label_list().await.unwrap();
    assert_eq!((labels.len(), labels[1].label.as_str()), (2, "+0:+0"));
    // The guest's memory is not encrypted.
    let info = domain.launch_security_info().await.unwrap();
    assert_eq!(info, libvirt_client::domain::LaunchSecurityInfo::default());
    let secret = libvirt_client::domain::LaunchSecret {
        header: "aGVhZGVy".to_owned(),
        secret: "c2VjcmV0".to_owned(),
        address: Some(4096),
    };
    assert!(!format!("{secret:?}").contains("c2Vj"));
    let error = domain.set_launch_security_state(&secret).await.unwrap_err();
    assert!(error.is_unsupported(), "{error}");
}
