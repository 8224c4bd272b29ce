//! A daemon within the process, which behaves as libvirt's test driver does.
//!
//! It is a server on any byte stream, and the client knows nothing of it: what goes between the two
//! are the same bytes as over a socket.

#![allow(
    clippy::needless_pass_by_value,
    reason = "what answers a call is handed its request"
)]

mod arch;
mod connect;
mod document;
mod domain;
pub(crate) mod doors;
mod events;
mod failure;
mod faults;
mod generated;
mod host;
mod interface;
mod lists;
mod login;
mod network;
mod node_device;
mod node_file;
mod outgoing;
mod registration;
mod routes;
mod server;
mod state;
mod storage;
mod work;
mod xml;

use generated::procedures::PROCEDURES;

pub(crate) use events::Treatment;
pub(crate) use failure::Failure;
pub(crate) use faults::{ALWAYS, Fault, Made, Planned};
pub(crate) use host::Host;
pub(crate) use login::Login;
pub(crate) use server::{dial, serve};

/// Returns the name of a procedure: the C function that it is for.
pub(crate) fn function_name(number: u32) -> &'static str {
    let found = PROCEDURES.binary_search_by_key(&number, |(number, _)| *number);
    found.ok().and_then(|at| PROCEDURES.get(at)).map_or("", |(_, name)| name)
}

/// Returns the number of the procedure of that name.
pub(crate) fn function_number(name: &str) -> Option<u32> {
    PROCEDURES.iter().find(|(_, other)| *other == name).map(|(number, _)| *number)
}
