//! What documents of networks, pools, interfaces and devices have in common: the order in which
//! they are written, the values in them, and the errors about both.

mod addresses;
mod libxml2;
mod metadata;
mod numbers;
mod shape;
mod syntax;
mod values;

pub(super) use addresses::{Ip, mac_bytes};
pub(super) use libxml2::write_as_libxml2;
pub(super) use metadata::{Metadata, parse_in_namespace};
pub(super) use numbers::{Base, Unscaled, scaled, signed, unsigned};
pub(super) use shape::Shape;
pub(super) use values::{
    Values, drop_empty, new_uuid, parse, parse_any, parse_file, unnamed, uuid,
};
