//! How the host shares equal pages of memory between guests.

use std::time::Duration;

use crate::api::wire;
use crate::client::Connect;
use crate::error::{Error, Result};
use crate::params::units::Unit;
use crate::params::{FromParam, Value, ValueRef, param_struct};
use crate::protocol::{Request, remote};
use crate::types::typed_param::Flags;

param_struct! {
    /// How the kernel finds and shares equal pages of memory, known as KSM
    /// (`VIR_NODE_MEMORY_SHARED_…`). What is `None` is not changed by setting.
    pub struct NodeMemoryParameters {
        /// How many pages are looked at before a pause.
        pages_to_scan: u32 = "shm_pages_to_scan",
        /// How long the pause is.
        sleep: Duration = "shm_sleep_millisecs" as Millis,
        /// Whether pages of different NUMA nodes are shared, too.
        merge_across_nodes: bool = "shm_merge_across_nodes" as Switch,
        /// How many shared pages there are. Cannot be set, as all that follow.
        pages_shared: u64 = "shm_pages_shared",
        /// How many pages were saved by sharing.
        pages_sharing: u64 = "shm_pages_sharing",
        /// How many pages were looked at again and again without finding an equal one.
        pages_unshared: u64 = "shm_pages_unshared",
        /// How many pages change too fast to be shared.
        pages_volatile: u64 = "shm_pages_volatile",
        /// How often all of the memory has been looked at.
        full_scans: u64 = "shm_full_scans",
        ..other
    }
}

/// A number of milliseconds, `UINT`.
struct Millis;

impl Unit<Duration> for Millis {
    fn read(value: ValueRef<'_>) -> Option<Duration> {
        u64::from_param(value).map(Duration::from_millis)
    }

    fn write(value: &Duration) -> Value {
        Value::Uint(value.as_millis().try_into().unwrap_or(u32::MAX))
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

impl Connect {
    /// How the host shares memory (`virNodeGetMemoryParameters`).
    ///
    /// Two procedures: the first asks how many parameters there are. On a host whose kernel cannot
    /// share memory there are none.
    pub async fn node_memory_parameters(&self) -> Result<NodeMemoryParameters> {
        let mut request =
            remote::NodeGetMemoryParameters { nparams: 0, flags: Flags::STRING_OKAY.bits() };
        let reply = self.call(&request).await?;
        request.nparams = reply.decode()?.nparams;
        if request.nparams == 0 {
            return Ok(NodeMemoryParameters::default());
        }
        let reply = self.call(&request).await?;
        let params = wire::params_from_wire(&reply.decode()?.params);
        if params.len() > reply.count(request.nparams)? as usize {
            return Err(reply.invalid(format!(
                "{} parameters; there are {}",
                params.len(),
                request.nparams
            )));
        }
        Ok(NodeMemoryParameters::from_params(&params))
    }

    /// Changes how the host shares memory (`virNodeSetMemoryParameters`).
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
