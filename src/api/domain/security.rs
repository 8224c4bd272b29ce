//! Security labels, and guests whose memory the host cannot read.

use std::fmt;

use super::Domain;
use crate::api::wire;
use crate::error::Result;
use crate::params::{TypedParams, param_struct};
use crate::protocol::remote;
use crate::types::typed_param::Flags;

/// How a security driver, such as `SELinux`, marks a running domain (`virSecurityLabel`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecurityLabel {
    /// The label; empty if the domain has none.
    pub label: String,
    /// Whether the driver enforces what it says.
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
    /// What the owner of a guest with encrypted memory checks before trusting it
    /// (`VIR_DOMAIN_LAUNCH_SECURITY_…`).
    pub struct LaunchSecurityInfo {
        /// The measurement of what was launched, in base64.
        sev_measurement: String = "sev-measurement",
        /// Major version of the firmware's interface.
        sev_api_major: u32 = "sev-api-major",
        /// Minor version of the firmware's interface.
        sev_api_minor: u32 = "sev-api-minor",
        /// The firmware's build.
        sev_build_id: u32 = "sev-build-id",
        /// The policy that the guest was launched with.
        sev_policy: u32 = "sev-policy",
        /// The same of a guest of the SNP kind.
        sev_snp_policy: u64 = "sev-snp-policy",
        ..other
    }
}

/// A secret for a guest with encrypted memory, for [`Domain::set_launch_security_state`].
#[derive(Clone)]
pub struct LaunchSecret {
    /// What the firmware needs to decrypt it, in base64.
    pub header: String,
    /// The encrypted secret, in base64.
    pub secret: String,
    /// Where in the guest's memory it is to be put; `None` leaves that to the hypervisor.
    pub address: Option<u64>,
}

impl fmt::Debug for LaunchSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LaunchSecret").finish_non_exhaustive()
    }
}

impl Domain {
    /// The label of the running domain (`virDomainGetSecurityLabel`).
    pub async fn security_label(&self) -> Result<SecurityLabel> {
        let reply = self.call(remote::DomainGetSecurityLabel { dom: self.wire() }).await?;
        Ok(SecurityLabel::from_wire(&reply.decode()?))
    }

    /// The labels of the running domain, one for each security driver
    /// (`virDomainGetSecurityLabelList`).
    pub async fn security_label_list(&self) -> Result<Vec<SecurityLabel>> {
        let reply = self.call(remote::DomainGetSecurityLabelList { dom: self.wire() }).await?;
        let labels = reply.decode()?.labels;
        Ok(labels.iter().map(SecurityLabel::from_wire).collect())
    }

    /// How the running domain, a guest with encrypted memory, was launched
    /// (`virDomainGetLaunchSecurityInfo`).
    pub async fn launch_security_info(&self) -> Result<LaunchSecurityInfo> {
        let reply = self
            .call(remote::DomainGetLaunchSecurityInfo {
                dom: self.wire(),
                flags: Flags::STRING_OKAY.bits(),
            })
            .await?;
        Ok(LaunchSecurityInfo::collect(wire::params(&reply.decode()?.params)))
    }

    /// Puts a secret into a guest with encrypted memory before it runs for the first time
    /// (`virDomainSetLaunchSecurityState`).
    pub async fn set_launch_security_state(&self, secret: &LaunchSecret) -> Result<()> {
        let mut params = TypedParams::new()
            .with("sev-secret-header", secret.header.as_str())
            .with("sev-secret", secret.secret.as_str());
        if let Some(address) = secret.address {
            params.push("sev-secret-set-address", address);
        }
        self.run(remote::DomainSetLaunchSecurityState {
            dom: self.wire(),
            params: (&params).into(),
            flags: 0,
        })
        .await
    }
}
