//! What can be watched, and what is known of it.

use std::fmt;
use std::hash::Hash;

use futures_core::future::BoxFuture;

#[cfg(doc)]
use crate::api::domain::DomainState;
use crate::client::Connect;
use crate::error::Result;
use crate::events::EventKind;
#[cfg(doc)]
use crate::types::storage_pool;

/// What is known of an object.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Entry<O: Watched> {
    /// The object, through the connection that it was last seen on.
    pub object: O,
    /// Its state.
    pub state: O::State,
}

/// A kind of object that can be watched.
pub trait Watched: sealed::Sealed + Clone + fmt::Debug + Send + Sync + Unpin + 'static {
    /// What is known of the state of each: [`DomainState`] of domains, whether it is active of
    /// networks, [`State`](storage_pool::State) of storage pools, and nothing else of the others.
    type State: Clone + PartialEq + fmt::Debug + Send + Sync + Unpin;
    /// What stays the same of an object: its UUID, or of node devices the name.
    type Key: Clone + Eq + Hash + fmt::Debug + Send + Sync + Unpin;
    /// The events that say that something has changed.
    #[doc(hidden)]
    type Event: EventKind<Object = Self>;

    #[doc(hidden)]
    fn key(&self) -> Self::Key;

    /// The name that users know it by, which can change.
    #[doc(hidden)]
    fn shown(&self) -> &str;

    #[doc(hidden)]
    fn of_event(event: Self::Event) -> Self;

    #[doc(hidden)]
    fn list(conn: Connect) -> BoxFuture<'static, Result<Vec<Entry<Self>>>>;

    /// Returns the present state, or the error that it does not exist.
    #[doc(hidden)]
    fn look(self) -> BoxFuture<'static, Result<Self::State>>;
}

pub(super) mod sealed {
    pub trait Sealed {}
}
