//! Snapshots of a domain: its memory, its disks and its definition at some time.

use super::Domain;
use crate::api::handle::handle;
use crate::api::wire::truth;
use crate::error::Result;
use crate::protocol::remote;
use crate::types::error::ErrorCode;

pub use crate::types::domain_snapshot::*;

handle! {
    /// A handle to a snapshot of a domain (`virDomainSnapshot`).
    ///
    /// Cheap to clone; it holds nothing on the daemon's side. Two handles are equal if they name
    /// the same snapshot of the same domain over the same connection.
    ///
    /// ```
    /// use libvirt_client::domain::Domain;
    /// use libvirt_client::domain::snapshot::{CreateFlags, RevertFlags};
    ///
    /// # async fn upgrade(domain: &Domain) -> libvirt_client::Result<()> {
    /// #     domain.destroy().await?;
    /// #     domain.destroy().await // It does not run any more, which is an error.
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> libvirt_client::Result<()> {
    /// # let conn = libvirt_client::Connect::open("test:///default").await?;
    /// # let domain = &conn.domain_lookup_by_name("test").await?;
    /// let xml = "<domainsnapshot><name>before the upgrade</name></domainsnapshot>";
    /// let before = domain.snapshot_create_xml(xml, CreateFlags::empty()).await?;
    /// if upgrade(domain).await.is_err() {
    ///     before.revert(RevertFlags::empty()).await?;
    /// }
    /// # assert!(domain.is_active().await?);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "virDomainSnapshot")]
    pub DomainSnapshot of remote::NonnullDomainSnapshot in Domain as dom, known by name,
    #[doc(alias = "virDomainSnapshotGetConnect")] connect {
        /// Returns the snapshot's name, unique in its domain (`virDomainSnapshotGetName`). Local.
        #[doc(alias = "virDomainSnapshotGetName")]
        #[doc(alias = "getName")]
        name: text;;
    }
}

/// # Snapshots
impl Domain {
    /// Takes a snapshot of the domain as the `<domainsnapshot>` element `xml` describes
    /// (`virDomainSnapshotCreateXML`). [Takes long](crate#calls-that-take-long).
    ///
    /// Without a name in `xml` the daemon makes one up: the time in seconds since 1970. By default
    /// the snapshot of a running guest is internal (its disks, all of them qcow2, keep it) and has
    /// the guest's memory; with [`DISK_ONLY`](CreateFlags::DISK_ONLY) it is external: the disks'
    /// present images become backing images of new ones. The new snapshot is the
    /// [current](Self::snapshot_current) one and a child of the one that was, except with
    /// [`NO_METADATA`](CreateFlags::NO_METADATA), where the daemon keeps nothing of it. With
    /// [`REDEFINE`](CreateFlags::REDEFINE) nothing is taken: the daemon learns of a snapshot that
    /// there is already, from what [`DomainSnapshot::xml_desc`] said of it; that is the current one
    /// only with [`CURRENT`](CreateFlags::CURRENT).
    #[doc(alias = "virDomainSnapshotCreateXML")]
    pub async fn snapshot_create_xml(
        &self,
        xml: &str,
        flags: CreateFlags,
    ) -> Result<DomainSnapshot> {
        let request =
            remote::DomainSnapshotCreateXml { dom: self.wire(), xml_desc: xml.into(), flags };
        let reply = self.call(request).await?;
        Ok(DomainSnapshot::from_wire(self, &reply.decode()?.snap))
    }

    /// Lists the domain's snapshots that match the filter (`virDomainListAllSnapshots`).
    ///
    /// The flags come in groups (with or without children, kept by the daemon or not, what the
    /// guest did at that time, internal or external); no flag of a group means that the group does
    /// not filter. [`ROOTS`](ListFlags::ROOTS) leaves out those that have parents,
    /// [`TOPOLOGICAL`](ListFlags::TOPOLOGICAL) puts parents before their children.
    #[doc(alias = "virDomainListAllSnapshots")]
    pub async fn list_all_snapshots(&self, flags: ListFlags) -> Result<Vec<DomainSnapshot>> {
        let request = remote::DomainListAllSnapshots { dom: self.wire(), need_results: 1, flags };
        let reply = self.call(request).await?;
        Ok(DomainSnapshot::list_from_wire(self, &reply.decode()?.snapshots))
    }

    /// Looks up a snapshot of the domain by name (`virDomainSnapshotLookupByName`).
    #[doc(alias = "virDomainSnapshotLookupByName")]
    pub async fn snapshot_lookup_by_name(&self, name: &str) -> Result<DomainSnapshot> {
        let request =
            remote::DomainSnapshotLookupByName { dom: self.wire(), name: name.into(), flags: 0 };
        let reply = self.call(request).await?;
        Ok(DomainSnapshot::from_wire(self, &reply.decode()?.snap))
    }

    /// Returns whether the domain has a current snapshot (`virDomainHasCurrentSnapshot`).
    #[doc(alias = "virDomainHasCurrentSnapshot")]
    pub async fn has_current_snapshot(&self) -> Result<bool> {
        let request = remote::DomainHasCurrentSnapshot { dom: self.wire(), flags: 0 };
        Ok(truth(self.call(request).await?.decode()?.result))
    }

    /// Returns the current snapshot, the one that was taken or reverted to last, `None` if there is
    /// none (`virDomainSnapshotCurrent`).
    #[doc(alias = "virDomainSnapshotCurrent")]
    pub async fn snapshot_current(&self) -> Result<Option<DomainSnapshot>> {
        let request = remote::DomainSnapshotCurrent { dom: self.wire(), flags: 0 };
        match self.call(request).await {
            Err(error) if error.code() == Some(ErrorCode::NoDomainSnapshot) => Ok(None),
            reply => Ok(Some(DomainSnapshot::from_wire(self, &reply?.decode()?.snap))),
        }
    }
}

