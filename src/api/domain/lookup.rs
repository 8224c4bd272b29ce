//! Looking up and listing domains.

use uuid::Uuid;

use super::Domain;
use crate::client::Connect;
use crate::error::{Error, Result};
use crate::protocol::{Request, remote};
use crate::types::connect::ListAllDomainsFlags;
use crate::xdr::Decode as _;

/// # Domains
impl Connect {
    /// Looks up a domain by name (`virDomainLookupByName`).
    ///
    /// ```
    /// use libvirt_client::Optional;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> libvirt_client::Result<()> {
    /// # let conn = libvirt_client::Connect::open("test:///default").await?;
    /// match conn.domain_lookup_by_name("web").await.optional()? {
    ///     Some(domain) => println!("{} has id {:?}", domain.uuid(), domain.id()),
    ///     None => println!("there is no such domain"),
    /// }
    /// # assert!(conn.domain_lookup_by_name("web").await.optional()?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "virDomainLookupByName")]
    pub async fn domain_lookup_by_name(&self, name: &str) -> Result<Domain> {
        let reply = self.call(remote::DomainLookupByName { name: name.into() }).await?;
        Ok(Domain::from_wire(self, &reply.decode()?.dom))
    }

    /// Looks up a domain by UUID (`virDomainLookupByUUID`, `virDomainLookupByUUIDString`).
    #[doc(alias = "virDomainLookupByUUID")]
    #[doc(alias = "virDomainLookupByUUIDString")]
    #[doc(alias = "lookupByUUIDString")]
    pub async fn domain_lookup_by_uuid(&self, uuid: Uuid) -> Result<Domain> {
        let reply = self.call(remote::DomainLookupByUuid { uuid }).await?;
        Ok(Domain::from_wire(self, &reply.decode()?.dom))
    }

    /// Looks up a running domain by ID (`virDomainLookupByID`).
    #[doc(alias = "virDomainLookupByID")]
    pub async fn domain_lookup_by_id(&self, id: u32) -> Result<Domain> {
        let id = i32::try_from(id).map_err(|_| Error::InvalidArgument {
            procedure: remote::DomainLookupById::INFO.name,
            reason: format!("{id} is more than a domain's ID can be"),
        })?;
        let reply = self.call(remote::DomainLookupById { id }).await?;
        Ok(Domain::from_wire(self, &reply.decode()?.dom))
    }

    /// Lists the domains that match the filter (`virConnectListAllDomains`).
    ///
    /// The flags come in groups (active or not, persistent or transient, by state, with or without
    /// managed save image, autostart, snapshots, checkpoints); no flag of a group means that the
    /// group does not filter, and no flags at all means every domain.
    #[doc(alias = "virConnectListAllDomains")]
    pub async fn list_all_domains(&self, flags: ListAllDomainsFlags) -> Result<Vec<Domain>> {
        let reply = self.call(remote::ConnectListAllDomains { need_results: 1, flags }).await?;
        let max = remote::DOMAIN_LIST_MAX;
        let decoded = reply.decode_list::<remote::NonnullDomain<'_>, _>(max, |reader| {
            Ok(Domain::from_wire(self, &remote::NonnullDomain::decode(reader)?))
        });
        let (domains, rest) = decoded.await?;
        let said: u32 = reply.decode_rest(rest)?;
        if said as usize != domains.len() {
            return Err(reply.invalid(format!("{} domains, said to be {said}", domains.len())));
        }
        Ok(domains)
    }

    /// Counts the domains that match the filter; see [`list_all_domains`](Self::list_all_domains).
    pub async fn count_all_domains(&self, flags: ListAllDomainsFlags) -> Result<u32> {
        let reply = self.call(remote::ConnectListAllDomains { need_results: 0, flags }).await?;
        Ok(reply.decode()?.ret)
    }

    /// Returns the number of running domains (`virConnectNumOfDomains`).
    #[doc(alias = "virConnectNumOfDomains")]
    pub async fn num_of_domains(&self) -> Result<u32> {
        let reply = self.call(remote::ConnectNumOfDomains).await?;
        reply.count(reply.decode()?.num)
    }

    /// Lists the IDs of the running domains (`virConnectListDomains`).
    ///
    /// Prefer [`list_all_domains`](Self::list_all_domains), which gives handles.
    #[doc(alias = "virConnectListDomains")]
    pub async fn list_domains(&self) -> Result<Vec<u32>> {
        let reply = self
            .call(remote::ConnectListDomains { maxids: remote::DOMAIN_LIST_MAX as i32 })
            .await?;
        let number = |&id: &i32| {
            u32::try_from(id).map_err(|_| reply.invalid(format!("a domain runs as {id}")))
        };
        reply.decode()?.ids.iter().map(number).collect()
    }

    /// Returns the number of domains that are defined and do not run
    /// (`virConnectNumOfDefinedDomains`).
    #[doc(alias = "virConnectNumOfDefinedDomains")]
    pub async fn num_of_defined_domains(&self) -> Result<u32> {
        let reply = self.call(remote::ConnectNumOfDefinedDomains).await?;
        reply.count(reply.decode()?.num)
    }

    /// Lists the names of the domains that are defined and do not run
    /// (`virConnectListDefinedDomains`).
    #[doc(alias = "virConnectListDefinedDomains")]
    pub async fn list_defined_domains(&self) -> Result<Vec<String>> {
        let maxnames = remote::DOMAIN_LIST_MAX as i32;
        let reply = self.call(remote::ConnectListDefinedDomains { maxnames }).await?;
        Ok(reply.decode()?.names.into_iter().map(String::from).collect())
    }
}
