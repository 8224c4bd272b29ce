//! Statistics of what a domain takes of its host: processors and memory.

use std::time::{Duration, SystemTime};

use super::macros::stat_struct;
use crate::api::domain::{DirtyRateStatus, VcpuState};
use crate::params::TypedParams;
use crate::params::units::{Nanos, Number, Seconds};

stat_struct! {
    /// Processor time of the whole domain (`cpu.…`).
    struct Cpu {
        /// In all.
        time: Duration = "time" as Nanos,
        /// In user mode.
        user: Duration = "user" as Nanos,
        /// In the host's kernel.
        system: Duration = "system" as Nanos,
        /// Spent polling for events before a halt, when one came.
        haltpoll_success_time: Duration = "haltpoll.success.time" as Nanos,
        /// Spent polling for events before a halt, when none came.
        haltpoll_fail_time: Duration = "haltpoll.fail.time" as Nanos,
        /// How many cache monitors there are.
        cache_monitor_count: u32 = "cache.monitor.count",
        /// How many monitors of energy there are (since libvirt 12.4.0).
        energy_monitor_count: u32 = "energy.monitor.count",
        ;
        /// How much cache is used, by monitor.
        cache_monitors: Vec<CacheMonitor>,
        /// How much energy is used, by monitor. Since libvirt 12.4.0.
        energy_monitors: Vec<EnergyMonitor>,
    }
}

stat_struct! {
    /// What some of the virtual processors use of the host's caches (`cpu.cache.monitor.…`).
    numbered struct CacheMonitor {
        /// The monitor's name.
        name: String = "name",
        /// The virtual processors, such as `0-3`.
        vcpus: String = "vcpus",
        /// How many cache banks there are.
        bank_count: u32 = "bank.count",
        ;
        /// The same by cache bank.
        banks: Vec<CacheBank>,
    }
}

stat_struct! {
    /// What is used of one of the host's cache banks (`cpu.cache.monitor.….bank.…`).
    numbered struct CacheBank {
        /// The host's number of the bank.
        id: u32 = "id",
        /// Bytes used.
        bytes: u64 = "bytes",
    }
}

stat_struct! {
    /// What energy some of the virtual processors use (`cpu.energy.monitor.…`). Since libvirt
    /// 12.4.0.
    numbered struct EnergyMonitor {
        /// The monitor's name.
        name: String = "name",
        /// The virtual processors, such as `0-3`.
        vcpus: String = "vcpus",
        /// How many processor packages of the host there are.
        package_count: u32 = "pkg.count",
        ;
        /// The same by processor package.
        packages: Vec<EnergyPackage>,
    }
}

stat_struct! {
    /// What energy is used in one of the host's processor packages (`cpu.energy.monitor.….pkg.…`).
    /// Since libvirt 12.4.0.
    numbered struct EnergyPackage {
        /// The host's number of the package.
        id: u32 = "id",
        ;
        /// What the host's kernel counts, by names of its own such as `core_energy`.
        custom: TypedParams,
    }
}

stat_struct! {
    /// A domain's memory (`balloon.…`); see [`MemoryStats`](crate::domain::MemoryStats).
    struct Balloon {
        /// What the balloon leaves the guest, in KiB.
        current_kib: u64 = "current",
        /// The most memory that the domain may get, in KiB.
        maximum_kib: u64 = "maximum",
        /// Read from swap since the guest booted, in KiB.
        swap_in_kib: u64 = "swap_in",
        /// Written to swap since the guest booted, in KiB.
        swap_out_kib: u64 = "swap_out",
        /// Page faults that had to wait for a disk.
        major_faults: u64 = "major_fault",
        /// Page faults that did not.
        minor_faults: u64 = "minor_fault",
        /// Memory used for nothing at all, caches included, in KiB.
        unused_kib: u64 = "unused",
        /// Memory that the guest's system sees, in KiB.
        available_kib: u64 = "available",
        /// Resident memory of the process that runs the domain, in KiB.
        rss_kib: u64 = "rss",
        /// What could be taken from the guest without making it swap, in KiB.
        usable_kib: u64 = "usable",
        /// Caches that the guest could free without writing them anywhere, in KiB.
        disk_caches_kib: u64 = "disk_caches",
        /// Huge pages that were asked for and got.
        hugetlb_allocations: u64 = "hugetlb_pgalloc",
        /// Huge pages that were asked for and not got.
        hugetlb_failures: u64 = "hugetlb_pgfail",
        ;
        /// When the guest last reported; `None` if it never did.
        last_update: Option<SystemTime>,
    }
}

stat_struct! {
    /// A virtual processor (`vcpu.…`).
    numbered struct Vcpu {
        /// What it does.
        state: VcpuState = "state" as Number,
        /// Processor time that it has used.
        time: Duration = "time" as Nanos,
        /// Time that it wanted to run and waited for I/O.
        wait: Duration = "wait" as Nanos,
        /// Whether the guest halted it.
        halted: bool = "halted",
        /// Time that it could have run and waited for a processor of the host.
        delay: Duration = "delay" as Nanos,
        ;
        /// What the hypervisor itself counts, by names of its own.
        custom: TypedParams,
    }
}

