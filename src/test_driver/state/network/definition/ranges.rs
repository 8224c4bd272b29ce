//! Ranges of addresses.

use crate::test_driver::document::Ip;
use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::xml::Element;
use crate::types::error::{ErrorCode, ErrorDomain};

/// Returns the prefix of an `<ip>`: its own, its netmask's or its class's.
pub(super) fn prefix_of(ip: &Element, address: Ip) -> Option<u32> {
    let prefix = ip.get("prefix").and_then(|prefix| prefix.parse().ok()).unwrap_or_default();
    if prefix > 0 {
        return Some(prefix);
    }
    match ip.get("netmask") {
        Some(netmask) => Ip::parse(netmask)?.prefix(),
        None => Some(address.class_prefix()),
    }
}

/// Checks that a range of addresses is one.
pub(super) fn check_order(start: Ip, end: Ip) -> Result<()> {
    if !start.is_same_family(&end) {
        return Err(internal(format_args!("mismatch of address family in range {start} - {end}")));
    }
    let is_too_large = if start.is_v4() {
        if end.bits() < start.bits() {
            return Err(internal(format_args!("range {start} - {end} is reversed ")));
        }
        end.bits() - start.bits() > 65535
    } else {
        end.bits() >> 16 != start.bits() >> 16
    };
    if is_too_large {
        return Err(internal(format_args!("range {start} - {end} is too large (> 65535)")));
    }
    if end.bits() < start.bits() {
        return Err(internal(format_args!("range {start} - {end} start larger than end")));
    }
    Ok(())
}

/// Checks that a range of addresses is one, and in a network.
pub(super) fn check_range_within(start: Ip, end: Ip, ip: &Element, address: Ip) -> Result<()> {
    if !start.is_same_family(&end) {
        return check_order(start, end);
    }
    if !start.is_same_family(&address) {
        return Err(internal(format_args!(
            "mismatch of address family in range {start} - {end} for network {address}"
        )));
    }
    let Some(prefix) = prefix_of(ip, address).filter(|prefix| *prefix <= address.width()) else {
        let prefix = prefix_of(ip, address).map_or(-1, i64::from);
        return Err(internal(format_args!(
            "bad prefix {prefix} for network {address} when checking range {start} - {end}"
        )));
    };
    let network = address.masked(prefix);
    if [start, end].iter().any(|ip| ip.masked(prefix) != network) {
        return Err(internal(format_args!(
            "range {start} - {end} is not entirely within network {address}/{prefix}"
        )));
    }
    if start.is_v4() && start == network {
        return Err(internal(format_args!(
            "start of range {start} - {end} in network {address}/{prefix} is the network address"
        )));
    }
    if start.is_v4() && end == address.broadcast(prefix) {
        return Err(internal(format_args!(
            "end of range {start} - {end} in network {address}/{prefix} is the broadcast address"
        )));
    }
    check_order(start, end)
}

fn internal(detail: impl std::fmt::Display) -> Failure {
    Failure::of(ErrorDomain::None, ErrorCode::InternalError, detail)
}

/// The failure of text that is no address, where nothing more is said of it.
pub(super) fn no_address(text: &str) -> Failure {
    Failure::of(
        ErrorDomain::None,
        ErrorCode::SystemError,
        format_args!("Cannot parse socket address '{text}': Name or service not known"),
    )
}
