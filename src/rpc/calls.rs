//! The calls in flight, found by serial.
//!
//! A call has a slot from the moment it is sent until the daemon can send nothing more for it.
//! [`CallState`] has the states, [`Slot`] a method for each transition but those to `Free`, which
//! is [`Calls::free`].
//!
//! ```text
//!      sent
//!       |
//!       v              abandoned
//!    Waiting ---------------------------+
//!     |   |                             |
//!     |   | expired                     |
//!     |   v            abandoned,       v
//!     |  Expired ------------------> Abandoned
//!     |   |            outcome taken    |
//!     |   | replied                     | late reply
//!     v   v                             |
//!    Replied                            |
//!     |   |                             |
//!     |   | abandoned                   |
//!     |   +---------------------------->+-----> Free, unless it opened a stream
//!     |                                 |
//!     | outcome taken                   |
//!     +-----> Free, unless it           |
//!     |       opened a stream           |
//!     v                closing          v
//!    Streaming ------------------> StreamClosing
//!     |                             ^   |
//!     | finishing                   |   | the daemon confirms the end, or fails the stream
//!     v                closing      |   v
//!    StreamFinishing ---------------+  Free
//! ```
//!
//! A stream whose end the daemon has confirmed, or that the daemon has failed, is freed instead of
//! closed. After the end of the connection the daemon owes nothing, and releasing a call or a
//! stream frees the slot.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use bytes::Bytes;

use super::events::Binding;
use super::header::ProcedureId;
use super::streams::Incoming;
use crate::protocol::{ProcedureInfo, WaitsFor};

/// The number of a serial's low bits that are the slot's index; the high bits are its generation,
/// so that a slot used again does not match its old serial.
const INDEX_BITS: u32 = 20;
/// The most calls that one connection can have in flight.
pub(crate) const MAX_CALLS: usize = 1 << INDEX_BITS;

/// The outcome of a call, apart from the end of the connection.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The daemon's results, and the descriptors that came with them.
    Reply(Bytes, Vec<OwnedFd>),
    /// The daemon's error.
    Error(Bytes),
    /// The deadline passed first.
    Expired,
}

/// The state of a call between its caller and the daemon.
#[derive(Debug)]
pub(crate) enum CallState {
    /// The slot has no call.
    Free,
    /// The caller waits for the daemon.
    Waiting,
    /// The deadline passed and the caller has yet to notice; the daemon still owes a reply.
    Expired,
    /// The caller was dropped; the serial stays taken until the late reply has come.
    Abandoned,
    /// The daemon answered and the caller has yet to notice.
    Replied {
        good: bool,
        payload: Bytes,
        descriptors: Vec<OwnedFd>,
    },
    /// The caller took the reply and holds the stream that it opened.
    Streaming,
    /// The stream's holder has finished it, and waits for the daemon's confirmation.
    StreamFinishing,
    /// The stream was released; the daemon still owes a confirmation.
    StreamClosing,
}

/// One call, from its serial's allocation until the daemon can send nothing more for it.
#[derive(Debug)]
pub(crate) struct Slot {
    generation: u32,
    pub(crate) id: ProcedureId,
    pub(crate) procedure: &'static str,
    pub(crate) long: Option<WaitsFor>,
    state: CallState,
    pub(crate) waker: Option<Waker>,
    pub(crate) deadline: Option<Instant>,
    pub(crate) binding: Option<Binding>,
    pub(crate) stream: Option<Box<Incoming>>,
    expects_descriptors: bool,
}

impl CallState {
    /// Returns whether the daemon owes the reply.
    pub(crate) fn is_unanswered(&self) -> bool {
        matches!(self, Self::Waiting | Self::Expired | Self::Abandoned)
    }

    /// Returns whether the daemon owes a reply that no caller waits for any more.
    #[inline]
    pub(crate) fn is_given_up(&self) -> bool {
        matches!(self, Self::Expired | Self::Abandoned)
    }

    /// Returns whether the daemon owes a reply that a caller can still take.
    #[inline]
    pub(crate) fn is_awaited(&self) -> bool {
        matches!(self, Self::Waiting | Self::Expired)
    }
}

