//! Users: programs that make calls, read streams and follow events, each after its own fashion.

mod calls;
mod events;
mod life;
mod streams;
mod user;

pub(super) use user::{Target, User};
