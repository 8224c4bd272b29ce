//! Opening a connection, from the URI to a daemon that takes calls.

#[cfg(feature = "admin")]
mod admin;
mod attempt;
mod authentication;
mod builder;
mod dial;
mod handshake;
mod open;
mod permanent;
mod refusal;
#[cfg(feature = "sasl")]
mod sasl;

pub(super) use attempt::shown;
pub use builder::ConnectBuilder;
pub(super) use permanent::is_permanent;
