//! URIs that do not name a daemon to manage: drivers inside the C library, and administration
//! interfaces.

use super::{ConnectUri, TransportKind};
use crate::error::{Error, Result};

impl ConnectUri {
    /// Rejects URIs that only the C library could open, with an alternative.
    pub(crate) fn require_daemon(&self) -> Result<()> {
        let advice = match self.scheme.as_str() {
            _ if self.path == "/embed" => {
                "embedded drivers run inside the C library; /system and /session reach a daemon"
            }
            "test" if self.names_test_driver() => {
                "the test driver within the process: this program was built without the feature \
                 `test-driver` of libvirt-client; test+unix:///default reaches the one in a daemon"
            }
            "esx" | "gsx" | "hyperv" | "openvz" | "parallels" | "vmwarefusion" | "vmwareplayer"
            | "vmwarews" | "vpx" => "this driver runs inside the C library and has no daemon",
            _ if self.is_for_admin() => {
                "this names a daemon's administration interface, which AdminConnect opens (feature \
                 `admin`); what the daemon manages has URIs such as qemu:///system"
            }
            _ => return Ok(()),
        };
        Err(Error::Unsupported(advice.to_owned()))
    }

    /// Returns whether the URI names a test driver within this process. On another host, that
    /// host's daemon runs the driver.
    pub(crate) fn names_test_driver(&self) -> bool {
        self.scheme == "test" && self.transport == TransportKind::Unix
    }

    /// Returns whether the URI names a daemon's administration interface.
    pub(crate) fn is_for_admin(&self) -> bool {
        let is_modular = self.driver.starts_with("virt") && self.driver.ends_with('d');
        is_modular || self.driver == "libvirtd"
    }
}
