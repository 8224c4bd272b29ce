//! Names that handles keep.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt as _;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::xdr::WireStr;

/// A name as the daemon sent it: text to show, and the exact bytes to compare and to send back.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Name {
    /// Short ones, which most are, take no memory of their own.
    Utf8(SmolStr),
    Other(Arc<Other>),
}

#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Other {
    bytes: Box<[u8]>,
    shown: Box<str>,
}

impl Name {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Utf8(text) => text,
            Self::Other(other) => &other.shown,
        }
    }

    pub(crate) fn as_os_str(&self) -> &OsStr {
        match self {
            Self::Utf8(text) => OsStr::new(text.as_str()),
            Self::Other(other) => OsStr::from_bytes(&other.bytes),
        }
    }
}

impl From<&WireStr<'_>> for Name {
    fn from(wire: &WireStr<'_>) -> Self {
        match wire.not_text() {
            None => wire.as_str().into(),
            Some(bytes) => {
                Self::Other(Arc::new(Other { bytes: bytes.into(), shown: wire.as_str().into() }))
            }
        }
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self::Utf8(text.into())
    }
}

impl<'a> From<&'a Name> for WireStr<'a> {
    fn from(name: &'a Name) -> Self {
        match name {
            Name::Utf8(text) => text.as_str().into(),
            Name::Other(other) => (&*other.bytes).into(),
        }
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}
