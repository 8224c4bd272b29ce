//! Checkpoints of a domain: times since when its disks' changes are known.

use super::Domain;
use crate::api::handle::handle;
use crate::error::Result;
use crate::protocol::remote;
use crate::types::error::ErrorCode;

pub use crate::types::domain_checkpoint::*;

handle! {
    /// A handle to a checkpoint of a domain (`virDomainCheckpoint`): from it on, the disks' images
    /// record which of their parts change, for [incremental backups](Domain::backup_begin).
    ///
    /// Cheap to clone; it holds nothing on the daemon's side. Two handles are equal if they name
    /// the same checkpoint of the same domain over the same connection.
    ///
    /// ```
    /// use libvirt_client::domain::checkpoint::{CreateFlags, XmlFlags};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> libvirt_client::Result<()> {
    /// # let conn = libvirt_client::Connect::open("test:///default").await?;
    /// # let domain = conn.domain_lookup_by_name("test").await?;
    /// let xml = "<domaincheckpoint><name>monday</name></domaincheckpoint>";
    /// let monday = domain.checkpoint_create_xml(xml, CreateFlags::empty()).await?;
    /// // Later: how much has changed since then?
    /// println!("{}", monday.xml_desc(XmlFlags::SIZE | XmlFlags::NO_DOMAIN).await?);
    /// # assert_eq!(domain.list_all_checkpoints(Default::default()).await?[0], monday);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "virDomainCheckpoint")]
    pub DomainCheckpoint of remote::NonnullDomainCheckpoint in Domain as dom, known by name,
    #[doc(alias = "virDomainCheckpointGetConnect")] connect {
        /// Returns the checkpoint's name, unique in its domain (`virDomainCheckpointGetName`).
        /// Local.
        #[doc(alias = "virDomainCheckpointGetName")]
        #[doc(alias = "getName")]
        name: text;;
    }
}

/// # Checkpoints
impl Domain {
    /// Creates a checkpoint of the running domain as the `<domaincheckpoint>` element `xml`
    /// describes (`virDomainCheckpointCreateXML`). [Takes long](crate#calls-that-take-long). Since
    /// libvirt 5.6.0.
    ///
    /// Without a name in `xml` the daemon makes one up: the time in seconds since 1970. A backup
    /// that is to be the base of later ones is begun together with its checkpoint, by
    /// [`backup_begin`](Self::backup_begin). Disks must be qcow2 images, and not of the old version
    /// that libvirt 9.0.0 gives to volumes whose XML does not say `<compat>1.1</compat>`; leave the
    /// others out by `<disks>`. With [`REDEFINE`](CreateFlags::REDEFINE) the daemon
    /// learns of a checkpoint whose bitmaps the disks' images have already.
    #[doc(alias = "virDomainCheckpointCreateXML")]
    pub async fn checkpoint_create_xml(
        &self,
        xml: &str,
        flags: CreateFlags,
    ) -> Result<DomainCheckpoint> {
        let request =
            remote::DomainCheckpointCreateXml { dom: self.wire(), xml_desc: xml.into(), flags };
        let reply = self.call(request).await?;
        Ok(DomainCheckpoint::from_wire(self, &reply.decode()?.checkpoint))
    }

    /// Lists the domain's checkpoints that match the filter (`virDomainListAllCheckpoints`). Since
    /// libvirt 5.6.0.
    ///
    /// [`ROOTS`](ListFlags::ROOTS) leaves out those that have parents,
    /// [`TOPOLOGICAL`](ListFlags::TOPOLOGICAL) puts parents before their children.
    #[doc(alias = "virDomainListAllCheckpoints")]
    pub async fn list_all_checkpoints(&self, flags: ListFlags) -> Result<Vec<DomainCheckpoint>> {
        let request = remote::DomainListAllCheckpoints { dom: self.wire(), need_results: 1, flags };
        let reply = self.call(request).await?;
        Ok(DomainCheckpoint::list_from_wire(self, &reply.decode()?.checkpoints))
    }

