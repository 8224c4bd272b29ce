//! The host's processors and its security.

use crate::protocol::remote;
use crate::test_driver::failure::{Failure, Result, check_flags};
use crate::test_driver::routes::Routes;
use crate::test_driver::work::Work;
use crate::types::error::{ErrorCode, ErrorDomain};
use crate::xdr::{CharArray, CharVec};

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::NodeGetInfo>(|work, _| {
        let node = &work.state.node;
        let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        Ok(remote::NodeGetInfoRet {
            model: model(&node.model),
            memory: node.memory_kib,
            cpus: number(node.cpus),
            mhz: number(node.mhz),
            nodes: number(node.nodes),
            sockets: number(node.sockets),
            cores: number(node.cores),
            threads: number(node.threads),
        })
    });
    routes.tell::<remote::NodeGetCpuStats>(cpu_stats);
    routes.tell::<remote::NodeGetCpuMap>(|_, request| {
        check_flags(request.flags, 0, "testNodeGetCPUMap")?;
        let cpumap = if request.need_map == 0 {
            Vec::new()
        } else {
            vec![0x15]
        };
        let online = if request.need_online == 0 { 0 } else { 3 };
        Ok(remote::NodeGetCpuMapRet { cpumap: cpumap.into(), online, ret: 8 })
    });
    routes.tell::<remote::NodeGetSecurityModel>(|_, _| {
        Ok(remote::NodeGetSecurityModelRet {
            model: CharVec(b"testSecurity\0".to_vec()),
            doi: CharVec(b"\0".to_vec()),
        })
    });
}

/// Returns a name in the form in which it is sent.
fn model(name: &str) -> CharArray<32> {
    let mut bytes = [0; 32];
    // The last byte stays zero.
    for (byte, from) in bytes.iter_mut().take(31).zip(name.bytes()) {
        *byte = from;
    }
    CharArray(bytes)
}

/// What the processors have done, in nanoseconds.
const STATS: [(&str, u64); 5] = [
    ("user", 9_797_400_000),
    ("kernel", 34_678_723_400_000),
    ("idle", 87_264_900_000),
    ("iowait", 763_600_000),
    ("guest", 1_797_400_000),
];

fn cpu_stats(
    _: &mut Work<'_>,
    request: remote::NodeGetCpuStats,
) -> Result<remote::NodeGetCpuStatsRet<'static>> {
    let room = room(request.nparams)?;
    if request.cpu_num < -1 {
        const FUNCTION: &str = "virNodeGetCPUStats";
        let message = format!("cpuNum in {FUNCTION} only accepts -1 as a negative value");
        let mut failure = Failure::argument(FUNCTION, "cpuNum", message);
        failure.domain = ErrorDomain::Domain;
        return Err(failure);
    }
    check_flags(request.flags, 0, "testNodeGetCPUStats")?;
    let all = STATS.iter().map(|(field, value)| remote::NodeGetCpuStatsItem {
        field: (*field).into(),
        value: *value,
    });
    let nparams = if room == 0 { 5 } else { 0 };
    Ok(remote::NodeGetCpuStatsRet { params: all.take(room).collect(), nparams })
}

fn room(nparams: i32) -> Result<usize> {
    let failure = |detail| Failure::of(ErrorDomain::Rpc, ErrorCode::InternalError, detail);
    let room = usize::try_from(nparams).map_err(|_| failure("nparams must be non-negative"))?;
    if room > remote::NODE_CPU_STATS_MAX {
        Err(failure("nparams too large"))
    } else {
        Ok(room)
    }
}
