//! Bytes on their way to the socket.

/// Memory that an emptied outbox keeps.
const KEEP: usize = 256 * 1024;

/// Whole messages, the first of which may have been sent in part.
///
/// It outlives every caller: one that goes away in the middle never leaves half a message behind.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    bytes: Vec<u8>,
    sent: usize,
}

impl Outbox {
    /// Where messages are appended.
    #[inline]
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    #[inline]
    pub(crate) fn unsent(&self) -> &[u8] {
        self.bytes.get(self.sent..).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.sent == self.bytes.len()
    }

    /// Notes that the socket took `count` bytes.
    #[inline]
    pub(crate) fn advance(&mut self, count: usize) {
        self.sent += count;
        if self.is_empty() {
            self.bytes.clear();
            self.bytes.shrink_to(KEEP);
            self.sent = 0;
        } else if self.sent >= KEEP {
            self.bytes.drain(..self.sent);
            self.sent = 0;
        }
    }
}
