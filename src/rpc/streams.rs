//! The receiving end of streams.

use std::collections::VecDeque;
use std::task::Waker;

use bytes::Bytes;

use super::frame::Frame;
use super::header::{MessageType, Status};
use crate::protocol::net;
use crate::xdr;

/// How many times its budget a stream may hold where the connection has to read on although nobody
/// reads the stream.
const OVERDRAFT: usize = 4;

/// One piece of what a stream brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chunk {
    /// Bytes.
    Data(Bytes),
    /// So many zeros that were not sent; only on streams that were opened as sparse.
    Hole(u64),
}

/// How far the daemon's side of a stream has come.
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
}

/// Why this side gives a stream up, whatever else the daemon says on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A hole came that the stream was not opened for, or that has no length.
    BadHole,
    /// So many bytes came that nobody read, while others waited for the connection.
    Overrun(usize),
}

/// How much of what came waits for the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// No more than the budget.
    Low,
    /// The connection should not read on.
    Full,
    /// The connection must not read on.
    Overdrawn,
}

/// What came over a stream and was not taken yet.
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

    /// Takes in one message. What ends the stream is final: nothing that comes after it counts.
    /// `wanted` is whether somebody will read data.
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

    /// `false` when the stream was opened without holes, or the hole has no length.
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

    fn size(&self) -> usize {
        // Holes cost an entry each; a peer that sends nothing else must not grow the queue.
        self.queued + self.items.len() * size_of::<Chunk>()
    }

    /// How far the reader is behind.
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

    /// Gives up what was not read, and the stream with it.
    pub(crate) fn overrun(&mut self) {
        self.fault.get_or_insert(Fault::Overrun(self.queued));
        self.discard();
    }

    /// This side has said that it is done: what the daemon says next is what counts.
    pub(crate) fn await_confirmation(&mut self) {
        self.discard();
        self.progress = Progress::Open;
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
