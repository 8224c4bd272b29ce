//! What a host has of virtual networks.

mod definition;
mod networks;

pub(crate) use self::definition::{
    Definition, address_of, check_dns_host, check_host, check_portgroup, check_range, check_srv,
    check_txt, is_same_host, is_same_range, wrong,
};
pub(crate) use self::networks::{Network, Networks};
