//! Events on their way from the socket to their subscribers.

mod queue;
mod router;

pub(crate) use queue::{Batch, EventQueue, MessageKind, Taken};
pub(crate) use router::{Binding, EventRouter, Group};
