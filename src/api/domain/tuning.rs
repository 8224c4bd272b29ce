//! Limits on a domain's use of host resources: memory, NUMA nodes, block I/O.

use serde::Serialize;

use super::{Domain, MEMORY_PARAM_UNLIMITED, ModificationImpact, NumatuneMemMode};
use crate::api::wire;
use crate::error::Result;
use crate::params::units::{Number, Unit};
use crate::params::{FromParam, Value, ValueRef, param_struct};
use crate::protocol::remote;
use crate::types::typed_param::Flags;

/// A limit on memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemoryLimit {
    /// Limit in KiB.
    Kib(u64),
    /// No limit.
    Unlimited,
}

/// KiB, `ULLONG`; huge for no limit.
struct LimitKib;

impl Unit<MemoryLimit> for LimitKib {
    fn read(value: ValueRef<'_>) -> Option<MemoryLimit> {
        Some(match u64::from_param(value)? {
            MEMORY_PARAM_UNLIMITED.. => MemoryLimit::Unlimited,
            kib => MemoryLimit::Kib(kib),
        })
    }

    fn write(value: &MemoryLimit) -> Value {
        Value::Ullong(match value {
            MemoryLimit::Kib(kib) => *kib,
            MemoryLimit::Unlimited => MEMORY_PARAM_UNLIMITED,
        })
    }
}

param_struct! {
    /// Limits on a domain's use of host memory (`VIR_DOMAIN_MEMORY_…`). Setting leaves a field that
    /// is `None` unchanged.
    pub struct MemoryParameters {
        /// Maximum memory of the domain, the hypervisor's own memory included. The host kills a
        /// domain that exceeds it.
        hard_limit: MemoryLimit = "hard_limit" as LimitKib,
        /// Maximum memory while the host's memory is scarce.
        soft_limit: MemoryLimit = "soft_limit" as LimitKib,
        /// Guaranteed memory.
        min_guarantee: MemoryLimit = "min_guarantee" as LimitKib,
        /// Maximum memory and swap together.
        swap_hard_limit: MemoryLimit = "swap_hard_limit" as LimitKib,
        ..other
    }
}

param_struct! {
    /// NUMA placement of a domain's memory (`VIR_DOMAIN_NUMA_…`). Setting leaves a field that is
    /// `None` unchanged.
    pub struct NumaParameters {
        /// NUMA nodes of the host, such as `0-3,^2`; empty where none are set.
        nodeset: String = "numa_nodeset",
        /// Mode, i.e. how strictly the nodes apply.
        mode: NumatuneMemMode = "numa_mode" as Number,
        ..other
    }
}

/// A value for a block device of the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceValue {
    /// Path of the device on the host, such as `/dev/sda`.
    pub device: String,
    /// Weight or limit; zero removes it.
    pub value: u64,
}

/// `path,value,path,value`, `STRING`.
struct DeviceList;

impl Unit<Vec<DeviceValue>> for DeviceList {
    fn read(value: ValueRef<'_>) -> Option<Vec<DeviceValue>> {
        let ValueRef::String(text) = value else {
            return None;
        };
        let mut parts = text.split_terminator(',');
        let mut values = Vec::new();
        while let Some(device) = parts.next() {
            values.push(DeviceValue {
                device: device.to_owned(),
                value: parts.next()?.parse().ok()?,
            });
        }
        Some(values)
    }

    fn write(values: &Vec<DeviceValue>) -> Value {
        let texts: Vec<_> =
            values.iter().map(|value| format!("{},{}", value.device, value.value)).collect();
        Value::String(texts.join(","))
    }
}

param_struct! {
    /// A domain's share of the host's block I/O (`VIR_DOMAIN_BLKIO_…`). Setting leaves a field that
    /// is `None` unchanged.
    ///
    /// The lists name block devices of the host, not of the guest; for the latter see
    /// [`Domain::set_block_io_tune`].
    pub struct BlkioParameters {
        /// Weight relative to other domains, between 100 and 1000.
        weight: u32 = "weight",
        /// Weight by device.
        device_weight: Vec<DeviceValue> = "device_weight" as DeviceList,
        /// Maximum reads per second, by device.
        device_read_iops: Vec<DeviceValue> = "device_read_iops_sec" as DeviceList,
        /// Maximum writes per second, by device.
        device_write_iops: Vec<DeviceValue> = "device_write_iops_sec" as DeviceList,
        /// Maximum bytes read per second, by device.
        device_read_bytes_per_second: Vec<DeviceValue> = "device_read_bytes_sec" as DeviceList,
        /// Maximum bytes written per second, by device.
        device_write_bytes_per_second: Vec<DeviceValue> = "device_write_bytes_sec" as DeviceList,
        ..other
    }
}

