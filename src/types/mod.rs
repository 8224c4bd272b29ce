//! libvirt's public enumerations and flag sets, as types.
//!
//! Enumerations keep unknown numbers in `Other`, flag sets keep unknown bits: a daemon newer than
//! this library never makes decoding fail. Both are text to serde, and enumerations to
//! [`Display`](std::fmt::Display) and [`FromStr`](std::str::FromStr) as well.
//!
//! The names drop `VIR_` and the object; each item's documentation says what it means and how C
//! calls it, and that of a set links to libvirt's reference.

pub mod feature;
mod generated;
mod macros;
pub(crate) mod ranges;
pub(crate) mod text;

pub use generated::*;
pub(crate) use macros::{as_number, flag_set, open_enum, reference};
pub use text::UnknownName;
