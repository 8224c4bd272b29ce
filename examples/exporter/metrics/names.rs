//! All metrics. What other exporters for libvirt have is named as there.

// Prometheus has no other numbers.
#![allow(clippy::cast_precision_loss)]

use std::time::Duration;

use libvirt_client::domain::stats::{Block, DomainStatsRecord, Net, Vcpu};

use super::metric::{Metric, counter, gauge};
use crate::hosts::Report;

pub(super) const HOSTS: &[Metric<Report>] = &[
    gauge("libvirt_up", "Whether the host has answered this time.", |it| {
        Some(f64::from(it.answer.is_some()))
    }),
    gauge(
        "libvirt_answer_complete",
        "Whether the answer has what only the guests' hypervisors know.",
        |it| it.answer.as_ref().map(|answer| f64::from(answer.is_whole)),
    ),
    gauge(
        "libvirt_last_answer_age_seconds",
        "The time since the host has answered last.",
        |it| seconds(it.age),
    ),
    gauge("libvirt_scrape_duration_seconds", "How long asking the host took.", |it| {
        seconds(Some(it.took))
    }),
    gauge("libvirt_domains", "Number of domains, running or not.", |it| {
        it.answer.as_ref().map(|answer| answer.guests.len() as f64)
    }),
];

pub(super) const UUID: Metric<DomainStatsRecord> =
    gauge("libvirt_domain_info_meta", "What else tells the domain apart.", |_| Some(1.0));

pub(super) const GUESTS: &[Metric<DomainStatsRecord>] = &[
    gauge(
        "libvirt_domain_info_vstate",
        "State of the domain: 0 none, 1 running, 2 blocked, 3 paused, 4 being shut down, 5 shut off, \
         6 crashed, 7 suspended by its own power management.",
        |it| it.stats.state.map(|state| f64::from(i32::from(state.state))),
    ),
    gauge(
        "libvirt_domain_answers",
        "Whether the running domain's hypervisor answers; it does not while it hangs or is busy.",
        |it| {
            it.domain.id()?;
            it.stats.balloon.current_kib?;
            Some(f64::from(it.stats.balloon.rss_kib.is_some()))
        },
    ),
    gauge(
        "libvirt_domain_info_maximum_memory_bytes",
        "Memory that the domain may have at most.",
        |it| kib(it.stats.balloon.maximum_kib),
    ),
    gauge("libvirt_domain_info_memory_usage_bytes", "Memory that the domain has.", |it| {
        kib(it.stats.balloon.current_kib)
    }),
    gauge("libvirt_domain_info_virtual_cpus", "Number of virtual CPUs.", |it| {
        it.stats.vcpu_current.map(f64::from)
    }),
    counter(
        "libvirt_domain_info_cpu_time_seconds",
        "CPU time that the domain has used.",
        |it| seconds(it.stats.cpu.time),
    ),
    gauge(
        "libvirt_domain_memory_stats_actual_balloon_bytes",
        "Memory that the balloon leaves the guest.",
        |it| kib(it.stats.balloon.current_kib),
    ),
    gauge(
        "libvirt_domain_memory_stats_available_bytes",
        "Memory that the guest's operating system sees.",
        |it| kib(it.stats.balloon.available_kib),
    ),
    gauge(
        "libvirt_domain_memory_stats_unused_bytes",
        "Memory used for nothing at all.",
        |it| kib(it.stats.balloon.unused_kib),
    ),
    gauge(
        "libvirt_domain_memory_stats_usable_bytes",
        "Memory that the guest could do without.",
        |it| kib(it.stats.balloon.usable_kib),
    ),
    gauge(
        "libvirt_domain_memory_stats_disk_cache_bytes",
        "Memory used for caches.",
        |it| kib(it.stats.balloon.disk_caches_kib),
    ),
    gauge(
        "libvirt_domain_memory_stats_rss_bytes",
        "Resident memory of the domain's process on the host.",
        |it| kib(it.stats.balloon.rss_kib),
    ),
    counter(
        "libvirt_domain_memory_stats_major_fault",
        "Page faults that needed a disk.",
        |it| count(it.stats.balloon.major_faults),
    ),
    counter(
        "libvirt_domain_memory_stats_minor_fault",
        "Page faults that needed no disk.",
        |it| count(it.stats.balloon.minor_faults),
    ),
    counter("libvirt_domain_memory_stats_swap_in_bytes", "Memory swapped in.", |it| {
        kib(it.stats.balloon.swap_in_kib)
    }),
    counter("libvirt_domain_memory_stats_swap_out_bytes", "Memory swapped out.", |it| {
        kib(it.stats.balloon.swap_out_kib)
    }),
];

