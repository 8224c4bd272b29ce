//! Arrays of `char`: libvirt declares a few, and XDR gives each element four bytes.
//!
//! A C `char` is signed on the platforms that daemons commonly run on, so 0xc3 is sent as
//! 0xffffffc3. Peers with an unsigned `char` send 0x000000c3; both are read as the same byte.

use super::{Decode, DecodeError, DecodeMax, Encode, EncodeError, EncodeMax, Reader, Writer};

/// A fixed array of `char`, four wire bytes each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CharArray<const N: usize>(pub [u8; N]);

impl<const N: usize> CharArray<N> {
    /// Returns the text up to the first NUL.
    pub fn to_text(&self) -> String {
        until_nul(&self.0)
    }
}

impl<const N: usize> Encode for CharArray<N> {
    fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        encode_each(&self.0, writer)
    }
}

impl<'a, const N: usize> Decode<'a> for CharArray<N> {
    const MIN_SIZE: usize = 4 * N;

    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let mut bytes = [0; N];
        for byte in &mut bytes {
            *byte = u8::decode(reader)?;
        }
        Ok(Self(bytes))
    }
}

/// A variable array of `char`, four wire bytes each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CharVec(pub Vec<u8>);

impl CharVec {
    /// Returns the text up to the first NUL.
    pub fn to_text(&self) -> String {
        until_nul(&self.0)
    }
}

impl EncodeMax for CharVec {
    fn encode_max(&self, writer: &mut Writer<'_>, max: usize) -> Result<(), EncodeError> {
        writer.put_count(self.0.len(), max)?;
        encode_each(&self.0, writer)
    }
}

impl<'a> DecodeMax<'a> for CharVec {
    fn decode_max(reader: &mut Reader<'a>, max: usize) -> Result<Self, DecodeError> {
        Vec::decode_max(reader, max).map(Self)
    }
}

fn encode_each(chars: &[u8], writer: &mut Writer<'_>) -> Result<(), EncodeError> {
    chars.iter().try_for_each(|char| char.cast_signed().encode(writer))
}

fn until_nul(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(bytes.get(..end).unwrap_or(bytes)).into_owned()
}
