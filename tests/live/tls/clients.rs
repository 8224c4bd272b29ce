//! Clients that are let in, and such that are not.

use std::fs;

use libvirt_client::connect::Version;
use libvirt_client::{Connect, TlsError, TlsOptions};
use rig::Need;
use rig::certificates::{Authority, Identity, Leaf, ServerFiles, Validity, client_dir};

use super::{Served, failure, serve, serve_with};
use crate::programs::{built, copy_program};

#[tokio::test]
async fn good_clients() {
    let Some(served) = serve(&Leaf::server(), |builder| builder) else {
        return;
    };
    for host in ["localhost", "127.0.0.1", "LocalHost"] {
        let uri = served.uri(host, &served.client, "");
        let conn = served.open(&uri).await;
        assert_eq!(conn.uri(), uri);
        assert!(conn.is_secure().await.unwrap());
        assert!(conn.is_encrypted().await.unwrap());
        conn.close().await;
    }
    // TLS is what a URI with a host means that says nothing else.
    let uri = served.good_uri("").replace("test+tls:", "test:");
    served.open(&uri).await;

    // Daemons do not look at what a certificate is for, unless that is critical.
    let leaf = Leaf::client("odd").wrong_purpose();
    let identity = served.authority.issue(&leaf).unwrap();
    let files = served.files("odd", Some(&identity));
    served.open(&served.uri("localhost", &files, "")).await;
}

#[tokio::test]
async fn clients_whose_files_are_wrong() {
    let Some(served) = serve(&Leaf::server(), |builder| builder) else {
        return;
    };
    let issue = |leaf: &Leaf| served.authority.issue(leaf).unwrap();
    let stranger = Authority::new("stranger").unwrap();
    let expired = issue(&Leaf::client("expired").valid(Validity::Past));
    let future = issue(&Leaf::client("future").valid(Validity::Future));
    let foreign = stranger.issue(&Leaf::client("foreign")).unwrap();
    for (name, identity, reason) in [
        ("expired", &expired, "it has expired, on 2021-01-01"),
        ("future", &future, "it is not valid before 2120-01-01"),
        ("foreign", &foreign, "it was issued by O=rig,CN=stranger, which"),
    ] {
        let files = served.files(name, Some(identity));
        let uri = served.uri("localhost", &files, "");
        let (error, text) = served.failure(&uri).await;
        assert!(matches!(error, TlsError::Credentials { .. }), "{error:?}");
        let start = format!("{}/clientcert.pem: {reason}", files.display());
        assert!(text.contains(&start), "{text}");

        // Not looked at before, it is the daemon who finds out. In TLS 1.3 the handshake succeeds.
        for version in ["1.2", "1.3"] {
            let priority =
                format!("&no_sanity=1&tls_priority=NORMAL:-VERS-ALL:%2BVERS-TLS{version}");
            let (error, text) = served.failure(&format!("{uri}{priority}")).await;
            assert!(matches!(error, TlsError::Refused { .. }), "{error:?}");
            assert!(
                text.contains("the daemon refused this client")
                    && text.contains(&format!("the certificate of O=rig,CN={name}")),
                "{text}"
            );
        }
    }

    let files = served.files("nobody", None);
    let (error, text) = served.failure(&served.uri("localhost", &files, "")).await;
    assert!(matches!(error, TlsError::Refused { .. }), "{error:?}");
    assert!(
        text.contains("wants a client certificate") && text.contains("nobody/clientcert.pem"),
        "{text}"
    );

    let missing = served.daemon.scratch().join("missing");
    let (_, text) = served.failure(&served.uri("localhost", &missing, "")).await;
    assert!(text.contains("missing/cacert.pem: there is no such file"), "{text}");

    let files = served.files("torn", Some(&foreign));
    fs::copy(served.client.join("clientcert.pem"), files.join("clientcert.pem")).unwrap();
    let (_, text) = served.failure(&served.uri("localhost", &files, "")).await;
    assert!(
        text.contains("clientkey.pem: it is not the key of the certificate in"),
        "{text}"
    );
    for (name, contents, reason) in [
        ("clientkey.pem", "", "there is no private key in PEM format"),
        ("clientcert.pem", "hello", "there is no certificate in PEM"),
        ("cacert.pem", "hello", "there is no certificate in PEM"),
        (
            "cacert.pem",
            "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n",
            "it cannot be read",
        ),
        (
            "cacert.pem",
            "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
            "it is not good PEM",
        ),
    ] {
        fs::write(files.join(name), contents).unwrap();
        let (error, text) = served.failure(&served.uri("localhost", &files, "")).await;
        assert!(matches!(error, TlsError::Credentials { .. }), "{error:?}");
        assert!(text.contains(&format!("{name}: {reason}")), "{text}");
    }
}

