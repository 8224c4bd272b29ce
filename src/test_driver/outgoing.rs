//! What waits to be sent to one client.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::protocol::{Event, EventInfo};
use crate::rpc::frame::append_message;
use crate::rpc::header::{Header, MessageType, ProcedureId, Status};
use crate::xdr::{Encode, EncodeError};

/// Unsent bytes above which a client that does not read is cut off.
const BYTES_MAX: usize = 64 * 1024 * 1024;

/// Whole messages in the order in which they are sent.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    bytes: Mutex<Vec<u8>>,
    changed: Notify,
    is_closed: AtomicBool,
    is_cut: AtomicBool,
    cut: Notify,
}

impl Outgoing {
    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        // Whole messages are appended, so that no panic leaves half of one.
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends a message.
    pub(super) fn push(
        &self,
        header: &Header,
        payload: &(impl Encode + ?Sized),
    ) -> Result<(), EncodeError> {
        let mut bytes = self.lock();
        append_message(&mut bytes, header, payload)?;
        self.appended(bytes);
        Ok(())
    }

    /// Appends an encoded message.
    pub(super) fn push_encoded(&self, message: &[u8]) {
        let mut bytes = self.lock();
        bytes.extend_from_slice(message);
        self.appended(bytes);
    }

    fn appended(&self, bytes: MutexGuard<'_, Vec<u8>>) {
        let is_too_much = bytes.len() > BYTES_MAX;
        drop(bytes);
        if is_too_much {
            self.cut();
        } else {
            self.changed.notify_one();
        }
    }

    /// Takes all messages.
    pub(super) fn take_now(&self) -> Vec<u8> {
        std::mem::take(&mut *self.lock())
    }

    /// Declares that no more messages follow.
    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        self.changed.notify_one();
    }

    /// Declares that nothing is sent any more, and forgets what waits.
    pub(super) fn cut(&self) {
        self.is_cut.store(true, Ordering::Release);
        *self.lock() = Vec::new();
        self.cut.notify_one();
    }

    /// Waits until nothing is sent any more: after a cut, or because the client lets too much wait.
    pub(super) async fn until_cut(&self) {
        self.cut.notified().await;
    }

    /// Waits for messages and takes all of them; `None` if it is closed and empty.
    pub(super) async fn take(&self) -> Option<Vec<u8>> {
        loop {
            let is_closed = self.is_closed.load(Ordering::Acquire);
            let bytes = self.take_now();
            // A cut may have come just after the last message was appended.
            if !bytes.is_empty() && !self.is_cut.load(Ordering::Acquire) {
                return Some(bytes);
            }
            if is_closed {
                return None;
            }
            self.changed.notified().await;
        }
    }
}

/// Encodes an event message.
pub(super) fn event<E: Event>(body: &impl Encode) -> Result<Vec<u8>, EncodeError> {
    let mut message = Vec::new();
    append_message(&mut message, &event_header(&E::INFO), body)?;
    Ok(message)
}

fn event_header(info: &EventInfo) -> Header {
    Header {
        id: ProcedureId::from(info),
        kind: MessageType::Message,
        serial: 0,
        status: Status::Ok,
    }
}
