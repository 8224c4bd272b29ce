//! Routing of event messages to their subscribers.

use std::collections::{BTreeMap, HashMap};
use std::mem;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use super::{EventQueue, MessageKind};
use crate::error::CloseReason;
use crate::rpc::backpressure::Gate;
use crate::rpc::header::ProcedureId;

/// The limit on events of one kind that are held until a registration's reply has their callback
/// ID.
const MAX_EARLY: usize = 1024;
/// The limit on bytes of such events, of all kinds together.
const MAX_EARLY_BYTES: usize = 1024 * 1024;

/// The time that the connection waits for a reader whose queue is half full.
const PATIENCE: Duration = Duration::from_millis(20);
/// The time after which it looks whether the reader has caught up.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// The key that event messages are routed by: the procedure and, for all but the oldest kinds, the
/// callback ID in the first word. Callback IDs are unique only within their class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Route {
    program: u32,
    procedure: u32,
    callback: Option<i32>,
}

impl Route {
    fn new(event: ProcedureId, callback: Option<i32>) -> Self {
        Self { program: event.program, procedure: event.procedure, callback }
    }
}

/// The identity of the subscribers that share one registration. Never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Group(u64);

/// The connection of the callback ID in a registration's reply to its subscribers.
#[derive(Debug, Clone)]
pub(crate) struct Binding {
    pub(crate) event: ProcedureId,
    /// Set where the reply has a callback ID, which messages of this kind then begin with.
    pub(crate) has_callback_id: bool,
    pub(crate) group: Group,
}

/// A router of events to the queues of their subscribers.
#[derive(Debug, Default)]
pub(crate) struct EventRouter {
    last_group: u64,
    /// The route of each group, or its members as long as it has none.
    groups: HashMap<Group, Place>,
    routes: BTreeMap<Route, Vec<Members>>,
    /// Kinds with a registration in flight, each with the events that have no recipient yet.
    early: Vec<Early>,
    filling: Option<Filling>,
    ended: Option<CloseReason>,
}

#[derive(Debug)]
enum Place {
    Bound(Route),
    Unbound(Members),
}

#[derive(Debug)]
struct Members {
    group: Group,
    queues: Vec<Arc<EventQueue>>,
}

impl Members {
    fn push(
        &self,
        kind: MessageKind,
        body: &[u8],
        wakers: &mut Vec<Waker>,
        filling: &mut Option<Filling>,
    ) {
        for queue in &self.queues {
            let pushed = queue.push(kind, body);
            wakers.extend(pushed.waker);
            if pushed.is_filling && filling.is_none() {
                *filling = Some(Filling { queue: Arc::clone(queue), since: None });
            }
        }
    }
}

/// A queue that events come to faster than its reader takes them.
#[derive(Debug)]
struct Filling {
    queue: Arc<EventQueue>,
    /// The instant since which reading has paused for it.
    since: Option<Instant>,
}

#[derive(Debug)]
struct Early {
    program: u32,
    procedure: u32,
    registrations: usize,
    bodies: Vec<Vec<u8>>,
    /// The total length of the bodies.
    bytes: usize,
    /// The number of events beyond those that are kept.
    lost: u64,
}

impl EventRouter {
    /// Makes a group without members.
    pub(crate) fn open_group(&mut self) -> Group {
        self.last_group += 1;
        let group = Group(self.last_group);
        let queues = Vec::new();
        let members = Members { group, queues };
        self.groups.insert(group, Place::Unbound(members));
        group
    }

    /// Removes a group with all its members.
    pub(crate) fn close_group(&mut self, group: Group) {
        self.unbind(group);
        self.groups.remove(&group);
    }

    /// Adds a queue to a group; it gets all later events.
    pub(crate) fn join(&mut self, group: Group, queue: Arc<EventQueue>) {
        if let Some(reason) = &self.ended {
            queue.end(reason.clone());
        }
        if let Some(members) = self.members_mut(group) {
            members.queues.push(queue);
        }
    }

    /// Removes a queue from a group.
    pub(crate) fn leave(&mut self, group: Group, queue: &Arc<EventQueue>) {
        self.filling.take_if(|filling| Arc::ptr_eq(&filling.queue, queue));
        if let Some(members) = self.members_mut(group) {
            let mut queues = members.queues.iter();
            if let Some(place) = queues.position(|other| Arc::ptr_eq(other, queue)) {
                members.queues.swap_remove(place);
            }
        }
    }

    fn members_mut(&mut self, group: Group) -> Option<&mut Members> {
        match self.groups.get_mut(&group)? {
            Place::Unbound(members) => Some(members),
            Place::Bound(route) => {
                let bound = self.routes.get_mut(route)?;
                bound.iter_mut().find(|members| members.group == group)
            }
        }
    }

    /// Records that a registration is being sent: events before its reply are kept.
    pub(crate) fn expect(&mut self, event: ProcedureId) {
        if let Some(early) = self.early_mut(event) {
            early.registrations += 1;
            return;
        }
        let ProcedureId { program, procedure, .. } = event;
        self.early.push(Early {
            program,
            procedure,
            registrations: 1,
            bodies: Vec::new(),
            bytes: 0,
            lost: 0,
        });
    }

