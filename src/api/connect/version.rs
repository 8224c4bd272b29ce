//! Versions of the daemon and of the hypervisor.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::client::Connect;
use crate::error::{Error, Result};
use crate::protocol::remote;
use crate::types::ranges::digits;

/// A version of libvirt or of a hypervisor, in libvirt's encoding as one number.
///
/// ```
/// use libvirt_client::connect::Version;
///
/// let version = Version::from_number(9_000_000);
/// assert_eq!(version.to_string(), "9.0.0");
/// assert!(version < Version::new(11, 3, 0));
/// assert_eq!("9.0.0".parse::<Version>()?, version);
/// # Ok::<_, libvirt_client::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u64);

const MAJOR: u64 = 1_000_000;
const MINOR: u64 = 1_000;

impl Version {
    /// Makes a version of three parts; of the minor and the micro part only the last three digits
    /// count.
    pub const fn new(major: u32, minor: u32, micro: u32) -> Self {
        let minor = minor as u64 % MINOR;
        let micro = micro as u64 % MINOR;
        Self(major as u64 * MAJOR + minor * MINOR + micro)
    }

    /// Decodes libvirt's number of a version: a million times the major part, a thousand times the
    /// minor part, and the micro part.
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// Returns the version as libvirt's number; see [`from_number`](Self::from_number).
    pub const fn number(self) -> u64 {
        self.0
    }

    /// Returns the major part, before the first dot; the greatest `u32` of a number that has a
    /// greater one, as no release has.
    pub const fn major(self) -> u32 {
        let major = self.0 / MAJOR;
        if major > u32::MAX as u64 {
            u32::MAX
        } else {
            major as u32
        }
    }

    /// Returns the minor part, between the dots.
    pub const fn minor(self) -> u32 {
        (self.0 % MAJOR / MINOR) as u32
    }

    /// Returns the micro part, behind the second dot.
    pub const fn micro(self) -> u32 {
        (self.0 % MINOR) as u32
    }
}

/// Serializes as [`Display`](fmt::Display) writes it.
impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Reads what [`Display`](fmt::Display) writes: three numbers between dots, the last two below 1000.
impl FromStr for Version {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut parts = text.split('.').map(digits);
        let mut next = || parts.next().flatten();
        match (next(), next(), next(), parts.next()) {
            (Some(major), Some(minor @ ..1000), Some(micro @ ..1000), None) => {
                Ok(Self::new(major, minor, micro))
            }
            _ => Err(Error::InvalidArgument {
                procedure: "Version",
                reason: format!("{text:?} is no version such as 9.0.0"),
            }),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major(), self.minor(), self.micro())
    }
}

/// # Versions
impl Connect {
    /// Returns the version of the hypervisor (`virConnectGetVersion`).
    ///
    /// `None` if the hypervisor has no version, e.g. when no QEMU is installed that could be asked.
    #[doc(alias = "virConnectGetVersion")]
    #[doc(alias = "getVersion")]
    pub async fn version(&self) -> Result<Option<Version>> {
        let reply = self.call(remote::ConnectGetVersion).await?;
        let number = Some(reply.decode()?.hv_ver).filter(|number| *number != 0);
        Ok(number.map(Version::from_number))
    }

    /// Returns the version of the daemon's libvirt (`virConnectGetLibVersion`).
    ///
    /// Distributions backport features: test for a feature with
    /// [`Error::is_unsupported`](crate::Error::is_unsupported) rather than with the version.
    #[doc(alias = "virConnectGetLibVersion")]
    #[doc(alias = "getLibVersion")]
    pub async fn lib_version(&self) -> Result<Version> {
        let reply = self.call(remote::ConnectGetLibVersion).await?;
        Ok(Version::from_number(reply.decode()?.lib_ver))
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn parts_and_number() {
        let table = [
            (0, (0, 0, 0), "0.0.0"),
            (2, (0, 0, 2), "0.0.2"),
            (7_002_022, (7, 2, 22), "7.2.22"),
            (11_003_000, (11, 3, 0), "11.3.0"),
            (999_999_999, (999, 999, 999), "999.999.999"),
        ];
        for (number, (major, minor, micro), text) in table {
            let version = Version::from_number(number);
            assert_eq!(version, Version::new(major, minor, micro));
            assert_eq!(version.number(), number);
            assert_eq!(version.to_string(), text);
            assert_eq!(text.parse::<Version>().ok(), Some(version));
        }
        for text in [
            "",
            "9",
            "9.0",
            "9.0.0.0",
            "9.1000.0",
            "9.0.1000",
            "+9.0.0",
            "9..0",
            "4294967296.0.0",
        ] {
            let error = text.parse::<Version>().map_err(|error| error.to_string());
            assert!(matches!(&error, Err(reason) if reason.contains(text)), "{error:?}");
        }
        let most = Version::from_number(u64::MAX);
        assert_eq!(most.to_string(), "4294967295.551.615");
        assert!(Version::new(9, 10, 0) > Version::new(9, 9, 999));
    }
}
