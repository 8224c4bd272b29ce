//! Bytes, and now and then descriptors, on their way to the socket.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::Arc;

#[cfg(feature = "sasl")]
use zeroize::Zeroize as _;

/// Memory that an emptied outbox keeps.
const KEEP: usize = 256 * 1024;

/// Whole messages, the first of which may have been sent in part.
///
/// It outlives every caller: one that goes away in the middle never leaves half a message behind.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    bytes: Vec<u8>,
    sent: usize,
    /// Descriptors, and where in `bytes` the byte stands that each travels with.
    descriptors: VecDeque<(usize, Arc<OwnedFd>)>,
}

/// What is to be sent next.
#[derive(Debug)]
pub(crate) enum Unsent<'a> {
    Bytes(&'a [u8]),
    /// One byte, and a descriptor with it.
    Descriptor(&'a [u8], Arc<OwnedFd>),
}

impl Outbox {
    /// Where messages are appended.
    #[inline]
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Appends a descriptor and the byte that it travels with.
    pub(crate) fn push_descriptor(&mut self, descriptor: Arc<OwnedFd>) {
        self.descriptors.push_back((self.bytes.len(), descriptor));
        self.bytes.push(0);
    }

    /// How many bytes have not been sent.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() - self.sent
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.sent == self.bytes.len()
    }

    /// Leaves no trace in memory of what has been sent.
    #[cfg(feature = "sasl")]
    pub(crate) fn wipe(&mut self) {
        if self.is_empty() {
            self.bytes.zeroize();
            self.sent = 0;
        } else if let Some(sent) = self.bytes.get_mut(..self.sent) {
            sent.zeroize();
        }
    }

    /// The next piece that can be sent in one go.
    #[inline]
    pub(crate) fn unsent(&self) -> Unsent<'_> {
        let Some((at, descriptor)) = self.descriptors.front() else {
            return Unsent::Bytes(self.bytes.get(self.sent..).unwrap_or_default());
        };
        if *at == self.sent {
            let byte = self.bytes.get(*at..=*at).unwrap_or_default();
            return Unsent::Descriptor(byte, Arc::clone(descriptor));
        }
        Unsent::Bytes(self.bytes.get(self.sent..*at).unwrap_or_default())
    }

    /// Notes that the socket took `count` bytes of the next piece, and its descriptor if it has one.
    #[inline]
    pub(crate) fn advance(&mut self, count: usize) {
        let travels = |(at, _): &(usize, _)| *at == self.sent;
        if count > 0 && self.descriptors.front().is_some_and(travels) {
            self.descriptors.pop_front();
        }
        self.sent += count;
        if self.is_empty() {
            self.bytes.clear();
            self.bytes.shrink_to(KEEP);
            self.sent = 0;
        } else if self.sent >= KEEP {
            self.bytes.drain(..self.sent);
            for (at, _) in &mut self.descriptors {
                *at -= self.sent;
            }
            self.sent = 0;
        }
    }
}

#[cfg(all(test, feature = "sasl"))]
mod tests {
    use super::*;

    #[test]
    fn wiping_leaves_what_is_still_to_be_sent() {
        let mut outbox = Outbox::default();
        outbox.buffer().extend_from_slice(b"secretrest");
        outbox.advance(6);
        outbox.wipe();
        assert_eq!(outbox.bytes, b"\0\0\0\0\0\0rest");
        assert!(matches!(outbox.unsent(), Unsent::Bytes(b"rest")));
        outbox.advance(4);
        outbox.wipe();
        assert!(outbox.is_empty());
        outbox.buffer().extend_from_slice(b"more");
        assert!(matches!(outbox.unsent(), Unsent::Bytes(b"more")));
    }
}
