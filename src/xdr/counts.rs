//! The counts in front of arrays and bytes.

use super::{Decode, DecodeError, Encode, EncodeError, Reader, Writer};

impl Reader<'_> {
    /// Reads an array or byte count and checks it against the declared maximum.
    #[inline]
    pub(super) fn take_count(&mut self, max: usize) -> Result<usize, DecodeError> {
        let len = u32::decode(self)? as usize;
        if len > max {
            return Err(DecodeError::TooLong { len, max });
        }
        Ok(len)
    }
}

impl Writer<'_> {
    /// Appends an array or byte count after checking it against the declared maximum.
    #[inline]
    pub(super) fn put_count(&mut self, len: usize, max: usize) -> Result<(), EncodeError> {
        match u32::try_from(len) {
            Ok(count) if len <= max => count.encode(self),
            _ => Err(EncodeError::TooLong { len, max }),
        }
    }
}
