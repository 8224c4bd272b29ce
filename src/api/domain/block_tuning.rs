//! Limits on what a guest's disks may do.

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
    /// Limits on what a disk, or a group of disks, may do (`VIR_DOMAIN_BLOCK_IOTUNE_…`).
    ///
    /// Zero is no limit. A limit on the total cannot stand beside one on reads or writes. What is
    /// `None` is not changed by setting, except that a new limit of one kind ends the others of
    /// that kind.
    pub struct BlockIoTune {
        /// Bytes in a second.
        total_bytes_sec: u64 = "total_bytes_sec",
        /// Bytes read in a second.
        read_bytes_sec: u64 = "read_bytes_sec",
        /// Bytes written in a second.
        write_bytes_sec: u64 = "write_bytes_sec",
        /// Operations in a second.
        total_iops_sec: u64 = "total_iops_sec",
        /// Reads in a second.
        read_iops_sec: u64 = "read_iops_sec",
        /// Writes in a second.
        write_iops_sec: u64 = "write_iops_sec",
        /// Bytes in a second of a burst.
        total_bytes_sec_max: u64 = "total_bytes_sec_max",
        /// Bytes read in a second of a burst.
        read_bytes_sec_max: u64 = "read_bytes_sec_max",
        /// Bytes written in a second of a burst.
        write_bytes_sec_max: u64 = "write_bytes_sec_max",
        /// Operations in a second of a burst.
        total_iops_sec_max: u64 = "total_iops_sec_max",
        /// Reads in a second of a burst.
        read_iops_sec_max: u64 = "read_iops_sec_max",
        /// Writes in a second of a burst.
        write_iops_sec_max: u64 = "write_iops_sec_max",
        /// How long a burst by bytes may last.
        total_bytes_sec_max_length: Duration = "total_bytes_sec_max_length" as Seconds,
        /// How long a burst by bytes read may last.
        read_bytes_sec_max_length: Duration = "read_bytes_sec_max_length" as Seconds,
        /// How long a burst by bytes written may last.
        write_bytes_sec_max_length: Duration = "write_bytes_sec_max_length" as Seconds,
        /// How long a burst by operations may last.
        total_iops_sec_max_length: Duration = "total_iops_sec_max_length" as Seconds,
        /// How long a burst by reads may last.
        read_iops_sec_max_length: Duration = "read_iops_sec_max_length" as Seconds,
        /// How long a burst by writes may last.
        write_iops_sec_max_length: Duration = "write_iops_sec_max_length" as Seconds,
        /// Bytes above which a request counts as several operations.
        size_iops_sec: u64 = "size_iops_sec",
        /// The group of disks that share the limits.
        group_name: String = "group_name",
        ..other
    }
}

impl Domain {
    /// The limits of a disk (`virDomainGetBlockIoTune`).
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

    /// Changes the limits of a disk (`virDomainSetBlockIoTune`).
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

    /// Makes or changes limits of that name, which disks can be given to by their definition
    /// (`virDomainSetThrottleGroup`). Since libvirt 11.2.
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

    /// Removes limits of that name that no disk uses (`virDomainDelThrottleGroup`). Since libvirt
    /// 11.2.
    pub async fn del_throttle_group(&self, group: &str, flags: ModificationImpact) -> Result<()> {
        self.run(remote::DomainDelThrottleGroup {
            dom: self.wire(),
            group: Some(group.into()),
            flags,
        })
        .await
    }
}
