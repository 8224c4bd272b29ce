//! Who the host is.

use std::fs;
use std::process::Command;

use libvirt_client::{Connect, Credential, SshFailure};
use rig::ssh::Client;

use super::super::{Host, check};
use super::refused;

/// Forgets every host, and knows another key for this one if `other` is there.
fn know(host: &Host, other: Option<&Client>) {
    fs::write(host.client.known_hosts(), "").unwrap();
    if let Some(other) = other {
        let trusted = host.client.trust(&host.server.address(), other.public_key());
        trusted.unwrap();
    }
}

fn known(host: &Host) -> String {
    fs::read_to_string(host.client.known_hosts()).unwrap()
}

/// What is written of the host once its key is accepted.
fn line(host: &Host) -> String {
    let (address, port) = ("127.0.0.1", host.server.port());
    // Without the comment.
    let key: Vec<_> = host.server.host_key().split(' ').take(2).collect();
    format!("[{address}]:{port} {}", key.join(" "))
}

#[tokio::test]
async fn unknown_hosts_are_asked_about() {
    let Some(host) = Host::new() else { return };
    know(&host, None);
    let uri = host.key_uri("");
    let (failure, text) = refused(&uri).await;
    assert!(matches!(failure, SshFailure::UnknownHost { .. }), "{failure:?}");
    assert!(
        text.starts_with("the SSH host key of 127.0.0.1 is unknown: ssh-ed25519 SHA256:"),
        "{text}"
    );
    let answer = |answer: &'static str| {
        let builder = Connect::builder(&uri);
        builder.credentials(move |request| async move {
            assert!(request.prompt.contains("SHA256:") && !request.is_secret(), "{request:?}");
            Some(Credential::from(answer))
        })
    };
    let error = answer("n").open().await.unwrap_err();
    assert!(error.to_string().contains("is unknown"), "{error}");
    assert_eq!(known(&host), "");
    check(&answer("y").open().await.unwrap()).await;
    assert_eq!(known(&host).trim().split(" rig").next().unwrap(), line(&host));
    check(&Connect::open(&uri).await.unwrap()).await;
}

#[tokio::test]
async fn unknown_hosts_are_taken_for_true_where_that_is_wanted() {
    let Some(host) = Host::new() else { return };
    know(&host, None);
    let uri = host.key_uri("known_hosts_verify=ignore");
    check(&Connect::open(&uri).await.unwrap()).await;
    assert_eq!(known(&host), "");
    let uri = host.key_uri("known_hosts_verify=auto");
    for _ in 0..2 {
        check(&Connect::open(&uri).await.unwrap()).await;
        assert!(known(&host).starts_with(&line(&host)), "{}", known(&host));
        assert_eq!(known(&host).lines().count(), 1);
    }
}

#[tokio::test]
async fn changed_hosts_are_not() {
    let Some(host) = Host::new() else { return };
    know(&host, Some(&Client::new().unwrap()));
    for verify in ["normal", "auto"] {
        let uri = host.key_uri(&format!("known_hosts_verify={verify}"));
        let (failure, text) = refused(&uri).await;
        assert!(matches!(failure, SshFailure::ChangedHost { line: 1, .. }), "{failure:?}");
        assert!(text.contains("somebody stands in between"), "{text}");
    }
    let uri = host.key_uri("known_hosts_verify=ignore");
    check(&Connect::open(&uri).await.unwrap()).await;
}

#[tokio::test]
async fn hosts_are_known_whose_names_are_hashed() {
    let Some(host) = Host::new() else { return };
    let file = host.client.known_hosts();
    let mut hash = Command::new("ssh-keygen");
    assert!(hash.args(["-q", "-H", "-f"]).arg(&file).output().unwrap().status.success());
    assert!(known(&host).starts_with("|1|"));
    check(&Connect::open(&host.key_uri("")).await.unwrap()).await;
}

/// A host shows the key that is known of its keys.
#[tokio::test]
async fn hosts_with_several_keys() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("ecdsa");
    let mut make = Command::new("ssh-keygen");
    make.args(["-q", "-t", "ecdsa", "-N", "", "-f"]).arg(&file);
    assert!(make.status().unwrap().success());
    let line = format!("HostKey {}", file.display());
    let Some(host) = Host::with(|server| server.conf_line(line)) else {
        return;
    };
    know(&host, None);
    let key = fs::read_to_string(file.with_extension("pub")).unwrap();
    host.client.trust(&host.server.address(), key.trim()).unwrap();
    check(&Connect::open(&host.key_uri("")).await.unwrap()).await;
}
