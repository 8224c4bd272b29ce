//! What must hold of errors and values.

use crate::error::{Error, Result};
use crate::xdr::{self, Decode, Encode};

/// An error's text is one line, whatever a peer or a file made of it.
pub(super) fn check_error<T>(result: Result<T>) -> Option<T> {
    result.map_err(|error: Error| check_line(&error.to_string())).ok()
}

pub(super) fn check_line(text: &str) {
    assert!(
        !text.contains(char::is_control),
        "an error's text has control characters: {text:?}"
    );
}

/// What was decoded takes no more bytes than it was read from, and decodes to the same again.
pub fn check_value(bytes: &[u8], recode: fn(&[u8]) -> Option<Vec<u8>>) {
    if let Some(encoded) = recode(bytes) {
        assert!(encoded.len() <= bytes.len(), "{} of {} bytes", encoded.len(), bytes.len());
        assert_eq!(recode(&encoded), Some(encoded));
    }
}

/// Decodes a value and encodes it again, unless it has text that is not to be sent.
pub fn recode<'a, T: Decode<'a> + Encode>(bytes: &'a [u8]) -> Option<Vec<u8>> {
    let value: T = xdr::from_slice(bytes).ok()?;
    xdr::to_vec(&value).ok()
}