impl DomainSnapshot {
    /// Returns the snapshot's domain (`virDomainSnapshotGetDomain`). Local.
    #[doc(alias = "virDomainSnapshotGetDomain")]
    #[doc(alias = "getDomain")]
    pub fn domain(&self) -> &Domain {
        &self.parent
    }

    /// Returns the snapshot's XML: its state, disks, parent, and the domain as it was then
    /// (`virDomainSnapshotGetXMLDesc`). Passwords in that are left out without
    /// [`SECURE`](XmlFlags::SECURE).
    #[doc(alias = "virDomainSnapshotGetXMLDesc")]
    #[doc(alias = "getXMLDesc")]
    pub async fn xml_desc(&self, flags: XmlFlags) -> Result<String> {
        let reply =
            self.call(remote::DomainSnapshotGetXmlDesc { snap: self.wire(), flags }).await?;
        Ok(reply.decode()?.xml.into_owned())
    }

    /// Lists the snapshot's children that match the filter (`virDomainSnapshotListAllChildren`),
    /// or with [`DESCENDANTS`](ListFlags::DESCENDANTS) their children, too, and so on.
    ///
    /// For the other flags see [`Domain::list_all_snapshots`].
    #[doc(alias = "virDomainSnapshotListAllChildren")]
    pub async fn list_all_children(&self, flags: ListFlags) -> Result<Vec<DomainSnapshot>> {
        let request =
            remote::DomainSnapshotListAllChildren { snapshot: self.wire(), need_results: 1, flags };
        let reply = self.call(request).await?;
        Ok(Self::list_from_wire(&self.parent, &reply.decode()?.snapshots))
    }

    /// Returns the snapshot's parent, `None` if it is a root (`virDomainSnapshotGetParent`).
    ///
    /// Daemons say of roots what they say of snapshots that do not exist, so a second call
    /// (`virDomainSnapshotLookupByName`) then finds out whether this one does.
    #[doc(alias = "virDomainSnapshotGetParent")]
    #[doc(alias = "getParent")]
    pub async fn parent(&self) -> Result<Option<DomainSnapshot>> {
        match self.call(remote::DomainSnapshotGetParent { snap: self.wire(), flags: 0 }).await {
            Err(error) if error.code() == Some(ErrorCode::NoDomainSnapshot) => {
                self.parent.snapshot_lookup_by_name(self.name()).await?;
                Ok(None)
            }
            reply => Ok(Some(Self::from_wire(&self.parent, &reply?.decode()?.snap))),
        }
    }

    /// Returns whether the snapshot is its domain's current one (`virDomainSnapshotIsCurrent`).
    #[doc(alias = "virDomainSnapshotIsCurrent")]
    pub async fn is_current(&self) -> Result<bool> {
        let request = remote::DomainSnapshotIsCurrent { snap: self.wire(), flags: 0 };
        Ok(truth(self.call(request).await?.decode()?.current))
    }

    /// Returns whether the daemon keeps something about the snapshot that would be lost with the
    /// domain's definition (`virDomainSnapshotHasMetadata`).
    #[doc(alias = "virDomainSnapshotHasMetadata")]
    pub async fn has_metadata(&self) -> Result<bool> {
        let request = remote::DomainSnapshotHasMetadata { snap: self.wire(), flags: 0 };
        Ok(truth(self.call(request).await?.decode()?.metadata))
    }

    /// Reverts the domain to the snapshot: its disks, its definition and, where the snapshot has
    /// it, its memory (`virDomainRevertToSnapshot`). What has happened since is lost.
    /// [Takes long](crate#calls-that-take-long).
    ///
    /// The guest then runs, is paused or is off as it was, unless the flags say otherwise. Fails
    /// with [`SnapshotRevertRisky`](ErrorCode::SnapshotRevertRisky) for what
    /// [`FORCE`](RevertFlags::FORCE) would allow. Daemons whose capabilities do not have
    /// `<externalSnapshot/>`, such as libvirt 9.0.0, fail for external snapshots, with
    /// [`ConfigUnsupported`](ErrorCode::ConfigUnsupported). QEMU does not go back to an internal
    /// snapshot while the domain has checkpoints: delete those before. The handle's [`Domain::id`] does not
    /// change; look the domain up for that.
    #[doc(alias = "virDomainRevertToSnapshot")]
    #[doc(alias = "revertToSnapshot")]
    pub async fn revert(&self, flags: RevertFlags) -> Result<()> {
        self.run(remote::DomainRevertToSnapshot { snap: self.wire(), flags }).await
    }

    /// Deletes the snapshot; what the guest has stays as it is (`virDomainSnapshotDelete`).
    /// [Takes long](crate#calls-that-take-long).
    ///
    /// Its children become its parent's, unless [`CHILDREN`](DeleteFlags::CHILDREN) deletes them
    /// and theirs, too, or [`CHILDREN_ONLY`](DeleteFlags::CHILDREN_ONLY) only those; no daemon does
    /// either where there are external ones among them. Deleting an external snapshot merges the
    /// image that it began into the one before. With
    /// [`METADATA_ONLY`](DeleteFlags::METADATA_ONLY) the daemon forgets the snapshot, whose data
    /// stay in the disks' images.
    #[doc(alias = "virDomainSnapshotDelete")]
    pub async fn delete(&self, flags: DeleteFlags) -> Result<()> {
        self.run(remote::DomainSnapshotDelete { snap: self.wire(), flags }).await
    }
}
