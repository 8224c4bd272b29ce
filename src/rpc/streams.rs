//! The receiving end of streams.

use std::collections::VecDeque;
use std::task::Waker;

use bytes::Bytes;

use super::frame::Frame;
use super::header::{MessageType, Status};
use crate::protocol::net;
use crate::xdr;

/// The multiple of its budget that a stream may hold where the connection has to read on although
/// nobody reads the stream.
const OVERDRAFT: usize = 4;

/// An item of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chunk {
    /// Bytes.
    Data(Bytes),
    /// A number of zeros that were not sent; only on streams that were opened as sparse.
    Hole(u64),
}

/// The state of the daemon's side of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Data may come.
    Open,
    /// The daemon has no more data; the stream must still be finished.
    EndOfData,
    /// The daemon confirmed our finish or abort.
    Confirmed,
    /// The daemon failed the stream, with this error.
    Failed(Bytes),
}

/// A failure of a stream on this side, which no later message of the daemon undoes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A hole came that the stream was not opened for, or that has no length.
    BadHole,
    /// This many bytes arrived that nobody read, while others waited for the connection.
    Overrun(usize),
}

/// The amount of unread data in levels that matter to the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// No more than the budget.
    Low,
    /// The connection should not read on.
    Full,
    /// The connection must not read on.
    Overdrawn,
}

/// The receiving end of one stream: the data that was not taken yet, and the daemon's progress.
#[derive(Debug)]
pub(crate) struct Incoming {
    items: VecDeque<Chunk>,
    queued: usize,
    /// Bytes that may be queued before the connection stops reading.
    budget: usize,
    accepts_holes: bool,
    /// The level that the engine counts this stream at.
    pub(crate) counted: Level,
    progress: Progress,
    fault: Option<Fault>,
    /// The waker of the task that waits for data.
    pub(crate) reader: Option<Waker>,
    /// The waker of the task that waits for the daemon's confirmation of the end.
    pub(crate) ender: Option<Waker>,
}

impl Incoming {
    pub(crate) fn new(budget: usize, accepts_holes: bool) -> Self {
        Self {
            items: VecDeque::new(),
            queued: 0,
            budget,
            accepts_holes,
            counted: Level::Low,
            progress: Progress::Open,
            fault: None,
            reader: None,
            ender: None,
        }
    }

    pub(crate) fn progress(&self) -> &Progress {
        &self.progress
    }

    pub(crate) fn fault(&self) -> Option<Fault> {
        self.fault
    }

    /// Takes in one message. The first end of the stream is final: later messages are ignored. Data
    /// is dropped if it is not `wanted`, because nobody will read it.
    pub(crate) fn receive(&mut self, frame: Frame<'_>, wanted: bool) {
        if let Progress::Confirmed | Progress::Failed(_) = self.progress {
            return;
        }
        match (frame.header.status, frame.header.kind) {
            (Status::Ok, _) => self.progress = Progress::Confirmed,
            (Status::Error, _) => self.progress = Progress::Failed(frame.into_payload()),
            (Status::Continue, _) if !wanted || self.fault.is_some() => {}
            (Status::Continue, _) if self.progress == Progress::EndOfData => {}
            (Status::Continue, MessageType::StreamHole) => {
                match xdr::from_slice::<net::StreamHole>(frame.payload()) {
                    Ok(hole) if self.push_hole(hole.length) => {}
                    _ => self.fault = Some(Fault::BadHole),
                }
            }
            (Status::Continue, _) if frame.payload().is_empty() => {
                self.progress = Progress::EndOfData;
            }
            (Status::Continue, _) => self.push_data(frame.into_payload()),
        }
    }

    fn push_data(&mut self, data: Bytes) {
        self.queued += data.len();
        self.items.push_back(Chunk::Data(data));
    }

    /// Appends a hole; returns `false` if the stream was opened without holes, or the hole has no
    /// length.
    fn push_hole(&mut self, length: i64) -> bool {
        let length = u64::try_from(length).ok().filter(|length| *length > 0);
        let Some(length) = length.filter(|_| self.accepts_holes) else {
            return false;
        };
        self.items.push_back(Chunk::Hole(length));
        true
    }

    pub(crate) fn pop(&mut self) -> Option<Chunk> {
        let item = self.items.pop_front();
        if let Some(Chunk::Data(data)) = &item {
            self.queued -= data.len();
        }
        item
    }

    pub(crate) fn size(&self) -> usize {
        // Holes cost an entry each; a peer that sends nothing else must not grow the queue.
        self.queued + self.items.len() * size_of::<Chunk>()
    }

    /// Returns the level of the unread data.
    pub(crate) fn level(&self) -> Level {
        let size = self.size();
        if size <= self.budget {
            Level::Low
        } else if size <= self.budget.saturating_mul(OVERDRAFT) {
            Level::Full
        } else {
            Level::Overdrawn
        }
    }

    /// Marks the stream as overrun, and discards its unread data.
    pub(crate) fn overrun(&mut self) {
        self.fault.get_or_insert(Fault::Overrun(self.queued));
        self.discard();
    }

    /// Resets the daemon's progress after this side has finished: its next message counts.
    pub(crate) fn await_confirmation(&mut self) {
        self.discard();
        self.progress = Progress::Open;
    }

    /// Takes the wakers of all tasks that wait for this stream.
    pub(crate) fn take_waiting(&mut self) -> impl Iterator<Item = Waker> + use<> {
        self.reader.take().into_iter().chain(self.ender.take())
    }

    /// Discards the unread data.
    pub(crate) fn discard(&mut self) {
        self.items = VecDeque::new();
        self.queued = 0;
    }
}
