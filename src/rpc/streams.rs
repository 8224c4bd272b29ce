//! The receiving end of streams.

use std::collections::VecDeque;
use std::task::Waker;

use bytes::Bytes;

/// One thing that a stream brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    Data(Bytes),
    /// So many bytes of zeros that were not sent.
    Hole(u64),
}

/// How far a stream has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Data may come.
    Open,
    /// The daemon has no more data; the stream must still be finished.
    EndOfData,
    /// The daemon confirmed our finish or abort.
    Confirmed,
    /// The daemon gave the stream up, with this error.
    Failed(Bytes),
    /// A hole came that the stream was not opened for, or that has no length.
    BadHole,
}

/// What came over a stream and was not taken yet.
#[derive(Debug)]
pub(crate) struct Incoming {
    items: VecDeque<Item>,
    queued: usize,
    /// Bytes that may be queued before the connection stops reading.
    budget: usize,
    accepts_holes: bool,
    /// Whether the engine counts this stream among those that are over their budget.
    pub(crate) counted_full: bool,
    pub(crate) progress: Progress,
    /// Who waits for data.
    pub(crate) reader: Option<Waker>,
    /// Who waits for the daemon's confirmation of the end.
    pub(crate) ender: Option<Waker>,
}

impl Incoming {
    pub(crate) fn new(budget: usize, accepts_holes: bool) -> Self {
        Self {
            items: VecDeque::new(),
            queued: 0,
            budget,
            accepts_holes,
            counted_full: false,
            progress: Progress::Open,
            reader: None,
            ender: None,
        }
    }

    pub(crate) fn push_data(&mut self, data: Bytes) {
        self.queued += data.len();
        self.items.push_back(Item::Data(data));
    }

    /// `false` when the stream was opened without holes, or the hole has no length.
    pub(crate) fn push_hole(&mut self, length: i64) -> bool {
        let length = u64::try_from(length).ok().filter(|length| *length > 0);
        let Some(length) = length.filter(|_| self.accepts_holes) else {
            return false;
        };
        self.items.push_back(Item::Hole(length));
        true
    }

    pub(crate) fn pop(&mut self) -> Option<Item> {
        let item = self.items.pop_front();
        if let Some(Item::Data(data)) = &item {
            self.queued -= data.len();
        }
        item
    }

    /// Whether the reader is behind by more than its budget.
    pub(crate) fn is_full(&self) -> bool {
        // Holes cost an entry each; a peer that sends nothing else must not grow the queue.
        self.queued + self.items.len() * size_of::<Item>() > self.budget
    }

    /// Those who wait for something that will not come any more, or has come.
    pub(crate) fn take_waiting(&mut self) -> impl Iterator<Item = Waker> + use<> {
        self.reader.take().into_iter().chain(self.ender.take())
    }

    /// Forgets what was not read: nobody will.
    pub(crate) fn discard(&mut self) {
        self.items = VecDeque::new();
        self.queued = 0;
    }
}
