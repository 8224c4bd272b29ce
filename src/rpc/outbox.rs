//! Outgoing bytes and descriptors.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use zeroize::Zeroizing;

/// Memory that an emptied outbox keeps.
const KEEP: usize = 16 * 1024;
/// Memory that it keeps while a stream is written to. The socket takes less than a packet at a time,
/// so that each packet's rest would otherwise get its memory page by page from the system.
const KEEP_FOR_PACKETS: usize = 512 * 1024;
/// Sent bytes that are not worth moving the others for.
const DRAIN: usize = 256 * 1024;

/// Whole messages, the first of which may have been sent in part.
///
/// It outlives every caller, so a dropped one never leaves half a message.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    bytes: Vec<u8>,
    sent: usize,
    /// The end of the message that was sent in part; only maintained for transports that take one
    /// at a time.
    message_end: usize,
    /// The number of bytes sent so far.
    total_sent: u64,
    /// Descriptors, each with the index in `bytes` of the byte that it is sent with.
    descriptors: VecDeque<(usize, Arc<OwnedFd>)>,
    /// Messages that hold secrets, each with the index in `bytes` of what is sent after it. They are
    /// apart from the others because those move when they get more memory, and leave copies behind.
    secrets: VecDeque<(usize, Secret)>,
    /// The number of their bytes that have not been sent.
    secret_len: usize,
    /// Set while more packets of a stream may follow.
    has_packets: bool,
}

/// A message that holds secrets; it is wiped when it has been sent.
#[derive(Debug)]
struct Secret {
    message: Zeroizing<Vec<u8>>,
    sent: usize,
}

