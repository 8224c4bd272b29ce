//! Security labels, and launch security: guests whose memory the host cannot read.

use std::fmt;

use serde::Serialize;

use super::Domain;
use crate::api::wire;
use crate::error::Result;
use crate::params::{TypedParams, param_struct};
use crate::protocol::remote;
use crate::types::typed_param::Flags;

/// Label of a security driver, such as `SELinux`, on a running domain (`virSecurityLabel`).
#[doc(alias = "virSecurityLabel")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SecurityLabel {
    /// The label; empty if the domain has none.
    pub label: String,
    /// Enforcing mode of the driver.
    pub enforcing: bool,
}

impl SecurityLabel {
    fn from_wire(wire: &remote::DomainGetSecurityLabelRet) -> Self {
        Self {
            label: wire.label.to_text(),
            enforcing: wire::truth(wire.enforcing),
        }
    }
}

param_struct! {
    /// Launch measurement and policy of a guest with encrypted memory, which its owner checks
    /// before trusting it (`VIR_DOMAIN_LAUNCH_SECURITY_…`).
    pub struct LaunchSecurityInfo {
        /// Measurement of the launch, in base64.
        sev_measurement: String = "sev-measurement",
        /// Major version of the firmware's API.
        sev_api_major: u32 = "sev-api-major",
        /// Minor version of the firmware's API.
        sev_api_minor: u32 = "sev-api-minor",
        /// Build ID of the firmware.
        sev_build_id: u32 = "sev-build-id",
        /// Policy of a SEV guest.
        sev_policy: u32 = "sev-policy",
        /// Policy of a SEV-SNP guest.
        sev_snp_policy: u64 = "sev-snp-policy",
        ..other
    }
}

/// A secret for a guest with encrypted memory, for [`Domain::set_launch_security_state`].
#[derive(Clone)]
pub struct LaunchSecret {
    /// Header that the firmware needs to decrypt it, in base64.
    pub header: String,
    /// The encrypted secret, in base64.
    pub secret: String,
    /// Address in the guest's memory; `None` leaves that to the hypervisor.
    pub address: Option<u64>,
}

impl fmt::Debug for LaunchSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LaunchSecret").finish_non_exhaustive()
    }
}

/// # Security
impl Domain {
    /// Returns the security label of the running domain (`virDomainGetSecurityLabel`).
    #[doc(alias = "virDomainGetSecurityLabel")]
    pub async fn security_label(&self) -> Result<SecurityLabel> {
        let reply = self.call(remote::DomainGetSecurityLabel { dom: self.wire() }).await?;
        Ok(SecurityLabel::from_wire(&reply.decode()?))
    }

    /// Lists the security labels of the running domain, one for each security driver
    /// (`virDomainGetSecurityLabelList`).
    #[doc(alias = "virDomainGetSecurityLabelList")]
    pub async fn security_label_list(&self) -> Result<Vec<SecurityLabel>> {
        let reply = self.call(remote::DomainGetSecurityLabelList { dom: self.wire() }).await?;
        let labels = reply.decode()?.labels;
        Ok(labels.iter().map(SecurityLabel::from_wire).collect())
    }

    /// Returns the launch measurement and policy of a running guest with encrypted memory
    /// (`virDomainGetLaunchSecurityInfo`).
    #[doc(alias = "virDomainGetLaunchSecurityInfo")]
    pub async fn launch_security_info(&self) -> Result<LaunchSecurityInfo> {
        let reply = self
            .call(remote::DomainGetLaunchSecurityInfo {
                dom: self.wire(),
                flags: Flags::STRING_OKAY.bits(),
            })
            .await?;
        Ok(LaunchSecurityInfo::collect(wire::params(&reply.decode()?.params)))
    }

    /// Injects a secret into a guest with encrypted memory before it runs for the first time
    /// (`virDomainSetLaunchSecurityState`).
    #[doc(alias = "virDomainSetLaunchSecurityState")]
    pub async fn set_launch_security_state(&self, secret: &LaunchSecret) -> Result<()> {
        let mut params = TypedParams::new()
            .with("sev-secret-header", secret.header.as_str())
            .with("sev-secret", secret.secret.as_str());
        if let Some(address) = secret.address {
            params.push("sev-secret-set-address", address);
        }
        let request = remote::DomainSetLaunchSecurityState {
            dom: self.wire(),
            params: (&params).into(),
            flags: 0,
        };
        self.connect().run_secret(request).await
    }
}
