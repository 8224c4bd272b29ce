//! Strings.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::ops::Deref;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;

use super::{Decode, DecodeError, Encode, EncodeError, Reader, STRING_MAX, Writer};

/// A string of the protocol, borrowed from the message or from the caller where possible.
///
/// Nearly all strings are UTF-8, but file names may be any bytes. Such a string reads as text with
/// replacement characters, and is still compared and sent as its original bytes.
#[derive(Clone)]
pub struct WireStr<'a>(Inner<'a>);

#[derive(Clone)]
enum Inner<'a> {
    Borrowed(&'a str),
    /// Boxed, so that the others pay neither in size nor in time.
    Owned(Box<Owned>),
}

#[derive(Clone)]
struct Owned {
    text: String,
    /// The bytes, where they differ from the text.
    bytes: Option<Vec<u8>>,
}

impl WireStr<'_> {
    /// Returns the text, with replacement characters for bytes that are not UTF-8.
    #[inline]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Inner::Borrowed(text) => text,
            Inner::Owned(owned) => &owned.text,
        }
    }

    /// Returns the bytes as they are sent.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Inner::Borrowed(text) => text.as_bytes(),
            Inner::Owned(owned) => owned.bytes.as_deref().unwrap_or(owned.text.as_bytes()),
        }
    }

    /// Returns the bytes as they are sent, where they are not UTF-8.
    #[inline]
    pub(crate) fn not_text(&self) -> Option<&[u8]> {
        match &self.0 {
            Inner::Borrowed(_) => None,
            Inner::Owned(owned) => owned.bytes.as_deref(),
        }
    }

    /// Converts to the text, with replacement characters for bytes that are not UTF-8.
    pub fn into_owned(self) -> String {
        match self.0 {
            Inner::Borrowed(text) => text.to_owned(),
            Inner::Owned(owned) => owned.text,
        }
    }

    /// Converts to the bytes as they are sent, in the form that the operating system takes.
    pub fn into_os_string(self) -> OsString {
        match self.0 {
            Inner::Owned(owned) => match owned.bytes {
                Some(bytes) => OsString::from_vec(bytes),
                None => owned.text.into(),
            },
            Inner::Borrowed(text) => text.into(),
        }
    }

    #[cold]
    fn of_bytes(bytes: Vec<u8>) -> Self {
        Self(Inner::Owned(Box::new(Owned {
            text: String::from_utf8_lossy(&bytes).into_owned(),
            bytes: Some(bytes),
        })))
    }
}

impl Encode for WireStr<'_> {
    /// Rejects strings with a NUL: daemons end a string at its first NUL, and would act on another
    /// value than the caller's.
    #[inline]
    fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        let bytes = self.as_bytes();
        if has_nul(bytes) {
            return Err(nul_in(bytes));
        }
        writer.put_count(bytes.len(), STRING_MAX)?;
        writer.put_padded(bytes)
    }
}

/// Returns whether there is a NUL, like the standard library's search, without the steps that pay
/// only for long strings.
#[inline]
fn has_nul(bytes: &[u8]) -> bool {
    let nuls = |word: [u8; 8]| {
        let word = u64::from_ne_bytes(word);
        word.wrapping_sub(0x0101_0101_0101_0101) & !word & 0x8080_8080_8080_8080
    };
    let (words, rest) = bytes.as_chunks();
    match bytes.last_chunk() {
        // The last word overlaps the one before it. All are looked at, as hardly any string has one.
        Some(last) => words.iter().fold(nuls(*last), |found, word| found | nuls(*word)) != 0,
        None => rest.contains(&0),
    }
}

#[cold]
fn nul_in(bytes: &[u8]) -> EncodeError {
    let at = bytes.iter().take_while(|byte| **byte != 0).count();
    EncodeError::Nul { at }
}

impl<'a> Decode<'a> for WireStr<'a> {
    const MIN_SIZE: usize = 4;

    #[inline]
    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let len = reader.take_count(STRING_MAX)?;
        reader.take_padded(len).map(Self::from)
    }
}

impl<'a> From<&'a [u8]> for WireStr<'a> {
    #[inline]
    fn from(bytes: &'a [u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => text.into(),
            Err(_) => Self::of_bytes(bytes.to_vec()),
        }
    }
}

impl<'a> From<&'a str> for WireStr<'a> {
    #[inline]
    fn from(text: &'a str) -> Self {
        Self(Inner::Borrowed(text))
    }
}

impl<'a> From<&'a String> for WireStr<'a> {
    #[inline]
    fn from(text: &'a String) -> Self {
        text.as_str().into()
    }
}

impl From<String> for WireStr<'_> {
    fn from(text: String) -> Self {
        Self(Inner::Owned(Box::new(Owned { text, bytes: None })))
    }
}

impl<'a> From<&'a OsStr> for WireStr<'a> {
    fn from(text: &'a OsStr) -> Self {
        text.as_bytes().into()
    }
}

impl<'a> From<&'a Path> for WireStr<'a> {
    fn from(path: &'a Path) -> Self {
        path.as_os_str().into()
    }
}

impl From<OsString> for WireStr<'_> {
    fn from(text: OsString) -> Self {
        match text.into_string() {
            Ok(text) => text.into(),
            Err(text) => Self::of_bytes(text.into_vec()),
        }
    }
}

impl From<WireStr<'_>> for String {
    fn from(text: WireStr<'_>) -> Self {
        text.into_owned()
    }
}

impl Deref for WireStr<'_> {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq for WireStr<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for WireStr<'_> {}

impl PartialEq<str> for WireStr<'_> {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for WireStr<'_> {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl fmt::Display for WireStr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl fmt::Debug for WireStr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}