/// The transitions. Each is only for the states that it names, which the caller has checked.
impl Slot {
    #[inline]
    pub(crate) fn state(&self) -> &CallState {
        &self.state
    }

    /// Changes `Waiting` or `Expired` to `Replied`: the reply has come.
    #[inline]
    pub(crate) fn replied(&mut self, good: bool, payload: Bytes, descriptors: Vec<OwnedFd>) {
        debug_assert!(self.state.is_awaited(), "{:?}", self.state);
        self.deadline = None;
        self.state = CallState::Replied { good, payload, descriptors };
    }

    /// Changes `Waiting` to `Expired`: the deadline has passed. Returns `false` if the call no
    /// longer waited.
    pub(crate) fn expired(&mut self) -> bool {
        self.deadline = None;
        let waited = matches!(self.state, CallState::Waiting);
        if waited {
            self.state = CallState::Expired;
        }
        waited
    }

    /// Changes `Waiting` or `Expired` to `Abandoned`: the caller was dropped before the reply came.
    pub(crate) fn abandoned(&mut self) {
        debug_assert!(self.state.is_awaited(), "{:?}", self.state);
        self.deadline = None;
        self.state = CallState::Abandoned;
    }

    /// Returns the outcome to the caller, once there is one. `Expired` becomes `Abandoned`;
    /// `Replied` becomes `Streaming` where the reply opened a stream, and is otherwise to be freed.
    #[inline]
    pub(crate) fn take_outcome(&mut self) -> Option<Outcome> {
        match &mut self.state {
            CallState::Replied { good, payload, descriptors } => {
                let (payload, descriptors) = (std::mem::take(payload), std::mem::take(descriptors));
                if !*good {
                    return Some(Outcome::Error(payload));
                }
                if self.stream.is_some() {
                    self.state = CallState::Streaming;
                }
                Some(Outcome::Reply(payload, descriptors))
            }
            CallState::Expired => {
                self.abandoned();
                Some(Outcome::Expired)
            }
            _ => None,
        }
    }

    /// Changes `Streaming` to `StreamFinishing`: the daemon is sent the end, and is to confirm it.
    pub(crate) fn finishing(&mut self) {
        debug_assert!(matches!(self.state, CallState::Streaming), "{:?}", self.state);
        self.state = CallState::StreamFinishing;
    }

    /// Changes any state with a stream to `StreamClosing`: the stream was released. Returns `true`
    /// if the daemon has yet to be told.
    pub(crate) fn closing(&mut self) -> bool {
        let told = matches!(self.state, CallState::StreamFinishing | CallState::StreamClosing);
        self.state = CallState::StreamClosing;
        !told
    }
}

/// Everything about a call but its arguments.
#[derive(Debug)]
pub(crate) struct CallSetup {
    pub(crate) id: ProcedureId,
    pub(crate) procedure: &'static str,
    /// The party that the daemon may have to wait for long, if any.
    pub(crate) long: Option<WaitsFor>,
    pub(crate) deadline: Option<Instant>,
    /// Event queue that the callback ID in the reply is connected to before anything else is read.
    pub(crate) binding: Option<Binding>,
    /// Receiving end of the stream that the call opens; in place before the call is sent, because
    /// the daemon may send data ahead of the reply.
    pub(crate) stream: Option<Box<Incoming>>,
    /// Descriptors that are sent with the call.
    pub(crate) descriptors: Vec<Arc<OwnedFd>>,
    /// The reply may come with descriptors.
    pub(crate) expects_descriptors: bool,
    /// The arguments hold secrets, and no descriptors are sent.
    pub(crate) is_secret: bool,
}

impl CallSetup {
    /// Sets up a call of this procedure without anything else.
    pub(crate) fn new(info: &ProcedureInfo) -> Self {
        Self {
            id: info.into(),
            procedure: info.name,
            long: info.long,
            deadline: None,
            binding: None,
            stream: None,
            descriptors: Vec::new(),
            expects_descriptors: false,
            is_secret: false,
        }
    }

