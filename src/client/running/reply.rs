//! Results of calls.

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use zeroize::Zeroize as _;

use crate::error::{Error, ProtocolError, RemoteError, Result};
use crate::xdr::{Body, Decode, DecodeError, ListReader, Reader};

/// The results of a call in their encoding; decoding borrows from it.
pub struct Reply<B> {
    payload: Bytes,
    procedure: &'static str,
    body: PhantomData<fn() -> B>,
}

impl<B: Body> Reply<B> {
    /// Decodes the results.
    pub fn decode(&self) -> Result<B::Borrowed<'_>> {
        Decode::decode(&mut Reader::new(&self.payload))
            .map_err(|source| undecodable(self.procedure, source))
    }

    /// Decodes results that are a list of `W` and maybe more, where building the wire types first
    /// would cost too much. Other tasks have their turn while it decodes a long one.
    pub(crate) async fn decode_list<'a, W: Decode<'a>, T>(
        &'a self,
        max: usize,
        mut read: impl FnMut(&mut Reader<'a>) -> Result<T, DecodeError>,
    ) -> Result<(Vec<T>, Reader<'a>)> {
        let undecodable = |source| undecodable(self.procedure, source);
        let mut list = ListReader::new::<W>(&self.payload, max).map_err(undecodable)?;
        while !list.read_part(&mut read).map_err(undecodable)? {
            tokio::task::yield_now().await;
        }
        Ok(list.finish())
    }

    /// Decodes what is behind a list.
    pub(crate) fn decode_rest<'a, T: Decode<'a>>(&self, mut reader: Reader<'a>) -> Result<T> {
        T::decode(&mut reader).map_err(|source| undecodable(self.procedure, source))
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

/// Returns the error that the daemon reports in place of results.
pub(crate) fn failure(procedure: &'static str, payload: &[u8]) -> Error {
    RemoteError::decode(payload, procedure)
        .map_or_else(|source| undecodable(procedure, source), Error::from)
}

pub(crate) fn undecodable(procedure: &'static str, source: DecodeError) -> Error {
    ProtocolError::Reply { procedure, source }.into()
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::xdr::{WireStr, take_bytes};

    #[test]
    fn long_lists_let_others_have_their_turn() {
        const COUNT: u32 = 250_000;
        let numbers = (0..=COUNT).map(|number| if number == 0 { COUNT } else { number });
        let bytes: Vec<u8> = numbers.chain([7]).flat_map(u32::to_be_bytes).collect();
        let reply = Reply::<()>::new(bytes.into(), "LIST");

        let mut context = Context::from_waker(Waker::noop());
        let mut decoding = pin!(reply.decode_list::<u32, _>(COUNT as usize, u32::decode));
        let mut turns = 0;
        let (list, rest) = loop {
            if let Poll::Ready(decoded) = decoding.as_mut().poll(&mut context) {
                break decoded.ok().unwrap_or_else(|| unreachable!());
            }
            turns += 1;
        };
        assert_eq!(turns, 3);
        assert!(list.into_iter().eq(1..=COUNT));
        assert_eq!(reply.decode_rest::<u32>(rest).ok(), Some(7));
    }

    #[test]
    fn a_list_that_ends_too_early_is_an_error() {
        // Two texts, of four bytes and of none.
        let bytes: Vec<u8> = [2_u32, 4, 7, 0].into_iter().flat_map(u32::to_be_bytes).collect();
        for end in 0..bytes.len() {
            let reply = Reply::<()>::new(bytes[..end].to_vec().into(), "LIST");
            let read = |reader: &mut Reader<'_>| take_bytes(reader, 100).map(<[u8]>::to_vec);
            let mut decoding = pin!(reply.decode_list::<WireStr<'_>, _>(10, read));
            let mut context = Context::from_waker(Waker::noop());
            let mut polls = (0..3).map(|_| decoding.as_mut().poll(&mut context));
            let decoded = polls.find(Poll::is_ready);
            assert!(matches!(decoded, Some(Poll::Ready(Err(_)))), "{end}");
        }
    }
}
