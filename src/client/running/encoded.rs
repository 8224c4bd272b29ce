//! Encoded arguments.

use crate::xdr::{Encode, EncodeError, Writer};

/// Bytes that are already an XDR encoding.
pub(crate) struct Encoded<'a>(pub(crate) &'a [u8]);

impl Encode for Encoded<'_> {
    fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.put(self.0)
    }
}
