//! The host's performance counters for a domain.

use super::{Domain, ModificationImpact};
use crate::api::wire;
use crate::error::Result;
use crate::params::param_struct;
use crate::protocol::remote;

param_struct! {
    /// Performance events that are counted for a domain (`VIR_PERF_PARAM_…`). Setting leaves a
    /// field that is `None` unchanged. The counts are in the [statistics](super::stats::Perf).
    pub struct PerfEvents {
        /// Cache occupancy.
        cmt: bool = "cmt",
        /// Total memory bandwidth.
        mbmt: bool = "mbmt",
        /// Local memory bandwidth, within the NUMA node.
        mbml: bool = "mbml",
        /// Cache misses.
        cache_misses: bool = "cache_misses",
        /// Cache hits and misses.
        cache_references: bool = "cache_references",
        /// Instructions.
        instructions: bool = "instructions",
        /// CPU cycles.
        cpu_cycles: bool = "cpu_cycles",
        /// Branch instructions.
        branch_instructions: bool = "branch_instructions",
        /// Branch mispredictions.
        branch_misses: bool = "branch_misses",
        /// Bus cycles.
        bus_cycles: bool = "bus_cycles",
        /// Cycles stalled on fetching instructions.
        stalled_cycles_frontend: bool = "stalled_cycles_frontend",
        /// Cycles stalled on retiring instructions.
        stalled_cycles_backend: bool = "stalled_cycles_backend",
        /// CPU cycles at a fixed clock.
        ref_cpu_cycles: bool = "ref_cpu_cycles",
        /// CPU time by the clock.
        cpu_clock: bool = "cpu_clock",
        /// CPU time of the domain's tasks.
        task_clock: bool = "task_clock",
        /// Page faults.
        page_faults: bool = "page_faults",
        /// Context switches.
        context_switches: bool = "context_switches",
        /// Migrations from one CPU to another.
        cpu_migrations: bool = "cpu_migrations",
        /// Minor page faults: those that needed no disk.
        page_faults_min: bool = "page_faults_min",
        /// Major page faults: those that needed a disk.
        page_faults_maj: bool = "page_faults_maj",
        /// Accesses to unaligned addresses.
        alignment_faults: bool = "alignment_faults",
        /// Instructions that the host's kernel had to emulate.
        emulation_faults: bool = "emulation_faults",
        ..other
    }
}

/// # Performance events
impl Domain {
    /// Returns which performance events are counted (`virDomainGetPerfEvents`).
    #[doc(alias = "virDomainGetPerfEvents")]
    pub async fn perf_events(&self, flags: ModificationImpact) -> Result<PerfEvents> {
        let reply = self
            .call(remote::DomainGetPerfEvents { dom: self.wire(), flags: flags.bits() })
            .await?;
        Ok(PerfEvents::collect(wire::params(&reply.decode()?.params)))
    }

    /// Sets which performance events are counted (`virDomainSetPerfEvents`).
    #[doc(alias = "virDomainSetPerfEvents")]
    pub async fn set_perf_events(
        &self,
        events: &PerfEvents,
        flags: ModificationImpact,
    ) -> Result<()> {
        let params = events.to_params();
        self.run(remote::DomainSetPerfEvents { dom: self.wire(), params: (&params).into(), flags })
            .await
    }
}
