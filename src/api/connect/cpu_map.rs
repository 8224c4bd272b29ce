//! Possible and online CPUs of the host.

use serde::Serialize;

use crate::api::domain::CpuMap;
use crate::client::Connect;

use crate::error::Result;
use crate::protocol::remote;

/// CPUs of a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NodeCpuMap {
    /// Number of possible CPUs; CPU numbers are below it.
    pub possible: u32,
    /// Online CPUs.
    pub online: CpuMap,
}

/// # Host CPUs
impl Connect {
    /// Returns the host's possible and online CPUs (`virNodeGetCPUMap`).
    #[doc(alias = "virNodeGetCPUMap")]
    #[doc(alias = "getCPUMap")]
    pub async fn node_cpu_map(&self) -> Result<NodeCpuMap> {
        let reply = self
            .call(remote::NodeGetCpuMap { need_map: 1, need_online: 1, flags: 0 })
            .await?;
        let ret = reply.decode()?;
        let possible = reply.count(ret.ret)?;
        let online = CpuMap::from_wire(&ret.cpumap);
        let beyond = online.iter().any(|cpu| cpu >= possible);
        if beyond || online.len() != ret.online as usize {
            return Err(reply.invalid(format!(
                "{} of {possible} processors are in use, namely {online}",
                ret.online
            )));
        }
        Ok(NodeCpuMap { possible, online })
    }
}
