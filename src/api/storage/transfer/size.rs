//! Length of a volume, and limits on what can be copied from or into it.

use crate::api::storage::StorageVol;
use crate::error::{Error, Result};
use crate::protocol::{Request, remote};
use crate::types::storage_vol::{InfoFlags, Type};

/// Size of a volume as the daemon reports it. According to C's documentation a transfer beyond it
/// fails; daemons leave that to the file system.
pub(super) struct Size {
    /// Length of the content as it is transferred, in bytes.
    content: Option<u64>,
    /// Reliability of the length: not all kinds of pools look at their volumes when they are asked.
    pub(super) is_exact: bool,
    /// Maximum that can be written, in bytes.
    limit: Option<u64>,
}

impl Size {
    pub(super) async fn of(volume: &StorageVol) -> Result<Self> {
        let info = match volume.info_flags(InfoFlags::GET_PHYSICAL).await {
            Ok(info) => info,
            Err(error) if error.is_unsupported() => {
                return Ok(Self { content: None, is_exact: false, limit: None });
            }
            Err(error) => return Err(error),
        };
        let is_file = info.kind == Type::File;
        // With that flag it is not the allocation.
        let length = info.allocation_bytes;
        // A file whose capacity is its length is raw. In other formats the length includes the
        // format's own structures, and changes with the content. An empty file is there to be
        // filled.
        let is_raw = is_file && info.capacity_bytes == length && length > 0;
        Ok(Self {
            content: (is_file || length > 0).then_some(length),
            is_exact: is_file,
            limit: is_raw.then_some(length),
        })
    }

    /// Returns the number of bytes that a download of `length` bytes, or of all, from `offset` on
    /// will transfer.
    pub(super) fn download(&self, offset: u64, length: Option<u64>) -> Result<Option<u64>> {
        let Some(content) = self.content else {
            return Ok(None);
        };
        let end = offset.saturating_add(length.unwrap_or(0));
        // For sparse streams that begin behind the end, daemons send a made-up hole.
        if self.is_exact && end > content {
            return Err(Error::InvalidArgument {
                procedure: remote::StorageVolDownload::INFO.name,
                reason: format!("the volume has {content} bytes and is to be read up to {end}"),
            });
        }
        let rest = content.saturating_sub(offset);
        Ok(Some(length.map_or(rest, |length| length.min(rest))))
    }

    /// Returns how many of `copied` bytes that were written from `offset` on can be in the volume.
    pub(super) fn written(&self, offset: u64, copied: u64) -> u64 {
        match self.content.filter(|_| self.is_exact) {
            Some(content) => copied.min(content.saturating_sub(offset)),
            None => copied,
        }
    }

    /// Returns how much may be written from `offset` on, given the `total` to write as far as it is
    /// known.
    pub(super) async fn upload(
        &self,
        volume: &StorageVol,
        offset: u64,
        total: Option<u64>,
    ) -> Result<Option<u64>> {
        let Some(limit) = self.limit else {
            return Ok(None);
        };
        let room = limit.saturating_sub(offset);
        if total.is_some_and(|total| total <= room) {
            return Ok(Some(room));
        }
        // Daemons give images without a capacity the length of their file for one.
        if !volume.xml_desc().await?.contains("<format type='raw'/>") {
            return Ok(None);
        }
        match total {
            Some(total) => Err(Error::InvalidArgument {
                procedure: remote::StorageVolUpload::INFO.name,
                reason: format!(
                    "the volume has {limit} bytes and is to be written up to {}",
                    offset.saturating_add(total)
                ),
            }),
            None => Ok(Some(room)),
        }
    }
}
