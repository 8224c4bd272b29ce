//! Typed parameters: libvirt's ordered lists of named values.
//!
//! [`TypedParams`] is the list. [`TypedParams::get`] returns one value;
//! [`TypedParams::deserialize`] and [`TypedParams::serialize`] convert whole lists from and to your
//! own types by serde, folding names such as `block.0.rd.bytes` into nested structures. The typed
//! API has its own structures for the sets that libvirt documents.

mod de;
mod error;
mod generated;
mod list;
mod macros;
mod ser;
pub(crate) mod units;
mod value;

#[cfg(test)]
mod tests;

pub use error::ParamError;
pub use generated::names;
pub(crate) use list::Names;
pub use list::{TypedParams, TypedParamsIter};
pub use value::{FromParam, Value, ValueRef};

pub(crate) use macros::param_struct;
