//! The bounded XDR façade (RFC 4506): the one place that names `xdr_codec`.
//!
//! `xdr_codec` supplies the primitive codecs. Its composite helpers trust the peer's lengths, so
//! strings, opaque data, arrays and structures use the [`Encode`] and [`Decode`] traits of this
//! module instead, with one concrete [`Reader`] that never reads past the bytes it was given and
//! one concrete [`Writer`] that never grows past its limit.
//!
//! Encoding is canonical. Decoding is strict about lengths, counts and truncation and lenient where
//! libvirt's own decoder is: padding bytes and bytes after the payload are ignored, and any
//! non-zero optional flag means "present".

mod chars;
mod composite;
mod counts;
mod error;
mod list;
mod macros;
mod opaque;
mod primitive;
mod reader;
mod string;
mod writer;

#[cfg(test)]
mod tests;

pub use chars::{CharArray, CharVec};
pub use error::{DecodeError, EncodeError};
pub use reader::Reader;
pub use string::WireStr;
pub use writer::Writer;

pub(crate) use composite::{take_bytes, take_len};
pub(crate) use list::ListReader;
pub(crate) use macros::{xdr_struct, xdr_union};

/// The longest string in any of libvirt's protocols, in bytes.
pub const STRING_MAX: usize = 4_194_304;

/// A value with an XDR encoding.
pub trait Encode {
    /// Appends the canonical encoding of `self`.
    ///
    /// On an error the writer holds a part of the encoding; the caller discards it.
    fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError>;
}

/// A value that can be read from its XDR encoding, borrowing from it where it can.
pub trait Decode<'a>: Sized {
    /// The fewest bytes that an encoding of this type takes; limits the number of array elements
    /// that the remaining bytes can hold.
    const MIN_SIZE: usize;

    /// Reads one value and advances the reader past it.
    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError>;
}

/// The type of a whole message body, independent of the message it borrows from: implemented by
/// types without a lifetime, and by others with the lifetime `'static`.
///
/// A reply can so own its bytes and be decoded any number of times, each time borrowing from
/// itself.
pub trait Body {
    /// The type, borrowing from a message with the lifetime `'a`.
    type Borrowed<'a>: Decode<'a>;
}

/// A variable-length value whose declared maximum is part of its encoding.
pub trait EncodeMax {
    /// Appends the encoding of `self`, which may hold at most `max` elements.
    fn encode_max(&self, writer: &mut Writer<'_>, max: usize) -> Result<(), EncodeError>;
}

/// The decoding side of [`EncodeMax`].
pub trait DecodeMax<'a>: Sized {
    /// Reads a value of at most `max` elements.
    fn decode_max(reader: &mut Reader<'a>, max: usize) -> Result<Self, DecodeError>;
}

/// Encodes one value into a buffer of its own.
pub fn to_vec<T: Encode + ?Sized>(value: &T) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::new();
    value.encode(&mut Writer::new(&mut out))?;
    Ok(out)
}

/// Decodes one value from the start of `bytes`; bytes after it are ignored, as libvirt does.
pub fn from_slice<'a, T: Decode<'a>>(bytes: &'a [u8]) -> Result<T, DecodeError> {
    T::decode(&mut Reader::new(bytes))
}
