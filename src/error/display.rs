//! Texts of errors.

use std::error::Error as StdError;
use std::fmt::{self, Write as _};
use std::io;
use std::path::{Path, PathBuf};

use super::line::Line;
use super::uri::without_password;
use super::{Error, MigrationError, MigrationFailure, Waiting};

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let f = &mut Line(f);
        match self {
            Self::Remote(error) => write!(f, "{error}"),
            Self::Closed(reason) => write!(f, "the connection is closed: {reason}"),
            Self::NotSent(reason) => {
                write!(f, "nothing was sent, because the connection is closed: {reason}")
            }
            Self::NotConnected(error) => write!(f, "not connected: {error}"),
            Self::Timeout { operation, after, waiting } => {
                if let Waiting::Event { object } = waiting {
                    write!(f, "{object}: ")?;
                }
                write!(f, "{operation} {waiting} within {after:?}")
            }
            Self::Overrun { procedure, unread_bytes } => write!(
                f,
                "the stream of {procedure} was given up: {unread_bytes} bytes of it were not read while \
                 others waited for the connection; open a connection of its own for it \
                 (Connect::reopen)"
            ),
            Self::Protocol(error) => write!(f, "protocol violation: {error}"),
            Self::InvalidArgument { procedure, reason } => {
                write!(f, "invalid argument for {procedure}: {reason}")
            }
            Self::ReadOnly(procedure) => {
                write!(f, "{procedure}: the connection is read-only")
            }
            Self::Uri { uri, reason } => {
                write!(f, "invalid URI {:?}: {reason}", without_password(uri))
            }
            Self::Incomplete { ended, copied_bytes, expected_bytes } => {
                write!(f, "{ended} ended after {copied_bytes} bytes")?;
                match expected_bytes {
                    Some(bytes) => write!(f, " of {bytes}"),
                    None => f.write_str(", and there were more to copy"),
                }
            }
            Self::Unreadable { path, source } => write!(f, "{}: {source}", path.display()),
            Self::Config { path, line, reason } => {
                write!(f, "{}", path.display())?;
                if let Some(line) = line {
                    write!(f, ":{line}")?;
                }
                write!(f, ": {reason}")
            }
            Self::Connect { target, tried, source } => {
                write!(f, "cannot connect to {target}: {source}")?;
                if tried.len() > 1 {
                    let paths: Vec<_> = tried.iter().map(PathBuf::as_path).map(shown).collect();
                    write!(f, " (tried {})", paths.join(", "))?;
                }
                // What is no socket has reasons of its own.
                f.write_str(if tried.is_empty() { "" } else { hint(source) })
            }
            Self::Start { daemon, source } => {
                write!(f, "{} cannot be started: {source}", daemon.display())
            }
            Self::Network(error) => write!(f, "{error}"),
            Self::Tunnel(error) => write!(f, "{error}"),
            Self::Tls { host, port, source } => write!(f, "TLS with {host} port {port}: {source}"),
            Self::Ssh(error) => write!(f, "{error}"),
            Self::Opening { target, source, hint } => {
                write!(f, "cannot open {target}: {source}")?;
                hint.map_or(Ok(()), |hint| write!(f, "; {hint}"))
            }
            Self::Auth(error) => write!(f, "authentication failed: {error}"),
            Self::File(error) => write!(f, "the local file: {error}"),
            Self::Migration(error) => write!(f, "{error}"),
            Self::Aborted(what) => write!(f, "{what} was aborted"),
            Self::Failed(reason) => f.write_str(reason),
            Self::Unsupported(what) => write!(f, "not supported: {what}"),
        }
    }
}

impl fmt::Display for MigrationFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.side, self.step, self.error)
    }
}

impl fmt::Display for MigrationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "migration failed at the {}", self.first)?;
        for failure in &self.later {
            write!(f, "; then at the {failure}")?;
        }
        write!(f, "; the guest is {}", self.outcome)
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn hint(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::NotFound => "; is the daemon running?",
        io::ErrorKind::ConnectionRefused => "; the socket exists, but no daemon listens on it",
        io::ErrorKind::PermissionDenied => {
            "; this user may not use the socket (the group `libvirt` often may)"
        }
        _ => "",
    }
}

/// The text of each error includes that of its cause, so `source` skips the cause and returns the
/// cause's source.
impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Remote(error) => error.source(),
            Self::Closed(reason) | Self::NotSent(reason) => reason.source(),
            Self::NotConnected(error) => error.source(),
            Self::Protocol(error) => error.source(),
            Self::Connect { source, .. }
            | Self::Start { source, .. }
            | Self::Unreadable { source, .. } => source.source(),
            Self::Network(error) => error.source(),
            Self::Tunnel(error) => error.source(),
            Self::Tls { source, .. } => source.source(),
            Self::Ssh(error) => error.source(),
            Self::Opening { source, .. } => source.source(),
            Self::Migration(error) => error.first.error.source(),
            Self::Auth(error) => error.source(),
            Self::File(error) => error.source(),
            Self::Timeout { .. }
            | Self::Overrun { .. }
            | Self::Incomplete { .. }
            | Self::InvalidArgument { .. }
            | Self::ReadOnly(_)
            | Self::Uri { .. }
            | Self::Config { .. }
            | Self::Aborted(_)
            | Self::Failed(_)
            | Self::Unsupported(_) => None,
        }
    }
}
