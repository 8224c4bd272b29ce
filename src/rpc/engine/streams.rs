//! Streams: data, holes, and the exchange at the end.

use std::task::{Poll, Waker};

use super::{Engine, header, wait};
use crate::error::CloseReason;
use crate::rpc::calls::CallState;
use crate::rpc::frame::Frame;
use crate::rpc::header::{Header, MessageType, Status};
use crate::rpc::streams::{Chunk, Fault, Incoming, Level, Progress};

/// A reason for which a stream has no more data, or takes no more.
#[derive(Debug, Clone)]
pub(crate) enum StreamEnd {
    /// The daemon's side has ended.
    Progress(Progress),
    /// The stream failed on this side.
    Fault(Fault),
    /// The connection has ended.
    Connection(CloseReason),
    /// This side has finished, aborted or released it.
    Closed,
}

impl Engine {
    /// Takes in one packet of a stream.
    pub(super) fn receive_stream(&mut self, frame: Frame<'_>) {
        let Header { id, serial, status, .. } = frame.header;
        // Packets may still arrive for streams that are gone.
        let Some(slot) = self.calls.get(serial).filter(|slot| slot.id == id) else {
            return;
        };
        if let CallState::StreamClosing = slot.state() {
            if status != Status::Continue {
                self.free(serial);
            }
            return;
        }
        let is_opening = slot.state().is_awaited();
        let wanted = !matches!(slot.state(), CallState::Abandoned | CallState::StreamFinishing);
        let Some(stream) = &mut slot.stream else {
            return;
        };
        stream.receive(frame, wanted);
        if is_opening && stream.level() > Level::Low {
            // Nobody can read it before the reply, which comes after it.
            stream.overrun();
        }
        match status {
            Status::Continue => self.wakers.extend(stream.reader.take()),
            Status::Ok | Status::Error => self.wakers.extend(stream.take_waiting()),
        }
        self.recount(serial);
    }

    /// Returns a stream's next item, or after the last one the reason why there is no more.
    pub(crate) fn poll_stream(
        &mut self,
        serial: u32,
        waker: &Waker,
    ) -> Poll<Result<Chunk, StreamEnd>> {
        let ended = self.ended.clone();
        let Some(slot) = self.calls.get(serial) else {
            return Poll::Ready(Err(StreamEnd::Closed));
        };
        let finishing = matches!(slot.state(), CallState::StreamFinishing);
        let Some(stream) = slot.stream.as_mut() else {
            return Poll::Ready(Err(StreamEnd::Closed));
        };
        if let Some(item) = stream.pop() {
            if stream.counted > Level::Low {
                self.backpressure.note_taken();
                self.recount(serial);
            }
            return Poll::Ready(Ok(item));
        }
        if let Some(end) = end_of(stream, ended) {
            return Poll::Ready(Err(end));
        }
        if finishing {
            return Poll::Ready(Err(StreamEnd::Closed));
        }
        wait(&mut stream.reader, waker);
        Poll::Pending
    }

    /// Returns the header of a packet that its holder may send now, or the reason why the stream
    /// takes no more.
    pub(crate) fn stream_packet(
        &mut self,
        serial: u32,
        kind: MessageType,
        status: Status,
    ) -> Result<Header, StreamEnd> {
        if let Some(reason) = &self.ended {
            return Err(StreamEnd::Connection(reason.clone()));
        }
        let Some(slot) = self.calls.get(serial) else {
            return Err(StreamEnd::Closed);
        };
        let Some(stream) = slot.stream.as_deref() else {
            return Err(StreamEnd::Closed);
        };
        if let Some(fault) = stream.fault() {
            return Err(StreamEnd::Fault(fault));
        }
        match (slot.state(), stream.progress()) {
            (CallState::Streaming, Progress::Open | Progress::EndOfData) => {
                Ok(header(slot.id, kind, serial, status))
            }
            (CallState::Streaming, over) => Err(StreamEnd::Progress(over.clone())),
            _ => Err(StreamEnd::Closed),
        }
    }

