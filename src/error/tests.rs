//! Tests of errors' texts.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::types::error::ErrorDomain;
use crate::xdr::DecodeError;

/// An error of the user's or the system's that has a source.
#[derive(Debug)]
struct Deep(Option<Box<Deep>>);

impl fmt::Display for Deep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Some(_) => "the upper cause",
            None => "the lower cause",
        })
    }
}

impl StdError for Deep {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.as_deref().map(|deep| deep as _)
    }
}

pub(super) fn deep() -> io::Error {
    io::Error::other(Deep(Some(Box::new(Deep(None)))))
}

pub(super) fn remote() -> RemoteError {
    RemoteError {
        domain: ErrorDomain::Qemu,
        procedure: "virDomainCreate",
        ..RemoteError::new(ErrorCode::NoDomain, "the report")
    }
}

fn undecodable() -> DecodeError {
    DecodeError::UnknownArm { discriminant: 7 }
}

fn protocol_errors() -> Vec<ProtocolError> {
    let source = undecodable();
    vec![
        ProtocolError::NotLibvirt { first_bytes: b"\n".to_vec() },
        ProtocolError::Header { source },
        ProtocolError::Reply { procedure: "virDomainCreate", source },
        ProtocolError::Event { event: "DomainEventLifecycle", source },
        ProtocolError::InvalidReply { procedure: "virDomainCreate", reason: "why".to_owned() },
    ]
}

fn tunnel(failure: TunnelFailure) -> Arc<TunnelError> {
    Arc::new(TunnelError {
        program: "ssh".to_owned(),
        host: Some("kvm1".to_owned()),
        failure,
        stderr: "words".to_owned(),
    })
}

fn close_reasons() -> Vec<CloseReason> {
    let mut reasons = vec![
        CloseReason::Eof,
        CloseReason::Io(Arc::new(deep())),
        CloseReason::Tunnel(tunnel(TunnelFailure::NotStarted(Arc::new(deep())))),
        CloseReason::CutOff {
            cause: Arc::new(CloseReason::Io(Arc::new(deep()))),
            silence: Arc::new(Silence {
                lasted: Duration::from_secs(1),
                unanswered: vec![("virDomainCreate", 2)],
            }),
        },
    ];
    reasons.extend(protocol_errors().into_iter().map(CloseReason::from));
    reasons
}

fn auth_errors() -> Vec<AuthError> {
    let method = || "polkit".to_owned();
    vec![
        AuthError::Refused { method: method(), user: None, source: Box::new(remote()) },
        AuthError::Exchange { method: method(), reason: "why".to_owned() },
    ]
}

/// Returns one or more samples of each variant.
fn samples() -> Vec<Error> {
    let text = || "why".to_owned();
    let mut samples = vec![
        Error::Remote(Box::new(remote())),
        Error::NotConnected(Arc::new(Error::Closed(CloseReason::from(deep())))),
        Error::InvalidArgument { procedure: "virDomainCreate", reason: text() },
        Error::ReadOnly("virDomainMigrate3"),
        Error::Uri { uri: text(), reason: text() },
        Error::Config { path: "/file".into(), line: Some(1), reason: text() },
        Error::Connect {
            target: "/socket".to_owned(),
            tried: vec!["/other".into(), "/socket".into()],
            source: deep(),
        },
        Error::Start { daemon: "/libvirtd".into(), source: deep() },
        Error::Network(Box::new(NetworkError {
            host: "kvm1".to_owned(),
            port: 1,
            attempts: vec![(([127, 0, 0, 1], 1).into(), deep())],
            resolution: None,
        })),
        Error::Network(Box::new(NetworkError {
            host: "kvm1".to_owned(),
            port: 1,
            attempts: Vec::new(),
            resolution: Some(deep()),
        })),
        Error::Tunnel(tunnel(TunnelFailure::NotStarted(Arc::new(deep())))),
        Error::Tunnel(tunnel(TunnelFailure::Lost)),
        Error::Tls {
            host: "kvm1".to_owned(),
            port: 1,
            source: Box::new(TlsError::Handshake(text())),
        },
        Error::Ssh(Box::new(SshError {
            host: "kvm1".to_owned(),
            failure: SshFailure::KnownHosts { file: "/file".into(), source: deep() },
        })),
        Error::Opening {
            target: "qemu:///system".to_owned(),
            source: Box::new(Error::Closed(CloseReason::from(deep()))),
            hint: Some("is it there?"),
        },
        Error::File(deep()),
        Error::Unreadable { path: "/file".into(), source: deep() },
        Error::Unsupported(text()),
        Error::Timeout {
            operation: "virDomainCreate",
            after: Duration::from_secs(1),
            waiting: Waiting::Opening,
        },
        Error::Timeout {
            operation: "the guest's shutdown",
            after: Duration::from_secs(1),
            waiting: Waiting::Event { object: text() },
        },
        Error::Incomplete { ended: "the volume", copied_bytes: 1, expected_bytes: None },
        Error::Overrun { procedure: "virStorageVolDownload", unread_bytes: 1 },
        Error::Aborted("the migration"),
        Error::Failed("vda's job was never ready".to_owned()),
        migration(),
    ];
    samples.extend(close_reasons().into_iter().map(Error::Closed));
    samples.extend(close_reasons().into_iter().map(Error::NotSent));
    samples.extend(protocol_errors().into_iter().map(Error::Protocol));
    samples.extend(auth_errors().into_iter().map(Error::from));
    samples
}

