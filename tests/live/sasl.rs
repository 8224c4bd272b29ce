//! SASL, against daemons with users of the tests' own.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use libvirt_client::types::connect::CredentialType;
use libvirt_client::types::error::ErrorCode;
use libvirt_client::{AuthError, Connect, Credential, CredentialRequest, Error};
use rig::certificates::{Authority, Leaf, ServerFiles, client_dir};
use rig::{Builder, Daemon, Need};

use crate::common::mkfifo;
use crate::programs::built;
use crate::terminal;

/// Every mechanism that this library knows and that daemons have.
const MECHANISMS: [&str; 5] = [
    "SCRAM-SHA-512",
    "SCRAM-SHA-256",
    "SCRAM-SHA-1",
    "PLAIN",
    "ANONYMOUS",
];

/// A daemon for the test driver whose socket asks for SASL. `None` if this run of the tests was
/// announced to do without.
fn asking(mechanisms: &str, adapt: impl FnOnce(Builder) -> Builder) -> Option<Daemon> {
    if !rig::available(&[Need::Daemon, Need::Virsh, Need::Sasl]).unwrap() {
        return None;
    }
    let builder = Daemon::builder()
        .test_driver()
        .sasl(mechanisms, &[("fred", "secret"), ("wilma", "s3c,=r\u{e9}t")])
        .conf_line("auth_unix_rw = \"sasl\"");
    Some(adapt(builder).start().unwrap())
}

/// An auth file with fred's password, or another's.
fn auth_file(daemon: &Daemon, host: &str, user: &str, password: &str) -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let path = daemon.scratch().join(format!("auth{number}.conf"));
    let text = format!(
        "[credentials-rig]\nauthname={user}\npassword={password}\n\
         [auth-libvirt-{host}]\ncredentials=rig\n"
    );
    fs::write(&path, text).unwrap();
    path
}