/// # Limits on host resources
impl Domain {
    /// Returns the limits on the domain's memory (`virDomainGetMemoryParameters`).
    #[doc(alias = "virDomainGetMemoryParameters")]
    pub async fn memory_parameters(&self, flags: ModificationImpact) -> Result<MemoryParameters> {
        let reply = self
            .call(remote::DomainGetMemoryParameters {
                dom: self.wire(),
                nparams: remote::DOMAIN_MEMORY_PARAMETERS_MAX as i32,
                flags: flags.bits() | Flags::STRING_OKAY.bits(),
            })
            .await?;
        Ok(MemoryParameters::collect(wire::params(&reply.decode()?.params)))
    }

    /// Changes the limits on the domain's memory (`virDomainSetMemoryParameters`).
    #[doc(alias = "virDomainSetMemoryParameters")]
    pub async fn set_memory_parameters(
        &self,
        parameters: &MemoryParameters,
        flags: ModificationImpact,
    ) -> Result<()> {
        let params = parameters.to_params();
        self.run(remote::DomainSetMemoryParameters {
            dom: self.wire(),
            params: (&params).into(),
            flags,
        })
        .await
    }

    /// Returns the NUMA placement of the domain's memory (`virDomainGetNumaParameters`).
    #[doc(alias = "virDomainGetNumaParameters")]
    pub async fn numa_parameters(&self, flags: ModificationImpact) -> Result<NumaParameters> {
        let reply = self
            .call(remote::DomainGetNumaParameters {
                dom: self.wire(),
                nparams: remote::DOMAIN_NUMA_PARAMETERS_MAX as i32,
                flags: flags.bits() | Flags::STRING_OKAY.bits(),
            })
            .await?;
        Ok(NumaParameters::collect(wire::params(&reply.decode()?.params)))
    }

    /// Changes the NUMA placement of the domain's memory (`virDomainSetNumaParameters`).
    ///
    /// The mode of a running domain cannot be changed.
    #[doc(alias = "virDomainSetNumaParameters")]
    pub async fn set_numa_parameters(
        &self,
        parameters: &NumaParameters,
        flags: ModificationImpact,
    ) -> Result<()> {
        let params = parameters.to_params();
        self.run(remote::DomainSetNumaParameters {
            dom: self.wire(),
            params: (&params).into(),
            flags,
        })
        .await
    }

    /// Returns the domain's share of the host's block I/O (`virDomainGetBlkioParameters`).
    #[doc(alias = "virDomainGetBlkioParameters")]
    pub async fn blkio_parameters(&self, flags: ModificationImpact) -> Result<BlkioParameters> {
        let reply = self
            .call(remote::DomainGetBlkioParameters {
                dom: self.wire(),
                nparams: remote::DOMAIN_BLKIO_PARAMETERS_MAX as i32,
                flags: flags.bits() | Flags::STRING_OKAY.bits(),
            })
            .await?;
        Ok(BlkioParameters::collect(wire::params(&reply.decode()?.params)))
    }

    /// Changes the domain's share of the host's block I/O (`virDomainSetBlkioParameters`).
    #[doc(alias = "virDomainSetBlkioParameters")]
    pub async fn set_blkio_parameters(
        &self,
        parameters: &BlkioParameters,
        flags: ModificationImpact,
    ) -> Result<()> {
        let params = parameters.to_params();
        self.run(remote::DomainSetBlkioParameters {
            dom: self.wire(),
            params: (&params).into(),
            flags,
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::TypedParams;

    #[test]
    fn limits_both_ways() {
        let params = TypedParams::new()
            .with("hard_limit", MEMORY_PARAM_UNLIMITED)
            .with("soft_limit", 1024_u64);
        let limits = MemoryParameters::from_params(&params);
        assert_eq!(limits.hard_limit, Some(MemoryLimit::Unlimited));
        assert_eq!(limits.soft_limit, Some(MemoryLimit::Kib(1024)));
        assert_eq!(limits.to_params(), params);
    }

    #[test]
    fn device_lists_both_ways() {
        let params = TypedParams::new()
            .with("device_weight", "/dev/sda,500,/dev/sdb,200")
            .with("device_read_iops_sec", "");
        let shares = BlkioParameters::from_params(&params);
        let weight = |device: &str, value| DeviceValue { device: device.to_owned(), value };
        let weights = vec![weight("/dev/sda", 500), weight("/dev/sdb", 200)];
        assert_eq!(shares.device_weight, Some(weights));
        assert_eq!(shares.device_read_iops, Some(Vec::new()));
        assert_eq!(shares.to_params(), params);
        // A string that is no such list is kept as it is.
        for text in ["/dev/sda", "/dev/sda,heavy", "/dev/sda,1,/dev/sdb"] {
            let params = TypedParams::new().with("device_weight", text);
            let shares = BlkioParameters::from_params(&params);
            assert_eq!((shares.device_weight, shares.other), (None, params), "{text}");
        }
    }
}
