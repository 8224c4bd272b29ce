//! Secrets in the daemon's keeping: identity and lookup.

use uuid::Uuid;

use super::handle::handle;
use crate::client::Connect;
use crate::error::Result;
use crate::protocol::remote;
use crate::types::connect::ListAllSecretsFlags;

pub use crate::types::secret::*;

handle! {
    /// A handle to a secret (`virSecret`): its purpose, not its value. Cheap to clone; it holds
    /// nothing on the daemon's side.
    pub Secret of remote::NonnullSecret, known by uuid {
        /// Returns the ID of the object that uses the secret, e.g. a volume's path
        /// (`virSecretGetUsageID`). Local.
        usage_id: text;
        /// Returns the secret's UUID (`virSecretGetUUID`). Local.
        uuid: Uuid,
        /// Returns the type of the object that uses the secret (`virSecretGetUsageType`). Local.
        usage_type: UsageType;
    }
}

impl Connect {
    /// Looks up a secret by UUID (`virSecretLookupByUUID`, `virSecretLookupByUUIDString`).
    pub async fn lookup_secret_by_uuid(&self, uuid: Uuid) -> Result<Secret> {
        let reply = self.call(remote::SecretLookupByUuid { uuid }).await?;
        Ok(Secret::from_wire(self, &reply.decode()?.secret))
    }

    /// Looks up the secret that an object uses (`virSecretLookupByUsage`).
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

    /// Lists the secrets that match the filter (`virConnectListAllSecrets`).
    pub async fn list_all_secrets(&self, flags: ListAllSecretsFlags) -> Result<Vec<Secret>> {
        let reply = self.call(remote::ConnectListAllSecrets { need_results: 1, flags }).await?;
        Ok(Secret::list_from_wire(self, &reply.decode()?.secrets))
    }
}