#[track_caller]
fn refusal(opened: libvirt_client::Result<Connect>) -> (AuthError, String) {
    let error = opened.unwrap_err();
    let text = error.to_string();
    match error.into_cause() {
        Error::Auth(error) => (*error, text),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn mechanisms_over_a_socket() {
    let Some(daemon) = asking(&MECHANISMS.join(" "), |builder| builder) else {
        return;
    };
    let uri = daemon.test_uri();
    for mechanism in MECHANISMS {
        for (user, password) in [("fred", "secret"), ("wilma", "s3c,=r\u{e9}t")] {
            let uri = format!("{uri}&auth=sasl.{mechanism}");
            let builder = Connect::builder(&uri).login(user, password);
            let conn = builder.open().await;
            let conn = conn.unwrap_or_else(|error| panic!("{mechanism}: {error}"));
            assert!(conn.domain_lookup_by_name("test").await.is_ok());
        }
    }
    // The daemon's list is in an order of its own.
    let conn = Connect::builder(&uri).login("fred", "secret").open().await.unwrap();
    let again = conn.reopen().await.unwrap();
    assert!(again.domain_lookup_by_name("test").await.is_ok());
    let shown = format!("{conn:?} {:?}", Connect::builder(&uri).login("fred", "secret"));
    assert!(!shown.contains("secret"), "{shown}");

    for (mechanism, words) in [
        ("SCRAM-SHA", "the URI asks for auth=sasl.SCRAM-SHA, but the daemon offers"),
        ("plain", "the URI asks for auth=sasl.plain, but the daemon offers"),
        ("GSSAPI", "the URI asks for auth=sasl.GSSAPI, but the daemon offers"),
    ] {
        let uri = format!("{uri}&auth=sasl.{mechanism}");
        let builder = Connect::builder(&uri).login("fred", "secret");
        let (error, text) = refusal(builder.open().await);
        assert!(matches!(error, AuthError::NotOffered { .. }), "{error:?}");
        assert!(text.contains(words) && text.contains("SCRAM-SHA-256"), "{text}");
    }
}

#[tokio::test]
async fn wrong_passwords() {
    let Some(daemon) = asking("SCRAM-SHA-512 SCRAM-SHA-256 SCRAM-SHA-1 PLAIN", |builder| builder)
    else {
        return;
    };
    for mechanism in ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"] {
        for (user, password) in [("fred", "wrong"), ("nobody", "secret")] {
            let uri = format!("{}&auth=sasl.{mechanism}", daemon.test_uri());
            let builder = Connect::builder(&uri).login(user, password);
            let error = builder.open().await.unwrap_err();
            assert_eq!(error.code(), Some(ErrorCode::AuthFailed), "{error:?}");
            assert!(error.is_permission_denied() && !error.is_transient());
            let text = error.to_string();
            let start = format!(
                ": authentication failed: the daemon refused user {user:?}, by SASL mechanism \
                 {mechanism}: "
            );
            assert!(text.contains(&start), "{text}");
            assert!(!format!("{text}{error:#?}").contains("wrong\""), "{error:?}");
        }
    }
    // The daemon is none the worse for it.
    let builder = Connect::builder(&daemon.test_uri()).login("fred", "secret");
    assert!(builder.open().await.is_ok());
}

#[tokio::test]
async fn auth_files() {
    let Some(daemon) = asking("SCRAM-SHA-256", |builder| builder) else {
        return;
    };
    let good = auth_file(&daemon, "localhost", "fred", "secret");
    let default = auth_file(&daemon, "default", "fred", "secret");
    for file in [&good, &default] {
        let uri = format!("{}&authfile={}", daemon.test_uri(), file.display());
        assert!(daemon.virsh_at(&uri, ["list"]).unwrap().status.success());
        assert!(Connect::open(&uri).await.is_ok());
    }
    let bad = auth_file(&daemon, "localhost", "fred", "wrong");
    let uri = format!("{}&authfile={}", daemon.test_uri(), bad.display());
    assert!(!daemon.virsh_at(&uri, ["list"]).unwrap().status.success());
    let (error, _) = refusal(Connect::open(&uri).await);
    assert!(matches!(error, AuthError::Refused { .. }), "{error:?}");
    // What the program says itself comes first.
    let builder = Connect::builder(&uri).login("fred", "secret");
    assert!(builder.open().await.is_ok());

    let other = auth_file(&daemon, "kvm1", "fred", "secret");
    let uri = format!("{}&authfile={}", daemon.test_uri(), other.display());
    let (error, text) = refusal(Connect::open(&uri).await);
    assert!(matches!(error, AuthError::Missing { .. }), "{error:?}");
    let words = format!(
        "SASL mechanism SCRAM-SHA-256 needs a user name: {} has none in what \
         [auth-libvirt-localhost] or [auth-libvirt-default] name",
        other.display()
    );
    assert!(text.contains(&words), "{text}");

    let uri = format!("{}&authfile=/nonexistent/auth.conf", daemon.test_uri());
    let error = Connect::open(&uri).await.unwrap_err();
    assert!(matches!(error, Error::Unreadable { .. }), "{error:?}");
    // What nobody may ever write into is not waited for.
    let pipe = daemon.scratch().join("pipe");
    mkfifo(&pipe);
    let uri = format!("{}&authfile={}", daemon.test_uri(), pipe.display());
    let error = Connect::open(&uri).await.unwrap_err().to_string();
    assert!(error.ends_with("/pipe: it is not a regular file"), "{error}");
}

#[tokio::test]
async fn somebody_is_asked() {
    let Some(daemon) = asking("SCRAM-SHA-256", |builder| builder) else {
        return;
    };
    let asked = Arc::new(Mutex::new(Vec::new()));
    let ask = |password: Option<&'static str>| {
        let asked = Arc::clone(&asked);
        move |request: CredentialRequest| {
            asked.lock().unwrap().push(request.clone());
            async move {
                tokio::task::yield_now().await;
                match request.kind {
                    CredentialType::Authname => Some(Credential::from("fred")),
                    _ => password.map(Credential::from),
                }
            }
        }
    };
    let builder = Connect::builder(&daemon.test_uri()).credentials(ask(Some("secret")));
    let conn = builder.open().await.unwrap();
    assert!(conn.domain_lookup_by_name("test").await.is_ok());
    let requests = std::mem::take(&mut *asked.lock().unwrap());
    let [name, password] = &*requests else {
        panic!("{requests:?}")
    };
    assert_eq!((name.kind, name.is_secret()), (CredentialType::Authname, false));
    assert_eq!((name.host.as_str(), name.user.as_deref()), ("localhost", None));
    assert_eq!(name.method, "SASL mechanism SCRAM-SHA-256");
    assert_eq!(password.kind, CredentialType::Passphrase);
    assert!(password.is_secret());
    assert_eq!(password.prompt, "Password of fred for localhost");

    let builder = Connect::builder(&daemon.test_uri()).credentials(ask(None));
    let (error, text) = refusal(builder.open().await);
    assert!(matches!(error, AuthError::Declined { .. }), "{error:?}");
    assert!(text.contains("needs a password, which was asked for"), "{text}");

    // What is in the file is not asked for.
    let file = daemon.scratch().join("half.conf");
    fs::write(&file, "[credentials-a]\nauthname=fred\n[auth-libvirt-default]\ncredentials=a\n")
        .unwrap();
    asked.lock().unwrap().clear();
    let uri = format!("{}&authfile={}", daemon.test_uri(), file.display());
    let builder = Connect::builder(&uri).credentials(ask(Some("secret")));
    assert!(builder.open().await.is_ok());
    assert_eq!(asked.lock().unwrap().len(), 1);

    // Somebody who does not answer does not hold it up for ever.
    let builder = Connect::builder(&daemon.test_uri())
        .credentials(|_| std::future::pending())
        .open_timeout(Some(Duration::from_millis(100)));
    let error = builder.open().await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert!(error.to_string().contains("authentication"), "{error}");
}

