//! What can go wrong on the way, and what the user learns of it.

use std::net::TcpListener;
use std::time::Duration;

use libvirt_client::{Connect, Error, TunnelFailure};
use rig::network::Port;
use rig::ssh::Client;

use super::{Host, check, failure};

#[tokio::test]
async fn hosts_that_are_not_known() {
    let Some(host) = Host::new() else { return };
    std::fs::write(host.client.known_hosts(), "").unwrap();
    let text = failure(&host.socket_uri()).await;
    assert!(
        text.contains("/ssh to 127.0.0.1 ended: No ED25519 host key is known")
            && text.contains("Host key verification failed.")
            && text.ends_with(
                "; the host's key is unknown here: log in to 127.0.0.1 once by ssh, at the same \
                 port, and accept it, or have no_verify=1 in the URI"
            ),
        "{text}"
    );
    let conn = Connect::open(&format!("{}&no_verify=1", host.socket_uri())).await;
    check(&conn.unwrap()).await;
}

#[tokio::test]
async fn a_host_that_shows_another_key_than_before() {
    let Some(host) = Host::new() else { return };
    std::fs::write(host.client.known_hosts(), "").unwrap();
    let other = Client::new().unwrap();
    let trusted = host.client.trust(&host.server.address(), other.public_key());
    trusted.unwrap();
    let text = failure(&host.socket_uri()).await;
    assert!(
        text.contains("ended: WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!")
            && text.contains("somebody stands in between, or the host has a new key"),
        "{text}"
    );
}

#[tokio::test]
async fn keys_that_are_not_accepted() {
    let Some(host) = Host::new() else { return };
    let stranger = Client::new().unwrap();
    let trusted = stranger.trust(&host.server.address(), host.server.host_key());
    trusted.unwrap();
    let uri = host.socket_uri();
    let uri = uri.replace(&host.client.parameters(), &stranger.parameters());
    let text = failure(&uri).await;
    assert!(
        text.contains("Permission denied (publickey).")
            && text.contains("; ssh must be able to log in to 127.0.0.1 as that user"),
        "{text}"
    );
}

#[tokio::test]
async fn hosts_that_cannot_be_reached() {
    let Some(host) = Host::new() else { return };
    let port = Port::reserve().unwrap();
    let uri = host.socket_uri();
    let nobody = uri.replace(&host.server.address(), &format!("127.0.0.1:{}", port.number()));
    let text = failure(&nobody).await;
    assert!(text.contains("Connection refused"), "{text}");
    assert!(text.contains("no ssh server listens there"), "{text}");
    assert!(!text.contains("libvirt's daemon"), "{text}");
    let nowhere = uri.replace("127.0.0.1", "no-such-host.invalid");
    let text = failure(&nowhere).await;
    assert!(
        text.contains(" to no-such-host.invalid ended: ssh: Could not resolve hostname"),
        "{text}"
    );
}

#[tokio::test]
async fn hosts_that_never_answer() {
    let Some(host) = Host::new() else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = listener.local_addr().unwrap().to_string();
    let uri = host.socket_uri().replace(&host.server.address(), &silent);
    let opening = Connect::builder(&uri).open_timeout(Some(Duration::from_millis(100)));
    let error = opening.open().await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    let text = error.to_string();
    assert!(
        text.ends_with(
            "/ssh to 127.0.0.1 brought no answer within 100ms; is the host up, and does it let ssh \
             through?"
        ),
        "{text}"
    );
}

#[tokio::test]
async fn daemons_that_are_not_there() {
    let Some(host) = Host::new() else { return };
    let text = failure(&host.uri("socket=/nonexistent/socket")).await;
    assert!(
        text.contains(" ended with exit status: 1: ")
            && text.contains("No such file or directory")
            && text.ends_with("; is libvirt's daemon running on 127.0.0.1?"),
        "{text}"
    );
}

#[tokio::test]
async fn hosts_without_the_programs() {
    let Some(host) = Host::with(|server| server.programs(&["sh", "grep"]).unwrap()) else {
        return;
    };
    for parameters in ["", "proxy=native", "proxy=netcat", "netcat=/nope"] {
        let text = failure(&host.uri(parameters)).await;
        assert!(
            text.contains(" ended with exit status: 127: ")
                && text.contains("; 127.0.0.1 has neither virt-ssh-helper"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn hosts_that_let_in_for_something_else() {
    let client = Client::new().unwrap();
    let mut hosts = Vec::new();
    for command in [
        "exit 7",
        "echo go away >&2",
        "echo Welcome to kvm1!; sh -c \\\"$SSH_ORIGINAL_COMMAND\\\"",
    ] {
        let option = format!("command=\"{command}\"");
        let Some(host) = Host::with(|server| server.accept_with(&option, &client)) else {
            return;
        };
        let trusted = client.trust(&host.server.address(), host.server.host_key());
        trusted.unwrap();
        hosts.push(host);
    }
    let mut texts = Vec::new();
    for host in &hosts {
        let uri = host.socket_uri();
        texts.push(failure(&uri.replace(&host.client.parameters(), &client.parameters())).await);
    }
    assert!(texts[0].ends_with("/ssh to 127.0.0.1 ended with exit status: 7"), "{texts:?}");
    assert!(
        texts[1].ends_with("/ssh to 127.0.0.1 ended with exit status: 0: go away"),
        "{texts:?}"
    );
    assert!(
        texts[2].contains("brought something else than libvirt: \"Welcome to kvm1!\\n")
            && texts[2].contains("nothing on 127.0.0.1, such as .bashrc, may write to its"),
        "{texts:?}"
    );
}

#[tokio::test]
async fn hosts_that_let_nobody_through_to_others() {
    let Some(host) = Host::with(|server| server.conf_line("AllowTcpForwarding no")) else {
        return;
    };
    let settings = format!(
        "Host inner
  HostName 127.0.0.1
  Port 1
  ProxyJump {}@{}
  IdentityFile {}
Host *
  IdentityFile {}",
        host.server.user(),
        host.server.address(),
        host.client.key().display(),
        host.client.key().display()
    );
    host.client.configure(&settings).unwrap();
    let uri = host.socket_uri();
    let text = failure(&uri.replace(&host.server.address(), "inner")).await;
    assert!(text.contains("administratively prohibited"), "{text}");
}

#[tokio::test]
async fn programs_that_are_not_there() {
    let error = Connect::open("qemu+ssh://kvm1/system?command=/no/such/ssh").await;
    let error = error.unwrap_err();
    assert_eq!(
        error.to_string(),
        "/no/such/ssh to kvm1 cannot be started: No such file or directory (os error 2)"
    );
    let Error::Tunnel(error) = &error else {
        panic!("{error:?}")
    };
    assert!(matches!(error.failure, TunnelFailure::NotStarted(_)));
    assert_eq!(error.host.as_deref(), Some("kvm1"));
}

#[tokio::test]
async fn uris_that_cannot_be() {
    for (uri, reason) in [
        ("qemu+ssh://h/system?mode=direct", "mode=direct over ssh"),
        ("qemu+ssh://h/system?proxy=native&netcat=nc", "netcat= has no place"),
        ("qemu+ssh://h/system?proxy=x", "proxy is"),
    ] {
        let text = Connect::open(uri).await.unwrap_err().to_string();
        assert!(text.contains(reason), "{text}");
    }
}
