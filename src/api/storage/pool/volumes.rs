//! The volumes of a storage pool.

use std::ffi::OsStr;

use super::StoragePool;
use crate::api::storage::StorageVol;
use crate::error::Result;
use crate::protocol::remote;
use crate::types::storage_vol::CreateFlags;

/// # Volumes
impl StoragePool {
    /// Lists all volumes of the pool (`virStoragePoolListAllVolumes`).
    #[doc(alias = "virStoragePoolListAllVolumes")]
    pub async fn list_all_volumes(&self) -> Result<Vec<StorageVol>> {
        let reply = self
            .call(remote::StoragePoolListAllVolumes {
                pool: self.wire(),
                need_results: 1,
                flags: 0,
            })
            .await?;
        Ok(StorageVol::list_from_wire(self.connect(), &reply.decode()?.vols))
    }

    /// Looks up a volume of the pool by name (`virStorageVolLookupByName`); see
    /// [`StorageVol::os_name`].
    #[doc(alias = "virStorageVolLookupByName")]
    pub async fn storage_vol_lookup_by_name(&self, name: impl AsRef<OsStr>) -> Result<StorageVol> {
        let reply = self
            .call(remote::StorageVolLookupByName { pool: self.wire(), name: name.as_ref().into() })
            .await?;
        Ok(StorageVol::from_wire(self.connect(), &reply.decode()?.vol))
    }

    /// Creates a volume in the pool (`virStorageVolCreateXML`).
    /// [Takes long](crate#calls-that-take-long).
    ///
    /// A volume of that name is
    /// [`StorageVolExist`](crate::types::error::ErrorCode::StorageVolExist). So that a file that the
    /// daemon has not seen yet is neither missed nor overwritten, [`refresh`](Self::refresh) the
    /// pool before. Without `<allocation>` a raw volume takes all of its capacity at once.
    ///
    /// [`VALIDATE`](CreateFlags::VALIDATE) is of no use with libvirt 9.0.0, which then refuses valid
    /// XML as well, as [unsupported](crate::Error::is_unsupported).
    #[doc(alias = "virStorageVolCreateXML")]
    pub async fn storage_vol_create_xml(
        &self,
        xml: &str,
        flags: CreateFlags,
    ) -> Result<StorageVol> {
        let reply = self
            .call(remote::StorageVolCreateXml { pool: self.wire(), xml: xml.into(), flags })
            .await?;
        Ok(StorageVol::from_wire(self.connect(), &reply.decode()?.vol))
    }

    /// Creates a volume in the pool with the content of `source`, a volume of the same daemon in
    /// this pool or another (`virStorageVolCreateXMLFrom`).
    /// [Takes long](crate#calls-that-take-long).
    ///
    /// The format may differ, and the capacity is at least that of `source`. A volume of that name
    /// is [`InternalError`](crate::types::error::ErrorCode::InternalError) here, not
    /// [`StorageVolExist`](crate::types::error::ErrorCode::StorageVolExist). With
    /// [`VALIDATE`](CreateFlags::VALIDATE) daemons, of libvirt 12.8.0 at least, refuse valid XML as
    /// well.
    #[doc(alias = "virStorageVolCreateXMLFrom")]
    pub async fn storage_vol_create_xml_from(
        &self,
        xml: &str,
        source: &StorageVol,
        flags: CreateFlags,
    ) -> Result<StorageVol> {
        let reply = self
            .call(remote::StorageVolCreateXmlFrom {
                pool: self.wire(),
                xml: xml.into(),
                clonevol: source.wire(),
                flags,
            })
            .await?;
        Ok(StorageVol::from_wire(self.connect(), &reply.decode()?.vol))
    }
}
