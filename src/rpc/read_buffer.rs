//! The buffer into which sockets are read.

/// Bytes that have arrived, and room behind them.
///
/// Some system calls need room that is initialised, others can do without. What was written once
/// stays initialised, so that hardly anything is initialised only for the sake of it.
#[derive(Debug, Default)]
pub(crate) struct ReadBuffer {
    /// All bytes that are initialised.
    bytes: Vec<u8>,
    /// The number of `bytes` that have arrived.
    filled: usize,
}

impl ReadBuffer {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity), filled: 0 }
    }

    /// The bytes that have arrived.
    #[inline]
    pub(crate) fn filled(&self) -> &[u8] {
        self.bytes.get(..self.filled).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.filled
    }

    /// Grows to that capacity and no further, unless it has it.
    pub(crate) fn reserve_to(&mut self, capacity: usize) {
        if capacity > self.bytes.capacity() {
            let missing = capacity - self.bytes.len();
            self.bytes.reserve_exact(missing);
        }
    }

    /// Drops the first `count` bytes.
    pub(crate) fn discard(&mut self, count: usize) {
        let count = count.min(self.filled);
        if count < self.filled {
            self.bytes.copy_within(count..self.filled, 0);
        }
        self.filled -= count;
    }

    pub(crate) fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.append_with(|buffer| buffer.extend_from_slice(bytes));
    }

    /// The number of bytes that can still arrive.
    pub(crate) fn room(&self) -> usize {
        self.bytes.capacity() - self.filled
    }

    /// The number of bytes of the room that are initialised.
    pub(crate) fn initialized_room(&self) -> usize {
        self.bytes.len() - self.filled
    }

    /// The initialised part of the room: at least so many bytes, or all the room that there is.
    pub(crate) fn initialize(&mut self, at_least: usize) -> &mut [u8] {
        let wanted = at_least.min(self.room());
        if self.initialized_room() < wanted {
            self.bytes.resize(self.filled + wanted, 0);
        }
        self.bytes.get_mut(self.filled..).unwrap_or_default()
    }

    /// Notes that `count` bytes have arrived in the initialised room.
    pub(crate) fn advance(&mut self, count: usize) {
        self.filled += count.min(self.initialized_room());
    }

    /// Lets a closure append to the bytes that have arrived; it may use the spare capacity.
    pub(crate) fn append_with<T>(&mut self, append: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        self.bytes.truncate(self.filled);
        let result = append(&mut self.bytes);
        self.filled = self.bytes.len();
        result
    }

    /// The first `count` bytes of those that have arrived.
    pub(crate) fn into_first(mut self, count: usize) -> Vec<u8> {
        self.bytes.truncate(count.min(self.filled));
        self.bytes
    }
}
