//! What becomes of the connection, and of the command on the host.

use std::net::TcpListener;
use std::time::Duration;

use libvirt_client::{CloseReason, Connect, Error, TunnelFailure};
use rig::network::Port;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::super::{Host, check};
use crate::common::eventually;

async fn nobody_is_there(host: &Host) {
    eventually("nobody is logged in", async || !host.server.is_in_use().unwrap()).await;
}

#[tokio::test]
async fn nothing_is_left_on_the_host() {
    let Some(host) = Host::new() else { return };
    let uri = host.key_uri("");
    let conn = Connect::open(&uri).await.unwrap();
    assert!(host.server.is_in_use().unwrap());
    conn.close().await;
    nobody_is_there(&host).await;
    drop(Connect::open(&uri).await.unwrap());
    nobody_is_there(&host).await;
}

#[tokio::test]
async fn nothing_is_left_of_cancelled_openings() {
    // Its command never says anything.
    let Some((host, client)) = Host::with_command("exec sleep 1000000") else {
        return;
    };
    let uri = host.uri_of(&client, "");
    tokio::select! {
        opened = Connect::open(&uri) => panic!("{opened:?}"),
        () = eventually("the command runs", async || {
            let running = host.server.processes().unwrap();
            running.iter().any(|it| it.command.starts_with("sleep "))
        }) => {}
    }
    nobody_is_there(&host).await;
}

#[tokio::test]
async fn hosts_that_go() {
    let Some(mut host) = Host::new() else { return };
    let conn = Connect::open(&host.key_uri("")).await.unwrap();
    check(&conn).await;
    host.server.kill9().unwrap();
    let reason = conn.closed().await;
    let CloseReason::Tunnel(error) = &reason else {
        panic!("{reason:?}")
    };
    assert!(matches!(error.failure, TunnelFailure::Lost), "{error:?}");
    assert_eq!(error.to_string(), "SSH to 127.0.0.1 lost the connection");
}

#[tokio::test]
async fn hosts_that_cannot_be_reached() {
    let Some(host) = Host::new() else { return };
    let port = Port::reserve().unwrap();
    let address = host.server.address();
    let uri = host.key_uri("").replace(&address, &format!("127.0.0.1:{}", port.number()));
    let error = Connect::open(&uri).await.unwrap_err();
    assert!(matches!(error, Error::Network(_)), "{error:?}");
    assert!(error.to_string().contains("Connection refused"), "{error}");

    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = host.key_uri("").replace(&address, &silent.local_addr().unwrap().to_string());
    let limit = Some(Duration::from_millis(100));
    let error = Connect::builder(&uri).open_timeout(limit).open().await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
}

/// A host that greets and then says nothing more, not even in the exchange of keys.
#[tokio::test]
async fn hosts_that_only_greet_are_left_alone_in_the_end() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let uri = format!("test+libssh2://{address}/default?known_hosts_verify=ignore");
    let limit = Some(Duration::from_millis(100));
    let (opened, mut host) =
        tokio::join!(Connect::builder(&uri).open_timeout(limit).open(), async {
            let (mut host, _) = listener.accept().await.unwrap();
            host.write_all(b"SSH-2.0-OpenSSH_9.6\r\n").await.unwrap();
            host
        });
    let error = opened.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    let mut said = Vec::new();
    timeout(Duration::from_secs(60), host.read_to_end(&mut said))
        .await
        .unwrap()
        .unwrap();
    assert!(said.starts_with(b"SSH-2.0-"), "{said:?}");
}

/// The text of what must go wrong behind the login.
async fn failure(uri: &str) -> String {
    match Connect::open(uri).await.unwrap_err() {
        Error::Tunnel(error) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn commands_that_fail() {
    let Some(host) = Host::new() else { return };
    let socket = host.daemon.socket().display().to_string();
    let text = failure(&host.key_uri("").replace(&socket, "/nonexistent/socket")).await;
    assert!(
        text.starts_with("SSH to 127.0.0.1 ended with exit status: 1: nc: ")
            && text.ends_with("; is libvirt's daemon running on 127.0.0.1?"),
        "{text}"
    );
    let text = failure(&host.key_uri("netcat=/nope")).await;
    assert!(
        text.contains(" ended with exit status: 127: ")
            && text.contains("; 127.0.0.1 has neither virt-ssh-helper"),
        "{text}"
    );
}

#[tokio::test]
async fn hosts_that_let_in_for_something_else() {
    let Some((host, client)) = Host::with_command("echo Welcome to kvm1!") else {
        return;
    };
    let uri = host.uri_of(&client, "");
    let text = failure(&uri).await;
    assert!(
        text.contains("SSH to 127.0.0.1 brought something else than libvirt: \"Welcome to kvm1!"),
        "{text}"
    );
}
