//! Processors, and where they run.

use std::time::Duration;

use libvirt_client::connect::Version;
use libvirt_client::domain::stats::GetAllDomainStatsFlags;
use libvirt_client::domain::{
    CpuMap, HostCpu, IoThreadParameters, ModificationImpact, SetVcpuFlags, StatsTypes, VcpuFlags,
    VcpuState,
};

use super::{value_of, virsh};
use crate::common::{define, discard, qemu, wait_for_shell};

const LIVE: ModificationImpact = ModificationImpact::LIVE;
const CONFIG: ModificationImpact = ModificationImpact::CONFIG;

#[tokio::test]
async fn processors_and_threads_of_a_running_guest() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let guest = define(daemon, &conn, "res-cpu", |guest| guest.vcpus(4, 1).iothreads(1)).await;
    let domain = &guest.domain;
    domain.create().await.unwrap();
    wait_for_shell(&guest.serial_log).await;
    let virsh = async |args: [&str; 3]| virsh(daemon, args).await;

    // Plugging in.
    assert_eq!(domain.max_vcpus().await.unwrap(), 4);
    assert_eq!(domain.vcpus().await.unwrap().len(), 1);
    domain.set_vcpus(2).await.unwrap();
    assert_eq!(domain.vcpus_flags(VcpuFlags::LIVE).await.unwrap(), 2);
    assert_eq!(domain.vcpus_flags(VcpuFlags::CONFIG).await.unwrap(), 1);
    domain.set_vcpus_flags(3, VcpuFlags::CONFIG).await.unwrap();
    let maximum = VcpuFlags::CONFIG | VcpuFlags::MAXIMUM;
    domain.set_vcpus_flags(6, maximum).await.unwrap();
    assert_eq!(domain.vcpus_flags(maximum).await.unwrap(), 6);
    let counts = virsh(["vcpucount", "res-cpu", "--"]).await;
    let counts: Vec<_> = counts.split_whitespace().collect();
    let expected = ["maximum", "config", "6", "maximum", "live", "4"];
    assert_eq!(counts[..6], expected);
    assert_eq!(counts[6..], ["current", "config", "3", "current", "live", "2"]);
    let error = domain.set_vcpus(5).await.unwrap_err();
    assert!(error.to_string().contains("greater than max"), "{error}");
    // One by one: 3, which is off, but not 0, which every domain needs.
    let third = CpuMap::from(3..=3);
    domain.set_vcpu(&third, true, SetVcpuFlags::AFFECT_CONFIG).await.unwrap();
    assert_eq!(domain.vcpus_flags(VcpuFlags::CONFIG).await.unwrap(), 4);
    domain.set_vcpu(&third, false, SetVcpuFlags::AFFECT_CONFIG).await.unwrap();
    let first = CpuMap::from(0..=0);
    assert!(domain.set_vcpu(&first, false, SetVcpuFlags::AFFECT_CONFIG).await.is_err());

    // What they do.
    let host_cpus = std::thread::available_parallelism().unwrap().get();
    let vcpus = domain.vcpus().await.unwrap();
    let info = virsh(["vcpuinfo", "res-cpu", "--pretty"]).await;
    assert_eq!(vcpus.iter().map(|vcpu| vcpu.number).collect::<Vec<_>>(), [0, 1]);
    assert!(vcpus.iter().all(|vcpu| vcpu.state == VcpuState::Running));
    assert!(vcpus[0].cpu_time > Duration::ZERO);
    assert!(vcpus.iter().all(|vcpu| matches!(vcpu.host_cpu, HostCpu::Number(_))));
    let affinity = vcpus[0].affinity.to_string();
    assert!(value_of(&info, "CPU Affinity").starts_with(&affinity), "{affinity}: {info}");
    assert!(vcpus[0].affinity.len() >= host_cpus);

    // Where they may.
    let last = CpuMap::from_iter(vcpus[0].affinity.iter().last());
    domain.pin_vcpu(0, &last).await.unwrap();
    assert_eq!(domain.vcpus().await.unwrap()[0].affinity, last);
    domain.pin_vcpu_flags(5, &first, CONFIG).await.unwrap();
    let live = domain.vcpu_pin_info(LIVE).await.unwrap();
    let config = domain.vcpu_pin_info(CONFIG).await.unwrap();
    assert_eq!((live.len(), &live[0], &live[3]), (4, &last, &vcpus[1].affinity));
    assert_eq!((config.len(), &config[5]), (6, &first));
    let pins = virsh(["vcpupin", "res-cpu", "--live"]).await;
    assert_eq!(value_of(&pins, "0"), last.to_string());
    let error = domain.pin_vcpu(0, &CpuMap::new()).await.unwrap_err();
    assert!(error.to_string().contains("mpty"), "{error}");

    domain.pin_emulator(&first, LIVE | CONFIG).await.unwrap();
    assert_eq!(domain.emulator_pin_info(LIVE).await.unwrap(), Some(first.clone()));
    let pins = virsh(["emulatorpin", "res-cpu", "--config"]).await;
    assert_eq!(pins.trim(), "0");

    iothreads(domain, &first).await;
    discard(domain).await;
}

async fn iothreads(domain: &libvirt_client::domain::Domain, first: &CpuMap) {
    domain.add_iothread(5, LIVE).await.unwrap();
    domain.pin_iothread(5, first, LIVE).await.unwrap();
    let mut threads = domain.iothread_info(LIVE).await.unwrap();
    threads.sort_by_key(|thread| thread.id);
    let ids: Vec<_> = threads.iter().map(|thread| thread.id).collect();
    assert_eq!(ids, [1, 5]);
    assert_eq!(&threads[1].affinity, first);
    assert_ne!(&threads[0].affinity, first);

    let mut parameters = IoThreadParameters::default();
    parameters.poll_max = Some(Duration::from_micros(50));
    parameters.poll_grow = Some(3);
    let version = domain.connect().lib_version().await.unwrap();
    let has_weight = version >= Version::new(12, 7, 0);
    parameters.poll_weight = has_weight.then_some(4);
    domain.set_iothread_params(5, &parameters, LIVE).await.unwrap();
    let stats = domain
        .stats(StatsTypes::IOTHREAD, GetAllDomainStatsFlags::empty())
        .await
        .unwrap();
    assert_eq!(stats.iothread_count, Some(2));
    let fifth = stats.iothreads.iter().find(|thread| thread.number == 5).unwrap();
    assert_eq!(fifth.poll_max, Some(Duration::from_micros(50)));
    assert_eq!(fifth.poll_grow, Some(3));
    assert_eq!(fifth.poll_weight, has_weight.then_some(4));

    domain.del_iothread(5, LIVE).await.unwrap();
    assert_eq!(domain.iothread_info(LIVE).await.unwrap().len(), 1);
    assert!(domain.del_iothread(5, LIVE).await.is_err());
}