stat_struct! {
    /// Counts of performance events (`perf.…`), of those that
    /// [`Domain::set_perf_events`](crate::domain::Domain::set_perf_events) switched on.
    struct Perf {
        /// Bytes of cache used.
        cmt: u64 = "cmt",
        /// Memory bandwidth in all, in bytes a second.
        mbmt: u64 = "mbmt",
        /// Memory bandwidth within the NUMA node, in bytes a second.
        mbml: u64 = "mbml",
        /// Cache misses.
        cache_misses: u64 = "cache_misses",
        /// Cache hits and misses.
        cache_references: u64 = "cache_references",
        /// Instructions.
        instructions: u64 = "instructions",
        /// Processor cycles.
        cpu_cycles: u64 = "cpu_cycles",
        /// Branch instructions.
        branch_instructions: u64 = "branch_instructions",
        /// Wrongly predicted branches.
        branch_misses: u64 = "branch_misses",
        /// Bus cycles.
        bus_cycles: u64 = "bus_cycles",
        /// Cycles that fetching instructions waited.
        stalled_cycles_frontend: u64 = "stalled_cycles_frontend",
        /// Cycles that finishing instructions waited.
        stalled_cycles_backend: u64 = "stalled_cycles_backend",
        /// Processor cycles at a fixed clock.
        ref_cpu_cycles: u64 = "ref_cpu_cycles",
        /// Processor time by the clock.
        cpu_clock: Duration = "cpu_clock" as Nanos,
        /// Processor time of the domain's tasks.
        task_clock: Duration = "task_clock" as Nanos,
        /// Page faults.
        page_faults: u64 = "page_faults",
        /// Context switches.
        context_switches: u64 = "context_switches",
        /// Moves from one processor to another.
        cpu_migrations: u64 = "cpu_migrations",
        /// Page faults that needed no disk.
        page_faults_min: u64 = "page_faults_min",
        /// Page faults that needed one.
        page_faults_maj: u64 = "page_faults_maj",
        /// Accesses to unaligned addresses.
        alignment_faults: u64 = "alignment_faults",
        /// Instructions that the host's kernel had to emulate.
        emulation_faults: u64 = "emulation_faults",
    }
}

stat_struct! {
    /// How an I/O thread polls (`iothread.…`).
    numbered struct IoThread {
        /// How long it may poll for events before it sleeps; zero for not at all.
        poll_max: Duration = "poll-max-ns" as Nanos,
        /// By what factor the polling time grows; zero for the hypervisor's choice.
        poll_grow: u64 = "poll-grow",
        /// By what divisor the polling time shrinks; zero for the hypervisor's choice.
        poll_shrink: u64 = "poll-shrink",
        /// How little the last wait changes the polling time, from 0 to 63; zero for the
        /// hypervisor's choice. Since libvirt 12.7.0.
        poll_weight: u32 = "poll-weight",
    }
}

stat_struct! {
    /// What some of the virtual processors use of the host's memory bandwidth
    /// (`memory.bandwidth.monitor.…`).
    numbered struct BandwidthMonitor {
        /// The monitor's name.
        name: String = "name",
        /// The virtual processors, such as `0-3`.
        vcpus: String = "vcpus",
        /// How many memory controllers there are.
        node_count: u32 = "node.count",
        ;
        /// The same by memory controller.
        nodes: Vec<BandwidthNode>,
    }
}

stat_struct! {
    /// What went through one of the host's memory controllers
    /// (`memory.bandwidth.monitor.….node.…`).
    numbered struct BandwidthNode {
        /// The host's number of the controller.
        id: u32 = "id",
        /// Bytes that stayed on the processor's own controller.
        bytes_local: u64 = "bytes.local",
        /// Bytes in all.
        bytes_total: u64 = "bytes.total",
    }
}

stat_struct! {
    /// The last measurement of how fast the guest changes its memory (`dirtyrate.…`); see
    /// [`Domain::start_dirty_rate_calc`](crate::domain::Domain::start_dirty_rate_calc).
    struct DirtyRate {
        /// Whether it was begun, and ended.
        status: DirtyRateStatus = "calc_status" as Number,
        /// When it was begun, by the hypervisor's clock.
        start_time: Duration = "calc_start_time" as Seconds,
        /// How long it takes.
        period: Duration = "calc_period" as Seconds,
        /// How it is made: `page-sampling`, `dirty-bitmap` or `dirty-ring`.
        mode: String = "calc_mode",
        /// What the guest changed, in MiB a second.
        mib_per_second: u64 = "megabytes_per_second",
        ;
        /// The same by virtual processor, of a measurement by `dirty-ring`.
        vcpus: Vec<DirtyRateVcpu>,
    }
}

stat_struct! {
    /// How fast a virtual processor changes memory (`dirtyrate.vcpu.…`).
    numbered struct DirtyRateVcpu {
        /// What it changed, in MiB a second.
        mib_per_second: u64 = "megabytes_per_second",
    }
}
