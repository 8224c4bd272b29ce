//! Tests of what can be done about errors.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use super::tests::{deep, remote};
use super::*;

fn report(code: ErrorCode, message: &str) -> Error {
    let mut report = remote();
    report.code = code;
    report.message = message.to_owned();
    report.into()
}

/// Returns the codes of the daemon's that are enough for something to be true.
fn codes(is: fn(&Error) -> bool) -> Vec<i32> {
    let codes = (0..200).map(ErrorCode::from);
    codes.filter(|code| is(&report(*code, ""))).map(i32::from).collect()
}

#[test]
fn what_codes_mean() {
    // All of `VIR_ERR_NO_…` that mean an object or property of the daemon, and a device of a
    // domain.
    let not_found = [
        42, 43, 49, 50, 53, 57, 62, 66, 72, 80, 95, 96, 99, 101, 103, 104, 107, 108, 111,
    ];
    assert_eq!(codes(Error::is_not_found), not_found);
    assert_eq!(codes(Error::is_already_exists), [28, 37, 90, 106]);
    assert_eq!(codes(Error::is_permission_denied), [29, 45, 79, 88, 94]);
    assert_eq!(codes(Error::is_transient), [68, 87]);
    assert_eq!(codes(Error::is_aborted), [78]);
    assert_eq!(codes(Error::is_outcome_unknown), [112]);
    assert_eq!(codes(Error::is_invalid), [8, 19, 20, 21, 27, 35, 44, 82, 92]);
    assert_eq!(codes(Error::is_agent_unavailable), [86, 112]);
    assert_eq!(codes(Error::is_already_active), [0; 0]);
    assert_eq!(codes(Error::is_not_active), [0; 0]);
}

#[test]
fn what_only_messages_tell() {
    use ErrorCode::{InternalError, OperationFailed, OperationInvalid};
    for (code, message) in [
        (InternalError, "pool 'p' has asynchronous jobs running."),
        (OperationInvalid, "volume 'v' is still in use."),
        (OperationInvalid, "volume 'v' is still being allocated."),
        (OperationInvalid, "storage pool 'p' is starting up"),
    ] {
        assert!(report(code, message).is_transient(), "{message}");
        assert!(!report(ErrorCode::InvalidArg, message).is_transient(), "{message}");
    }
    for (code, message) in [
        (OperationFailed, "domain 'd' already exists with uuid 0"),
        (InternalError, "a secret with UUID 0 already defined for use with x"),
        (
            OperationInvalid,
            "Requested operation is not valid: domain 'd' is already active",
        ),
        (
            OperationInvalid,
            "Requested operation is not valid: network is already active as 'n'",
        ),
        (InternalError, "internal error: storage volume name 'v' already in use."),
        (
            OperationInvalid,
            "there is an existing dhcp host entry in network 'n' that matches x",
        ),
        (
            OperationInvalid,
            "there is already at least one DNS HOST record with a matching field in network n",
        ),
        (OperationInvalid, "there is already a DNS TXT record with name 't' in network n"),
    ] {
        assert!(report(code, message).is_already_exists(), "{message}");
        assert!(!report(code, message).is_already_active(), "{message}");
        assert!(!report(ErrorCode::InvalidArg, message).is_already_exists(), "{message}");
    }

    let unplug = "Timed out during operation: vcpu unplug request timed out. Unplug result must be \
                  manually inspected in the domain";
    let unplug = report(ErrorCode::OperationTimeout, unplug);
    assert!(unplug.is_outcome_unknown() && !unplug.is_transient());
}

#[test]
fn what_is_not_there_by_its_message() {
    use ErrorCode::{InternalError, InvalidArg, OperationInvalid};
    for (code, message) in [
        (InternalError, "internal error: no device found with alias ua-lan"),
        (OperationInvalid, "couldn't locate a matching dhcp host entry in network 'n'"),
        (OperationInvalid, "couldn't locate an existing dhcp host entry with \"mac='m'\""),
        (OperationInvalid, "couldn't locate a matching DNS TXT record in network n"),
        (OperationInvalid, "couldn't find an interface entry in network 'n' matching i"),
        (OperationInvalid, "couldn't find a portgroup entry in network 'n' matching p"),
    ] {
        assert!(report(code, message).is_not_found(), "{message}");
        assert!(!report(InvalidArg, message).is_not_found(), "{message}");
        assert!(!report(code, message).is_already_exists(), "{message}");
    }
}

