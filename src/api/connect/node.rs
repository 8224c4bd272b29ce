//! The host: its processors, its security model, and sending it to sleep.

use std::time::Duration;

use crate::api::wire;
use crate::client::Connect;
use crate::error::Result;
use crate::protocol::{Request, remote};
use crate::types::node::SuspendTarget;

/// The gist of a host (`virNodeInfo`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeInfo {
    /// The processors' architecture, such as `x86_64`.
    pub model: String,
    /// The host's memory, in KiB.
    pub memory_kib: u64,
    /// How many processors are in use.
    pub cpus: u32,
    /// The processors' clock in MHz, where it is known.
    pub mhz: Option<u32>,
    /// How many NUMA nodes there are; 1 if their topology is beyond this description, and `sockets`
    /// is then 1 and `cores` the number of all processors.
    pub nodes: u32,
    /// How many processor sockets a NUMA node has.
    pub sockets: u32,
    /// How many cores a socket has.
    pub cores: u32,
    /// How many threads a core has.
    pub threads: u32,
}

impl NodeInfo {
    /// The most processors that the host can have: what its topology makes room for, be they in use
    /// or not (`VIR_NODEINFO_MAXCPUS`).
    pub fn max_cpus(&self) -> u32 {
        self.nodes
            .saturating_mul(self.sockets)
            .saturating_mul(self.cores)
            .saturating_mul(self.threads)
    }
}

/// How a host keeps its domains apart (`virSecurityModel`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecurityModel {
    /// The model's name, such as `selinux` or `apparmor`.
    pub model: String,
    /// The domain of interpretation, which says how labels are to be understood.
    pub doi: String,
}

impl Connect {
    /// The host's processors and memory (`virNodeGetInfo`).
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

    /// The host's security model (`virNodeGetSecurityModel`); `None` if it has none.
    pub async fn node_security_model(&self) -> Result<Option<SecurityModel>> {
        let reply = self.call(remote::NodeGetSecurityModel).await?;
        let ret = reply.decode()?;
        let model = SecurityModel { model: ret.model.to_text(), doi: ret.doi.to_text() };
        Ok(Some(model).filter(|model| !model.model.is_empty()))
    }

    /// Sends the host to sleep and sets its clock to wake it after `duration`, which is a whole
    /// number of seconds, at least 60 (`virNodeSuspendForDuration`).
    ///
    /// Returns before the host sleeps, which it does after a few seconds.
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
