//! Secrets in logs. A program of its own, since a process has one logger.

#![cfg(all(feature = "sasl", feature = "ssh-native", feature = "tls"))]
#![allow(missing_docs, clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::fmt::{self, Write as _};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use libvirt_client::{Connect, ConnectBuilder, Credential, Error};
use rig::certificates::{Authority, Leaf, ServerFiles, client_dir};
use rig::ssh::PASSWORD;
use rig::{Daemon, Need, ssh};
use tracing::field::{Field, Visit};
use tracing::span;

const PASSPHRASE: &str = "open-sesame";
const SASL_PASSWORD: &str = "s4sl-pa55word";

/// Keeps all that anybody logs.
struct Recorder;

static RECORDS: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// Whether it leaves out what russh logs of the bytes that it sends.
static IS_DISCREET: AtomicBool = AtomicBool::new(false);

fn record(text: String) {
    RECORDS.lock().unwrap().push(text);
}

impl log::Log for Recorder {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        let tells_bytes =
            metadata.target() == "russh::session" && metadata.level() == log::Level::Trace;
        !(tells_bytes && IS_DISCREET.load(Ordering::Relaxed))
    }

    fn log(&self, it: &log::Record<'_>) {
        if self.enabled(it.metadata()) {
            record(format!("{} {} {}", it.level(), it.target(), it.args()));
        }
    }

    fn flush(&self) {}
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        write!(self.0, " {field}={value}").unwrap();
    }
}

