//! An open connection: the state shared by callers and driver task, the driver task, deadlines.

mod clock;
mod driver;
mod encoded;
mod expiry;
mod pending_call;
mod reply;
mod sending;
mod shared;

pub(super) use clock::now;
pub(crate) use clock::timer;
pub(super) use driver::Driver;
pub(super) use encoded::Encoded;
pub(super) use expiry::{Deadline, Expiry, Stall, until};
pub(super) use pending_call::PendingCall;
pub use reply::Reply;
pub(super) use reply::{failure, undecodable};
pub(super) use shared::Shared;
