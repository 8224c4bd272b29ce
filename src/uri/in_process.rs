//! URIs that the C library serves itself, without any daemon.

use super::{ConnectUri, TransportKind};
use crate::error::{Error, Result};

impl ConnectUri {
    /// Refuses what only the C library could open, and says what to do instead.
    pub(crate) fn require_daemon(&self) -> Result<()> {
        let advice = match self.scheme.as_str() {
            _ if self.path == "/embed" => {
                "embedded drivers run inside the C library; /system and /session reach a daemon"
            }
            // On another host it is that host's daemon that runs the driver.
            "test" if self.transport == TransportKind::Unix => {
                "the test driver runs inside the C library; test+unix:///default reaches the one \
                 in a daemon"
            }
            "esx" | "gsx" | "hyperv" | "openvz" | "parallels" | "vmwarefusion" | "vmwareplayer"
            | "vmwarews" | "vpx" => "this driver runs inside the C library and has no daemon",
            _ => return Ok(()),
        };
        Err(Error::Unsupported(format!("{self}: {advice}")))
    }
}
