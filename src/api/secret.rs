//! Secrets in the daemon's keeping: their purposes and their values.

use std::fmt;

use uuid::Uuid;
use zeroize::Zeroizing;

use super::handle::handle;
use crate::client::Connect;
use crate::error::Result;
use crate::protocol::remote;
use crate::types::connect::ListAllSecretsFlags;

pub use crate::types::secret::*;

handle! {
    /// A handle to a secret (`virSecret`): its purpose, not its value. Cheap to clone; it holds
    /// nothing on the daemon's side.
    #[doc(alias = "virSecret")]
    pub Secret of remote::NonnullSecret, known by uuid,
    #[doc(alias = "virSecretGetConnect")] connect {
        /// Returns the ID of the object that uses the secret, e.g. a volume's path
        /// (`virSecretGetUsageID`). Local.
        #[doc(alias = "virSecretGetUsageID")]
        usage_id: text;
        /// Returns the secret's UUID (`virSecretGetUUID`, `virSecretGetUUIDString`). Local.
        #[doc(alias = "virSecretGetUUID")]
        #[doc(alias = "virSecretGetUUIDString")]
        #[doc(alias = "UUIDString")]
        uuid: Uuid,
        /// Returns the type of the object that uses the secret (`virSecretGetUsageType`). Local.
        #[doc(alias = "virSecretGetUsageType")]
        usage_type: UsageType;
    }
}

/// # Secrets
impl Connect {
    /// Looks up a secret by UUID (`virSecretLookupByUUID`, `virSecretLookupByUUIDString`).
    #[doc(alias = "virSecretLookupByUUID")]
    #[doc(alias = "virSecretLookupByUUIDString")]
    #[doc(alias = "secretLookupByUUIDString")]
    pub async fn secret_lookup_by_uuid(&self, uuid: Uuid) -> Result<Secret> {
        let reply = self.call(remote::SecretLookupByUuid { uuid }).await?;
        Ok(Secret::from_wire(self, &reply.decode()?.secret))
    }

    /// Looks up the secret that an object uses (`virSecretLookupByUsage`).
    #[doc(alias = "virSecretLookupByUsage")]
    pub async fn secret_lookup_by_usage(
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
    #[doc(alias = "virConnectListAllSecrets")]
    pub async fn list_all_secrets(&self, flags: ListAllSecretsFlags) -> Result<Vec<Secret>> {
        let reply = self.call(remote::ConnectListAllSecrets { need_results: 1, flags }).await?;
        Ok(Secret::list_from_wire(self, &reply.decode()?.secrets))
    }

    /// Defines a secret, or changes its definition, and leaves its value as it is
    /// (`virSecretDefineXML`).
    ///
    /// ```no_run
    /// # async fn example(conn: &libvirt_client::Connect) -> libvirt_client::Result<()> {
    /// let xml = "<secret ephemeral='no' private='no'>
    ///     <usage type='ceph'><name>client.libvirt secret</name></usage>
    /// </secret>";
    /// let secret = conn.secret_define_xml(xml, Default::default()).await?;
    /// secret.set_value(b"the key").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "virSecretDefineXML")]
    pub async fn secret_define_xml(&self, xml: &str, flags: DefineFlags) -> Result<Secret> {
        let reply = self.call(remote::SecretDefineXml { xml: xml.into(), flags }).await?;
        Ok(Secret::from_wire(self, &reply.decode()?.secret))
    }
}

/// The value of a secret. `Debug` does not show it, and dropping it wipes it from memory. The
/// buffer that the connection received it in keeps it until later messages overwrite it.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretValue(Zeroizing<Vec<u8>>);

impl SecretValue {
    /// Returns the value itself.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue(…)")
    }
}

impl Secret {
    /// Returns the secret's definition as XML, without its value (`virSecretGetXMLDesc`).
    #[doc(alias = "virSecretGetXMLDesc")]
    pub async fn xml_desc(&self) -> Result<String> {
        let reply = self.call(remote::SecretGetXmlDesc { secret: self.wire(), flags: 0 }).await?;
        Ok(reply.decode()?.xml.into_owned())
    }

    /// Returns the secret's value (`virSecretGetValue`).
    ///
    /// Fails with an error for which [`is_not_found`](crate::Error::is_not_found) holds where no
    /// value was set. Nobody gets the value of a private secret.
    #[doc(alias = "virSecretGetValue")]
    pub async fn value(&self) -> Result<SecretValue> {
        let reply = self.call(remote::SecretGetValue { secret: self.wire(), flags: 0 }).await?;
        let value = SecretValue(Zeroizing::new(reply.decode()?.value.into_owned()));
        reply.wipe();
        Ok(value)
    }

    /// Sets the secret's value, at most 64 KiB (`virSecretSetValue`). The connection wipes its copy
    /// of what was sent.
    #[doc(alias = "virSecretSetValue")]
    pub async fn set_value(&self, value: &[u8]) -> Result<()> {
        let secret = self.wire();
        let request = remote::SecretSetValue { secret, value: value.into(), flags: 0 };
        self.connect().run_secret(request).await
    }

    /// Removes the secret and its value (`virSecretUndefine`).
    #[doc(alias = "virSecretUndefine")]
    pub async fn undefine(&self) -> Result<()> {
        self.run(remote::SecretUndefine { secret: self.wire() }).await
    }
}
