//! Converts libvirt's sources to the facts in `protocol/`, and those to Rust.
//!
//! `import` reads an upstream source tree, `generate` writes the generated modules of the library,
//! `check` compares two definitions of the wire, `coverage` lists the procedures that the API
//! covers.

pub mod annotations;
pub mod check;
pub mod constants;
pub mod coverage;
pub mod emit;
pub mod error;
pub mod functions;
pub mod import;
pub mod load;
pub mod project;
pub mod provenance;
pub mod sample;
mod tokens;
pub mod words;
pub mod xdr;

pub use error::{Error, Result};
