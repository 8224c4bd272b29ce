use std::io;

use super::EncodeError;

/// A writer that appends encodings to a byte buffer, up to a limit.
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
    /// The limit on the length of `out`.
    end: usize,
}

impl<'a> Writer<'a> {
    /// The number of bytes beyond its limit that it may write meanwhile.
    pub(crate) const SPARE: usize = 4;

    /// Creates a writer to `out` without a limit other than those of the types.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, end: usize::MAX }
    }

    /// Creates a writer that appends at most `limit` bytes to `out`.
    pub fn with_limit(out: &'a mut Vec<u8>, limit: usize) -> Self {
        let end = out.len().saturating_add(limit);
        Self { out, end }
    }

    #[inline]
    fn room(&self, len: usize) -> Result<(), EncodeError> {
        if len > self.end - self.out.len().min(self.end) {
            return Err(self.full());
        }
        Ok(())
    }

    #[cold]
    pub(super) fn full(&self) -> EncodeError {
        EncodeError::MessageTooLarge { max: self.end }
    }

    /// Appends raw bytes, without length or padding.
    #[inline]
    pub fn put(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.room(bytes.len())?;
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    /// Appends bytes and pads them with zeros to a multiple of four.
    #[inline]
    pub(super) fn put_padded(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        let padding = bytes.len().wrapping_neg() % 4;
        self.room(bytes.len() + padding)?;
        let end = self.out.len() + bytes.len() + padding;
        self.out.extend_from_slice(bytes);
        // A write of a size that the compiler knows, which is cheaper than one of just the padding.
        self.out.extend_from_slice(&[0; Self::SPARE]);
        self.out.truncate(end);
        Ok(())
    }
}

/// The sink that `xdr_codec`'s primitive codecs write to.
impl io::Write for Writer<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.put(bytes).map_err(|_| io::ErrorKind::WriteZero.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
