//! Secrets that the daemon keeps: identity and lookup.

use uuid::Uuid;

use super::handle::handle;
use crate::client::Connect;
use crate::error::Result;
use crate::protocol::remote;
use crate::types::connect::ListAllSecretsFlags;

pub use crate::types::secret::*;

handle! {
    /// A handle to a secret (`virSecret`): what it is for, not what it is. Cheap to clone; it holds
    /// nothing on the daemon's side.
    pub Secret of remote::NonnullSecret, known by uuid {
        /// What uses it, e.g. a volume's path (`virSecretGetUsageID`). Local.
        usage_id: text;
        /// The secret's UUID (`virSecretGetUUID`). Local.
        uuid: Uuid,
        /// What kind of thing uses it (`virSecretGetUsageType`). Local.
        usage_type: UsageType;
    }
}

impl Connect {
    /// The secret of that UUID (`virSecretLookupByUUID`, `virSecretLookupByUUIDString`).
    pub async fn lookup_secret_by_uuid(&self, uuid: Uuid) -> Result<Secret> {
        let reply = self.call(remote::SecretLookupByUuid { uuid }).await?;
        Ok(Secret::from_wire(self, &reply.decode()?.secret))
    }

    /// The secret that a thing uses (`virSecretLookupByUsage`).
    pub async fn lookup_secret_by_usage(
        &self,
        usage_type: UsageType,
        usage_id: &str,
    ) -> Result<Secret> {
        let reply = self
            .call(remote::SecretLookupByUsage { usage_type, usage_id: usage_id.into() })
            .await?;
        Ok(Secret::from_wire(self, &reply.decode()?.secret))
    }

    /// All secrets that pass the filter (`virConnectListAllSecrets`).
    pub async fn list_all_secrets(&self, flags: ListAllSecretsFlags) -> Result<Vec<Secret>> {
        let reply = self.call(remote::ConnectListAllSecrets { need_results: 1, flags }).await?;
        Ok(Secret::list_from_wire(self, &reply.decode()?.secrets))
    }
}
