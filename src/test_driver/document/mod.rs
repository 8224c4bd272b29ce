//! What documents of networks, pools, interfaces and devices have in common: the order in which
//! they are written, the values in them, and the errors about both.

mod addresses;
mod namespaces;
mod numbers;
mod shape;
mod syntax;
mod values;

pub(super) use addresses::{Ip, mac_bytes};
pub(super) use namespaces::Metadata;
pub(super) use numbers::{Base, Unscaled, scaled, signed, unsigned};
pub(super) use shape::Shape;
pub(super) use values::{
    Values, drop_empty, new_uuid, parse, parse_any, parse_file, unnamed, uuid,
};