#[tokio::test]
async fn a_key_that_may_only_sign() {
    let Some(served) = serve(&Leaf::server(), |builder| builder) else {
        return;
    };
    if !rig::available(&[Need::Openssl]).unwrap() {
        return;
    }
    let good = Connect::open(&served.uri("localhost", &served.client, "")).await;
    let version = good.unwrap().lib_version().await.unwrap();
    // Nothing is wrong with that, but libvirt 9.0.0 disagrees; 11.3.0 of Debian and 12.8.0 do not.
    let leaf = Leaf::client("signer").signing_only();
    let elliptic = served.authority.issue(&leaf).unwrap();
    let rsa = served.authority.issue_rsa(&leaf, 2048).unwrap();
    for (name, identity) in [("elliptic", &elliptic), ("rsa", &rsa)] {
        let files = served.files(name, Some(identity));
        let opened = Connect::open(&served.uri("localhost", &files, "")).await;
        if version >= Version::new(11, 3, 0) {
            opened.unwrap();
            continue;
        }
        let (error, text) = failure(opened);
        assert!(matches!(error, TlsError::Refused { .. }), "{error:?}");
        assert!(text.contains("key encipherment"), "{text}");
    }
}

/// Clients have several where hosts have different authorities, or until all know the newest.
#[tokio::test]
async fn several_identities() {
    let Some(served) = serve(&Leaf::server(), |builder| builder) else {
        return;
    };
    let stranger = Authority::new("stranger").unwrap();
    let foreign = stranger.issue(&Leaf::client("foreign")).unwrap();
    let good = served.authority.issue(&Leaf::client("good")).unwrap();
    let write = |name: &str, identities: &[(&str, &Identity)]| {
        // This client knows hosts of both.
        let trusted = served.authority.pem() + &stranger.pem();
        let dir = served.daemon.scratch().join(name);
        let dir = client_dir(&dir, &trusted, None, None).unwrap();
        for (number, identity) in identities {
            let path = |kind| dir.join(format!("client{kind}{number}.pem"));
            fs::write(path("cert"), &identity.certificate).unwrap();
            fs::write(path("key"), &identity.key).unwrap();
        }
        dir
    };
    for (name, identities) in [
        ("plain-first", vec![("", &good), ("0", &foreign)]),
        ("numbered", vec![("", &foreign), ("0", &good)]),
        ("only-numbered", vec![("0", &foreign), ("1", &good)]),
        (
            "last",
            vec![
                ("0", &foreign),
                ("1", &foreign),
                ("2", &foreign),
                ("3", &good),
            ],
        ),
    ] {
        let files = write(name, &identities);
        for version in ["1.2", "1.3"] {
            let priority = format!("&tls_priority=NORMAL:-VERS-ALL:%2BVERS-TLS{version}");
            let uri = served.uri("localhost", &files, &priority);
            let opened = Connect::open(&uri).await;
            assert!(opened.is_ok(), "{name} {version}: {opened:?}");
        }
    }
    // There is a gap before the good one.
    let files = write("gap", &[("", &foreign), ("1", &good)]);
    let (error, text) = failure(Connect::open(&served.uri("localhost", &files, "")).await);
    assert!(matches!(error, TlsError::Refused { .. }), "{error:?}");
    assert!(text.contains("the certificate of O=rig,CN=foreign"), "{text}");

    // Each of them must be whole, and good.
    let files = write("half", &[("", &good), ("0", &good)]);
    fs::remove_file(files.join("clientkey0.pem")).unwrap();
    let (_, text) = failure(Connect::open(&served.uri("localhost", &files, "")).await);
    assert!(text.contains("clientkey0.pem: there is no such file"), "{text}");
    let expired = Leaf::client("expired").valid(Validity::Past);
    let expired = served.authority.issue(&expired).unwrap();
    let files = write("expired-too", &[("", &good), ("0", &expired)]);
    let (_, text) = failure(Connect::open(&served.uri("localhost", &files, "")).await);
    assert!(text.contains("clientcert0.pem: it has expired"), "{text}");
}

