//! Scheduler parameters of a domain.

use std::time::Duration;

use serde::Serialize;

use super::{Domain, ModificationImpact};
use crate::api::wire;
use crate::error::Result;
use crate::params::units::{Micros, Unit, units_of};
use crate::params::{FromParam, Value, ValueRef, param_struct};
use crate::protocol::remote;
use crate::types::typed_param::Flags;

const MAX: usize = remote::DOMAIN_SCHEDULER_PARAMETERS_MAX;

/// Largest CPU time that a daemon reports in microseconds; with cgroup v2 it stands for no limit.
const QUOTA_MAX: i64 = (u64::MAX / 1000) as i64;

/// Type of a domain's scheduler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SchedulerType {
    /// Name, such as `posix` or `credit`.
    pub name: String,
    /// Number of its parameters.
    pub parameters: u32,
}

/// CPU time limit per period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CpuQuota {
    /// Not set.
    Unset,
    /// No limit.
    Unlimited,
    /// At most this CPU time per period.
    Limit(Duration),
}

/// Microseconds, `LLONG`; negative for no limit, zero for not set.
struct QuotaMicros;

impl Unit<CpuQuota> for QuotaMicros {
    fn read(value: ValueRef<'_>) -> Option<CpuQuota> {
        Some(match i64::from_param(value)? {
            0 => CpuQuota::Unset,
            QUOTA_MAX.. => CpuQuota::Unlimited,
            quota => u64::try_from(quota).map_or(CpuQuota::Unlimited, |micros| {
                CpuQuota::Limit(Duration::from_micros(micros))
            }),
        })
    }

    fn write(value: &CpuQuota) -> Value {
        Value::Llong(match value {
            CpuQuota::Unset => 0,
            CpuQuota::Unlimited => -1,
            CpuQuota::Limit(limit) => units_of(1_000, *limit).try_into().unwrap_or(QUOTA_MAX),
        })
    }
}

param_struct! {
    /// A domain's scheduler parameters (`VIR_DOMAIN_SCHEDULER_…`).
    ///
    /// QEMU and LXC domains have shares, periods and quotas; the other fields are for other
    /// hypervisors. A quota is the CPU time available in each period; a period of zero is not set.
    /// Setting leaves a field that is `None` unchanged.
    pub struct SchedulerParameters {
        /// Weight relative to other domains while CPU time is scarce.
        cpu_shares: u64 = "cpu_shares",
        /// Period for the whole domain.
        global_period: Duration = "global_period" as Micros,
        /// Quota of the whole domain.
        global_quota: CpuQuota = "global_quota" as QuotaMicros,
        /// Period for each virtual CPU.
        vcpu_period: Duration = "vcpu_period" as Micros,
        /// Quota of each virtual CPU.
        vcpu_quota: CpuQuota = "vcpu_quota" as QuotaMicros,
        /// Period for the hypervisor's other threads.
        emulator_period: Duration = "emulator_period" as Micros,
        /// Quota of the hypervisor's other threads together.
        emulator_quota: CpuQuota = "emulator_quota" as QuotaMicros,
        /// Period for each I/O thread.
        iothread_period: Duration = "iothread_period" as Micros,
        /// Quota of each I/O thread.
        iothread_quota: CpuQuota = "iothread_quota" as QuotaMicros,
        /// Weight under Xen's credit scheduler.
        weight: u32 = "weight",
        /// Maximum CPU time under Xen's credit scheduler, in percent of one CPU; zero for no limit.
        cap_percent: u32 = "cap",
        /// CPU time that ESX guarantees, in MHz.
        reservation_mhz: i64 = "reservation",
        /// Maximum CPU time under ESX, in MHz; −1 for no limit.
        limit_mhz: i64 = "limit",
        /// Weight under ESX, or a negative number for one of its named levels.
        shares: i32 = "shares",
        ..other
    }
}

/// # CPU scheduling
impl Domain {
    /// Returns the type of the domain's scheduler (`virDomainGetSchedulerType`).
    #[doc(alias = "virDomainGetSchedulerType")]
    pub async fn scheduler_type(&self) -> Result<SchedulerType> {
        let reply = self.call(remote::DomainGetSchedulerType { dom: self.wire() }).await?;
        let ret = reply.decode()?;
        Ok(SchedulerType {
            name: ret.r#type.into_owned(),
            parameters: reply.count(ret.nparams)?,
        })
    }