/// The next piece to send.
#[derive(Debug)]
pub(crate) enum Unsent<'a> {
    /// Bytes without descriptors.
    Bytes(&'a [u8]),
    /// One byte, and a descriptor with it.
    Descriptor(&'a [u8], Arc<OwnedFd>),
}

impl Outbox {
    /// Returns the buffer that messages are appended to.
    #[inline]
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Appends a descriptor and the byte that it is sent with.
    pub(crate) fn push_descriptor(&mut self, descriptor: Arc<OwnedFd>) {
        self.descriptors.push_back((self.bytes.len(), descriptor));
        self.bytes.push(0);
    }

    /// Appends a whole message that holds secrets.
    pub(crate) fn push_secret(&mut self, message: Zeroizing<Vec<u8>>) {
        self.secret_len += message.len();
        self.secrets.push_back((self.bytes.len(), Secret { message, sent: 0 }));
    }

    /// Wipes the secrets that were not sent: the connection has ended.
    pub(crate) fn drop_secrets(&mut self) {
        self.secrets.clear();
        self.secret_len = 0;
    }

    /// Returns the unsent rest of the secret that is sent next, if one is.
    #[inline]
    fn due_secret(&self) -> Option<&[u8]> {
        let (at, secret) = self.secrets.front()?;
        (*at == self.sent).then(|| secret.message.get(secret.sent..).unwrap_or_default())
    }

    /// Appends the unsent rest of a message whose beginning was sent past the outbox, which is empty.
    pub(crate) fn push_rest(&mut self, head: &[u8], payload: &[u8]) {
        self.bytes.extend_from_slice(head);
        self.bytes.extend_from_slice(payload);
        self.message_end = self.bytes.len();
        self.has_packets = true;
    }

    /// Gives back the memory for packets, now or once they are sent: a stream has ended.
    pub(crate) fn end_packets(&mut self) {
        self.has_packets = false;
        if self.is_empty() {
            self.bytes.shrink_to(KEEP);
        }
    }

    /// Returns the number of bytes sent so far, which grows as long as the peer reads.
    pub(crate) fn total_sent(&self) -> u64 {
        self.total_sent
    }

    /// Returns the number of bytes that have not been sent.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() - self.sent + self.secret_len
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the next piece that one write can send.
    #[inline]
    pub(crate) fn unsent(&self) -> Unsent<'_> {
        if let Some(secret) = self.due_secret() {
            return Unsent::Bytes(secret);
        }
        let before_secret = self.secrets.front().map_or(self.bytes.len(), |(at, _)| *at);
        let Some((at, descriptor)) = self.descriptors.front() else {
            return Unsent::Bytes(self.bytes.get(self.sent..before_secret).unwrap_or_default());
        };
        if *at == self.sent {
            let byte = self.bytes.get(*at..=*at).unwrap_or_default();
            return Unsent::Descriptor(byte, Arc::clone(descriptor));
        }
        let end = before_secret.min(*at);
        Unsent::Bytes(self.bytes.get(self.sent..end).unwrap_or_default())
    }

    /// Returns the unsent rest of the first message.
    pub(crate) fn unsent_message(&mut self) -> &[u8] {
        if self.due_secret().is_some() {
            return self.due_secret().unwrap_or_default();
        }
        let unsent = self.bytes.get(self.sent..).unwrap_or_default();
        if self.message_end <= self.sent {
            let length = unsent.first_chunk().map(|word| u32::from_be_bytes(*word));
            self.message_end = self.sent + length.unwrap_or_default() as usize;
        }
        unsent.get(..self.message_end - self.sent).unwrap_or(unsent)
    }

    /// Records that the socket took `count` bytes of the next piece, and its descriptor if it has
    /// one.
    #[inline]
    pub(crate) fn advance(&mut self, count: usize) {
        self.total_sent += count as u64;
        match self.secrets.front_mut() {
            Some((at, secret)) if *at == self.sent => {
                secret.sent += count;
                self.secret_len -= count;
                if secret.sent == secret.message.len() {
                    self.secrets.pop_front();
                }
            }
            _ => {
                let travels = |(at, _): &(usize, _)| *at == self.sent;
                if count > 0 && self.descriptors.front().is_some_and(travels) {
                    self.descriptors.pop_front();
                }
                self.sent += count;
            }
        }
        if self.is_empty() {
            self.bytes.clear();
            self.bytes.shrink_to(if self.has_packets {
                KEEP_FOR_PACKETS
            } else {
                KEEP
            });
            self.sent = 0;
            self.message_end = 0;
        } else if self.sent >= self.len().max(DRAIN) {
            self.bytes.drain(..self.sent);
            for (at, _) in &mut self.descriptors {
                *at -= self.sent;
            }
            for (at, _) in &mut self.secrets {
                *at -= self.sent;
            }
            self.message_end = self.message_end.saturating_sub(self.sent);
            self.sent = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a message of so many bytes in all.
    fn message(length: u8, fill: u8) -> Vec<u8> {
        let mut message = vec![fill; usize::from(length)];
        message[..4].copy_from_slice(&u32::from(length).to_be_bytes());
        message
    }

    #[test]
    fn messages_are_told_apart_however_they_are_sent() {
        let (first, second, third) = (message(28, 1), message(40, 2), message(32, 3));
        let mut outbox = Outbox::default();
        outbox.push_rest(&first[20..], &[]);
        outbox.buffer().extend(&second);
        outbox.buffer().extend(&third);
        for expected in [&first[20..], &second, &third] {
            let mut expected = expected;
            while !expected.is_empty() {
                assert_eq!(outbox.unsent_message(), expected);
                let count = expected.len().min(7);
                outbox.advance(count);
                expected = &expected[count..];
            }
        }
        assert!(outbox.is_empty());
        assert_eq!(outbox.total_sent(), 8 + 40 + 32);
        outbox.buffer().extend(&third);
        assert_eq!(outbox.unsent_message(), third);
    }

    #[test]
    fn memory_for_packets_is_kept_until_the_stream_ends() {
        let mut outbox = Outbox::default();
        for _ in 0..3 {
            outbox.push_rest(&[], &vec![1; 300_000]);
            outbox.advance(200_000);
            outbox.advance(100_000);
        }
        assert!((300_000..=KEEP_FOR_PACKETS).contains(&outbox.bytes.capacity()));
        outbox.push_rest(&[], &vec![1; 300_000]);
        outbox.end_packets();
        outbox.advance(300_000);
        assert!(outbox.bytes.capacity() <= KEEP);
        outbox.push_rest(&[], &vec![1; 2_000_000]);
        outbox.advance(2_000_000);
        assert!(outbox.bytes.capacity() <= KEEP_FOR_PACKETS);
        outbox.end_packets();
        assert!(outbox.bytes.capacity() <= KEEP);
    }

    /// Takes all that is unsent in pieces of at most `most` bytes.
    fn take_all(outbox: &mut Outbox, most: usize, by_message: bool) -> Vec<u8> {
        let mut taken = Vec::new();
        while !outbox.is_empty() {
            let piece = if by_message {
                outbox.unsent_message()
            } else {
                match outbox.unsent() {
                    Unsent::Bytes(bytes) | Unsent::Descriptor(bytes, _) => bytes,
                }
            };
            let count = piece.len().min(most);
            taken.extend_from_slice(&piece[..count]);
            outbox.advance(count);
        }
        taken
    }

    #[test]
    fn secrets_keep_their_place_and_are_in_no_other_memory() {
        let null = || Arc::new(OwnedFd::from(std::fs::File::open("/dev/null").unwrap()));
        for most in [1, 7, 1000] {
            for by_message in [false, true] {
                let mut outbox = Outbox::default();
                let mut expected = Vec::new();
                for fill in 0..12 {
                    let message = message(20 + fill, fill);
                    expected.extend_from_slice(&message);
                    if fill % 3 == 1 {
                        outbox.push_secret(Zeroizing::new(message));
                        continue;
                    }
                    outbox.buffer().extend(&message);
                    // Only transports without messages of their own send descriptors.
                    if fill == 5 && !by_message {
                        outbox.push_descriptor(null());
                        expected.push(0);
                    }
                }
                assert_eq!(outbox.len(), expected.len());
                assert!(!outbox.bytes.contains(&10));
                assert_eq!(take_all(&mut outbox, most, by_message), expected);
                assert_eq!(outbox.total_sent(), expected.len() as u64);
                assert!(outbox.secrets.is_empty() && outbox.descriptors.is_empty());
                assert_eq!((outbox.bytes.len(), outbox.sent), (0, 0));
            }
        }
    }

    #[test]
    fn secrets_move_with_what_is_before_them() {
        let mut outbox = Outbox::default();
        outbox.buffer().resize(DRAIN + 10, 1);
        outbox.push_secret(Zeroizing::new(vec![2; 30]));
        outbox.buffer().extend([3; 20]);
        outbox.advance(DRAIN);
        assert_eq!(outbox.sent, 0, "the rest should have been moved");
        let rest = [&[1; 10][..], &[2; 30], &[3; 20]].concat();
        assert_eq!(take_all(&mut outbox, 1000, false), rest);
    }

    #[test]
    fn secrets_end_with_the_connection() {
        let mut outbox = Outbox::default();
        outbox.push_secret(Zeroizing::new(vec![2; 30]));
        outbox.buffer().extend([3; 20]);
        outbox.drop_secrets();
        assert_eq!((outbox.len(), outbox.secrets.len()), (20, 0));
    }
}
