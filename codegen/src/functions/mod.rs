//! The public functions of C, and what stands for each of them here and in Python.

mod counterparts;
mod facts;
mod modules;
mod objects;
mod page;
mod python;
mod scan;

pub use facts::Functions;
pub use page::{FOLDER, page};
