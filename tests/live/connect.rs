//! The connection and the host.

mod capabilities;
mod identity;
mod modular;
mod node;
mod opening;
mod places;
mod sessions;