impl tracing::Subscriber for Recorder {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let metadata = attributes.metadata();
        let mut fields = Fields(format!("{} {}", metadata.target(), metadata.name()));
        attributes.record(&mut fields);
        record(fields.0);
        span::Id::from_u64(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        let mut fields = Fields(String::new());
        values.record(&mut fields);
        record(fields.0);
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut fields = Fields(event.metadata().target().to_owned());
        event.record(&mut fields);
        record(fields.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// The ways in which bytes may stand in a log, where white space is left out.
fn shapes(secret: &str) -> Vec<String> {
    let bytes = secret.as_bytes();
    let list = |number: fn(&u8) -> String, between: &str| {
        bytes.iter().map(number).collect::<Vec<_>>().join(between)
    };
    let mut shapes = vec![
        secret.to_owned(),
        list(u8::to_string, ","),
        list(|byte| format!("{byte:x}"), ","),
        list(|byte| format!("0x{byte:x}"), ","),
        list(|byte| format!("{byte:02x}"), ""),
        list(|byte| format!("{byte:02x}"), ":"),
    ];
    // It may begin at any of three places of a group.
    for before in 0..3 {
        let whole = [&[0; 2][..before.min(2)], bytes].concat();
        let text = BASE64_STANDARD_NO_PAD.encode(whole);
        let (start, end) = ([0, 2, 3][before], text.len() - 1);
        shapes.push(text[start..end].to_owned());
    }
    shapes
}

/// Gives what was logged of a secret since the last call, and forgets all.
fn told(secret: &str) -> Vec<String> {
    let shapes = shapes(secret);
    let records = std::mem::take(&mut *RECORDS.lock().unwrap());
    assert!(!records.is_empty(), "nothing was logged at all");
    let is_told = |record: &String| {
        let record: String = record.split_whitespace().collect();
        let lower = record.to_lowercase();
        shapes.iter().any(|it| record.contains(it) || lower.contains(it))
    };
    records.into_iter().filter(is_told).collect()
}

#[track_caller]
fn assert_untold(secret: &str) {
    assert_eq!(told(secret), Vec::<String>::new());
}

fn answering(uri: &str, answer: &'static str) -> ConnectBuilder {
    Connect::builder(uri).credentials(move |_| async move { Some(Credential::from(answer)) })
}

/// A host whose daemon has the test driver, and what it takes to log in there.
struct Host {
    uri: String,
    client: ssh::Client,
    _server: ssh::Server,
}

impl Host {
    fn new(daemon: &Daemon, adapt: impl FnOnce(ssh::Builder<'_>) -> ssh::Builder<'_>) -> Self {
        let client = ssh::Client::new().unwrap();
        let server = adapt(ssh::Server::builder(daemon)).accept(&client);
        let server = server.start().unwrap();
        client.trust(&server.address(), server.host_key()).unwrap();
        let uri = format!(
            "test+libssh://{}@{}/default?socket={}&known_hosts={}&sshauth=",
            server.user(),
            server.address(),
            daemon.socket().display(),
            client.known_hosts().display()
        );
        Self { uri, client, _server: server }
    }

    fn auth_file(&self) -> PathBuf {
        let path = self.client.dir().join("auth.conf");
        let text = format!(
            "[credentials-rig]\npassword={PASSWORD}\n[auth-ssh-127.0.0.1]\ncredentials=rig\n"
        );
        fs::write(&path, text).unwrap();
        path
    }
}

/// What the recorder can find it must find, or finding nothing proves nothing.
fn check_the_recorder() {
    let secret = PASSWORD;
    for behind in ["", "b", "bc"] {
        let whole = format!("{behind}{secret}tail");
        log::trace!(target: "rig", "{}", BASE64_STANDARD_NO_PAD.encode(&whole));
        log::trace!(target: "rig", "{:?}", whole.as_bytes());
        tracing::trace!(field = ?whole.as_bytes());
        tracing::trace!(whole, "message");
        tracing::trace_span!("span", whole);
        let mut hex = String::new();
        for byte in whole.bytes() {
            write!(hex, "{byte:02X}").unwrap();
        }
        log::trace!(target: "rig", "{hex}");
        log::trace!(target: "rig", "{:#04x?}", whole.as_bytes());
        log::trace!(target: "rig", "{:x?}", whole.as_bytes());
        assert_eq!(told(secret).len(), 8);
    }
}

async fn ssh(daemon: &Daemon) {
    let by_password = Host::new(daemon, |server| server.accept_password("password"));
    let by_answers = Host::new(daemon, |server| server.accept_password("keyboard-interactive"));
    let ways = [
        (&by_password, "password", None),
        (&by_password, "password", Some(by_password.auth_file())),
        (&by_answers, "keyboard-interactive", None),
        (&by_answers, "keyboard-interactive", Some(by_answers.auth_file())),
    ];
    for is_discreet in [false, true] {
        IS_DISCREET.store(is_discreet, Ordering::Relaxed);
        for (host, method, auth_file) in &ways {
            let mut uri = format!("{}{method}", host.uri);
            let builder = match auth_file {
                None => answering(&uri, PASSWORD),
                Some(file) => {
                    write!(uri, "&authfile={}", file.display()).unwrap();
                    Connect::builder(&uri)
                }
            };
            let opened = builder.open().await;
            if is_discreet {
                let conn = opened.unwrap_or_else(|error| panic!("{uri}: {error}"));
                assert!(conn.domain_lookup_by_name("test").await.is_ok());
            } else {
                // russh would tell it, so it does not hear of it.
                let error = opened.unwrap_err();
                assert!(matches!(error, Error::Ssh(_)), "{error:?}");
                let text = error.to_string();
                assert!(text.contains(&format!("{method}: not tried")), "{text}");
                assert!(text.contains("russh::session"), "{text}");
            }
            assert_untold(PASSWORD);
        }
    }
    IS_DISCREET.store(false, Ordering::Relaxed);

    let mut change = Command::new("ssh-keygen");
    change.args(["-q", "-p", "-P", "", "-N", PASSPHRASE, "-f"]);
    let changed = change.arg(by_password.client.key()).output().unwrap();
    assert!(changed.status.success(), "{changed:?}");
    let key = by_password.client.key();
    let uri = format!("{}privkey&keyfile={}", by_password.uri, key.display());
    let conn = answering(&uri, PASSPHRASE).open().await.unwrap();
    assert!(conn.domain_lookup_by_name("test").await.is_ok());
    assert_untold(PASSPHRASE);
}

async fn sasl() {
    let authority = Authority::new("ca").unwrap();
    let files = ServerFiles::new(&authority, authority.issue(&Leaf::server()).unwrap());
    let mechanisms = ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"];
    let daemon = Daemon::builder()
        .test_driver()
        .sasl(&mechanisms.join(" "), &[("fred", SASL_PASSWORD)])
        .listen_tls(files)
        .conf_line("auth_unix_rw = \"sasl\"")
        .conf_line("auth_tls = \"sasl\"");
    let daemon = daemon.start().unwrap();
    let client = authority.issue(&Leaf::client("me")).unwrap();
    let dir = daemon.scratch().join("me");
    let dir = client_dir(&dir, &authority.pem(), None, Some(&client)).unwrap();
    let file = daemon.scratch().join("auth.conf");
    let text = format!(
        "[credentials-rig]\nauthname=fred\npassword={SASL_PASSWORD}\n\
         [auth-libvirt-localhost]\ncredentials=rig\n"
    );
    fs::write(&file, text).unwrap();
    let tls = daemon.uri_over("tls", "localhost").unwrap();
    let tls = format!("{tls}?pkipath={}", dir.display());
    for mechanism in mechanisms {
        for place in [&daemon.test_uri(), &tls] {
            let uri = format!("{place}&auth=sasl.{mechanism}");
            let from_file = format!("{uri}&authfile={}", file.display());
            for builder in [
                Connect::builder(&uri).login("fred", SASL_PASSWORD),
                Connect::builder(&from_file),
            ] {
                let conn = builder.open().await.unwrap();
                assert!(conn.domain_lookup_by_name("test").await.is_ok());
                assert_untold(SASL_PASSWORD);
            }
            let error = Connect::builder(&uri).login("fred", PASSPHRASE).open().await;
            let error = error.unwrap_err();
            assert!(!format!("{error} {error:?}").contains(PASSPHRASE));
            assert_untold(PASSPHRASE);
        }
    }
}

#[tokio::test]
async fn nobody_logs_secrets() {
    let needs = [Need::Daemon, Need::Root, Need::Ssh, Need::Sasl];
    if !rig::available(&needs).unwrap() {
        return;
    }
    log::set_logger(&Recorder).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    tracing::subscriber::set_global_default(Recorder).unwrap();
    check_the_recorder();
    let daemon = rig::shared::test_driver().unwrap();
    ssh(daemon).await;
    sasl().await;
}
