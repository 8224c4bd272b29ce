//! Results of calls.

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use zeroize::Zeroize as _;

use crate::error::{Error, ProtocolError, Result};
use crate::xdr::{Body, Decode, DecodeError, Reader};

/// The results of a call in their encoding; decoding borrows from it.
pub struct Reply<B> {
    payload: Bytes,
    procedure: &'static str,
    body: PhantomData<fn() -> B>,
}

impl<B: Body> Reply<B> {
    /// Decodes the results.
    pub fn decode(&self) -> Result<B::Borrowed<'_>> {
        self.decode_with(Decode::decode)
    }

    /// Decodes the results by hand, where building the wire types first would cost too much.
    pub(crate) fn decode_with<'a, T>(
        &'a self,
        decode: impl FnOnce(&mut Reader<'a>) -> Result<T, DecodeError>,
    ) -> Result<T> {
        decode(&mut Reader::new(&self.payload))
            .map_err(|source| undecodable(self.procedure, source))
    }
}

impl<B> Reply<B> {
    pub(super) fn new(payload: Bytes, procedure: &'static str) -> Self {
        Self { payload, procedure, body: PhantomData }
    }

    /// Returns the error of well-formed results that contradict themselves or the request.
    pub(crate) fn invalid(&self, reason: impl Into<String>) -> Error {
        ProtocolError::InvalidReply { procedure: self.procedure, reason: reason.into() }.into()
    }

    /// Converts a count among the results, which the protocol carries as a signed integer.
    pub(crate) fn count(&self, number: i32) -> Result<u32> {
        u32::try_from(number).map_err(|_| self.invalid(format!("{number} is no count")))
    }

    /// Returns the results' encoding.
    pub fn into_bytes(self) -> Bytes {
        self.payload
    }

    /// Wipes this copy of the results from memory. The buffer that the message was received in
    /// keeps it until later messages overwrite it.
    pub(crate) fn wipe(self) {
        if let Ok(mut payload) = self.payload.try_into_mut() {
            payload.as_mut().zeroize();
        }
    }
}

impl<B> fmt::Debug for Reply<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The payload is left out: it may hold secrets.
        write!(f, "{}Reply({} bytes)", self.procedure, self.payload.len())
    }
}

pub(super) fn undecodable(procedure: &'static str, source: DecodeError) -> Error {
    ProtocolError::Reply { procedure, source }.into()
}
