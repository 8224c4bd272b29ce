//! What a host has of domains: their definitions, guests and moments.

mod definition;
mod domains;
mod guest;
mod moment;

pub(crate) use self::definition::{DOMAIN_TYPES, Definition, Extras, Set, check_action};
pub(crate) use self::domains::{Domain, Domains, IoThread};
pub(crate) use self::guest::Agent;
pub(crate) use self::moment::{Moment, Moments, list, name_of};
