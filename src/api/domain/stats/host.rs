//! Statistics of a domain's use of its host: CPUs and memory.

use std::time::{Duration, SystemTime};

use super::macros::stat_struct;
use crate::api::domain::cpu_map::CpuList;
use crate::api::domain::{CpuMap, DirtyRateStatus, VcpuState};
use crate::params::TypedParams;
use crate::params::units::{Nanos, Number, Seconds};

stat_struct! {
    /// CPU time of the whole domain (`cpu.…`).
    struct Cpu {
        /// Total CPU time.
        time: Duration = "time" as Nanos,
        /// CPU time in user mode.
        user: Duration = "user" as Nanos,
        /// CPU time in the host's kernel.
        system: Duration = "system" as Nanos,
        /// Time of halt polling that ended with an event.
        haltpoll_success_time: Duration = "haltpoll.success.time" as Nanos,
        /// Time of halt polling that ended without an event.
        haltpoll_fail_time: Duration = "haltpoll.fail.time" as Nanos,
        /// Number of cache monitors.
        cache_monitor_count: u32 = "cache.monitor.count",
        /// Number of energy monitors (since libvirt 12.4.0).
        energy_monitor_count: u32 = "energy.monitor.count",
        ;
        /// Cache use by monitor.
        cache_monitors: Vec<CacheMonitor>,
        /// Energy use by monitor. Since libvirt 12.4.0.
        energy_monitors: Vec<EnergyMonitor>,
    }
}

stat_struct! {
    /// Use of the host's caches by some of the virtual CPUs (`cpu.cache.monitor.…`).
    numbered struct CacheMonitor {
        /// Name of the monitor.
        name: String = "name",
        /// Virtual CPUs.
        vcpus: CpuMap = "vcpus" as CpuList,
        /// Number of cache banks.
        bank_count: u32 = "bank.count",
        ;
        /// Cache use by bank.
        banks: Vec<CacheBank>,
    }
}

stat_struct! {
    /// Use of one of the host's cache banks (`cpu.cache.monitor.….bank.…`).
    numbered struct CacheBank {
        /// ID of the bank on the host.
        id: u32 = "id",
        /// Bytes used.
        bytes: u64 = "bytes",
    }
}

stat_struct! {
    /// Energy use by some of the virtual CPUs (`cpu.energy.monitor.…`). Since libvirt 12.4.0.
    numbered struct EnergyMonitor {
        /// Name of the monitor.
        name: String = "name",
        /// Virtual CPUs.
        vcpus: CpuMap = "vcpus" as CpuList,
        /// Number of the host's CPU packages.
        package_count: u32 = "pkg.count",
        ;
        /// Energy use by CPU package.
        packages: Vec<EnergyPackage>,
    }
}

stat_struct! {
    /// Energy use in one of the host's CPU packages (`cpu.energy.monitor.….pkg.…`). Since libvirt
    /// 12.4.0.
    numbered struct EnergyPackage {
        /// ID of the package on the host.
        id: u32 = "id",
        ;
        /// Counters of the host's kernel, by its own names such as `core_energy`.
        custom: TypedParams,
    }
}

stat_struct! {
    /// A domain's memory (`balloon.…`); see [`MemoryStats`](crate::domain::MemoryStats).
    struct Balloon {
        /// Memory that the balloon leaves the guest, in KiB.
        current_kib: u64 = "current",
        /// Maximum memory of the domain, in KiB.
        maximum_kib: u64 = "maximum",
        /// Memory swapped in since the guest booted, in KiB.
        swap_in_kib: u64 = "swap_in",
        /// Memory swapped out since the guest booted, in KiB.
        swap_out_kib: u64 = "swap_out",
        /// Major page faults: those that had to wait for a disk.
        major_faults: u64 = "major_fault",
        /// Minor page faults: those that did not.
        minor_faults: u64 = "minor_fault",
        /// Memory that is not used at all, not even for caches, in KiB.
        unused_kib: u64 = "unused",
        /// Memory that the guest's operating system sees, in KiB.
        available_kib: u64 = "available",
        /// Resident memory of the process that runs the domain, in KiB.
        rss_kib: u64 = "rss",
        /// Memory that could be taken from the guest without making it swap, in KiB.
        usable_kib: u64 = "usable",
        /// Caches that the guest could free without writing them anywhere, in KiB.
        disk_caches_kib: u64 = "disk_caches",
        /// Successful allocations of huge pages.
        hugetlb_allocations: u64 = "hugetlb_pgalloc",
        /// Failed allocations of huge pages.
        hugetlb_failures: u64 = "hugetlb_pgfail",
        ;
        /// Time of the guest's last report; `None` if there was none.
        last_update: Option<SystemTime>,
    }
}

stat_struct! {
    /// A virtual CPU (`vcpu.…`).
    numbered struct Vcpu {
        /// State of the virtual CPU.
        state: VcpuState = "state" as Number,
        /// CPU time used.
        time: Duration = "time" as Nanos,
        /// Time spent waiting for I/O while it wanted to run.
        wait: Duration = "wait" as Nanos,
        /// Halted by the guest.
        halted: bool = "halted",
        /// Time spent waiting for a host CPU while it could have run.
        delay: Duration = "delay" as Nanos,
        ;
        /// Counters of the hypervisor itself, by its own names.
        custom: TypedParams,
    }
}

