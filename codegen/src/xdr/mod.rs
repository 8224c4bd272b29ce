//! The XDR language: RFC 4506, `%` lines, and libvirt's notes on procedures.

mod definition;
pub mod lexer;
pub mod model;
mod notes;
mod parser;
mod print;

pub use definition::{Bound, Definition, Named, Procedure, Program, Shape};
pub use parser::parse;
pub use print::{declaration, print};