fn migration() -> Error {
    let failure = |side, step, reason| {
        let error = Error::Closed(CloseReason::from(reason));
        MigrationFailure { side, step, error }
    };
    let unrelated = io::Error::other("something else");
    let first = failure(MigrationSide::Source, MigrationStep::Perform, deep());
    let later = failure(MigrationSide::Destination, MigrationStep::Finish, unrelated);
    let outcome = MigrationOutcome { source: Presence::Running, destination: Presence::Absent };
    Error::Migration(Box::new(MigrationError { first, later: vec![later], outcome }))
}

/// Returns a number for each variant; a new variant needs a sample too.
fn kind(error: &Error) -> usize {
    match error {
        Error::Remote(_) => 0,
        Error::Closed(_) => 1,
        Error::NotConnected(_) => 2,
        Error::Timeout { .. } => 3,
        Error::Protocol(_) => 4,
        Error::InvalidArgument { .. } => 5,
        Error::Uri { .. } => 6,
        Error::Config { .. } => 7,
        Error::Connect { .. } => 8,
        Error::Start { .. } => 9,
        Error::Network(_) => 10,
        Error::Tunnel(_) => 11,
        Error::Tls { .. } => 12,
        Error::Ssh(_) => 13,
        Error::Opening { .. } => 14,
        Error::Auth(_) => 15,
        Error::File(_) => 16,
        Error::Unsupported(_) => 17,
        Error::Overrun { .. } => 18,
        Error::Unreadable { .. } => 19,
        Error::Incomplete { .. } => 20,
        Error::Migration(_) => 21,
        Error::Aborted(_) => 22,
        Error::Failed(_) => 23,
        Error::ReadOnly(_) => 24,
        Error::NotSent(_) => 25,
    }
}
const KINDS: usize = 26;

/// Returns the texts of an error and of its sources.
fn chain(error: &dyn StdError) -> Vec<String> {
    let mut texts = vec![error.to_string()];
    let mut next = error.source();
    while let Some(error) = next {
        texts.push(error.to_string());
        next = error.source();
    }
    texts
}

fn assert_told_once(error: &dyn StdError) {
    let texts = chain(error);
    for (index, text) in texts.iter().enumerate() {
        let above = texts.get(..index).unwrap_or_default();
        assert!(!above.iter().any(|upper| upper.contains(text.as_str())), "{texts:#?}");
    }
    // A cause that the text does not include must be a source.
    let has_deep_cause = texts.iter().any(|text| text.contains("the upper cause"));
    let tells_deeper = texts.last().is_some_and(|text| text == "the lower cause");
    assert_eq!(has_deep_cause, tells_deeper, "{texts:#?}");
}

#[test]
fn no_cause_is_told_twice() {
    let samples = samples();
    for number in 0..KINDS {
        assert!(samples.iter().any(|it| kind(it) == number), "{number}");
    }
    for error in &samples {
        assert_told_once(error);
    }
    for reason in close_reasons() {
        assert_told_once(&reason);
    }
    for error in protocol_errors() {
        assert_told_once(&error);
    }
    for error in auth_errors() {
        assert_told_once(&error);
    }
}

