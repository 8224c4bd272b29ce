//! Sizes, path and description of storage volumes.

use std::path::PathBuf;

use serde::Serialize;

use super::StorageVol;
use crate::error::Result;
use crate::protocol::remote;
use crate::types::storage_vol::{InfoFlags, Type};

/// Type and sizes of a volume (`virStorageVolInfo`).
#[doc(alias = "virStorageVolInfo")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StorageVolInfo {
    /// Type of the volume.
    pub kind: Type,
    /// Size that the volume's user sees, in bytes.
    pub capacity_bytes: u64,
    /// Storage that the volume takes on the host, in bytes.
    pub allocation_bytes: u64,
}

impl StorageVolInfo {
    fn from_wire(kind: i8, capacity_bytes: u64, allocation_bytes: u64) -> Self {
        Self {
            kind: i32::from(kind).into(),
            capacity_bytes,
            allocation_bytes,
        }
    }
}

/// # Description
impl StorageVol {
    /// Returns the volume's path on the daemon's host, or its equivalent for a hypervisor
    /// (`virStorageVolGetPath`).
    #[doc(alias = "virStorageVolGetPath")]
    pub async fn path(&self) -> Result<PathBuf> {
        let reply = self.call(remote::StorageVolGetPath { vol: self.wire() }).await?;
        Ok(reply.decode()?.name.into_os_string().into())
    }

    /// Returns the volume's type and sizes (`virStorageVolGetInfo`).
    #[doc(alias = "virStorageVolGetInfo")]
    pub async fn info(&self) -> Result<StorageVolInfo> {
        let reply = self.call(remote::StorageVolGetInfo { vol: self.wire() }).await?;
        let info = reply.decode()?;
        Ok(StorageVolInfo::from_wire(info.r#type, info.capacity, info.allocation))
    }

    /// Returns the volume's type and sizes as `flags` say (`virStorageVolGetInfoFlags`).
    ///
    /// With [`GET_PHYSICAL`](InfoFlags::GET_PHYSICAL) `allocation_bytes` is the length of what the
    /// volume is made of, such as its file, holes included: more than the storage that a sparse
    /// file takes.
    #[doc(alias = "virStorageVolGetInfoFlags")]
    pub async fn info_flags(&self, flags: InfoFlags) -> Result<StorageVolInfo> {
        let reply = self.call(remote::StorageVolGetInfoFlags { vol: self.wire(), flags }).await?;
        let info = reply.decode()?;
        Ok(StorageVolInfo::from_wire(info.r#type, info.capacity, info.allocation))
    }

    /// Returns the volume's XML (`virStorageVolGetXMLDesc`). In it, the bytes of names that are not
    /// UTF-8 are replacement characters.
    #[doc(alias = "virStorageVolGetXMLDesc")]
    pub async fn xml_desc(&self) -> Result<String> {
        let reply = self.call(remote::StorageVolGetXmlDesc { vol: self.wire(), flags: 0 }).await?;
        Ok(reply.decode()?.xml.into_owned())
    }
}