#[tokio::test]
async fn over_tls() {
    if !rig::available(&[Need::Daemon, Need::Virsh, Need::Sasl]).unwrap() {
        return;
    }
    let authority = Authority::new("ca").unwrap();
    let identity = authority.issue(&Leaf::server()).unwrap();
    let files = ServerFiles::new(&authority, identity);
    let Some(daemon) = asking("SCRAM-SHA-256 PLAIN", |builder| {
        builder.listen_tls(files).conf_line("auth_tls = \"sasl\"")
    }) else {
        return;
    };
    let client = authority.issue(&Leaf::client("me")).unwrap();
    let dir =
        client_dir(&daemon.scratch().join("me"), &authority.pem(), None, Some(&client)).unwrap();
    let uri = daemon.uri_over("tls", "localhost").unwrap();
    for mechanism in ["SCRAM-SHA-256", "PLAIN"] {
        let file = auth_file(&daemon, "localhost", "fred", "secret");
        let uri = format!(
            "{uri}?pkipath={}&auth=sasl.{mechanism}&authfile={}",
            dir.display(),
            file.display()
        );
        assert!(daemon.virsh_at(&uri, ["list"]).unwrap().status.success());
        let conn = Connect::open(&uri).await.unwrap();
        assert!(conn.domain_lookup_by_name("test").await.is_ok());
        assert!(conn.is_encrypted().await.unwrap());
    }
    let uri = format!("{uri}?pkipath={}", dir.display());
    let builder = Connect::builder(&uri).login("fred", "wrong");
    let (error, _) = refusal(builder.open().await);
    assert!(matches!(error, AuthError::Refused { .. }), "{error:?}");
}

#[tokio::test]
async fn over_plain_tcp() {
    let Some(daemon) = asking("DIGEST-MD5 SCRAM-SHA-256 PLAIN", |builder| {
        builder.listen_tcp().conf_line("auth_tcp = \"sasl\"")
    }) else {
        return;
    };
    let uri = daemon.uri_over("tcp", "localhost").unwrap();
    // The daemon only offers what encrypts by itself.
    let (error, text) = refusal(Connect::builder(&uri).login("fred", "secret").open().await);
    assert!(matches!(error, AuthError::Unprotected), "{error:?}");
    assert!(text.contains("Use TLS (driver+tls://…) or ssh"), "{text}");

    // Over a stream of the caller's own it is the caller who knows.
    for private in [false, true] {
        let stream = tokio::net::UnixStream::connect(daemon.socket()).await.unwrap();
        let opened = Connect::builder("test:///default")
            .login("fred", "secret")
            .private_stream(private)
            .open_over(stream)
            .await;
        assert_eq!(opened.is_ok(), private, "{opened:?}");
    }
}

#[tokio::test]
async fn mechanisms_that_nobody_knows() {
    let Some(daemon) = asking("DIGEST-MD5 CRAM-MD5", |builder| builder) else {
        return;
    };
    let builder = Connect::builder(&daemon.test_uri()).login("fred", "secret");
    let (error, text) = refusal(builder.open().await);
    assert!(matches!(error, AuthError::NoMechanism { .. }), "{error:?}");
    assert!(
        text.contains("DIGEST-MD5") && text.contains("this library knows EXTERNAL, SCRAM-SHA-512"),
        "{text}"
    );
}

#[test]
fn names_and_passwords_in_an_example() {
    let Some(daemon) = asking("SCRAM-SHA-256", |builder| builder) else {
        return;
    };
    let uri = daemon.test_uri();
    let list = built("list");
    let file = auth_file(&daemon, "localhost", "fred", "secret");
    let output = Command::new(&list)
        .arg(format!("{uri}&authfile={}", file.display()))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("test"), "{output:?}");

    // Where nobody can be asked.
    let output = Command::new(&list).arg(&uri).stdin(Stdio::null()).output();
    let output = output.unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && text.contains("needs a user name"), "{output:?}");

    // A terminal on which somebody types.
    let (terminal, mut user) = terminal::pair();
    let child = terminal::run(&terminal, [list.as_os_str(), uri.as_ref()]);
    let mut shown = user.answer("User name", "fred", true);
    shown += &user.answer("Password", "secret", false);
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("test"), "{output:?}");
    assert!(shown.contains("fred") && !shown.contains("secret"), "{shown}");
}
