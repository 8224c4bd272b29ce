//! A daemon's side of one connection: a model of its own, which shares nothing with the client but
//! the encoding of headers.

mod events;
mod flows;
mod session;

pub(super) use session::Session;
