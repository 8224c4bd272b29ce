//! Failures of the program that was to carry a connection.

use std::fmt::{self, Write as _};
use std::io;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use super::line::Line;

/// A failure of the program that carries a connection: ssh, or the URI's `command`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TunnelError {
    /// The program.
    pub program: String,
    /// The host that it was to connect to; none for the `ext` transport, whose programs choose it
    /// themselves.
    pub host: Option<String>,
    /// The reason.
    pub failure: TunnelFailure,
    /// The end of its standard error, at most 4 KiB.
    pub stderr: String,
}

/// The way such a program failed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum TunnelFailure {
    /// The program could not be started.
    NotStarted(Arc<io::Error>),
    /// The program ended.
    Ended(ExitStatus),
    /// The program closed its standard output and went on running.
    ClosedOutput,
    /// The connection to the host was lost.
    Lost,
    /// Its standard output is not libvirt's protocol.
    NotLibvirt {
        /// The first bytes, at most 64.
        first_bytes: Vec<u8>,
    },
    /// No daemon answered for that long.
    NoAnswer(Duration),
}

/// The exit statuses with which ssh reports its own failures rather than those of the remote
/// command, and with which shells report that there is no such command.
const SSH_FAILED: i32 = 255;
const NOT_FOUND: i32 = 127;

/// What ssh says of hosts that may answer later.
const UNREACHABLE: [&str; 8] = [
    "Connection closed by",
    "Connection refused",
    "Connection reset",
    "Connection timed out",
    "Network is unreachable",
    "No route to host",
    "Operation timed out",
    "Temporary failure in name resolution",
];

impl TunnelError {
    #[cfg(any(feature = "ssh", feature = "ssh-native"))]
    pub(crate) fn new(
        program: &str,
        host: Option<&str>,
        failure: TunnelFailure,
        stderr: &[u8],
    ) -> Self {
        Self {
            program: program.to_owned(),
            host: host.map(ToOwned::to_owned),
            failure,
            stderr: String::from_utf8_lossy(stderr).into_owned(),
        }
    }

    /// Returns the program's standard error on one line.
    fn words(&self) -> String {
        let lines = self
            .stderr
            .lines()
            // ssh draws boxes with this character.
            .map(|line| line.trim_matches(|c: char| c == '@' || c.is_whitespace()))
            .filter(|line| !line.is_empty());
        lines.collect::<Vec<_>>().join(" ")
    }

    fn status(&self) -> Option<i32> {
        match self.failure {
            TunnelFailure::Ended(status) => status.code(),
            _ => None,
        }
    }

    /// Returns whether the program's standard error has this text.
    pub(super) fn says(&self, text: &str) -> bool {
        self.stderr.contains(text)
    }

    /// Returns whether the host was reached and no daemon there.
    fn misses_daemon(&self) -> bool {
        let is_remote = !matches!(self.status(), None | Some(SSH_FAILED | NOT_FOUND));
        is_remote && (self.says("No such file or directory") || self.says("refused"))
    }

    /// Returns whether the daemon may be reachable later.
    pub(super) fn passes(&self) -> bool {
        match self.failure {
            TunnelFailure::Lost | TunnelFailure::NoAnswer(_) => true,
            TunnelFailure::Ended(_) if self.status() == Some(SSH_FAILED) => {
                UNREACHABLE.iter().any(|text| self.says(text))
            }
            TunnelFailure::Ended(_) => self.misses_daemon(),
            TunnelFailure::NotStarted(_)
            | TunnelFailure::ClosedOutput
            | TunnelFailure::NotLibvirt { .. } => false,
        }
    }

    fn hint(&self) -> String {
        if let TunnelFailure::NotStarted(error) = &self.failure {
            let missing = error.kind() == io::ErrorKind::NotFound;
            return match &*self.program {
                "ssh" if missing => "; is the OpenSSH client installed?".to_owned(),
                _ => String::new(),
            };
        }
        let Some(host) = &self.host else {
            return String::new();
        };
        let said = |text| self.says(text);
        match (&self.failure, self.status()) {
            (TunnelFailure::NotLibvirt { .. }, _) => format!(
                "; for logins without a terminal nothing on {host}, such as .bashrc, may write to \
                 its standard output"
            ),
            (TunnelFailure::NoAnswer(_), _) if self.stderr.is_empty() => {
                "; is the host up, and does it let ssh through?".to_owned()
            }
            (_, Some(SSH_FAILED)) if said("HOST IDENTIFICATION HAS CHANGED") => {
                "; either somebody stands in between, or the host has a new key, and the old one \
                 must be removed from ssh's known hosts"
                    .to_owned()
            }
            (_, Some(SSH_FAILED)) if said("Host key verification failed") => format!(
                "; the host's key is unknown here: log in to {host} once by ssh, at the same port, \
                 and accept it, or have no_verify=1 in the URI"
            ),
            (_, Some(SSH_FAILED)) if said("Permission denied") => format!(
                "; ssh must be able to log in to {host} as that user without being asked anything \
                 (keyfile= in the URI names a key)"
            ),
            (_, Some(SSH_FAILED)) if said("Connection refused") => format!(
                "; no ssh server listens there: is {host} the right host, and does its ssh server \
                 run, on this port?"
            ),
            // The command was not even started, so nothing else is known.
            (_, Some(SSH_FAILED)) => String::new(),
            (_, Some(NOT_FOUND)) => format!(
                "; {host} has neither virt-ssh-helper (a part of libvirt) nor a netcat that could \
                 stand in for it"
            ),
            _ if self.misses_daemon() => format!("; is libvirt's daemon running on {host}?"),
            _ => String::new(),
        }
    }
}

impl fmt::Display for TunnelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let f = &mut Line(f);
        write!(f, "{}", self.program)?;
        if let Some(host) = &self.host {
            write!(f, " to {host}")?;
        }
        let words = self.words();
        match &self.failure {
            TunnelFailure::NotStarted(error) => write!(f, " cannot be started: {error}")?,
            TunnelFailure::Ended(status) => {
                f.write_str(" ended")?;
                // The exit status of ssh itself tells nothing besides the message.
                if status.code() != Some(SSH_FAILED) || words.is_empty() {
                    write!(f, " with {status}")?;
                }
            }
            TunnelFailure::Lost => f.write_str(" lost the connection")?,
            TunnelFailure::ClosedOutput => f.write_str(" closed its standard output")?,
            TunnelFailure::NotLibvirt { first_bytes } => {
                let shown = first_bytes.escape_ascii();
                write!(f, " brought something else than libvirt: \"{shown}\"")?;
            }
            TunnelFailure::NoAnswer(after) => write!(f, " brought no answer within {after:?}")?,
        }
        match &*words {
            "" => {}
            words => write!(f, ": {words}")?,
        }
        f.write_str(&self.hint())
    }
}

impl std::error::Error for TunnelError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.failure {
            TunnelFailure::NotStarted(error) => error.source(),
            _ => None,
        }
    }
}
