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
        /// The name of the pool that the volume is in. Local.
        pool: text,
        /// The volume's name, unique in its pool (`virStorageVolGetName`). Local.
        name: text,
        /// The volume's key, unique on the host (`virStorageVolGetKey`). Local.
        key: text;;
    }
}

/// The gist of a volume (`virStorageVolInfo`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct StorageVolInfo {
    /// What it consists of.
    pub kind: Type,
    /// Its size as its user sees it, in bytes.
    pub capacity_bytes: u64,
    /// What it takes on the host, in bytes.
    pub allocation_bytes: u64,
}

impl Connect {
    /// The volume of that key (`virStorageVolLookupByKey`); see [`StorageVol::os_key`].
    pub async fn lookup_storage_vol_by_key(&self, key: impl AsRef<OsStr>) -> Result<StorageVol> {
        let reply = self.call(remote::StorageVolLookupByKey { key: key.as_ref().into() }).await?;
        Ok(StorageVol::from_wire(self, &reply.decode()?.vol))
    }

    /// The volume at that path on the daemon's host (`virStorageVolLookupByPath`).
    pub async fn lookup_storage_vol_by_path(&self, path: &Path) -> Result<StorageVol> {
        let reply = self.call(remote::StorageVolLookupByPath { path: path.into() }).await?;
        Ok(StorageVol::from_wire(self, &reply.decode()?.vol))
    }
}

impl StorageVol {
    /// The volume's name as it is, for names of files that are not UTF-8: [`name`](Self::name) has
    /// replacement characters for what is not. Local.
    pub fn os_name(&self) -> &OsStr {
        self.name.as_os_str()
    }

    /// The volume's key as it is; volumes that are files have their paths as keys, which need not be
    /// UTF-8. Local.
    pub fn os_key(&self) -> &OsStr {
        self.key.as_os_str()
    }

    /// Where the volume is on the daemon's host, or what stands for it to a hypervisor
    /// (`virStorageVolGetPath`).
    pub async fn path(&self) -> Result<PathBuf> {
        let reply = self.call(remote::StorageVolGetPath { vol: self.wire() }).await?;
        Ok(reply.decode()?.name.into_os_string().into())
    }

    /// What kind of volume it is, and its sizes (`virStorageVolGetInfo`).
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
    /// A volume that ends before that ends the stream, and no error says so; a sparse stream that
    /// begins behind the volume's end even brings a hole of that length.
    /// [`download_to`](Self::download_to) makes sure of the length.
    ///
    /// With [`DownloadFlags::SPARSE_STREAM`] holes come as [`Chunk::Hole`](crate::Chunk) instead
    /// of as zeros. See [`Stream`] for what a slow reader does to the connection.
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
    /// The content is whole only once [`Stream::finish`] has succeeded; how little a daemon knows
    /// even then, and that a volume may grow, is with [`upload_from`](Self::upload_from). With
    /// [`UploadFlags::SPARSE_STREAM`] holes may be sent; what a volume has at their places is not
    /// erased.
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

/// No length is zero on the wire, so that no bytes at all cannot be asked for.
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
