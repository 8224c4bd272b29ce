//! Behaviour that no real daemon can be made to show: bad frames, odd orders, an end within a
//! message.

#![allow(
    clippy::similar_names,
    missing_docs,
    unreachable_pub,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used
)]

mod admission;
mod aliases;
mod architecture;
mod authentication;
mod backpressure;
mod busy_loops;
mod circles;
mod contents;
mod control;
mod deadlines;
mod descriptors;
mod doc_programs;
mod ending;
mod error_kinds;
mod events;
mod executors;
mod framing;
mod guide;
mod host;
mod interface_changes;
mod load;
mod long_calls;
mod merged_events;
mod migration;
mod naming;
mod networks;
mod opening;
mod package;
mod peer;
mod reconnect;
mod records;
mod registrations;
mod replies;
mod resources;
mod shutdown;
mod sources;
mod stream_faults;
mod streams;
mod tables;
#[cfg(feature = "tls")]
mod tls;
mod transfers;
mod waiting;
mod warnings;
mod wire_types;
