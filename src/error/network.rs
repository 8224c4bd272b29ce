//! Failures to reach a host over the network.

use std::fmt::{self, Write as _};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use super::line::Line;

/// A failure to reach the daemon's host over the network.
#[derive(Debug)]
#[non_exhaustive]
pub struct NetworkError {
    /// The host, as the URI has it.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The addresses that were tried, in order, and their errors.
    pub attempts: Vec<(SocketAddr, io::Error)>,
    /// The error of resolving the host, if that failed.
    pub resolution: Option<io::Error>,
}

impl NetworkError {
    pub(super) fn failures(&self) -> impl DoubleEndedIterator<Item = &io::Error> {
        let attempts = self.attempts.iter().map(|(_, error)| error);
        self.resolution.iter().chain(attempts)
    }

    fn hint(&self) -> &'static str {
        let any = |kind| self.failures().any(|error| error.kind() == kind);
        if self.resolution.is_some() {
            ""
        } else if any(ErrorKind::ConnectionRefused) {
            "; nothing listens there (daemons listen on the network only where configured to)"
        } else if any(ErrorKind::TimedOut) {
            "; is the host up, and does every firewall on the way let this port through?"
        } else {
            ""
        }
    }
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let f = &mut Line(f);
        let Self { host, port, .. } = self;
        if let Some(error) = &self.resolution {
            return write!(f, "cannot find the address of {host:?}: {error}");
        }
        write!(f, "cannot connect to {host} port {port}: ")?;
        if self.attempts.is_empty() {
            f.write_str("the host has no address")?;
        }
        for (index, (address, error)) in self.attempts.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            let ip = address.ip().to_string();
            if ip == *host {
                write!(f, "{error}")?;
            } else {
                write!(f, "{ip}: {error}")?;
            }
        }
        f.write_str(self.hint())
    }
}

impl std::error::Error for NetworkError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.failures().find_map(std::error::Error::source)
    }
}
