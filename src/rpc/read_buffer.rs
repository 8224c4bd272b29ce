//! The buffer that sockets are read into.

/// Received bytes, and spare room after them.
///
/// Some system calls need initialised room, others do not. Bytes once written stay initialised, so
/// that hardly any are initialised just for a system call.
#[derive(Debug, Default)]
pub(crate) struct ReadBuffer {
    /// All initialised bytes.
    bytes: Vec<u8>,
    /// The number of received bytes in `bytes`.
    filled: usize,
}

impl ReadBuffer {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity), filled: 0 }
    }

    /// Returns the received bytes.
    #[inline]
    pub(crate) fn filled(&self) -> &[u8] {
        self.bytes.get(..self.filled).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.filled
    }

    /// Grows to exactly that capacity, unless it has it.
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

    /// Returns the number of bytes that fit in the room.
    pub(crate) fn room(&self) -> usize {
        self.bytes.capacity() - self.filled
    }

    /// Returns the number of initialised bytes in the room.
    pub(crate) fn initialized_room(&self) -> usize {
        self.bytes.len() - self.filled
    }

    /// Returns the initialised part of the room, which it extends to so many bytes or the whole
    /// room.
    pub(crate) fn initialize(&mut self, at_least: usize) -> &mut [u8] {
        let wanted = at_least.min(self.room());
        if self.initialized_room() < wanted {
            self.bytes.resize(self.filled + wanted, 0);
        }
        self.bytes.get_mut(self.filled..).unwrap_or_default()
    }

    /// Records that `count` bytes were received in the initialised room.
    pub(crate) fn advance(&mut self, count: usize) {
        self.filled += count.min(self.initialized_room());
    }

    /// Lets a closure append received bytes; it may use the spare capacity.
    pub(crate) fn append_with<T>(&mut self, append: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        self.bytes.truncate(self.filled);
        let result = append(&mut self.bytes);
        self.filled = self.bytes.len();
        result
    }

    /// Returns the first `count` received bytes.
    pub(crate) fn into_first(mut self, count: usize) -> Vec<u8> {
        self.bytes.truncate(count.min(self.filled));
        self.bytes
    }
}
