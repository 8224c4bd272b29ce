//! Addresses of networks and of their cards.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::numbers::{Base, unsigned};

/// An IP address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ip(IpAddr);

impl Ip {
    pub(crate) const UNSPECIFIED: Self = Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED));

    /// Parses an address; IPv4 addresses may leave parts out, as in C.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse() {
            return Some(Self(address));
        }
        let parts: Vec<&str> = text.split('.').collect();
        let (last, front) = parts.split_last()?;
        let is_number = |part: &&str| part.starts_with(|char: char| char.is_ascii_digit());
        if front.len() > 3 || !parts.iter().all(is_number) {
            return None;
        }
        let last: u32 = unsigned(last, Base::Any)?;
        let mut bits = 0_u32;
        for (at, part) in front.iter().enumerate() {
            bits |= u32::from(unsigned::<u8>(part, Base::Any)?) << (24 - 8 * at);
        }
        let room = 32_u32.checked_sub(8 * u32::try_from(front.len()).ok()?)?;
        let fits = room == 32 || last < 1_u32.checked_shl(room).unwrap_or_default();
        fits.then(|| Self(IpAddr::V4(Ipv4Addr::from(bits | last))))
    }

    pub(crate) fn is_v4(&self) -> bool {
        self.0.is_ipv4()
    }

    pub(crate) fn is_same_family(&self, other: &Self) -> bool {
        self.is_v4() == other.is_v4()
    }

    /// Returns the address as a number, of which IPv4 addresses have the last 32 bits.
    pub(crate) fn bits(&self) -> u128 {
        match self.0 {
            IpAddr::V4(address) => u128::from(u32::from(address)),
            IpAddr::V6(address) => u128::from(address),
        }
    }

    pub(crate) fn width(&self) -> u32 {
        if self.is_v4() { 32 } else { 128 }
    }

    /// Returns the number of leading ones, if there are no others.
    pub(crate) fn prefix(&self) -> Option<u32> {
        let ones = self.bits().count_ones();
        let is_mask = self.bits() == mask(self.width(), ones);
        is_mask.then_some(ones)
    }

    /// Returns the prefix of an address that has none, by its class.
    pub(crate) fn class_prefix(&self) -> u32 {
        match self.0 {
            IpAddr::V4(address) => match address.octets()[0] {
                0..128 => 8,
                128..192 => 16,
                192..224 => 24,
                _ => 0,
            },
            IpAddr::V6(_) => 64,
        }
    }

    pub(crate) fn masked(&self, prefix: u32) -> Self {
        let bits = self.bits() & mask(self.width(), prefix);
        self.with_bits(bits)
    }

    pub(crate) fn masked_by(&self, netmask: &Self) -> Self {
        self.with_bits(self.bits() & netmask.bits())
    }

    /// Returns the address whose bits are all set behind the prefix.
    pub(crate) fn broadcast(&self, prefix: u32) -> Self {
        let all = mask(self.width(), self.width());
        self.with_bits(self.bits() | (all & !mask(self.width(), prefix)))
    }

    /// Returns the address that is so far behind this one. Only the last byte of an IPv6 address changes.
    pub(crate) fn behind(&self, offset: u32) -> Self {
        Self(match self.0 {
            IpAddr::V4(address) => {
                IpAddr::V4(Ipv4Addr::from(u32::from(address).wrapping_add(offset)))
            }
            IpAddr::V6(address) => {
                let mut octets = address.octets();
                octets[15] = octets[15].wrapping_add(offset.to_le_bytes()[0]);
                IpAddr::V6(Ipv6Addr::from(octets))
            }
        })
    }

    fn with_bits(&self, bits: u128) -> Self {
        Self(match self.0 {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::from(u32::try_from(bits).unwrap_or_default())),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from(bits)),
        })
    }
}

/// Returns the number with that many leading ones.
fn mask(width: u32, ones: u32) -> u128 {
    let all = u128::MAX >> (128 - width);
    all & !all.checked_shr(ones.min(width)).unwrap_or_default()
}

impl fmt::Display for Ip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Returns the bytes of a card's address.
pub(crate) fn mac_bytes(text: &str) -> Option<[u8; 6]> {
    let mut bytes = [0; 6];
    let mut parts = text.split(':');
    for byte in &mut bytes {
        let part = parts.next()?;
        let is_hex = part.bytes().all(|digit| digit.is_ascii_hexdigit());
        if !is_hex || part.len() > 2 {
            return None;
        }
        *byte = u8::from_str_radix(part, 16).ok()?;
    }
    parts.next().is_none().then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> Ip {
        Ip::parse(text).unwrap()
    }

    #[test]
    fn addresses_may_be_short() {
        assert_eq!(ip("10.1").to_string(), "10.0.0.1");
        assert_eq!(ip("1").to_string(), "0.0.0.1");
        assert_eq!(ip("010.0x10.1").to_string(), "8.16.0.1");
        assert_eq!(ip("fe80:0::1").to_string(), "fe80::1");
        for wrong in [
            "",
            "x",
            "1.2.3.4.5",
            "1.2.3.4.0",
            "+1.2",
            "256.1.1.1",
            "1.2.3.256",
            "1.2.3.",
            "::g",
        ] {
            assert_eq!(Ip::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn addresses_are_masked() {
        assert_eq!(ip("192.168.7.9").masked(24), ip("192.168.7.0"));
        assert_eq!(ip("192.168.7.9").broadcast(24), ip("192.168.7.255"));
        assert_eq!(ip("fe80::7:9").masked(112), ip("fe80::7:0"));
        assert_eq!(ip("192.168.7.9").masked(0), ip("0.0.0.0"));
        assert_eq!(ip("255.255.0.0").prefix(), Some(16));
        assert_eq!(ip("255.0.255.0").prefix(), None);
    }

    #[test]
    fn addresses_of_cards_have_six_bytes() {
        assert_eq!(mac_bytes("52:54:0:aB:1:2"), Some([0x52, 0x54, 0, 0xab, 1, 2]));
        for wrong in [
            "",
            "52:54:00:00:00",
            "52:54:00:00:00:00:00",
            "52:54:00:00:00:+1",
        ] {
            assert_eq!(mac_bytes(wrong), None, "{wrong}");
        }
    }
}
