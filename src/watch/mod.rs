//! Tables of what exists on a host, which are kept.
//!
//! [`Connect::watch_domains`](crate::Connect::watch_domains) and its counterparts for other objects
//! list what exists, follow the events, and look again where an event says that something has
//! changed. So a [`Change`] is told exactly once, and the table is as new as the last change that was
//! taken: it moves only while [`Watch::next`] is awaited, and has no task of its own. Where events
//! were lost they list again, and tell the difference; and once more 5 seconds after a connection was
//! opened, because a daemon that has just started tells nobody of the guests that it looks for and
//! does not find again.
//!
//! What a daemon tells nobody of, they do not know before the next list: libvirt's QEMU driver sends
//! no event when an offline migration undefines its source
//! ([`OFFLINE`](crate::domain::MigrateFlags::OFFLINE) with
//! [`UNDEFINE_SOURCE`](crate::domain::MigrateFlags::UNDEFINE_SOURCE)). Without that flag the source can
//! be [undefined](crate::domain::Domain::undefine) afterwards, which is told.
//!
//! ```
//! use libvirt_client::watch::Change;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> libvirt_client::Result<()> {
//! # use libvirt_client::domain::State;
//! # let host = libvirt_client::testing::TestHost::new();
//! # let conn = host.connect().await?;
//! let mut guests = conn.watch_domains();
//! while let Some(change) = guests.next().await {
//!     match change? {
//!         Change::Appeared(guest) => println!("{} is {:?}", guest.object.name(), guest.state.state),
//!         Change::Changed { entry, before } => {
//!             println!("{}: {:?} → {:?}", entry.object.name(), before.state, entry.state.state);
//!         }
//!         Change::Gone(guest) => println!("{} is gone", guest.object.name()),
//!         Change::Current => println!("{} guests in all", guests.len()),
//!         _ => {}
//!     }
//! #   host.domain("test").unwrap().crash();
//! #   if guests.entries().all(|guest| guest.state == State::Shutoff) { break }
//! }
//! # assert_eq!(guests.len(), 1);
//! # Ok(())
//! # }
//! ```

mod kinds;
mod list;
mod open;
mod source;
mod table;
mod watched;

pub use table::{Change, Watch};
pub use watched::{Entry, Watched};
