//! Numbers. `xdr_codec` encodes XDR's own widths; narrower numbers are sent as 32 bits.

use xdr_codec::{Pack, Unpack};

use super::{Decode, DecodeError, Encode, EncodeError, Reader, Writer};

macro_rules! primitive {
    ($($ty:ty: $size:literal),*) => { $(
        impl Encode for $ty {
            #[inline]
            fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
                // The writer rejects bytes for one reason only.
                self.pack(writer).map(drop).map_err(|_| writer.full())
            }
        }

        impl<'a> Decode<'a> for $ty {
            const MIN_SIZE: usize = $size;

            #[inline]
            fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
                // Checked first, so that the codec's own (large) error is never built.
                if reader.remaining() < $size {
                    return Err(reader.truncated($size));
                }
                match <$ty>::unpack(reader) {
                    Ok((value, _)) => Ok(value),
                    Err(_) => Err(reader.truncated($size)),
                }
            }
        }
    )* };
}

primitive!(i32: 4, u32: 4, i64: 8, u64: 8, f64: 8);

macro_rules! narrow {
    ($($ty:ty as $wire:ty),*) => { $(
        impl Encode for $ty {
            #[inline]
            fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
                <$wire>::from(*self).encode(writer)
            }
        }

        impl<'a> Decode<'a> for $ty {
            const MIN_SIZE: usize = 4;

            /// Keeps the low bits, as the C decoder does: a peer whose `char` is signed
            /// sign-extends.
            #[inline]
            fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
                <$wire>::decode(reader).map(|wide| wide as $ty)
            }
        }
    )* };
}

narrow!(i8 as i32, u8 as u32, i16 as i32, u16 as u32);
