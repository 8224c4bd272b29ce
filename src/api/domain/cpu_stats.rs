//! Host CPU time of a domain.

use std::time::Duration;

use super::Domain;
use crate::api::wire;
use crate::client::Reply;
use crate::error::Result;
use crate::params::param_struct;
use crate::params::units::Nanos;
use crate::protocol::remote;
use crate::types::typed_param::Flags;

param_struct! {
    /// CPU time used by a domain (`VIR_DOMAIN_CPU_STATS_…`).
    pub struct CpuStats {
        /// Total CPU time.
        cpu_time: Duration = "cpu_time" as Nanos,
        /// CPU time in user mode.
        user_time: Duration = "user_time" as Nanos,
        /// CPU time in the host's kernel.
        system_time: Duration = "system_time" as Nanos,
        /// CPU time of the virtual CPUs alone, without the rest of the hypervisor.
        vcpu_time: Duration = "vcpu_time" as Nanos,
        ..other
    }
}

/// # CPU time
impl Domain {
    /// Returns the CPU time that the running domain has used on all host CPUs together
    /// (`virDomainGetCPUStats` with a `start_cpu` of −1).
    #[doc(alias = "virDomainGetCPUStats")]
    #[doc(alias = "getCPUStats")]
    pub async fn cpu_stats_total(&self) -> Result<CpuStats> {
        let reply = self.call_cpu_stats(CpuStatsOf::Total).await?;
        Ok(CpuStats::collect(wire::params(&reply.decode()?.params)))
    }

    /// Returns the CPU time that the running domain has used on each host CPU, indexed by CPU
    /// number (`virDomainGetCPUStats`).
    ///
    /// Makes one call for the number of CPUs, and one for each 128 of them. Hosts with cgroup v2 do
    /// not count by CPU; there it fails with an error for which
    /// [`is_unsupported`](crate::Error::is_unsupported) holds.
    #[doc(alias = "virDomainGetCPUStats")]
    #[doc(alias = "getCPUStats")]
    pub async fn cpu_stats(&self) -> Result<Vec<CpuStats>> {
        let reply = self.call_cpu_stats(CpuStatsOf::Nothing).await?;
        let cpus = reply.count(reply.decode()?.nparams)?;
        let mut stats = Vec::new();
        for first in (0..cpus).step_by(remote::DOMAIN_GET_CPU_STATS_NCPUS_MAX) {
            let count = (cpus - first).min(remote::DOMAIN_GET_CPU_STATS_NCPUS_MAX as u32);
            let reply = self.call_cpu_stats(CpuStatsOf::Some { first, count }).await?;
            let pushed = push_stats(&mut stats, &reply.decode()?, count as usize);
            pushed.map_err(|reason| reply.invalid(reason))?;
        }
        Ok(stats)
    }

    async fn call_cpu_stats(
        &self,
        of: CpuStatsOf,
    ) -> Result<Reply<remote::DomainGetCpuStatsRet<'static>>> {
        // The meaning of the C function's three numbers depends on their combination.
        let (nparams, start_cpu, ncpus) = match of {
            CpuStatsOf::Nothing => (0, 0, 0),
            CpuStatsOf::Total => (remote::NODE_CPU_STATS_MAX, -1, 1),
            CpuStatsOf::Some { first, count } => (remote::NODE_CPU_STATS_MAX, first as i32, count),
        };
        self.call(remote::DomainGetCpuStats {
            dom: self.wire(),
            nparams: nparams as u32,
            start_cpu,
            ncpus,
            flags: Flags::STRING_OKAY,
        })
        .await
    }
}

/// The subject of a call.
enum CpuStatsOf {
    /// The number of CPUs.
    Nothing,
    /// All CPUs together.
    Total,
    /// `count` CPUs, each by itself.
    Some { first: u32, count: u32 },
}

/// Appends the reply's statistics of the `count` CPUs that it was asked for.
fn push_stats(
    stats: &mut Vec<CpuStats>,
    ret: &remote::DomainGetCpuStatsRet<'_>,
    count: usize,
) -> Result<(), String> {
    let each = usize::try_from(ret.nparams).map_err(|_| format!("{} parameters", ret.nparams))?;
    let total = ret.params.len();
    let fits = match total.checked_rem(each) {
        None => total == 0,
        Some(left) => left == 0 && total / each <= count,
    };
    if !fits {
        return Err(format!("{total} parameters, {each} for each of {count} processors"));
    }
    let last = stats.len() + count;
    for params in ret.params.chunks(each.max(1)) {
        stats.push(CpuStats::collect(wire::params(params)));
    }
    // The reply may lack the last CPUs.
    stats.resize_with(last, CpuStats::default);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::remote::{TypedParam, TypedParamValue};

    fn reply(nparams: i32, times: &[u64]) -> remote::DomainGetCpuStatsRet<'static> {
        let param = |time: &u64| TypedParam {
            field: "cpu_time".into(),
            value: TypedParamValue::Ullong(*time),
        };
        remote::DomainGetCpuStatsRet { params: times.iter().map(param).collect(), nparams }
    }

    #[test]
    fn processors_that_the_daemon_left_out_have_no_times() -> Result<(), String> {
        let mut stats = Vec::new();
        push_stats(&mut stats, &reply(1, &[7, 8]), 3)?;
        let times: Vec<_> = stats.iter().map(|stats| stats.cpu_time).collect();
        let nanos = |nanos| Some(Duration::from_nanos(nanos));
        assert_eq!(times, [nanos(7), nanos(8), None]);
        push_stats(&mut stats, &reply(0, &[]), 2)?;
        assert_eq!(stats.len(), 5);
        Ok(())
    }

    #[test]
    fn counts_that_do_not_fit_are_errors() {
        for (ret, count) in [
            (reply(2, &[7, 8, 9]), 2),
            (reply(1, &[7, 8, 9]), 2),
            (reply(0, &[7]), 2),
            (reply(-1, &[]), 2),
        ] {
            assert!(push_stats(&mut Vec::new(), &ret, count).is_err(), "{ret:?}");
        }
    }
}