    /// Finishes (`Status::Ok`) or aborts (`Status::Error`) this side, unless it has ended before,
    /// and waits for the daemon's confirmation. Unread data is discarded.
    pub(crate) fn poll_stream_end(
        &mut self,
        serial: u32,
        status: Status,
        waker: &Waker,
    ) -> Poll<Result<(), StreamEnd>> {
        let state = self.calls.get(serial).map(|slot| slot.state());
        if !matches!(state, Some(CallState::StreamFinishing)) {
            let header = match self.stream_packet(serial, MessageType::Stream, status) {
                Ok(header) => header,
                Err(end) => return Poll::Ready(Err(end)),
            };
            self.send_empty(header);
            if let Some(slot) = self.calls.get(serial) {
                slot.finishing();
                if let Some(stream) = &mut slot.stream {
                    stream.await_confirmation();
                    // The other half reads no more.
                    self.wakers.extend(stream.reader.take());
                }
            }
            self.recount(serial);
        }
        let ended = self.ended.clone();
        let Some(stream) = self.calls.get(serial).and_then(|slot| slot.stream.as_mut()) else {
            return Poll::Ready(Err(StreamEnd::Closed));
        };
        match end_of(stream, ended) {
            Some(StreamEnd::Progress(Progress::Confirmed)) => Poll::Ready(Ok(())),
            Some(end) => Poll::Ready(Err(end)),
            None => {
                wait(&mut stream.ender, waker);
                Poll::Pending
            }
        }
    }

    /// Releases a stream, which is aborted unless it has ended, or finished if all its data has
    /// come. The slot is freed when the daemon has confirmed that.
    pub(crate) fn release_stream(&mut self, serial: u32) {
        self.discard_incoming(serial);
        self.outbox.end_packets();
        let Some(slot) = self.calls.get(serial) else {
            return;
        };
        // After the end nothing is sent or confirmed.
        let stream = slot.stream.as_ref().filter(|_| self.ended.is_none());
        let status = match stream.map(|stream| (stream.progress(), stream.fault())) {
            None | Some((Progress::Confirmed | Progress::Failed(_), _)) => {
                self.free(serial);
                return;
            }
            // All was read; aborting would make the daemon think otherwise.
            Some((Progress::EndOfData, None)) => Status::Ok,
            Some((Progress::EndOfData | Progress::Open, _)) => Status::Error,
        };
        if slot.closing() {
            let header = header(slot.id, MessageType::Stream, serial, status);
            self.send_empty(header);
        }
    }

    /// Marks the overdrawn streams as overrun, and aborts them.
    pub(super) fn overrun_streams(&mut self) {
        let mut aborts = Vec::new();
        for (serial, slot) in self.calls.slots_with_serials() {
            let Some(stream) = &mut slot.stream else {
                continue;
            };
            if stream.counted < Level::Overdrawn {
                continue;
            }
            stream.overrun();
            self.wakers.extend(stream.take_waiting());
            aborts.push(serial);
        }
        for serial in aborts {
            self.recount(serial);
            let Some(slot) = self.calls.get(serial) else {
                continue;
            };
            if let CallState::Streaming = slot.state() {
                slot.finishing();
                let abort = header(slot.id, MessageType::Stream, serial, Status::Error);
                self.send_empty(abort);
            }
        }
    }

    /// Discards a stream's data that nobody will read.
    pub(super) fn discard_incoming(&mut self, serial: u32) {
        if let Some(stream) = self.calls.get(serial).and_then(|slot| slot.stream.as_mut()) {
            stream.discard();
            self.recount(serial);
        }
    }

    /// Updates the count for a stream's current level.
    fn recount(&mut self, serial: u32) {
        let stream = self.calls.get(serial).and_then(|slot| slot.stream.as_mut());
        if let Some(stream) = stream {
            let level = stream.level();
            self.backpressure.recount(stream.counted, level);
            stream.counted = level;
        }
    }
}

/// Returns the reason why a stream has no more data, if there is one.
fn end_of(stream: &Incoming, ended: Option<CloseReason>) -> Option<StreamEnd> {
    match (stream.fault(), stream.progress(), ended) {
        (Some(fault), _, _) => Some(StreamEnd::Fault(fault)),
        (None, Progress::Open, ended) => ended.map(StreamEnd::Connection),
        (None, progress, _) => Some(StreamEnd::Progress(progress.clone())),
    }
}