pub(super) const VCPUS: &[Metric<Vcpu>] = &[
    gauge(
        "libvirt_domain_vcpu_state",
        "State of the virtual CPU: 0 offline, 1 running, 2 blocked.",
        |it| it.state.map(|state| f64::from(i32::from(state))),
    ),
    counter(
        "libvirt_domain_vcpu_time_seconds",
        "CPU time that the virtual CPU has used.",
        |it| seconds(it.time),
    ),
    counter("libvirt_domain_vcpu_wait_seconds", "Time of waiting for I/O.", |it| {
        seconds(it.wait)
    }),
    counter(
        "libvirt_domain_vcpu_delay_seconds",
        "Time of waiting for a CPU of the host.",
        |it| seconds(it.delay),
    ),
];

pub(super) const DISKS: &[Metric<Block>] = &[
    counter("libvirt_domain_block_stats_read_bytes", "Bytes read.", |it| {
        count(it.read_bytes)
    }),
    counter("libvirt_domain_block_stats_read_requests", "Reads.", |it| {
        count(it.read_requests)
    }),
    counter("libvirt_domain_block_stats_read_time_seconds", "Time spent on reads.", |it| {
        seconds(it.read_time)
    }),
    counter("libvirt_domain_block_stats_write_bytes", "Bytes written.", |it| {
        count(it.write_bytes)
    }),
    counter("libvirt_domain_block_stats_write_requests", "Writes.", |it| {
        count(it.write_requests)
    }),
    counter("libvirt_domain_block_stats_write_time_seconds", "Time spent on writes.", |it| {
        seconds(it.write_time)
    }),
    counter("libvirt_domain_block_stats_flush_requests", "Flushes.", |it| {
        count(it.flush_requests)
    }),
    counter(
        "libvirt_domain_block_stats_flush_time_seconds",
        "Time spent on flushes.",
        |it| seconds(it.flush_time),
    ),
    gauge(
        "libvirt_domain_block_stats_allocation",
        "The end of what is written in the image, in bytes.",
        |it| count(it.allocation_bytes),
    ),
    gauge("libvirt_domain_block_stats_capacity_bytes", "Size that the guest sees.", |it| {
        count(it.capacity_bytes)
    }),
    gauge(
        "libvirt_domain_block_stats_physicalsize_bytes",
        "Size of the file or block device that the image is in.",
        |it| count(it.physical_bytes),
    ),
];

pub(super) const INTERFACES: &[Metric<Net>] = &[
    counter("libvirt_domain_interface_stats_receive_bytes", "Bytes received.", |it| {
        count(it.rx_bytes)
    }),
    counter("libvirt_domain_interface_stats_receive_packets", "Packets received.", |it| {
        count(it.rx_packets)
    }),
    counter("libvirt_domain_interface_stats_receive_errors", "Receive errors.", |it| {
        count(it.rx_errors)
    }),
    counter(
        "libvirt_domain_interface_stats_receive_drops",
        "Received packets dropped.",
        |it| count(it.rx_dropped),
    ),
    counter("libvirt_domain_interface_stats_transmit_bytes", "Bytes sent.", |it| {
        count(it.tx_bytes)
    }),
    counter("libvirt_domain_interface_stats_transmit_packets", "Packets sent.", |it| {
        count(it.tx_packets)
    }),
    counter("libvirt_domain_interface_stats_transmit_errors", "Send errors.", |it| {
        count(it.tx_errors)
    }),
    counter(
        "libvirt_domain_interface_stats_transmit_drops",
        "Packets dropped on sending.",
        |it| count(it.tx_dropped),
    ),
];

fn kib(number: Option<u64>) -> Option<f64> {
    number.map(|number| number as f64 * 1024.0)
}

fn count(number: Option<u64>) -> Option<f64> {
    number.map(|number| number as f64)
}

fn seconds(time: Option<Duration>) -> Option<f64> {
    time.map(|time| time.as_secs_f64())
}
