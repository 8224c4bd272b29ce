//! Reading a guest's disks and memory from outside.

use super::{Domain, MemoryFlags};
use crate::api::wire;
use crate::error::{Error, Result};
use crate::protocol::{Request, remote};

/// # Reading memory and disks
impl Domain {
    /// Reads `len` bytes of a disk of the running domain, as the guest sees it, from `offset` on
    /// (`virDomainBlockPeek`).
    ///
    /// `disk` is the disk's target, such as `vda`, or its source. Makes one call per 4 MiB; the
    /// guest may write in between.
    #[doc(alias = "virDomainBlockPeek")]
    pub async fn block_peek(&self, disk: &str, offset: u64, len: usize) -> Result<Vec<u8>> {
        const NAME: &str = remote::DomainBlockPeek::INFO.name;
        let mut pieces = Pieces::new(NAME, offset, len, remote::DOMAIN_BLOCK_PEEK_BUFFER_MAX)?;
        while let Some((offset, size)) = pieces.next() {
            let reply = self
                .call(remote::DomainBlockPeek {
                    dom: self.wire(),
                    path: disk.into(),
                    offset,
                    size,
                    flags: 0,
                })
                .await?;
            pieces.take(&reply.decode()?.buffer, size)?;
        }
        Ok(pieces.read)
    }

    /// Reads `len` bytes of the running domain's memory from the address `start` on
    /// (`virDomainMemoryPeek`).
    ///
    /// `flags` say whether the address is `VIRTUAL`, as the guest's first CPU sees it at the
    /// moment, or `PHYSICAL`. Makes one call per 4 MiB; the guest may write in between.
    #[doc(alias = "virDomainMemoryPeek")]
    pub async fn memory_peek(&self, start: u64, len: usize, flags: MemoryFlags) -> Result<Vec<u8>> {
        const NAME: &str = remote::DomainMemoryPeek::INFO.name;
        let mut pieces = Pieces::new(NAME, start, len, remote::DOMAIN_MEMORY_PEEK_BUFFER_MAX)?;
        while let Some((offset, size)) = pieces.next() {
            let reply = self
                .call(remote::DomainMemoryPeek { dom: self.wire(), offset, size, flags })
                .await?;
            pieces.take(&reply.decode()?.buffer, size)?;
        }
        Ok(pieces.read)
    }
}

/// A read that is split into several calls.
struct Pieces {
    procedure: &'static str,
    start: u64,
    len: usize,
    /// The maximum length of one call.
    piece: usize,
    read: Vec<u8>,
    begun: bool,
}

impl Pieces {
    fn new(procedure: &'static str, start: u64, len: usize, piece: usize) -> Result<Self> {
        if start.checked_add(len as u64).is_none() {
            return Err(Error::InvalidArgument {
                procedure,
                reason: format!("{len} bytes from {start} on are beyond 64 bits"),
            });
        }
        Ok(Self { procedure, start, len, piece, read: Vec::new(), begun: false })
    }

    /// Returns the offset and length of the next call. There is always one: a read of no bytes
    /// tests whether reading is possible.
    fn next(&mut self) -> Option<(u64, u32)> {
        let rest = self.len - self.read.len();
        if rest == 0 && self.begun {
            return None;
        }
        self.begun = true;
        Some((self.start + self.read.len() as u64, rest.min(self.piece) as u32))
    }

    fn take(&mut self, bytes: &[u8], size: u32) -> Result<()> {
        if bytes.len() != size as usize {
            return Err(wire::invalid_reply(
                self.procedure,
                format!("{} bytes came of {size}", bytes.len()),
            ));
        }
        self.read.extend_from_slice(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_reads_are_split() -> Result<()> {
        let mut pieces = Pieces::new("test", 100, 10, 4)?;
        let mut asked = Vec::new();
        while let Some((offset, size)) = pieces.next() {
            asked.push((offset, size));
            pieces.take(&vec![7; size as usize], size)?;
        }
        assert_eq!(asked, [(100, 4), (104, 4), (108, 2)]);
        assert_eq!(pieces.read, [7; 10]);
        Ok(())
    }

    #[test]
    fn a_read_of_nothing_is_one_call() -> Result<()> {
        let mut pieces = Pieces::new("test", 5, 0, 4)?;
        assert_eq!(pieces.next(), Some((5, 0)));
        pieces.take(&[], 0)?;
        assert_eq!(pieces.next(), None);
        Ok(())
    }

    #[test]
    fn replies_of_another_size_are_refused() -> Result<()> {
        let mut pieces = Pieces::new("test", 0, 4, 4)?;
        assert_eq!(pieces.next(), Some((0, 4)));
        assert!(pieces.take(&[0; 3], 4).is_err());
        assert!(pieces.take(&[0; 5], 4).is_err());
        assert!(Pieces::new("test", u64::MAX, 2, 4).is_err());
        Ok(())
    }
}