    /// Moves everything out, except what identifies the call.
    pub(crate) fn take(&mut self) -> Self {
        Self {
            binding: self.binding.take(),
            stream: self.stream.take(),
            descriptors: std::mem::take(&mut self.descriptors),
            ..*self
        }
    }
}

/// The table of calls.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// Calls without a reply yet, abandoned ones included.
    unanswered: usize,
    /// Calls without a reply yet whose replies may come with descriptors.
    expecting_descriptors: usize,
}

impl Calls {
    /// Takes a slot, unless all are taken.
    pub(crate) fn insert(&mut self, setup: CallSetup) -> Option<u32> {
        let index = match self.free.pop() {
            Some(index) => index,
            None if self.slots.len() < MAX_CALLS => {
                self.slots.push(Slot {
                    generation: 0,
                    id: setup.id,
                    procedure: setup.procedure,
                    long: None,
                    state: CallState::Free,
                    waker: None,
                    deadline: None,
                    binding: None,
                    stream: None,
                    expects_descriptors: false,
                });
                (self.slots.len() - 1) as u32
            }
            None => return None,
        };
        let slot = self.slots.get_mut(index as usize)?;
        slot.generation = slot.generation.wrapping_add(1) & (u32::MAX >> INDEX_BITS);
        slot.id = setup.id;
        slot.procedure = setup.procedure;
        slot.long = setup.long;
        slot.state = CallState::Waiting;
        slot.waker = None;
        slot.deadline = setup.deadline;
        slot.binding = setup.binding;
        slot.stream = setup.stream;
        slot.expects_descriptors = setup.expects_descriptors;
        self.unanswered += 1;
        self.expecting_descriptors += usize::from(setup.expects_descriptors);
        Some(slot.generation << INDEX_BITS | index)
    }

    /// Returns the slot of the call with this serial, if there is one.
    #[inline]
    pub(crate) fn get(&mut self, serial: u32) -> Option<&mut Slot> {
        let index = serial & ((1 << INDEX_BITS) - 1);
        self.slots
            .get_mut(index as usize)
            .filter(|slot| slot.generation == serial >> INDEX_BITS)
            .filter(|slot| !matches!(slot.state, CallState::Free))
    }

    /// Counts a call as answered: its reply has come, or never will.
    #[inline]
    pub(crate) fn answered(&mut self, serial: u32) {
        self.unanswered = self.unanswered.saturating_sub(1);
        let expected = self.get(serial).is_some_and(|slot| slot.expects_descriptors);
        self.expecting_descriptors -= usize::from(expected);
    }

    /// Frees the slot; the serial is unknown from now on.
    pub(crate) fn free(&mut self, serial: u32) {
        if let Some(slot) = self.get(serial) {
            slot.state = CallState::Free;
            slot.waker = None;
            slot.binding = None;
            slot.stream = None;
            slot.deadline = None;
            self.free.push(serial & ((1 << INDEX_BITS) - 1));
        }
    }

    /// Returns the number of calls without a reply yet, abandoned ones included.
    pub(crate) fn unanswered(&self) -> usize {
        self.unanswered
    }

    /// Returns the number of slots that are taken.
    pub(crate) fn in_use(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Returns whether a reply may come with descriptors.
    pub(crate) fn expects_descriptors(&self) -> bool {
        self.expecting_descriptors > 0
    }

    pub(crate) fn slots(&self) -> impl Iterator<Item = &Slot> {
        let taken = |slot: &&Slot| !matches!(slot.state, CallState::Free);
        self.slots.iter().filter(taken)
    }

    pub(crate) fn slots_mut(&mut self) -> impl Iterator<Item = &mut Slot> {
        self.slots_with_serials().map(|(_, slot)| slot)
    }

    pub(crate) fn slots_with_serials(&mut self) -> impl Iterator<Item = (u32, &mut Slot)> {
        let slots = self.slots.iter_mut().enumerate();
        slots
            .filter(|(_, slot)| !matches!(slot.state, CallState::Free))
            .map(|(index, slot)| (slot.generation << INDEX_BITS | index as u32, slot))
    }
}
