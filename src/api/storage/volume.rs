//! Storage volumes: identity, lookup, and their content as streams.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::api::handle::handle;
use crate::client::{Connect, Stream};
use crate::error::{Error, Result};
use crate::protocol::{Request, remote};
use crate::types::storage_vol::{DownloadFlags, Type, UploadFlags};

handle! {
    /// A handle to a storage volume (`virStorageVol`). Cheap to clone; it holds nothing on the
    /// daemon's side.
    pub StorageVol of remote::NonnullStorageVol, known by key {
        /// Returns the name of the volume's pool. Local.
        pool: text,
        /// Returns the volume's name, unique in its pool (`virStorageVolGetName`). Local.
        name: text,
        /// Returns the volume's key, unique on the host (`virStorageVolGetKey`). Local.
        key: text;;
    }
}

/// Type and sizes of a volume (`virStorageVolInfo`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct StorageVolInfo {
    /// Type of the volume.
    pub kind: Type,
    /// Size that the volume's user sees, in bytes.
    pub capacity_bytes: u64,
    /// Storage that the volume takes on the host, in bytes.
    pub allocation_bytes: u64,
}

impl Connect {
    /// Looks up a volume by key (`virStorageVolLookupByKey`); see [`StorageVol::os_key`].
    pub async fn lookup_storage_vol_by_key(&self, key: impl AsRef<OsStr>) -> Result<StorageVol> {
        let reply = self.call(remote::StorageVolLookupByKey { key: key.as_ref().into() }).await?;
        Ok(StorageVol::from_wire(self, &reply.decode()?.vol))
    }

    /// Looks up a volume by its path on the daemon's host (`virStorageVolLookupByPath`).
    pub async fn lookup_storage_vol_by_path(&self, path: &Path) -> Result<StorageVol> {
        let reply = self.call(remote::StorageVolLookupByPath { path: path.into() }).await?;
        Ok(StorageVol::from_wire(self, &reply.decode()?.vol))
    }
}

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

    /// Returns the volume's path on the daemon's host, or its equivalent for a hypervisor
    /// (`virStorageVolGetPath`).
    pub async fn path(&self) -> Result<PathBuf> {
        let reply = self.call(remote::StorageVolGetPath { vol: self.wire() }).await?;
        Ok(reply.decode()?.name.into_os_string().into())
    }

    /// Returns the volume's type and sizes (`virStorageVolGetInfo`).
    pub async fn info(&self) -> Result<StorageVolInfo> {
        let reply = self.call(remote::StorageVolGetInfo { vol: self.wire() }).await?;
        let info = reply.decode()?;
        Ok(StorageVolInfo {
            kind: i32::from(info.r#type).into(),
            capacity_bytes: info.capacity,
            allocation_bytes: info.allocation,
        })
    }

    /// Opens the volume's content for reading (`virStorageVolDownload`): from `offset` on, and
    /// `length` bytes of it, or all to the end.
    ///
    /// A volume that ends before that ends the stream without an error; a sparse stream that begins
    /// behind the volume's end even returns a hole of that length.
    /// [`download_to`](Self::download_to) checks the length.
    ///
    /// With [`DownloadFlags::SPARSE_STREAM`] holes come as [`Chunk::Hole`](crate::Chunk) instead of
    /// as zeros. See [`Stream`] for the effect of a slow reader on the connection.
    pub async fn download(
        &self,
        offset: u64,
        length: Option<u64>,
        flags: DownloadFlags,
    ) -> Result<Stream> {
        let request = remote::StorageVolDownload {
            vol: self.wire(),
            offset,
            length: on_the_wire(remote::StorageVolDownload::INFO.name, length)?,
            flags,
        };
        let sparse = flags.contains(DownloadFlags::SPARSE_STREAM);
        let (_, stream) = self.connect().open_stream(request, sparse).await?;
        Ok(stream)
    }

    /// Opens the volume's content for writing (`virStorageVolUpload`): from `offset` on, and at most
    /// `length` bytes, or as many as fit.
    ///
    /// The content is complete only once [`Stream::finish`] has succeeded;
    /// [`upload_from`](Self::upload_from) documents the errors that a daemon does not report even
    /// then, and that a volume may grow. With [`UploadFlags::SPARSE_STREAM`] holes may be sent;
    /// data of the volume in their places is not erased.
    pub async fn upload(
        &self,
        offset: u64,
        length: Option<u64>,
        flags: UploadFlags,
    ) -> Result<Stream> {
        let request = remote::StorageVolUpload {
            vol: self.wire(),
            offset,
            length: on_the_wire(remote::StorageVolUpload::INFO.name, length)?,
            flags,
        };
        let sparse = flags.contains(UploadFlags::SPARSE_STREAM);
        let (_, stream) = self.connect().open_stream(request, sparse).await?;
        Ok(stream)
    }
}

/// Encodes a length. No length is zero on the wire, so zero bytes cannot be requested.
fn on_the_wire(procedure: &'static str, length: Option<u64>) -> Result<u64> {
    match length {
        None => Ok(0),
        Some(0) => Err(Error::InvalidArgument {
            procedure,
            reason: "a length of zero would mean everything".to_owned(),
        }),
        Some(length) => Ok(length),
    }
}
