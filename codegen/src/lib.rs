//! Turns libvirt's sources into the facts in `protocol/`, and those into Rust.
//!
//! `import` reads an upstream source tree, `generate` writes the generated modules of the library,
//! `check` compares two definitions of the wire, `coverage` says which procedures the API reaches.

pub mod annotations;
pub mod check;
pub mod constants;
pub mod coverage;
pub mod emit;
pub mod error;
pub mod import;
pub mod load;
pub mod project;
pub mod provenance;
pub mod sample;
pub mod xdr;

pub use error::{Error, Result};
