//! Opaque bytes, borrowed from the message where possible.

use std::borrow::Cow;

use super::{Decode, DecodeError, DecodeMax, Encode, EncodeError, EncodeMax, Reader, Writer};

impl EncodeMax for Cow<'_, [u8]> {
    #[inline]
    fn encode_max(&self, writer: &mut Writer<'_>, max: usize) -> Result<(), EncodeError> {
        writer.put_count(self.len(), max)?;
        writer.put_padded(self)
    }
}

impl<'a> DecodeMax<'a> for Cow<'a, [u8]> {
    #[inline]
    fn decode_max(reader: &mut Reader<'a>, max: usize) -> Result<Self, DecodeError> {
        let len = reader.take_count(max)?;
        reader.take_padded(len).map(Cow::Borrowed)
    }
}

impl<const N: usize> Encode for [u8; N] {
    #[inline]
    fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.put_padded(self)
    }
}

/// Fixed-length opaque data.
impl<'a, const N: usize> Decode<'a> for [u8; N] {
    const MIN_SIZE: usize = N.next_multiple_of(4);

    #[inline]
    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let bytes = reader.take_padded(N)?;
        bytes.try_into().map_err(|_| reader.truncated(N))
    }
}

impl Encode for uuid::Uuid {
    #[inline]
    fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.put(self.as_bytes())
    }
}

impl<'a> Decode<'a> for uuid::Uuid {
    const MIN_SIZE: usize = 16;

    #[inline]
    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        <[u8; 16]>::decode(reader).map(Self::from_bytes)
    }
}
