//! Opening a connection: from a URI to a daemon that takes calls.

#[cfg(feature = "admin")]
mod admin;
mod attempt;
mod authentication;
mod builder;
mod dial;
mod for_good;
mod handshake;
mod open;
mod refusal;
#[cfg(feature = "sasl")]
mod sasl;

pub(super) use attempt::shown;
pub use builder::ConnectBuilder;
pub(super) use for_good::is_for_good;
