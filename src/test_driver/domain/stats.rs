//! Statistics.

use crate::protocol::remote::{self, DomainStatsRecord, TypedParam, TypedParamValue};
use crate::test_driver::failure::{Failure, Result, check_flags};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::domain::Domain;
use crate::test_driver::work::Work;
use crate::types::connect::{GetAllDomainStatsFlags as Flags, ListAllDomainsFlags};
use crate::types::domain::StatsTypes;
use crate::types::error::ErrorCode;
use crate::types::typed_param;

/// The processor time that each domain has used, in nanoseconds.
const TOTAL_NS: u64 = 48_772_617_035;

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::ConnectGetAllDomainStats<'static>>(all);
    routes.tell::<remote::DomainGetCpuStats<'static>>(processors);
}

fn all(
    work: &mut Work<'_>,
    request: remote::ConnectGetAllDomainStats<'_>,
) -> Result<remote::ConnectGetAllDomainStatsRet<'static>> {
    let supported = StatsTypes::STATE | StatsTypes::IOTHREAD;
    let filters = Flags::ACTIVE
        | Flags::INACTIVE
        | Flags::PERSISTENT
        | Flags::TRANSIENT
        | Flags::RUNNING
        | Flags::PAUSED
        | Flags::SHUTOFF
        | Flags::OTHER;
    let known = filters | Flags::NOWAIT | Flags::BACKING | Flags::ENFORCE_STATS;
    check_flags(request.flags.bits(), known.bits(), "testConnectGetAllDomainStats")?;
    let unsupported = request.stats - supported;
    if request.flags.contains(Flags::ENFORCE_STATS) && !unsupported.is_empty() {
        let detail =
            format!("Stats types bits 0x{:x} are not supported by this daemon", unsupported.bits());
        return Err(Failure::new(ErrorCode::ArgumentUnsupported, detail));
    }
    let wanted = if request.stats.is_empty() {
        supported
    } else {
        request.stats
    };
    let filter = ListAllDomainsFlags::from_bits_retain((request.flags & filters).bits());
    let domains = &work.state.domains;
    let chosen: Vec<&Domain> = if request.doms.is_empty() {
        domains.all.values().collect()
    } else {
        // One that has gone is left out.
        request.doms.iter().filter_map(|dom| domains.all.get(&dom.uuid)).collect()
    };
    let chosen = chosen.into_iter().filter(|domain| domain.matches(filter));
    let ret_stats =
        chosen.map(|domain| DomainStatsRecord { dom: domain.wire(), params: domain.stats(wanted) });
    Ok(remote::ConnectGetAllDomainStatsRet { ret_stats: ret_stats.collect() })
}

fn param(field: &str, value: TypedParamValue<'static>) -> TypedParam<'static> {
    TypedParam { field: field.to_owned().into(), value }
}

impl Domain {
    fn stats(&self, wanted: StatsTypes) -> Vec<TypedParam<'static>> {
        let mut params = Vec::new();
        if wanted.contains(StatsTypes::STATE) {
            params.push(param("state.state", TypedParamValue::Int(self.state.into())));
            params.push(param("state.reason", TypedParamValue::Int(self.reason)));
        }
        if wanted.contains(StatsTypes::IOTHREAD) && self.is_active() && !self.threads.is_empty() {
            let count = u32::try_from(self.threads.len()).unwrap_or(u32::MAX);
            params.push(param("iothread.count", TypedParamValue::Uint(count)));
            for thread in &self.threads {
                let mut add = |name: &str, value| {
                    params.push(param(&format!("iothread.{}.{name}", thread.id), value));
                };
                add("poll-max-ns", TypedParamValue::Ullong(thread.poll_max_ns));
                add("poll-grow", TypedParamValue::Uint(thread.poll_grow));
                add("poll-shrink", TypedParamValue::Uint(thread.poll_shrink));
                add("poll-weight", TypedParamValue::Uint(thread.poll_weight));
            }
        }
        params
    }
}

fn processors(
    work: &mut Work<'_>,
    request: remote::DomainGetCpuStats<'_>,
) -> Result<remote::DomainGetCpuStatsRet<'static>> {
    let known = typed_param::Flags::STRING_OKAY;
    check_flags(request.flags.bits(), known.bits(), "testDomainGetCPUStats")?;
    work.state.domains.get(&request.dom)?.check_active()?;
    let room = request.nparams as usize;
    let ullong = |field, value| param(field, TypedParamValue::Ullong(value));
    if request.start_cpu == -1 {
        let all = [
            ullong("cpu_time", TOTAL_NS),
            ullong("user_time", 5_540_000_000),
            ullong("system_time", 6_460_000_000),
        ];
        if room == 0 {
            return Ok(remote::DomainGetCpuStatsRet { params: Vec::new(), nparams: 3 });
        }
        let params: Vec<_> = all.into_iter().take(room).collect();
        let nparams = params.len() as i32;
        return Ok(remote::DomainGetCpuStatsRet { params, nparams });
    }
    let total = work.state.node.cores;
    let none = |nparams| Ok(remote::DomainGetCpuStatsRet { params: Vec::new(), nparams });
    if room == 0 && request.ncpus != 0 {
        return none(2);
    }
    if request.ncpus == 0 {
        return none(i32::try_from(total).unwrap_or(i32::MAX));
    }
    let start = u32::try_from(request.start_cpu).unwrap_or_default();
    if start >= total {
        let detail =
            format!("start_cpu {start} larger than maximum of {}", total.saturating_sub(1));
        return Err(Failure::new(ErrorCode::InvalidArg, detail));
    }
    let each = TOTAL_NS / u64::from(total.max(1));
    let params = (start..total.min(start.saturating_add(request.ncpus))).flat_map(|cpu| {
        let time = each + u64::from(cpu);
        let both = [
            ullong("cpu_time", time),
            ullong("vcpu_time", time.wrapping_sub(1_234_567_890)),
        ];
        both.into_iter().take(room)
    });
    let nparams = room.min(2) as i32;
    Ok(remote::DomainGetCpuStatsRet { params: params.collect(), nparams })
}