stat_struct! {
    /// Counts of the performance events that
    /// [`Domain::set_perf_events`](crate::domain::Domain::set_perf_events) enabled (`perf.…`).
    struct Perf {
        /// Cache occupancy, in bytes.
        cmt_bytes: u64 = "cmt",
        /// Total memory bandwidth, in bytes per second.
        mbmt_bytes_per_second: u64 = "mbmt",
        /// Local memory bandwidth, within the NUMA node, in bytes per second.
        mbml_bytes_per_second: u64 = "mbml",
        /// Cache misses.
        cache_misses: u64 = "cache_misses",
        /// Cache hits and misses.
        cache_references: u64 = "cache_references",
        /// Instructions.
        instructions: u64 = "instructions",
        /// CPU cycles.
        cpu_cycles: u64 = "cpu_cycles",
        /// Branch instructions.
        branch_instructions: u64 = "branch_instructions",
        /// Branch mispredictions.
        branch_misses: u64 = "branch_misses",
        /// Bus cycles.
        bus_cycles: u64 = "bus_cycles",
        /// Cycles stalled on fetching instructions.
        stalled_cycles_frontend: u64 = "stalled_cycles_frontend",
        /// Cycles stalled on retiring instructions.
        stalled_cycles_backend: u64 = "stalled_cycles_backend",
        /// CPU cycles at a fixed clock.
        ref_cpu_cycles: u64 = "ref_cpu_cycles",
        /// CPU time by the clock.
        cpu_clock: Duration = "cpu_clock" as Nanos,
        /// CPU time of the domain's tasks.
        task_clock: Duration = "task_clock" as Nanos,
        /// Page faults.
        page_faults: u64 = "page_faults",
        /// Context switches.
        context_switches: u64 = "context_switches",
        /// Migrations from one CPU to another.
        cpu_migrations: u64 = "cpu_migrations",
        /// Minor page faults: those that needed no disk.
        page_faults_min: u64 = "page_faults_min",
        /// Major page faults: those that needed a disk.
        page_faults_maj: u64 = "page_faults_maj",
        /// Accesses to unaligned addresses.
        alignment_faults: u64 = "alignment_faults",
        /// Instructions that the host's kernel had to emulate.
        emulation_faults: u64 = "emulation_faults",
    }
}

stat_struct! {
    /// Polling parameters of an I/O thread (`iothread.…`).
    numbered struct IoThread {
        /// Maximum time of polling for events before it sleeps; zero for no polling.
        poll_max: Duration = "poll-max-ns" as Nanos,
        /// Factor by which the polling time grows; zero for the hypervisor's default.
        poll_grow: u32 = "poll-grow",
        /// Divisor by which the polling time shrinks; zero for the hypervisor's default.
        poll_shrink: u32 = "poll-shrink",
        /// Damping of the last wait's effect on the polling time, from 0 to 63; zero for the
        /// hypervisor's default. Since libvirt 12.7.0.
        poll_weight: u32 = "poll-weight",
    }
}

stat_struct! {
    /// Use of the host's memory bandwidth by some of the virtual CPUs
    /// (`memory.bandwidth.monitor.…`).
    numbered struct BandwidthMonitor {
        /// Name of the monitor.
        name: String = "name",
        /// Virtual CPUs.
        vcpus: CpuMap = "vcpus" as CpuList,
        /// Number of memory controllers.
        node_count: u32 = "node.count",
        ;
        /// Bandwidth by memory controller.
        nodes: Vec<BandwidthNode>,
    }
}

stat_struct! {
    /// Traffic of one of the host's memory controllers (`memory.bandwidth.monitor.….node.…`).
    numbered struct BandwidthNode {
        /// ID of the controller on the host.
        id: u32 = "id",
        /// Bytes through the CPU's own controller.
        local_bytes: u64 = "bytes.local",
        /// Bytes in total.
        total_bytes: u64 = "bytes.total",
    }
}

stat_struct! {
    /// Last measurement of the guest's dirty rate, i.e. how fast it changes its memory
    /// (`dirtyrate.…`); see
    /// [`Domain::start_dirty_rate_calc`](crate::domain::Domain::start_dirty_rate_calc).
    struct DirtyRate {
        /// Status of the measurement.
        status: DirtyRateStatus = "calc_status" as Number,
        /// Start of the measurement, by the hypervisor's clock.
        start_time: Duration = "calc_start_time" as Seconds,
        /// Duration of the measurement.
        period: Duration = "calc_period" as Seconds,
        /// Method: `page-sampling`, `dirty-bitmap` or `dirty-ring`.
        mode: String = "calc_mode",
        /// Memory changed by the guest, in MiB per second.
        mib_per_second: u64 = "megabytes_per_second",
        ;
        /// Dirty rate by virtual CPU, of a measurement by `dirty-ring`.
        vcpus: Vec<DirtyRateVcpu>,
    }
}

stat_struct! {
    /// Dirty rate of a virtual CPU (`dirtyrate.vcpu.…`).
    numbered struct DirtyRateVcpu {
        /// Memory changed, in MiB per second.
        mib_per_second: u64 = "megabytes_per_second",
    }
}
