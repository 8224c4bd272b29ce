//! The handle to a storage volume, and how it is found.

use std::ffi::OsStr;
use std::path::Path;

use crate::api::handle::handle;
use crate::client::Connect;
use crate::error::Result;
use crate::protocol::remote;

handle! {
    /// A handle to a storage volume (`virStorageVol`). Cheap to clone; it holds nothing on the
    /// daemon's side.
    ///
    /// # Contents
    ///
    /// - [Identity](#identity), [Names that are not UTF-8](#names-that-are-not-utf-8),
    ///   [Description](#description), [Changes](#changes), [Content as
    ///   streams](#content-as-streams), [Content from and to files](#content-from-and-to-files),
    ///   [Pool](#pool)
    #[doc(alias = "virStorageVol")]
    pub StorageVol of remote::NonnullStorageVol, known by key,
    #[doc(alias = "virStorageVolGetConnect")] connect {
        /// Returns the name of the volume's pool. Local.
        pool: text as pool_name,
        /// Returns the volume's name, unique in its pool (`virStorageVolGetName`). Local.
        #[doc(alias = "virStorageVolGetName")]
        name: text,
        /// Returns the volume's key, unique on the host (`virStorageVolGetKey`). Local.
        #[doc(alias = "virStorageVolGetKey")]
        key: text;;
    }
}

/// # Storage volumes
impl Connect {
    /// Looks up a volume by key (`virStorageVolLookupByKey`); see [`StorageVol::os_key`].
    #[doc(alias = "virStorageVolLookupByKey")]
    pub async fn storage_vol_lookup_by_key(&self, key: impl AsRef<OsStr>) -> Result<StorageVol> {
        let reply = self.call(remote::StorageVolLookupByKey { key: key.as_ref().into() }).await?;
        Ok(StorageVol::from_wire(self, &reply.decode()?.vol))
    }

    /// Looks up a volume by its path on the daemon's host (`virStorageVolLookupByPath`).
    #[doc(alias = "virStorageVolLookupByPath")]
    pub async fn storage_vol_lookup_by_path(&self, path: impl AsRef<Path>) -> Result<StorageVol> {
        let reply =
            self.call(remote::StorageVolLookupByPath { path: path.as_ref().into() }).await?;
        Ok(StorageVol::from_wire(self, &reply.decode()?.vol))
    }
}

/// # Names that are not UTF-8
impl StorageVol {
    /// Returns the exact bytes of the volume's name, for names of files that are not UTF-8: in
    /// [`name`](Self::name) invalid bytes are replacement characters. Local.
    pub fn os_name(&self) -> &OsStr {
        self.name.as_os_str()
    }

    /// Returns the exact bytes of the volume's key; volumes that are files have their paths as
    /// keys, which need not be UTF-8. Local.
    pub fn os_key(&self) -> &OsStr {
        self.key.as_os_str()
    }
}
