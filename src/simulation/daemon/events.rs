//! What a daemon was asked to tell.

use std::collections::BTreeMap;

use crate::rpc::header::{MessageType, Status};
use crate::simulation::wire::{EVENTS, Message, message, words};

/// The registrations of one client.
#[derive(Default)]
pub(super) struct Registrations {
    standing: BTreeMap<u32, Registered>,
    last_callback: u32,
    /// The number of events so far, of all kinds.
    pub(super) sent: u32,
}

struct Registered {
    /// What was asked for: kind, and a number that tells two of a kind apart.
    what: (u32, u32),
    has_callback_id: bool,
    next: u32,
}

impl Registrations {
    /// Takes a registration down; returns its callback ID.
    pub(super) fn register(
        &mut self,
        call: &Message,
        has_callback_id: bool,
    ) -> Result<u32, String> {
        let what = (call.word(0), call.word(1));
        if self.standing.values().any(|other| other.what == what) {
            return Err(format!("the client registered twice for {what:?}"));
        }
        self.last_callback += 1;
        self.standing
            .insert(self.last_callback, Registered { what, has_callback_id, next: 0 });
        Ok(self.last_callback)
    }

    pub(super) fn deregister(
        &mut self,
        call: &Message,
        has_callback_id: bool,
    ) -> Result<(), String> {
        let callback = if has_callback_id {
            call.word(0)
        } else {
            let what = (call.word(0), call.word(1));
            let found = self.standing.iter().find(|(_, other)| other.what == what);
            found.map_or(0, |(callback, _)| *callback)
        };
        match self.standing.remove(&callback) {
            Some(_) => Ok(()),
            None => Err(format!("the client took back registration {callback}, which it has not")),
        }
    }

    pub(super) fn callbacks(&self) -> Vec<u32> {
        self.standing.keys().copied().collect()
    }

    /// Returns how many events of this registration there have been.
    pub(super) fn count(&self, what: (u32, u32)) -> Option<u32> {
        self.standing.values().find(|other| other.what == what).map(|other| other.next)
    }

    /// Returns so many events of a registration.
    pub(super) fn burst(&mut self, callback: u32, count: usize) -> Vec<u8> {
        let Some(registered) = self.standing.get_mut(&callback) else {
            return Vec::new();
        };
        let mut bytes = Vec::new();
        for _ in 0..count {
            let mut body = vec![callback];
            if !registered.has_callback_id {
                body.clear();
            }
            body.extend([
                registered.what.0,
                registered.what.1,
                registered.next,
                self.sent,
            ]);
            registered.next += 1;
            self.sent += 1;
            let number = EVENTS[registered.what.0 as usize].number;
            bytes.extend(message(MessageType::Message, number, 0, Status::Ok, &words(&body)));
        }
        bytes
    }
}
