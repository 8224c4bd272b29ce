//! The content of storage volumes as streams.

use super::StorageVol;
use crate::client::Stream;
use crate::error::{Error, Result};
use crate::protocol::{Request, remote};
use crate::types::storage_vol::{DownloadFlags, UploadFlags};

/// # Content as streams
impl StorageVol {
    /// Opens the volume's content for reading (`virStorageVolDownload`): from `offset` on, and
    /// `length` bytes of it, or all to the end.
    ///
    /// A volume that ends before that ends the stream without an error; a sparse stream that begins
    /// behind the volume's end even returns a hole of that length.
    /// [`download_to`](Self::download_to) checks the length.
    ///
    /// With [`DownloadFlags::SPARSE_STREAM`] holes come as [`Chunk::Hole`](crate::Chunk) instead of
    /// as zeros. See [`Stream`] for the effect of a slow reader on the connection.
    #[doc(alias = "virStorageVolDownload")]
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

    /// Opens the volume's content for writing (`virStorageVolUpload`): from `offset` on, and `length`
    /// bytes, or as many as are written.
    ///
    /// The daemon refuses more than `length` bytes. If fewer were written, holes included, the end
    /// fails with [`Error::Incomplete`] once the daemon has confirmed those. Without a length a raw
    /// volume that is a file grows with what is written.
    ///
    /// The content is complete only once [`Stream::finish`] has succeeded;
    /// [`upload_from`](Self::upload_from) documents the errors that a daemon does not report even
    /// then. With [`UploadFlags::SPARSE_STREAM`] holes may be sent; data of the volume in their places
    /// is not erased.
    #[doc(alias = "virStorageVolUpload")]
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
        Ok(stream.expecting(length))
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
