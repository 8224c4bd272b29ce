//! How long a volume is, and what can be copied of it or into it.

use crate::api::storage::StorageVol;
use crate::error::{Error, Result};
use crate::protocol::{Request, remote};
use crate::types::storage_vol::{InfoFlags, Type};

/// What the daemon tells of a volume's size. C's documentation has transfers fail that go beyond it,
/// which daemons leave to the file system.
pub(super) struct Size {
    /// The length of its content as it is transferred, in bytes.
    content: Option<u64>,
    /// Whether that is certain. Not all kinds of pools look at their volumes when they are asked.
    pub(super) is_exact: bool,
    /// What can be written, in bytes.
    limit: Option<u64>,
}

impl Size {
    pub(super) async fn of(volume: &StorageVol) -> Result<Self> {
        let called = volume.connect().call(remote::StorageVolGetInfoFlags {
            vol: volume.wire(),
            flags: InfoFlags::GET_PHYSICAL,
        });
        let (info, is_file) = match called.await {
            Ok(reply) => {
                let info = reply.decode()?;
                let is_file = Type::from(i32::from(info.r#type)) == Type::File;
                (info, is_file)
            }
            Err(error) if error.is_unsupported() => {
                return Ok(Self { content: None, is_exact: false, limit: None });
            }
            Err(error) => return Err(error),
        };
        // With that flag it is not what is allocated.
        let length = info.allocation;
        // A file whose capacity is its length holds just what its user sees. In other formats the
        // length is that of the format's own structures, and changes with the content.
        // One that has nothing is there to be filled.
        let is_raw = is_file && info.capacity == length && length > 0;
        Ok(Self {
            content: (is_file || length > 0).then_some(length),
            is_exact: is_file,
            limit: is_raw.then_some(length),
        })
    }

    /// How much a download of `length` bytes, or of all, from `offset` on will bring.
    pub(super) fn download(&self, offset: u64, length: Option<u64>) -> Result<Option<u64>> {
        let Some(content) = self.content else {
            return Ok(None);
        };
        let end = offset.saturating_add(length.unwrap_or(0));
        // Of sparse streams that begin behind the end, daemons make up a hole.
        if self.is_exact && end > content {
            return Err(Error::InvalidArgument {
                procedure: remote::StorageVolDownload::INFO.name,
                reason: format!("the volume has {content} bytes and is to be read up to {end}"),
            });
        }
        let rest = content.saturating_sub(offset);
        Ok(Some(length.map_or(rest, |length| length.min(rest))))
    }

    /// How much of `copied` bytes that were written from `offset` on can be there.
    pub(super) fn written(&self, offset: u64, copied: u64) -> u64 {
        match self.content.filter(|_| self.is_exact) {
            Some(content) => copied.min(content.saturating_sub(offset)),
            None => copied,
        }
    }

    /// How much may be written from `offset` on, where `total` bytes are to be as far as is known.
    pub(super) fn upload(&self, offset: u64, total: Option<u64>) -> Result<Option<u64>> {
        let Some(limit) = self.limit else {
            return Ok(None);
        };
        let room = limit.saturating_sub(offset);
        match total {
            Some(total) if total > room => Err(Error::InvalidArgument {
                procedure: remote::StorageVolUpload::INFO.name,
                reason: format!(
                    "the volume has {limit} bytes and is to be written up to {}",
                    offset.saturating_add(total)
                ),
            }),
            _ => Ok(Some(room)),
        }
    }
}