    /// Returns the domain's scheduler parameters (`virDomainGetSchedulerParameters`).
    #[doc(alias = "virDomainGetSchedulerParameters")]
    pub async fn scheduler_parameters(&self) -> Result<SchedulerParameters> {
        let reply = self
            .call(remote::DomainGetSchedulerParameters { dom: self.wire(), nparams: MAX as i32 })
            .await?;
        Ok(SchedulerParameters::collect(wire::params(&reply.decode()?.params)))
    }

    /// Returns the scheduler parameters of the running domain or of its definition
    /// (`virDomainGetSchedulerParametersFlags`).
    #[doc(alias = "virDomainGetSchedulerParametersFlags")]
    pub async fn scheduler_parameters_flags(
        &self,
        flags: ModificationImpact,
    ) -> Result<SchedulerParameters> {
        let reply = self
            .call(remote::DomainGetSchedulerParametersFlags {
                dom: self.wire(),
                nparams: MAX as i32,
                flags: flags.bits() | Flags::STRING_OKAY.bits(),
            })
            .await?;
        Ok(SchedulerParameters::collect(wire::params(&reply.decode()?.params)))
    }

    /// Changes the running domain's scheduler parameters (`virDomainSetSchedulerParameters`).
    #[doc(alias = "virDomainSetSchedulerParameters")]
    pub async fn set_scheduler_parameters(&self, parameters: &SchedulerParameters) -> Result<()> {
        let params = parameters.to_params();
        self.run(remote::DomainSetSchedulerParameters {
            dom: self.wire(),
            params: (&params).into(),
        })
        .await
    }

    /// Changes the scheduler parameters of the running domain, its definition, or both
    /// (`virDomainSetSchedulerParametersFlags`).
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use libvirt_client::domain::{CpuQuota, Domain, ModificationImpact, SchedulerParameters};
    ///
    /// # async fn example(domain: &Domain) -> libvirt_client::Result<()> {
    /// let mut half = SchedulerParameters::default();
    /// half.vcpu_period = Some(Duration::from_millis(100));
    /// half.vcpu_quota = Some(CpuQuota::Limit(Duration::from_millis(50)));
    /// domain.set_scheduler_parameters_flags(&half, ModificationImpact::LIVE).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "virDomainSetSchedulerParametersFlags")]
    pub async fn set_scheduler_parameters_flags(
        &self,
        parameters: &SchedulerParameters,
        flags: ModificationImpact,
    ) -> Result<()> {
        let params = parameters.to_params();
        self.run(remote::DomainSetSchedulerParametersFlags {
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

    #[test]
    fn quotas_both_ways() {
        let limit = CpuQuota::Limit(Duration::from_millis(1));
        for (wire, quota) in [
            (1000, limit),
            (0, CpuQuota::Unset),
            (-1, CpuQuota::Unlimited),
        ] {
            assert_eq!(QuotaMicros::read(ValueRef::Llong(wire)), Some(quota));
            assert_eq!(QuotaMicros::write(&quota), Value::Llong(wire));
        }
        let unlimited = ValueRef::Llong(18_446_744_073_709_551);
        assert_eq!(QuotaMicros::read(unlimited), Some(CpuQuota::Unlimited));
        assert_eq!(QuotaMicros::read(ValueRef::Ullong(u64::MAX)), None);
    }

    #[test]
    fn unknown_parameters_are_kept() {
        let mut params = crate::params::TypedParams::new()
            .with("cpu_shares", 2_u64)
            .with("vcpu_period", 7_u64)
            .with("new", "x");
        let parameters = SchedulerParameters::from_params(&params);
        assert_eq!(parameters.vcpu_period, Some(Duration::from_micros(7)));
        assert_eq!(parameters.other.get::<String>("new"), Some("x".to_owned()));
        assert_eq!(parameters.to_params(), params);
        // Of a wrong type.
        params.push("weight", "heavy");
        let parameters = SchedulerParameters::from_params(&params);
        assert_eq!((parameters.weight, parameters.other.len()), (None, 2));
    }
}
