//! Arrays and optional values.

use super::{Body, Decode, DecodeError, DecodeMax, Encode, EncodeError, EncodeMax, Reader, Writer};

/// Nothing: the arguments or results of a procedure that has none.
impl Encode for () {
    #[inline]
    fn encode(&self, _writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        Ok(())
    }
}

impl<'a> Decode<'a> for () {
    const MIN_SIZE: usize = 0;

    #[inline]
    fn decode(_reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(())
    }
}

impl Body for () {
    type Borrowed<'a> = ();
}

impl<T: Encode + ?Sized> Encode for &T {
    #[inline]
    fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        (**self).encode(writer)
    }
}

/// One value after the other.
impl<A: Encode, B: Encode + ?Sized> Encode for (A, &B) {
    #[inline]
    fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        self.0.encode(writer)?;
        self.1.encode(writer)
    }
}

impl<T: Encode> Encode for Option<T> {
    #[inline]
    fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        u32::from(self.is_some()).encode(writer)?;
        self.as_ref().map_or(Ok(()), |value| value.encode(writer))
    }
}

impl<'a, T: Decode<'a>> Decode<'a> for Option<T> {
    const MIN_SIZE: usize = 4;

    #[inline]
    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        match u32::decode(reader)? {
            0 => Ok(None),
            _ => T::decode(reader).map(Some),
        }
    }
}

impl<T: Encode> EncodeMax for Vec<T> {
    #[inline]
    fn encode_max(&self, writer: &mut Writer<'_>, max: usize) -> Result<(), EncodeError> {
        writer.put_count(self.len(), max)?;
        self.iter().try_for_each(|value| value.encode(writer))
    }
}

impl<'a, T: Decode<'a>> DecodeMax<'a> for Vec<T> {
    #[inline]
    fn decode_max(reader: &mut Reader<'a>, max: usize) -> Result<Self, DecodeError> {
        let len = take_len::<T>(reader, max)?;
        let mut values = Self::with_capacity(len);
        for _ in 0..len {
            values.push(T::decode(reader)?);
        }
        Ok(values)
    }
}

/// Reads the count of an array of at most `max` elements `T`, which the caller then reads one by
/// one, and checks that the remaining bytes can hold that many.
#[inline]
pub(crate) fn take_len<'a, T: Decode<'a>>(
    reader: &mut Reader<'a>,
    max: usize,
) -> Result<usize, DecodeError> {
    let len = reader.take_count(max)?;
    // The remaining bytes limit the number of elements, whatever the count is.
    if len > reader.remaining() / T::MIN_SIZE.max(1) {
        return Err(reader.truncated(len.saturating_mul(T::MIN_SIZE)));
    }
    Ok(len)
}

/// Reads at most `max` bytes of opaque data, or the bytes of a string.
#[inline]
pub(crate) fn take_bytes<'a>(reader: &mut Reader<'a>, max: usize) -> Result<&'a [u8], DecodeError> {
    let len = reader.take_count(max)?;
    reader.take_padded(len)
}