    /// Records that a registration was answered; events are no longer kept for it.
    pub(crate) fn settle(&mut self, event: ProcedureId) {
        if let Some(early) = self.early_mut(event) {
            early.registrations -= 1;
        }
        self.early.retain(|early| early.registrations > 0);
    }

    fn early_mut(&mut self, event: ProcedureId) -> Option<&mut Early> {
        self.early
            .iter_mut()
            .find(|early| early.program == event.program && early.procedure == event.procedure)
    }

    /// Connects a callback to its group and delivers the events that were kept.
    pub(crate) fn bind(
        &mut self,
        binding: &Binding,
        callback: Option<i32>,
        wakers: &mut Vec<Waker>,
    ) {
        let &Binding { event, group, .. } = binding;
        let route = Route::new(event, callback);
        let Some(place @ Place::Unbound(_)) = self.groups.get_mut(&group) else {
            return;
        };
        let Place::Unbound(members) = mem::replace(place, Place::Bound(route)) else {
            return;
        };
        // What was kept is much less than what a queue holds.
        let filling = &mut None;
        if let Some(early) = self.early_mut(event) {
            early.bodies.retain(|body| {
                let ours = callback.is_none() || callback_of(body) == callback;
                if ours {
                    early.bytes -= body.len();
                    members.push((event.program, event.procedure), body, wakers, filling);
                }
                !ours
            });
            if early.lost > 0 {
                let queues = members.queues.iter();
                wakers.extend(queues.filter_map(|queue| queue.note_lost(early.lost)));
            }
        }
        self.routes.entry(route).or_default().push(members);
    }

    /// Disconnects a group from its callback. Later events are dropped; the members stay.
    pub(crate) fn unbind(&mut self, group: Group) {
        let Some(&Place::Bound(route)) = self.groups.get(&group) else {
            return;
        };
        let Some(bound) = self.routes.get_mut(&route) else {
            return;
        };
        if let Some(place) = bound.iter().position(|members| members.group == group) {
            let members = bound.swap_remove(place);
            self.groups.insert(group, Place::Unbound(members));
        }
        if bound.is_empty() {
            self.routes.remove(&route);
        }
    }

    /// Delivers one event; one without a recipient is dropped.
    pub(crate) fn deliver(&mut self, event: ProcedureId, body: &[u8], wakers: &mut Vec<Waker>) {
        let with_id = Route::new(event, callback_of(body));
        let without = Route::new(event, None);
        let kind = (event.program, event.procedure);
        let bound = self.routes.get(&with_id);
        if let Some(bound) = bound.or_else(|| self.routes.get(&without)) {
            for members in bound {
                members.push(kind, body, wakers, &mut self.filling);
            }
            return;
        }
        let held: usize = self.early.iter().map(|early| early.bytes).sum();
        let has_room = held + body.len() <= MAX_EARLY_BYTES;
        match self.early_mut(event) {
            // Once one is lost all are, so that the gap is after everything that was kept.
            Some(early) if early.lost == 0 && has_room && early.bodies.len() < MAX_EARLY => {
                early.bytes += body.len();
                early.bodies.push(body.to_vec());
            }
            Some(early) => early.lost += 1,
            None => {}
        }
    }

    #[cfg(test)]
    pub(crate) fn groups(&self) -> usize {
        self.groups.len()
    }

    /// Returns the number and the bytes of the events that are kept for registrations under way.
    #[cfg(test)]
    pub(crate) fn early(&self) -> (usize, usize) {
        let kept = self.early.iter().map(|early| (early.bodies.len(), early.bytes));
        kept.fold((0, 0), |(count, bytes), (more, longer)| (count + more, bytes + longer))
    }

    /// Returns whether a queue fills, so that reading may have to pause.
    #[inline]
    pub(crate) fn is_filling(&self) -> bool {
        self.filling.is_some()
    }

    /// Decides about reading while a queue fills. A reader that does nothing else catches up in a
    /// moment; nobody waits longer for one that does.
    pub(crate) fn gate(&mut self, now: Instant) -> Gate {
        let Some(filling) = &mut self.filling else {
            return Gate::Open;
        };
        let since = *filling.since.get_or_insert(now);
        let until = since + PATIENCE;
        if filling.queue.wants_a_pause() {
            if now < until {
                return Gate::Paused(Some(until.min(now + LOOK_AGAIN)));
            }
            filling.queue.was_waited_for();
        }
        self.filling = None;
        Gate::Open
    }

    /// Ends the queues of all groups that are bound, and of all that join later.
    pub(crate) fn end(&mut self, reason: &CloseReason, wakers: &mut Vec<Waker>) {
        for members in self.routes.values().flatten() {
            let queues = members.queues.iter();
            wakers.extend(queues.filter_map(|queue| queue.end(reason.clone())));
        }
        self.early = Vec::new();
        self.ended = Some(reason.clone());
    }
}

fn callback_of(body: &[u8]) -> Option<i32> {
    body.first_chunk().map(|word| i32::from_be_bytes(*word))
}
