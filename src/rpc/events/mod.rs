//! Events on their way from the wire to whoever subscribed.

mod queue;
mod router;

pub(crate) use queue::{Batch, EventQueue, MessageKind, Taken};
pub(crate) use router::{Binding, EventRouter, Group};
