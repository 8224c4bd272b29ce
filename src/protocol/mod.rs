//! libvirt's wire protocols as types: programs, procedures, events, and every structure they carry.
//!
//! Everything in the submodules is generated from the definitions in `protocol/`. The typed domain
//! API is built on these; use them directly (through [`Connect::raw`](crate::Connect)) for
//! procedures that it does not cover.
//!
//! A procedure is the structure of its arguments, which is the request, and is named like the
//! procedure: [`remote`] has them by family. So that the search of the reference finds methods and
//! not their wire types, docs.rs shows those as definitions, on the pages of the families; all of
//! them, and all their fields, are public: `remote::DomainGetInfo { dom: (&domain).into() }`. What
//! stands after `=>` there is the reply, and after `in PROGRAM:` the body of an event.

mod generated;
mod macros;
mod program;

pub use generated::*;
pub(crate) use macros::{event, procedure};
pub use program::{
    Event, EventInfo, FdRequest, Priority, ProcedureInfo, Program, ReplyRequest, Request,
    StreamKind, StreamRequest, VoidRequest, WaitsFor,
};
