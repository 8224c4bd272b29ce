//! The host: CPUs, security model, suspend.

use std::time::Duration;

use serde::Serialize;

use crate::api::wire;
use crate::client::Connect;
use crate::error::Result;
use crate::protocol::{Request, remote};
use crate::types::node::SuspendTarget;

/// CPUs and memory of a host (`virNodeInfo`).
#[doc(alias = "virNodeInfo")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NodeInfo {
    /// CPU architecture, such as `x86_64`.
    pub model: String,
    /// Memory of the host in KiB.
    pub memory_kib: u64,
    /// Number of online CPUs.
    pub cpus: u32,
    /// Clock rate of the CPUs in MHz, where it is known.
    pub mhz: Option<u32>,
    /// Number of NUMA nodes; 1 if this structure cannot describe their topology, and then `sockets`
    /// is 1 and `cores` the number of all CPUs.
    pub nodes: u32,
    /// Number of CPU sockets per NUMA node.
    pub sockets: u32,
    /// Number of cores per socket.
    pub cores: u32,
    /// Number of threads per core.
    pub threads: u32,
}

impl NodeInfo {
    /// Returns the maximum number of the host's CPUs according to its topology, online or not
    /// (`VIR_NODEINFO_MAXCPUS`).
    #[doc(alias = "VIR_NODEINFO_MAXCPUS")]
    pub fn max_cpus(&self) -> u32 {
        self.nodes
            .saturating_mul(self.sockets)
            .saturating_mul(self.cores)
            .saturating_mul(self.threads)
    }
}

/// Security model by which a host isolates its domains (`virSecurityModel`).
#[doc(alias = "virSecurityModel")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SecurityModel {
    /// Name of the model, such as `selinux` or `apparmor`.
    pub model: String,
    /// Domain of interpretation, which defines the meaning of labels.
    pub doi: String,
}

/// # Host
impl Connect {
    /// Returns the host's CPUs and memory (`virNodeGetInfo`).
    #[doc(alias = "virNodeGetInfo")]
    #[doc(alias = "getInfo")]
    pub async fn node_info(&self) -> Result<NodeInfo> {
        let reply = self.call(remote::NodeGetInfo).await?;
        let info = reply.decode()?;
        let count = |number| reply.count(number);
        Ok(NodeInfo {
            model: info.model.to_text(),
            memory_kib: info.memory,
            cpus: count(info.cpus)?,
            mhz: Some(count(info.mhz)?).filter(|mhz| *mhz != 0),
            nodes: count(info.nodes)?,
            sockets: count(info.sockets)?,
            cores: count(info.cores)?,
            threads: count(info.threads)?,
        })
    }

    /// Returns the host's security model, `None` if it has none (`virNodeGetSecurityModel`).
    #[doc(alias = "virNodeGetSecurityModel")]
    #[doc(alias = "getSecurityModel")]
    pub async fn node_security_model(&self) -> Result<Option<SecurityModel>> {
        let reply = self.call(remote::NodeGetSecurityModel).await?;
        let ret = reply.decode()?;
        let model = SecurityModel { model: ret.model.to_text(), doi: ret.doi.to_text() };
        Ok(Some(model).filter(|model| !model.model.is_empty()))
    }

    /// Suspends the host and sets its clock to wake it after `duration`, which is a whole number of
    /// seconds, at least 60 (`virNodeSuspendForDuration`).
    /// [Takes long](crate#calls-that-take-long).
    ///
    /// Returns before the host suspends, which it does after a few seconds.
    #[doc(alias = "virNodeSuspendForDuration")]
    pub async fn node_suspend_for_duration(
        &self,
        target: SuspendTarget,
        duration: Duration,
    ) -> Result<()> {
        self.run(remote::NodeSuspendForDuration {
            target,
            duration: wire::whole_seconds(remote::NodeSuspendForDuration::INFO.name, duration)?,
            flags: 0,
        })
        .await
    }
}