/// As QEMU's, the network, the storage, the interface and the node device driver and the test driver
/// say it.
#[test]
fn what_runs_and_what_does_not() {
    use ErrorCode::{InternalError, InvalidArg, OperationFailed, OperationInvalid};
    let invalid = |detail: &str| {
        report(OperationInvalid, &format!("Requested operation is not valid: {detail}"))
    };
    for detail in [
        "domain is already running",
        "VM is already active",
        "network is already active",
        "Network 'n' is already running",
        "storage pool 'a: b' is already active",
        "interface is already running",
        "Device is already active",
    ] {
        let error = invalid(detail);
        assert!(error.is_already_active() && !error.is_not_active(), "{detail}");
        assert!(!error.is_already_exists() && !report(InvalidArg, detail).is_already_active());
    }
    assert!(
        report(InternalError, "internal error: Domain 'test' is already running")
            .is_already_active()
    );
    for detail in [
        "domain is not running",
        "network is not running",
        "network 'n' is not active",
        "storage pool 'p' is not active",
        "storage pool is not active",
        "interface is not running",
        "node device is not active",
        "Device 'mdev_1' is not active",
    ] {
        let error = invalid(detail);
        assert!(error.is_not_active() && !error.is_already_active(), "{detail}");
        assert!(!report(InvalidArg, detail).is_not_active());
    }
    assert!(report(OperationFailed, "operation failed: domain is not running").is_not_active());
    assert!(report(InternalError, "internal error: domain 'test' not running").is_not_active());
    for detail in [
        "Refusing to undefine while domain managed save image exists",
        "another backup job is already running",
        "job 'migration out' is not active",
        "qemu state driver is not active",
        "domain 'd' is already active",
        "storage pool 'p' is still active",
        "storage pool 'p' is active",
    ] {
        for error in [invalid(detail), report(OperationFailed, detail)] {
            assert!(!error.is_already_active() && !error.is_not_active(), "{detail}");
        }
    }
    let mut started = remote();
    started.code = OperationInvalid;
    started.procedure = "virStoragePoolCreate";
    started.message = "Requested operation is not valid: storage pool 'p' is active".to_owned();
    assert!(Error::from(started).is_already_active());
}

#[test]
fn what_is_wrong_until_it_is_changed() {
    let flags = report(ErrorCode::InvalidArg, "invalid argument: unsupported flags (0x8)");
    assert!(flags.is_unsupported() && !flags.is_invalid());
    let argument = || Error::InvalidArgument { procedure: "", reason: String::new() };
    assert!(argument().is_invalid() && migration(argument(), Presence::Absent).is_invalid());
    let uri = Error::Uri { uri: String::new(), reason: String::new() };
    assert!(uri.is_invalid() && !unix(io::ErrorKind::NotFound).is_invalid());
}

fn opening(source: Error) -> Error {
    Error::Opening {
        target: "qemu:///system".to_owned(),
        source: Box::new(source),
        hint: None,
    }
}

fn timeout(waiting: Waiting) -> Error {
    Error::Timeout { operation: "", after: Duration::ZERO, waiting }
}

fn unix(kind: io::ErrorKind) -> Error {
    Error::Connect {
        target: String::new(),
        tried: Vec::new(),
        source: kind.into(),
    }
}

fn network(attempts: &[io::ErrorKind], resolution: Option<&str>) -> Error {
    let attempts = attempts.iter().map(|kind| (([127, 0, 0, 1], 1).into(), (*kind).into()));
    Error::Network(Box::new(NetworkError {
        host: String::new(),
        port: 1,
        attempts: attempts.collect(),
        resolution: resolution.map(io::Error::other),
    }))
}

fn tunnel(failure: TunnelFailure, stderr: &str) -> TunnelError {
    TunnelError {
        program: "ssh".to_owned(),
        host: Some("kvm1".to_owned()),
        failure,
        stderr: stderr.to_owned(),
    }
}

fn ssh(status: i32, stderr: &str) -> Error {
    let ended = TunnelFailure::Ended(ExitStatus::from_raw(status << 8));
    Error::Tunnel(Arc::new(tunnel(ended, stderr)))
}

fn auth(error: AuthError) -> Error {
    opening(error.into())
}

fn migration(error: Error, destination: Presence) -> Error {
    migration_between(error, Presence::Running, destination)
}

fn migration_between(error: Error, source: Presence, destination: Presence) -> Error {
    let (side, step) = (MigrationSide::Source, MigrationStep::Perform);
    let first = MigrationFailure { side, step, error };
    let outcome = MigrationOutcome { source, destination };
    Error::Migration(Box::new(MigrationError { first, later: Vec::new(), outcome }))
}

fn lock() -> Error {
    report(ErrorCode::OperationTimeout, "cannot acquire state change lock")
}

