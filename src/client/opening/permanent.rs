//! Permanent failures to open a connection.

use std::io;

use rustix::io::Errno;

use crate::error::{AuthError, Error};

/// Returns whether another attempt fails too, until something is changed on this side.
pub(crate) fn is_permanent(error: &Error) -> bool {
    match error.cause() {
        Error::Uri { .. }
        | Error::Config { .. }
        | Error::InvalidArgument { .. }
        | Error::Unsupported(_) => true,
        Error::Unreadable { source, .. } => !may_recover(source),
        // A user who gave no answer is not asked again; a daemon that refused may accept later.
        Error::Auth(error) => match **error {
            AuthError::Missing { .. }
            | AuthError::Declined { .. }
            | AuthError::Unknown { .. }
            | AuthError::Unprotected => true,
            AuthError::Refused { .. }
            | AuthError::NotOffered { .. }
            | AuthError::NoMechanism { .. }
            | AuthError::Exchange { .. } => false,
        },
        // Certificates and host keys are renewed while programs run.
        Error::Tls { .. }
        | Error::Ssh(_)
        | Error::Remote(_)
        | Error::Closed(_)
        | Error::NotSent(_)
        | Error::NotConnected(_)
        | Error::Timeout { .. }
        | Error::Overrun { .. }
        | Error::Incomplete { .. }
        | Error::Migration(_)
        | Error::Aborted(_)
        | Error::Failed(_)
        | Error::ReadOnly(_)
        | Error::Opening { .. }
        | Error::Protocol(_)
        | Error::Connect { .. }
        | Error::Start { .. }
        | Error::Network(_)
        | Error::Tunnel(_)
        | Error::File(_) => false,
    }
}

/// Returns whether a file that could not be read may be readable later without a change: not if it
/// does not exist, may not be read, or is not a file.
fn may_recover(error: &io::Error) -> bool {
    let is_loop = Errno::from_io_error(error) == Some(Errno::LOOP);
    !is_loop
        && !matches!(
            error.kind(),
            io::ErrorKind::NotFound
                | io::ErrorKind::PermissionDenied
                | io::ErrorKind::NotADirectory
                | io::ErrorKind::IsADirectory
                | io::ErrorKind::InvalidFilename
                | io::ErrorKind::InvalidInput
                | io::ErrorKind::FileTooLarge
        )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::error::{
        CloseReason, NetworkError, ProtocolError, RemoteError, SshError, SshFailure, TlsError,
        TunnelError, TunnelFailure,
    };
    use crate::types::error::ErrorCode;

    fn no_descriptors() -> io::Error {
        Errno::MFILE.into()
    }

    fn remote() -> Box<RemoteError> {
        Box::new(RemoteError::new(ErrorCode::AuthFailed, ""))
    }

    fn unreadable(source: impl Into<io::Error>) -> Error {
        Error::Unreadable { path: "auth.conf".into(), source: source.into() }
    }

    #[track_caller]
    fn assert_table(table: impl IntoIterator<Item = (bool, Error)>) {
        for (expected, error) in table {
            assert_eq!(is_permanent(&error), expected, "{error:?}");
        }
    }

    #[test]
    fn what_the_configuration_says() {
        assert_table([
            (true, Error::Unsupported(String::new())),
            (
                true,
                Error::InvalidArgument { procedure: "virConnectOpen", reason: String::new() },
            ),
            (true, Error::Uri { uri: String::new(), reason: String::new() }),
            (
                true,
                Error::Config {
                    path: "libvirt.conf".into(),
                    line: Some(1),
                    reason: String::new(),
                },
            ),
        ]);
    }

    #[test]
    fn files_that_cannot_be_read() {
        for (expected, errno) in [
            (false, Errno::MFILE),
            (false, Errno::NFILE),
            (false, Errno::IO),
            (false, Errno::NOMEM),
            (false, Errno::INTR),
            (false, Errno::AGAIN),
            (false, Errno::STALE),
            (false, Errno::TIMEDOUT),
            (false, Errno::HOSTDOWN),
            (false, Errno::NXIO),
            (true, Errno::NOENT),
            (true, Errno::ACCESS),
            (true, Errno::PERM),
            (true, Errno::ISDIR),
            (true, Errno::NOTDIR),
            (true, Errno::LOOP),
            (true, Errno::NAMETOOLONG),
            (true, Errno::INVAL),
        ] {
            assert_table([(expected, unreadable(errno))]);
        }
        let read = |path: &str| crate::files::read(path.as_ref());
        for refused in ["/dev/zero", "/dev", "/dev/\0"].map(read) {
            assert_table(refused.err().map(|error| (true, unreadable(error))));
        }
    }

    #[test]
    fn who_the_user_is() {
        let text = String::new;
        let table = [
            (true, AuthError::Missing { method: text(), what: "", searched: text() }),
            (true, AuthError::Declined { method: text(), what: "" }),
            (true, AuthError::Unknown { wanted: text() }),
            (true, AuthError::Unprotected),
            (false, AuthError::Refused { method: text(), user: None, source: remote() }),
            (false, AuthError::NotOffered { wanted: text(), offered: Vec::new() }),
            (false, AuthError::NoMechanism { offered: Vec::new(), known: Vec::new() }),
            (false, AuthError::Exchange { method: text(), reason: text() }),
        ];
        assert_table(table.map(|(expected, error)| (expected, Error::from(error))));
    }

    #[test]
    fn what_happens_on_the_way() {
        let text = String::new;
        let lasting = [
            Error::Remote(remote()),
            Error::Closed(CloseReason::Eof),
            Error::NotConnected(Arc::new(Error::Closed(CloseReason::Local))),
            Error::Protocol(ProtocolError::FrameLength { len: 0 }),
            Error::File(no_descriptors()),
            Error::Timeout {
                operation: "",
                after: Duration::ZERO,
                waiting: crate::error::Waiting::Opening,
            },
            Error::Connect { target: text(), tried: Vec::new(), source: no_descriptors() },
            Error::Start { daemon: "libvirtd".into(), source: no_descriptors() },
            Error::Network(Box::new(NetworkError {
                host: text(),
                port: 0,
                attempts: Vec::new(),
                resolution: Some(no_descriptors()),
            })),
            Error::Tunnel(Arc::new(TunnelError {
                program: text(),
                host: None,
                failure: TunnelFailure::NotStarted(Arc::new(no_descriptors())),
                stderr: text(),
            })),
            Error::Tls {
                host: text(),
                port: 0,
                source: Box::new(TlsError::Credentials { item: text(), reason: text() }),
            },
            Error::Ssh(Box::new(SshError {
                host: text(),
                failure: SshFailure::KnownHosts {
                    file: "known_hosts".into(),
                    source: no_descriptors(),
                },
            })),
        ];
        assert_table(lasting.map(|error| (false, error)));
    }
}
