//! Arguments that are encoded already.

use crate::xdr::{Encode, EncodeError, Writer};

/// Bytes that are an encoding already.
pub(crate) struct Encoded<'a>(pub(crate) &'a [u8]);

impl Encode for Encoded<'_> {
    fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.put(self.0)
    }
}
