//! I/O limits of a guest's disks.

use std::time::Duration;

use super::{Domain, ModificationImpact};
use crate::api::wire;
use crate::error::Result;
use crate::params::param_struct;
use crate::params::units::Seconds;
use crate::protocol::remote;
use crate::types::typed_param::Flags;

const MAX: usize = remote::DOMAIN_BLOCK_IO_TUNE_PARAMETERS_MAX;

param_struct! {
    /// I/O limits of a disk, or of a group of disks (`VIR_DOMAIN_BLOCK_IOTUNE_…`).
    ///
    /// Zero is no limit. A limit on the total excludes limits on reads or writes. Setting leaves a
    /// field that is `None` unchanged, except that a new limit of one kind removes the others of
    /// that kind.
    pub struct BlockIoTune {
        /// Bytes per second.
        total_bytes_per_second: u64 = "total_bytes_sec",
        /// Bytes read per second.
        read_bytes_per_second: u64 = "read_bytes_sec",
        /// Bytes written per second.
        write_bytes_per_second: u64 = "write_bytes_sec",
        /// Operations per second.
        total_iops: u64 = "total_iops_sec",
        /// Reads per second.
        read_iops: u64 = "read_iops_sec",
        /// Writes per second.
        write_iops: u64 = "write_iops_sec",
        /// Bytes per second during a burst.
        total_max_bytes_per_second: u64 = "total_bytes_sec_max",
        /// Bytes read per second during a burst.
        read_max_bytes_per_second: u64 = "read_bytes_sec_max",
        /// Bytes written per second during a burst.
        write_max_bytes_per_second: u64 = "write_bytes_sec_max",
        /// Operations per second during a burst.
        total_max_iops: u64 = "total_iops_sec_max",
        /// Reads per second during a burst.
        read_max_iops: u64 = "read_iops_sec_max",
        /// Writes per second during a burst.
        write_max_iops: u64 = "write_iops_sec_max",
        /// Maximum duration of a burst at `total_max_bytes_per_second`.
        total_max_bytes_length: Duration = "total_bytes_sec_max_length" as Seconds,
        /// Maximum duration of a burst at `read_max_bytes_per_second`.
        read_max_bytes_length: Duration = "read_bytes_sec_max_length" as Seconds,
        /// Maximum duration of a burst at `write_max_bytes_per_second`.
        write_max_bytes_length: Duration = "write_bytes_sec_max_length" as Seconds,
        /// Maximum duration of a burst at `total_max_iops`.
        total_max_iops_length: Duration = "total_iops_sec_max_length" as Seconds,
        /// Maximum duration of a burst at `read_max_iops`.
        read_max_iops_length: Duration = "read_iops_sec_max_length" as Seconds,
        /// Maximum duration of a burst at `write_max_iops`.
        write_max_iops_length: Duration = "write_iops_sec_max_length" as Seconds,
        /// Size in bytes above which a request counts as several operations.
        iops_size_bytes: u64 = "size_iops_sec",
        /// Name of the group of disks that share the limits.
        group_name: String = "group_name",
        ..other
    }
}

/// # I/O limits of disks
impl Domain {
    /// Returns the I/O limits of a disk (`virDomainGetBlockIoTune`).
    #[doc(alias = "virDomainGetBlockIoTune")]
    pub async fn block_io_tune(
        &self,
        disk: &str,
        flags: ModificationImpact,
    ) -> Result<BlockIoTune> {
        let reply = self
            .call(remote::DomainGetBlockIoTune {
                dom: self.wire(),
                disk: Some(disk.into()),
                nparams: MAX as i32,
                flags: flags.bits() | Flags::STRING_OKAY.bits(),
            })
            .await?;
        Ok(BlockIoTune::collect(wire::params(&reply.decode()?.params)))
    }

    /// Changes the I/O limits of a disk (`virDomainSetBlockIoTune`).
    #[doc(alias = "virDomainSetBlockIoTune")]
    pub async fn set_block_io_tune(
        &self,
        disk: &str,
        limits: &BlockIoTune,
        flags: ModificationImpact,
    ) -> Result<()> {
        let params = limits.to_params();
        self.run(remote::DomainSetBlockIoTune {
            dom: self.wire(),
            disk: disk.into(),
            params: (&params).into(),
            flags,
        })
        .await
    }

    /// Defines or changes a named throttle group, which disks refer to in their definition
    /// (`virDomainSetThrottleGroup`). Since libvirt 11.2.
    #[doc(alias = "virDomainSetThrottleGroup")]
    pub async fn set_throttle_group(
        &self,
        group: &str,
        limits: &BlockIoTune,
        flags: ModificationImpact,
    ) -> Result<()> {
        let params = limits.to_params();
        self.run(remote::DomainSetThrottleGroup {
            dom: self.wire(),
            group: group.into(),
            params: (&params).into(),
            flags,
        })
        .await
    }

    /// Removes a throttle group that no disk uses (`virDomainDelThrottleGroup`). Since libvirt
    /// 11.2.
    #[doc(alias = "virDomainDelThrottleGroup")]
    pub async fn del_throttle_group(&self, group: &str, flags: ModificationImpact) -> Result<()> {
        self.run(remote::DomainDelThrottleGroup {
            dom: self.wire(),
            group: Some(group.into()),
            flags,
        })
        .await
    }
}
