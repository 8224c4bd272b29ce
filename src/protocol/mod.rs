//! libvirt's wire protocols as types: programs, procedures, events, and every structure they carry.
//!
//! Everything in the submodules is generated from the definitions in `protocol/`. The typed domain
//! API is built on these; use them directly (through [`Connect::raw`](crate::Connect)) for
//! procedures that it does not cover.

mod generated;
mod macros;
mod program;

pub use generated::*;
pub(crate) use macros::{event, procedure};
pub use program::{
    Event, EventInfo, FdRequest, Priority, ProcedureInfo, Program, ReplyRequest, Request,
    StreamKind, StreamRequest, VoidRequest, WaitsFor,
};