#[tokio::test]
async fn clients_that_the_daemon_knows_better() {
    if !rig::available(&[Need::Daemon, Need::Virsh]).unwrap() {
        return;
    }
    let authority = Authority::new("ca").unwrap();
    let revoked = authority.issue(&Leaf::client("revoked")).unwrap();
    let list = authority.revocation_list(&[&revoked], Validity::Now).unwrap();
    let identity = authority.issue(&Leaf::server()).unwrap();
    let files = ServerFiles::new(&authority, identity.clone()).revocation_list(list.clone());
    let served = serve_with(authority, identity, |builder| {
        builder
            .listen_tls(files)
            .conf_line("tls_allowed_dn_list = [\"O=rig,CN=g*\", \"O=rig,CN=revoked\"]")
    });
    served.open(&served.good_uri("")).await;

    let uninvited = served.authority.issue(&Leaf::client("uninvited")).unwrap();
    for (name, identity) in [("revoked", &revoked), ("uninvited", &uninvited)] {
        let files = served.files(name, Some(identity));
        let (error, text) = served.failure(&served.uri("localhost", &files, "")).await;
        assert!(matches!(error, TlsError::Refused { .. }), "{error:?}");
        assert!(
            text.contains(&format!("O=rig,CN={name}")) && text.contains("tls_allowed_dn_list"),
            "{text}"
        );
    }

    // Our own list says the same, earlier.
    let files = served.files("known", Some(&revoked));
    fs::write(files.join("cacrl.pem"), list).unwrap();
    let (error, text) = served.failure(&served.uri("localhost", &files, "")).await;
    assert!(matches!(error, TlsError::Credentials { .. }), "{error:?}");
    assert!(text.contains("it has been revoked, according to"), "{text}");
}

#[tokio::test]
async fn credentials_as_values() {
    let Some(served) = serve(&Leaf::server(), |builder| builder) else {
        return;
    };
    let Served { daemon, authority, .. } = &served;
    let identity = authority.issue(&Leaf::client("by-value")).unwrap();
    let uri = daemon.uri_over("tls", "localhost").unwrap();
    let options = TlsOptions::new()
        .authorities(authority.pem())
        .identity(&identity.certificate, &identity.key);
    assert!(!format!("{options:?}").contains("BEGIN"));
    let builder = Connect::builder(&uri).tls(options.clone());
    let conn = builder.clone().open().await.unwrap();
    assert!(conn.reopen().await.unwrap().is_alive());
    let shown = format!("{builder:?} {conn:?}");
    let secret = identity.key.lines().nth(1).unwrap();
    assert!(!shown.contains(secret), "{shown}");

    // Values come before files.
    let dir = daemon.scratch().join("other");
    let other = Authority::new("other").unwrap();
    let files = client_dir(&dir, &other.pem(), None, None).unwrap();
    let uri = served.uri("localhost", &files, "");
    let opened = Connect::builder(&uri).tls(options.clone()).open().await;
    assert!(opened.is_ok(), "{opened:?}");

    let renamed = options.clone().server_name("kvm1.example.com");
    let (error, text) = failure(Connect::builder(&uri).tls(renamed).open().await);
    assert!(matches!(error, TlsError::WrongHost { .. }), "{error:?}");
    assert!(text.contains("not for \"kvm1.example.com\""), "{text}");

    let list = authority.revocation_list(&[&identity], Validity::Now);
    let revoked = options.clone().revocation_lists(list.unwrap());
    let (_, text) = failure(Connect::builder(&uri).tls(revoked).open().await);
    assert!(text.contains("the given certificate: it has been revoked"), "{text}");

    let torn = options.identity(&identity.certificate, "no key");
    let (_, text) = failure(Connect::builder(&uri).tls(torn).open().await);
    assert!(text.contains("the given key: there is no private key"), "{text}");
}

#[test]
fn the_users_own_files() {
    let Some(served) = serve(&Leaf::server(), |builder| builder) else {
        return;
    };
    if !rig::is_root() {
        return;
    }
    // Root has no files of its own, so somebody else has to look.
    let home = tempfile::tempdir().unwrap();
    let identity = served.authority.issue(&Leaf::client("user")).unwrap();
    let dir = home.path().join(".pki/libvirt");
    client_dir(&dir, &served.authority.pem(), None, Some(&identity)).unwrap();
    let program = home.path().join("list");
    copy_program(&built("list"), &program);
    let owned = std::process::Command::new("chown")
        .args(["-R", "nobody"])
        .arg(home.path())
        .status();
    assert!(owned.unwrap().success());
    let uri = served.daemon.uri_over("tls", "localhost").unwrap();
    let output = std::process::Command::new("setpriv")
        .args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"])
        .arg(program)
        .arg(&uri)
        .env("HOME", home.path())
        .env_remove("XDG_CONFIG_HOME")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("test"), "{output:?}");
}