#[test]
fn what_peers_say_stays_on_one_line() {
    let said = || "two\nlines\x1b[2J\u{202e}".to_owned();
    let list = || vec![said()];
    let host = "kvm1".to_owned();
    let mut report = remote();
    report.message = said() + ".\n";
    let errors = [
        Error::from(report.clone()),
        AuthError::Refused {
            method: "polkit".to_owned(),
            user: None,
            source: Box::new(report),
        }
        .into(),
        AuthError::NoMechanism { offered: list(), known: Vec::new() }.into(),
        AuthError::Exchange { method: "SCRAM".to_owned(), reason: said() }.into(),
        Error::Tunnel(Arc::new(TunnelError {
            program: "ssh".to_owned(),
            host: Some(host.clone()),
            failure: TunnelFailure::Ended(ExitStatus::from_raw(0xff00)),
            stderr: said(),
        })),
        Error::Ssh(Box::new(SshError { host: host.clone(), failure: SshFailure::Broken(said()) })),
        Error::Tls {
            host,
            port: 1,
            source: Box::new(TlsError::WrongHost {
                subject: said(),
                host: "kvm1".to_owned(),
                names: list(),
                common_name: Some(said()),
            }),
        },
        Error::Start { daemon: "/libvirtd".into(), source: io::Error::other(said()) },
        Error::Protocol(ProtocolError::InvalidReply {
            procedure: "virDomainCreate",
            reason: said(),
        }),
        Error::Closed(CloseReason::from(io::Error::other(said()))),
        Error::Unsupported(said()),
    ];
    for error in errors {
        let text = error.to_string();
        let escaped = r"two\nlines\u{1b}[2J\u{202e}";
        // The lines of a program's output are joined.
        assert!(text.contains(escaped) || text.contains(&escaped.replace(r"\n", " ")), "{text}");
        assert!(!text.contains(char::is_control), "{text:?}");
        assert!(!text.ends_with("\\n"), "{text}");
    }
}

fn ssh_ended(status: i32, stderr: &str) -> String {
    TunnelError {
        program: "ssh".to_owned(),
        host: Some("kvm1".to_owned()),
        failure: TunnelFailure::Ended(ExitStatus::from_raw(status << 8)),
        stderr: stderr.to_owned(),
    }
    .to_string()
}

#[test]
fn who_refused_is_told() {
    let text = ssh_ended(255, "ssh: connect to host kvm1 port 22: Connection refused\r\n");
    assert!(text.contains("no ssh server listens there"), "{text}");
    assert!(!text.contains("libvirt's daemon"), "{text}");
    let text = ssh_ended(
        255,
        "Warning: Identity file /x not accessible: No such file or directory.\nConnection closed",
    );
    assert!(!text.contains("libvirt's daemon"), "{text}");
    let text = ssh_ended(1, "nc: unix connect failed: Connection refused");
    assert!(text.contains("is libvirt's daemon running on kvm1?"), "{text}");
}

#[test]
fn passwords_in_uris_are_not_told() {
    let error = Error::Uri {
        uri: "qemu+ssh://fred:hunter2@kvm1/system".to_owned(),
        reason: "why".to_owned(),
    };
    for text in [
        error.to_string(),
        format!("{error:?}"),
        format!("{error:#?}"),
    ] {
        assert!(text.contains("fred:***@kvm1"), "{text}");
    }
}

#[test]
fn debug_is_the_text_on_one_line() {
    for error in samples() {
        assert_eq!(format!("{error:?}"), error.to_string());
    }
    let nested = Some(Error::Aborted("the migration"));
    assert_eq!(format!("{nested:?}"), "Some(the migration was aborted)");
}

#[test]
fn debug_is_the_structure_on_several_lines() {
    let error = Error::Opening {
        target: "qemu:///system".to_owned(),
        source: Box::new(Error::Incomplete {
            ended: "the volume",
            copied_bytes: 1,
            expected_bytes: None,
        }),
        hint: Some("is it there?"),
    };
    let expected = r#"Opening {
    target: "qemu:///system",
    source: Incomplete {
        ended: "the volume",
        copied_bytes: 1,
        expected_bytes: None,
    },
    hint: Some(
        "is it there?",
    ),
}"#;
    assert_eq!(format!("{error:#?}"), expected);
    for error in samples() {
        let structure = format!("{error:#?}");
        let starts = structure.starts_with(|first: char| first.is_ascii_uppercase());
        assert!(starts && structure.contains('\n'), "{structure}");
    }
}
