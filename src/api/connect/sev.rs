//! AMD SEV: encryption of guests' memory.

use crate::api::wire;
use crate::client::Connect;
use crate::error::Result;
use crate::params::param_struct;
use crate::protocol::remote;
use crate::types::typed_param::Flags;

param_struct! {
    /// A host's support for AMD's Secure Encrypted Virtualization (`VIR_NODE_SEV_…`).
    pub struct SevInfo {
        /// Diffie-Hellman key of the platform, in base64.
        pdh: String = "pdh",
        /// Certificate chain of the platform, in base64.
        cert_chain: String = "cert-chain",
        /// Unique ID of the first CPU, in base64.
        cpu0_id: String = "cpu0-id",
        /// Position of the bit in a page table entry that marks the page as encrypted.
        cbitpos: u32 = "cbitpos",
        /// Number of physical address bits that encrypted guests lose.
        reduced_phys_bits: u32 = "reduced-phys-bits",
        /// Maximum number of guests with encrypted memory.
        max_guests: u32 = "max-guests",
        /// Maximum number of guests with encrypted memory and registers (SEV-ES).
        max_es_guests: u32 = "max-es-guests",
        ..other
    }
}

/// # Memory encryption
impl Connect {
    /// Returns the host's support for AMD's Secure Encrypted Virtualization (`virNodeGetSEVInfo`).
    #[doc(alias = "virNodeGetSEVInfo")]
    #[doc(alias = "getSEVInfo")]
    pub async fn node_sev_info(&self) -> Result<SevInfo> {
        let reply = self
            .call(remote::NodeGetSevInfo { nparams: 0, flags: Flags::STRING_OKAY.bits() })
            .await?;
        Ok(SevInfo::collect(wire::params(&reply.decode()?.params)))
    }
}