#[test]
fn what_may_be_repeated() {
    use io::ErrorKind::{ConnectionRefused, NotFound, PermissionDenied, TimedOut};
    let lost = || Error::Closed(CloseReason::Eof);
    let not_connected = |error| Error::NotConnected(Arc::new(error));
    for (expected, error) in [
        (true, unix(NotFound)),
        (true, unix(ConnectionRefused)),
        (false, unix(PermissionDenied)),
        (true, network(&[PermissionDenied, TimedOut], None)),
        (false, network(&[PermissionDenied], None)),
        (true, network(&[], Some("lookup: Temporary failure in name resolution"))),
        (false, network(&[], Some("lookup: Name or service not known"))),
        (true, Error::Tunnel(Arc::new(tunnel(TunnelFailure::Lost, "")))),
        (true, ssh(255, "kex_exchange_identification: Connection closed by remote host")),
        (false, ssh(255, "Host key verification failed.")),
        (true, ssh(1, "nc: unix connect failed: No such file or directory")),
        (false, ssh(127, "sh: No such file or directory")),
        (false, ssh(1, "nc: unix connect failed: Permission denied")),
        (true, opening(lost())),
        (true, opening(timeout(Waiting::Opening))),
        (true, opening(lock())),
        (false, opening(Error::Closed(CloseReason::Local))),
        (false, auth(AuthError::Unprotected)),
        (false, lost()),
        (false, Error::NotSent(CloseReason::Eof)),
        (true, not_connected(lost())),
        (true, not_connected(unix(NotFound))),
        (false, not_connected(Error::Closed(CloseReason::Local))),
        (false, not_connected(Error::Unsupported(String::new()))),
        (false, timeout(Waiting::Reply { unanswered: 1 })),
        (false, timeout(Waiting::Confirmation)),
        (true, timeout(Waiting::Turn { unanswered: Vec::new() })),
        (true, timeout(Waiting::Room { unsent_bytes: 1 })),
        (false, timeout(Waiting::Data { unsent_bytes: 1 })),
        (true, migration(lock(), Presence::Absent)),
        (false, migration(lock(), Presence::Paused)),
        (false, migration_between(lock(), Presence::Unknown, Presence::Absent)),
        (false, migration(lost(), Presence::Absent)),
        (false, Error::File(deep())),
    ] {
        assert_eq!(error.is_transient(), expected, "{error:#?}");
        assert!(!error.is_transient() || !error.is_outcome_unknown(), "{error:#?}");
    }
}

#[test]
fn of_what_the_outcome_is_unknown() {
    let lost = || Error::Closed(CloseReason::Eof);
    for (expected, error) in [
        (true, lost()),
        (false, Error::NotSent(CloseReason::Eof)),
        (false, opening(lost())),
        (false, Error::NotConnected(Arc::new(lost()))),
        (true, timeout(Waiting::Reply { unanswered: 1 })),
        (true, timeout(Waiting::Confirmation)),
        (false, timeout(Waiting::Room { unsent_bytes: 1 })),
        (true, timeout(Waiting::Data { unsent_bytes: 1 })),
        (
            true,
            ProtocolError::InvalidReply { procedure: "", reason: String::new() }.into(),
        ),
        (false, ProtocolError::UnknownType { kind: 9 }.into()),
        (false, opening(timeout(Waiting::Opening))),
        (true, migration(lock(), Presence::Unknown)),
        (false, migration(lost(), Presence::Absent)),
        (false, lock()),
    ] {
        assert_eq!(error.is_outcome_unknown(), expected, "{error:#?}");
    }
}

#[test]
fn who_may_not() {
    use io::ErrorKind::{NotFound, PermissionDenied};
    let text = String::new;
    let refused = AuthError::Refused { method: text(), user: None, source: Box::new(remote()) };
    let unreadable =
        |kind: io::ErrorKind| Error::Unreadable { path: "/file".into(), source: kind.into() };
    let by_ssh = |failure| Error::Ssh(Box::new(SshError { host: text(), failure }));
    let by_tls = |source| Error::Tls { host: text(), port: 1, source: Box::new(source) };
    for (expected, error) in [
        (true, auth(refused)),
        (false, auth(AuthError::Unprotected)),
        (true, Error::ReadOnly("")),
        (true, unix(PermissionDenied)),
        (false, unix(NotFound)),
        (true, unreadable(PermissionDenied)),
        (false, unreadable(NotFound)),
        (true, Error::File(PermissionDenied.into())),
        (true, ssh(255, "root@kvm1: Permission denied (publickey).")),
        (false, ssh(255, "Host key verification failed.")),
        (true, by_ssh(SshFailure::Refused { user: text(), tried: Vec::new() })),
        (false, by_ssh(SshFailure::Broken(text()))),
        (true, by_tls(TlsError::Refused { reason: text() })),
        (false, by_tls(TlsError::Handshake(text()))),
        (true, migration(report(ErrorCode::AccessDenied, ""), Presence::Absent)),
    ] {
        assert_eq!(error.is_permission_denied(), expected, "{error:#?}");
    }
}
