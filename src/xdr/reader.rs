use std::io;

use super::DecodeError;

/// A cursor over the bytes of one message.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Creates a cursor at the first of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Returns the number of bytes left.
    #[inline]
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Returns the bytes left.
    #[inline]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Takes these bytes if they come next; returns whether they did.
    #[inline]
    pub(crate) fn take_exactly(&mut self, bytes: &[u8]) -> bool {
        match self.rest.strip_prefix(bytes) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Takes `len` bytes and the padding after them.
    #[inline]
    pub(super) fn take_padded(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        // `len` is at most u32::MAX here, so rounding up cannot overflow on 64 bits; on 32 bits the
        // check reports truncation instead of wrapping.
        let padded = len.checked_next_multiple_of(4).unwrap_or(usize::MAX);
        match self.rest.split_at_checked(padded) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken.get(..len).unwrap_or(taken))
            }
            None => Err(self.truncated(padded)),
        }
    }

    #[cold]
    pub(super) fn truncated(&self, needed: usize) -> DecodeError {
        DecodeError::Truncated { needed, left: self.rest.len() }
    }
}

/// The source that `xdr_codec`'s primitive codecs read from.
impl io::Read for Reader<'_> {
    #[inline]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.rest.read(buf)
    }

    #[inline]
    fn read_exact(&mut self, buf: &mut [u8]) -> io::Result<()> {
        self.rest.read_exact(buf)
    }
}
