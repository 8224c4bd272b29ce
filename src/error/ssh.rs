//! Failures of SSH within this process.

use std::fmt::{self, Write as _};
use std::io;
use std::path::PathBuf;

use super::line::Line;

/// A failed login on the daemon's host, where this process speaks SSH itself (`libssh` and
/// `libssh2` in the URI).
#[derive(Debug)]
#[non_exhaustive]
pub struct SshError {
    /// The host.
    pub host: String,
    /// The reason.
    pub failure: SshFailure,
}

/// The reason for a failed SSH login.
#[derive(Debug)]
#[non_exhaustive]
pub enum SshFailure {
    /// The host's key is not known, and nobody accepted it.
    UnknownHost {
        /// The key's type and fingerprint.
        key: String,
        /// The file of known host keys.
        file: PathBuf,
    },
    /// The host has another key than the known one, or one that was revoked.
    ChangedHost {
        /// The key's type and fingerprint.
        key: String,
        /// The file of known host keys.
        file: PathBuf,
        /// The line that the key contradicts.
        line: usize,
    },
    /// The file of known host keys cannot be used.
    KnownHosts {
        /// The file.
        file: PathBuf,
        /// The error of reading or writing.
        source: io::Error,
    },
    /// The host refused the login.
    Refused {
        /// The user who was to log in.
        user: String,
        /// The methods that were tried, and their results.
        tried: Vec<String>,
    },
    /// The SSH protocol failed, or the host ended the connection; with its message or the error's.
    Broken(String),
}

impl fmt::Display for SshError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let f = &mut Line(f);
        let host = &self.host;
        match &self.failure {
            SshFailure::UnknownHost { key, file } => write!(
                f,
                "the SSH host key of {host} is unknown: {key} is not in {}; add it there once you \
                 are sure of it, or have known_hosts_verify=auto in the URI",
                file.display()
            ),
            SshFailure::ChangedHost { key, file, line } => write!(
                f,
                "the SSH host key of {host} is not the one that is known: it is {key}, but {} says \
                 otherwise in line {line}; either somebody stands in between, or the host has a \
                 new key, and that line must go",
                file.display()
            ),
            SshFailure::KnownHosts { file, source } => {
                write!(f, "the known hosts of SSH, {}: {source}", file.display())
            }
            SshFailure::Refused { user, tried } => {
                write!(f, "{host} does not let {user} log in by SSH: {}", tried.join("; "))
            }
            SshFailure::Broken(reason) => write!(f, "SSH to {host} failed: {reason}"),
        }
    }
}

impl std::error::Error for SshError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.failure {
            SshFailure::KnownHosts { source, .. } => source.source(),
            _ => None,
        }
    }
}
