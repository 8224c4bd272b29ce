//! Events as streams.
//!
//! [`Connect::subscribe`] returns a [`Subscription`] to one kind of event: of one object, or of all
//! on the connection. The kinds are the structures of the submodules, e.g. [`domain::Lifecycle`].
//! [`Connect::domain_events`] and [`Connect::host_events`] return several kinds in one stream, in
//! the order in which the daemon sent them.
//!
//! ```
//! use libvirt_client::events::EventError;
//! use libvirt_client::events::domain::Lifecycle;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let conn = libvirt_client::Connect::open("test:///default").await?;
//! let mut changes = conn.subscribe::<Lifecycle>(None).await?;
//! # conn.domain_lookup_by_name("test").await?.suspend().await?;
//! while let Some(change) = changes.next().await {
//!     match change {
//!         Ok(change) => println!("{}: {:?}", change.domain.name(), change.change),
//!         Err(end @ EventError::Closed(_)) => return Err(end.into()),
//!         // Some events were lost, and the others go on.
//!         Err(lost) => println!("{lost}; look at all anew"),
//!     }
//! #   break;
//! }
//! # Ok(())
//! # }
//! ```

pub mod connection;
pub mod domain;
pub mod network;
pub mod node_device;
mod object_event;
mod persistent;
#[cfg(feature = "qemu")]
pub mod qemu;
pub mod secret;
pub mod storage_pool;

// rustdoc shows the blocks of methods in the order of their modules; blank lines keep it.
mod subscription;

mod merged;

mod host;

pub use host::HostEvent;
pub use merged::{DomainEvent, DomainEventKinds};
pub use persistent::PersistentSubscription;
pub use subscription::Subscription;

use std::fmt;
use std::sync::Arc;

use crate::client::Connect;
use crate::client::registration::Registration;
use crate::error::debug::structure;
use crate::error::{CloseReason, Error, ProtocolError, Result};
use crate::xdr::{DecodeError, Reader};

/// A kind of event that can be subscribed to; implemented by the structures of the submodules.
pub trait EventKind: sealed::Sealed + Sized + Send + Unpin + 'static {
    /// Type of object that the events are about, and that a subscription can be limited to.
    type Object: Sync;

    #[doc(hidden)]
    const NAME: &'static str;

    /// Returns the registration for one object or for all.
    #[doc(hidden)]
    fn registration(
        conn: &Connect,
        object: Option<&Self::Object>,
    ) -> impl Future<Output = Result<Registration>> + Send;

    /// Reads the body of a message from a registration with or without a callback ID.
    #[doc(hidden)]
    fn decode(
        conn: &Connect,
        body: &mut Reader<'_>,
        has_callback_id: bool,
    ) -> Result<Self, DecodeError>;
}

mod sealed {
    pub trait Sealed {}
}

/// An item of a subscription that is not an event: a loss, a gap or the end.
#[derive(Clone)]
#[non_exhaustive]
pub enum EventError {
    /// The consumer was too slow: this number of events was dropped on this side. The subscription
    /// continues.
    Lagged(u64),
    /// An event could not be decoded and is lost. The subscription continues.
    Undecodable(ProtocolError),
    /// The connection was lost for this reason and is back; events in between are lost. The
    /// subscription continues. Only a [`PersistentSubscription`] has gaps.
    Gap(CloseReason),
    /// The host could not be reached at first, and now is: the subscription begins here, and events
    /// before are unknown. Only a [`PersistentSubscription`] begins so.
    Delayed,
    /// The connection is back, but resuming the subscription failed, which ends it.
    NotResumed(Arc<Error>),
    /// The connection has ended, and with it the subscription.
    Closed(CloseReason),
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lagged(count) => {
                write!(f, "{count} events were lost because they were not taken in time")
            }
            Self::Undecodable(error) => write!(f, "{error}"),
            Self::Gap(reason) => write!(f, "the connection was lost and is back: {reason}"),
            Self::Delayed => f.write_str("the host can be reached only now"),
            Self::NotResumed(error) => {
                write!(f, "the subscription could not be resumed: {error}")
            }
            Self::Closed(reason) => write!(f, "the connection is closed: {reason}"),
        }
    }
}

impl fmt::Debug for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            return fmt::Display::fmt(self, f);
        }
        structure!(self, f, Lagged Undecodable Gap NotResumed Closed, Delayed {})
    }
}

/// As with [`Error`], the text includes the error itself and the source is the one below it.
impl std::error::Error for EventError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Lagged(_) | Self::Delayed => None,
            Self::Undecodable(error) => error.source(),
            Self::NotResumed(error) => error.source(),
            Self::Gap(reason) | Self::Closed(reason) => reason.source(),
        }
    }
}
