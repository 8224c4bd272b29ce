//! Streams: data, holes, and the handshake at the end.

use std::task::{Poll, Waker};

use super::{Engine, header};
use crate::error::CloseReason;
use crate::protocol::net;
use crate::rpc::calls::CallState;
use crate::rpc::frame::Frame;
use crate::rpc::header::{Header, MessageType, Status};
use crate::rpc::streams::{Incoming, Item, Progress};
use crate::xdr;

/// Why a stream brings nothing more, or takes nothing more.
#[derive(Debug, Clone)]
pub(crate) enum StreamEnd {
    /// How the daemon's side of it ended.
    Progress(Progress),
    /// The connection has ended.
    Connection(CloseReason),
    /// This side has finished or aborted it.
    Closed,
}

impl Engine {
    /// Whether there is room for what reading might bring.
    pub(crate) fn may_read(&self) -> bool {
        self.full_streams == 0
    }

    pub(super) fn receive_stream(&mut self, frame: Frame<'_>) {
        let Header {
            id,
            kind,
            serial,
            status,
        } = frame.header;
        // Data may still come for streams that are gone, and means nothing.
        let Some(slot) = self.calls.get(serial).filter(|slot| slot.id == id) else {
            return;
        };
        if let CallState::StreamClosing = slot.state {
            if status != Status::Continue {
                self.calls.free(serial);
            }
            return;
        }
        let unwanted = matches!(
            slot.state,
            CallState::Abandoned | CallState::StreamFinishing
        );
        let Some(stream) = &mut slot.stream else {
            return;
        };
        match (status, kind) {
            (Status::Ok, _) => stream.progress = Progress::Confirmed,
            (Status::Error, _) => stream.progress = Progress::Failed(frame.into_payload()),
            (Status::Continue, _) if unwanted => return,
            (Status::Continue, MessageType::StreamHole) => {
                match xdr::from_slice::<net::StreamHole>(frame.payload()) {
                    Ok(hole) if stream.push_hole(hole.length) => {}
                    _ => stream.progress = Progress::BadHole,
                }
            }
            (Status::Continue, _) if frame.payload().is_empty() => {
                stream.progress = Progress::EndOfData;
            }
            (Status::Continue, _) => stream.push_data(frame.into_payload()),
        }
        if stream.is_full() && !stream.counted_full {
            stream.counted_full = true;
            self.full_streams += 1;
        }
        match status {
            Status::Continue => self.wakers.extend(stream.reader.take()),
            Status::Ok | Status::Error => self.wakers.extend(stream.take_waiting()),
        }
    }

    /// The next thing that a stream brought.
    pub(crate) fn poll_stream(
        &mut self,
        serial: u32,
        waker: &Waker,
    ) -> Poll<Result<Item, StreamEnd>> {
        let ended = self.ended.clone();
        let Some(slot) = self.calls.get(serial) else {
            return Poll::Ready(Err(StreamEnd::Closed));
        };
        let Some(stream) = slot.stream.as_mut() else {
            return Poll::Ready(Err(StreamEnd::Closed));
        };
        if let Some(item) = stream.pop() {
            self.recount(serial);
            return Poll::Ready(Ok(item));
        }
        if let Some(end) = end_of(stream, ended) {
            return Poll::Ready(Err(end));
        }
        if matches!(slot.state, CallState::StreamFinishing) {
            return Poll::Ready(Err(StreamEnd::Closed));
        }
        wait(&mut stream.reader, waker);
        Poll::Pending
    }

    /// The header of a packet to send; an error where the stream takes none any more.
    pub(crate) fn stream_packet(
        &mut self,
        serial: u32,
        kind: MessageType,
        status: Status,
    ) -> Result<Header, StreamEnd> {
        let ended = self.ended.clone();
        let Some(slot) = self.calls.get(serial) else {
            return Err(StreamEnd::Closed);
        };
        match (&slot.state, slot.stream.as_deref(), ended) {
            (_, _, Some(reason)) => Err(StreamEnd::Connection(reason)),
            (CallState::Streaming, Some(stream), None) => match &stream.progress {
                Progress::Open | Progress::EndOfData => Ok(header(slot.id, kind, serial, status)),
                over => Err(StreamEnd::Progress(over.clone())),
            },
            _ => Err(StreamEnd::Closed),
        }
    }

    /// Says that this side is done, with everything (`Status::Ok`) or with trying
    /// (`Status::Error`), unless it has said so before, and waits for the daemon to agree.
    pub(crate) fn poll_stream_end(
        &mut self,
        serial: u32,
        status: Status,
        waker: &Waker,
    ) -> Poll<Result<(), StreamEnd>> {
        let state = self.calls.get(serial).map(|slot| &slot.state);
        if !matches!(state, Some(CallState::StreamFinishing)) {
            let header = match self.stream_packet(serial, MessageType::Stream, status) {
                Ok(header) => header,
                Err(end) => return Poll::Ready(Err(end)),
            };
            self.send_empty(header);
            self.discard_incoming(serial);
            if let Some(slot) = self.calls.get(serial) {
                slot.state = CallState::StreamFinishing;
                if let Some(stream) = &mut slot.stream {
                    // What the daemon says next is what counts now; the other half reads no more.
                    stream.progress = Progress::Open;
                    self.wakers.extend(stream.reader.take());
                }
            }
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

    /// The stream's holder is gone; the serial is free once the daemon owes nothing on it.
    pub(crate) fn release_stream(&mut self, serial: u32) {
        self.discard_incoming(serial);
        let Some(slot) = self.calls.get(serial) else {
            return;
        };
        let progress = slot.stream.as_ref().map(|stream| &stream.progress);
        let status = match progress {
            None | Some(Progress::Confirmed | Progress::Failed(_)) => {
                self.calls.free(serial);
                return;
            }
            // All was read; aborting would make the daemon think otherwise.
            Some(Progress::EndOfData) => Status::Ok,
            Some(Progress::Open | Progress::BadHole) => Status::Error,
        };
        let told = matches!(slot.state, CallState::StreamFinishing);
        slot.state = CallState::StreamClosing;
        if !told {
            let header = header(slot.id, MessageType::Stream, serial, status);
            self.send_empty(header);
        }
    }

    /// Forgets what a stream brought and nobody will read.
    pub(super) fn discard_incoming(&mut self, serial: u32) {
        if let Some(stream) = self.calls.get(serial).and_then(|slot| slot.stream.as_mut()) {
            stream.discard();
        }
        self.recount(serial);
    }

    /// Notes that a stream may be within its budget again.
    fn recount(&mut self, serial: u32) {
        let stream = self.calls.get(serial).and_then(|slot| slot.stream.as_mut());
        if let Some(stream) = stream.filter(|stream| stream.counted_full && !stream.is_full()) {
            stream.counted_full = false;
            self.full_streams -= 1;
        }
    }
}

/// Why nothing more will come, if so.
fn end_of(stream: &Incoming, ended: Option<CloseReason>) -> Option<StreamEnd> {
    match (&stream.progress, ended) {
        (Progress::Open, ended) => ended.map(StreamEnd::Connection),
        (progress, _) => Some(StreamEnd::Progress(progress.clone())),
    }
}

/// Has `waker` told of what comes next.
fn wait(slot: &mut Option<Waker>, waker: &Waker) {
    match slot {
        Some(old) if old.will_wake(waker) => {}
        slot => *slot = Some(waker.clone()),
    }
}
