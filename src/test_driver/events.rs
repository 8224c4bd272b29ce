//! Who is told of what.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::outgoing::Outgoing;
use crate::xdr::EncodeError;

/// A client's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ClientId(pub(super) u64);

/// The kinds of objects that have events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Domain,
    Network,
    StoragePool,
    NodeDevice,
}

/// A kind of event: of which objects, and its number among theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) class: Class,
    pub(super) number: i32,
}

/// How a client wants its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// With the number of the callback.
    Callback(i32),
    /// As before there were such numbers.
    Old,
}

#[derive(Debug)]
struct Registration {
    client: ClientId,
    number: i32,
    is_old: bool,
    kind: Kind,
    /// The key of the only object that it is for.
    object: Option<String>,
}

/// The registrations of all clients, and the messages that are under way to them.
#[derive(Debug, Default)]
pub(crate) struct Events {
    clients: BTreeMap<ClientId, Arc<Outgoing>>,
    next_client: u64,
    next_callback: i32,
    registrations: Vec<Registration>,
    /// Messages that follow the reply to the present call.
    pending: Vec<(ClientId, Vec<u8>)>,
    treatment: Treatment,
    /// Messages that are held back.
    held: Vec<(ClientId, Vec<u8>)>,
}

/// What becomes of events on their way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Treatment {
    /// They are delivered once, in their order.
    #[default]
    Faithful,
    /// They wait until they are released.
    Hold,
    /// Each comes twice.
    Double,
}

impl Events {
    pub(super) fn add_client(&mut self, outgoing: Arc<Outgoing>) -> ClientId {
        let id = ClientId(self.next_client);
        self.next_client += 1;
        self.clients.insert(id, outgoing);
        id
    }

    /// Forgets all clients, who get nothing more.
    pub(super) fn cut(&mut self) {
        for outgoing in std::mem::take(&mut self.clients).values() {
            outgoing.cut();
        }
        self.registrations.clear();
        self.pending.clear();
        self.held.clear();
    }

    pub(super) fn remove_client(&mut self, client: ClientId) {
        self.clients.remove(&client);
        self.registrations.retain(|registration| registration.client != client);
        self.held.retain(|(of, _)| *of != client);
    }

    /// Registers a client, for one object's events or for all objects', and returns the callback's
    /// number.
    pub(super) fn register(
        &mut self,
        client: ClientId,
        kind: Kind,
        object: Option<String>,
        is_old: bool,
    ) -> i32 {
        let number = self.next_callback;
        self.next_callback += 1;
        self.registrations.push(Registration { client, number, is_old, kind, object });
        number
    }

    /// Takes a registration back; `false` if there is none.
    pub(super) fn deregister(&mut self, client: ClientId, class: Class, number: i32) -> bool {
        self.take_back(|it| {
            it.client == client && it.kind.class == class && it.number == number && !it.is_old
        })
    }

    /// Takes an old registration back, of which a client has one for a kind.
    pub(super) fn deregister_old(&mut self, client: ClientId, kind: Kind) -> bool {
        self.take_back(|it| it.client == client && it.kind == kind && it.is_old)
    }

    fn take_back(&mut self, is_it: impl Fn(&Registration) -> bool) -> bool {
        let found = self.registrations.iter().position(is_it);
        found.map(|at| self.registrations.remove(at)).is_some()
    }

    /// Has each client told that wants to know, by a message that it is given the form for; `None`
    /// where there is no such message in that form.
    pub(super) fn tell(
        &mut self,
        kind: Kind,
        object: &str,
        message: impl Fn(Form) -> Option<Result<Vec<u8>, EncodeError>>,
    ) {
        for registration in &self.registrations {
            let is_wanted = registration.kind == kind
                && registration.object.as_deref().is_none_or(|only| only == object);
            if !is_wanted {
                continue;
            }
            let form = if registration.is_old {
                Form::Old
            } else {
                Form::Callback(registration.number)
            };
            match message(form) {
                Some(Ok(message)) => self.pending.push((registration.client, message)),
                Some(Err(error)) => tracing::warn!(%error, "an event cannot be encoded"),
                None => {}
            }
        }
    }

    /// Sets what becomes of events from now on.
    pub(crate) fn treat(&mut self, treatment: Treatment) {
        self.treatment = treatment;
    }

    /// Delivers what was held back, in the order that is given to it.
    pub(crate) fn release(&mut self, is_reversed: bool) {
        let mut held = std::mem::take(&mut self.held);
        if is_reversed {
            held.reverse();
        }
        for (client, message) in held {
            self.send(client, &message);
        }
    }

    /// Forgets what was held back.
    pub(crate) fn lose(&mut self) {
        self.held.clear();
    }

    /// Passes on what has been told.
    pub(super) fn flush(&mut self) {
        for (client, message) in std::mem::take(&mut self.pending) {
            match self.treatment {
                Treatment::Faithful => self.send(client, &message),
                Treatment::Hold => self.held.push((client, message)),
                Treatment::Double => {
                    self.send(client, &message);
                    self.send(client, &message);
                }
            }
        }
    }

    fn send(&self, client: ClientId, message: &[u8]) {
        if let Some(outgoing) = self.clients.get(&client) {
            outgoing.push_encoded(message);
        }
    }
}
