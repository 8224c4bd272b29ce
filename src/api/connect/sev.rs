//! AMD's encryption of guests' memory.

use crate::api::wire;
use crate::client::Connect;
use crate::error::Result;
use crate::params::param_struct;
use crate::protocol::remote;
use crate::types::typed_param::Flags;

param_struct! {
    /// What a host with AMD's Secure Encrypted Virtualization has for it (`VIR_NODE_SEV_…`).
    pub struct SevInfo {
        /// The platform's Diffie-Hellman key, in base64.
        pdh: String = "pdh",
        /// The platform's chain of certificates, in base64.
        cert_chain: String = "cert-chain",
        /// What tells the first processor from all others, in base64.
        cpu0_id: String = "cpu0-id",
        /// The bit of a page's entry that marks the page as encrypted.
        cbitpos: u32 = "cbitpos",
        /// By how many bits physical addresses are shorter for encrypted guests.
        reduced_phys_bits: u32 = "reduced-phys-bits",
        /// The most guests with encrypted memory.
        max_guests: u32 = "max-guests",
        /// The most guests whose registers are encrypted, too.
        max_es_guests: u32 = "max-es-guests",
        ..other
    }
}

impl Connect {
    /// What the host has for AMD's Secure Encrypted Virtualization (`virNodeGetSEVInfo`).
    pub async fn node_sev_info(&self) -> Result<SevInfo> {
        let reply = self
            .call(remote::NodeGetSevInfo { nparams: 0, flags: Flags::STRING_OKAY.bits() })
            .await?;
        let params = wire::params_from_wire(&reply.decode()?.params);
        Ok(SevInfo::from_params(&params))
    }
}
