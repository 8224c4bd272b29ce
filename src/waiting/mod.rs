//! Waiting for a domain.
//!
//! Each of these subscribes first, then looks, then acts if it is to do something, and then waits
//! for events: so none is missed, not even one that comes before the reply. Where events were lost
//! it looks again. If the connection is lost it goes on over the next one where there will be one:
//! that of a [`Reconnect`](crate::Reconnect).

mod addresses;
mod agent;
mod block_job;
mod device;
mod followed;
mod shutdown;
mod state;

pub use block_job::{BlockJobEnd, BlockJobWatch};