    /// Looks up a checkpoint of the domain by name (`virDomainCheckpointLookupByName`). Since
    /// libvirt 5.6.0.
    #[doc(alias = "virDomainCheckpointLookupByName")]
    pub async fn checkpoint_lookup_by_name(&self, name: &str) -> Result<DomainCheckpoint> {
        let request =
            remote::DomainCheckpointLookupByName { dom: self.wire(), name: name.into(), flags: 0 };
        let reply = self.call(request).await?;
        Ok(DomainCheckpoint::from_wire(self, &reply.decode()?.checkpoint))
    }
}

impl DomainCheckpoint {
    /// Returns the checkpoint's domain (`virDomainCheckpointGetDomain`). Local.
    #[doc(alias = "virDomainCheckpointGetDomain")]
    #[doc(alias = "getDomain")]
    pub fn domain(&self) -> &Domain {
        &self.parent
    }

    /// Returns the checkpoint's XML: its disks, its parent, and the domain as it was then unless
    /// the flags say [`NO_DOMAIN`](XmlFlags::NO_DOMAIN) (`virDomainCheckpointGetXMLDesc`).
    ///
    /// With [`SIZE`](XmlFlags::SIZE) also how much each disk has changed since, in bytes; only of a
    /// domain that runs.
    #[doc(alias = "virDomainCheckpointGetXMLDesc")]
    #[doc(alias = "getXMLDesc")]
    pub async fn xml_desc(&self, flags: XmlFlags) -> Result<String> {
        let request = remote::DomainCheckpointGetXmlDesc { checkpoint: self.wire(), flags };
        let reply = self.call(request).await?;
        Ok(reply.decode()?.xml.into_owned())
    }

    /// Lists the checkpoint's children that match the filter
    /// (`virDomainCheckpointListAllChildren`), or with [`DESCENDANTS`](ListFlags::DESCENDANTS)
    /// their children, too, and so on.
    #[doc(alias = "virDomainCheckpointListAllChildren")]
    pub async fn list_all_children(&self, flags: ListFlags) -> Result<Vec<DomainCheckpoint>> {
        let request = remote::DomainCheckpointListAllChildren {
            checkpoint: self.wire(),
            need_results: 1,
            flags,
        };
        let reply = self.call(request).await?;
        Ok(Self::list_from_wire(&self.parent, &reply.decode()?.checkpoints))
    }

    /// Returns the checkpoint's parent, `None` if it is a root (`virDomainCheckpointGetParent`).
    ///
    /// Daemons say of roots what they say of checkpoints that do not exist, so a second call
    /// (`virDomainCheckpointLookupByName`) then finds out whether this one does.
    #[doc(alias = "virDomainCheckpointGetParent")]
    #[doc(alias = "getParent")]
    pub async fn parent(&self) -> Result<Option<DomainCheckpoint>> {
        let request = remote::DomainCheckpointGetParent { checkpoint: self.wire(), flags: 0 };
        match self.call(request).await {
            Err(error) if error.code() == Some(ErrorCode::NoDomainCheckpoint) => {
                self.parent.checkpoint_lookup_by_name(self.name()).await?;
                Ok(None)
            }
            reply => Ok(Some(Self::from_wire(&self.parent, &reply?.decode()?.parent))),
        }
    }

    /// Deletes the checkpoint: what it recorded of the disks' changes is from then on its parent's
    /// (`virDomainCheckpointDelete`). [Takes long](crate#calls-that-take-long).
    ///
    /// Its children become its parent's, unless [`CHILDREN`](DeleteFlags::CHILDREN) deletes them
    /// and theirs, too, or [`CHILDREN_ONLY`](DeleteFlags::CHILDREN_ONLY) only those. Without
    /// [`METADATA_ONLY`](DeleteFlags::METADATA_ONLY) it is only to be had while the domain runs.
    #[doc(alias = "virDomainCheckpointDelete")]
    pub async fn delete(&self, flags: DeleteFlags) -> Result<()> {
        self.run(remote::DomainCheckpointDelete { checkpoint: self.wire(), flags })
            .await
    }
}
