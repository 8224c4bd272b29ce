//! Kernel samepage merging (KSM): sharing of equal pages between guests.

use std::time::Duration;

use crate::api::wire;
use crate::client::Connect;
use crate::error::{Error, Result};
use crate::params::units::{ShortMillis, Unit};
use crate::params::{FromParam, Value, ValueRef, param_struct};
use crate::protocol::{Request, remote};
use crate::types::typed_param::Flags;

param_struct! {
    /// Parameters and statistics of kernel samepage merging, KSM (`VIR_NODE_MEMORY_SHARED_…`).
    /// Setting leaves a field that is `None` unchanged.
    pub struct NodeMemoryParameters {
        /// Number of pages scanned before a pause.
        pages_to_scan: u32 = "shm_pages_to_scan",
        /// Length of the pause.
        sleep: Duration = "shm_sleep_millisecs" as ShortMillis,
        /// Merging of pages of different NUMA nodes.
        merge_across_nodes: bool = "shm_merge_across_nodes" as Switch,
        /// Number of shared pages. Read-only, as are all that follow.
        pages_shared: u64 = "shm_pages_shared",
        /// Number of pages saved by sharing.
        pages_sharing: u64 = "shm_pages_sharing",
        /// Number of pages that were scanned repeatedly without a match.
        pages_unshared: u64 = "shm_pages_unshared",
        /// Number of pages that change too fast to be shared.
        pages_volatile: u64 = "shm_pages_volatile",
        /// Number of full scans of the memory.
        full_scans: u64 = "shm_full_scans",
        ..other
    }
}

/// 0 or 1, `UINT`.
struct Switch;

impl Unit<bool> for Switch {
    fn read(value: ValueRef<'_>) -> Option<bool> {
        bool::from_param(value)
    }

    fn write(value: &bool) -> Value {
        Value::Uint((*value).into())
    }
}

/// # Memory sharing
impl Connect {
    /// Returns the host's KSM parameters and statistics (`virNodeGetMemoryParameters`).
    ///
    /// Makes two calls: the first asks for the number of parameters. A host whose kernel has no KSM
    /// has none.
    #[doc(alias = "virNodeGetMemoryParameters")]
    #[doc(alias = "getMemoryParameters")]
    pub async fn node_memory_parameters(&self) -> Result<NodeMemoryParameters> {
        let mut request =
            remote::NodeGetMemoryParameters { nparams: 0, flags: Flags::STRING_OKAY.bits() };
        let reply = self.call(&request).await?;
        request.nparams = reply.decode()?.nparams;
        if request.nparams == 0 {
            return Ok(NodeMemoryParameters::default());
        }
        let reply = self.call(&request).await?;
        let params = reply.decode()?.params;
        if params.len() > reply.count(request.nparams)? as usize {
            return Err(reply.invalid(format!(
                "{} parameters; there are {}",
                params.len(),
                request.nparams
            )));
        }
        Ok(NodeMemoryParameters::collect(wire::params(&params)))
    }

    /// Changes the host's KSM parameters (`virNodeSetMemoryParameters`).
    #[doc(alias = "virNodeSetMemoryParameters")]
    pub async fn node_set_memory_parameters(&self, params: &NodeMemoryParameters) -> Result<()> {
        let procedure = remote::NodeSetMemoryParameters::INFO.name;
        let params = params.to_params();
        if params.is_empty() {
            return Err(Error::InvalidArgument {
                procedure,
                reason: "no parameter is set".to_owned(),
            });
        }
        self.run(remote::NodeSetMemoryParameters { params: (&params).into(), flags: 0 })
            .await
    }
}
