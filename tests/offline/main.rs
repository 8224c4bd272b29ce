//! What no daemon can be made to do: bad frames, odd orders, dying in the middle of a message.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used
)]

mod architecture;
mod authentication;
mod control;
mod deadlines;
mod descriptors;
mod ending;
mod events;
mod framing;
mod host;
mod load;
mod merged_events;
mod opening;
mod peer;
mod reconnect;
mod replies;
mod resources;
mod streams;
#[cfg(feature = "tls")]
mod tls;
mod transfers;
mod wire_types;
