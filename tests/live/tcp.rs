//! Plain TCP.

use std::net::TcpListener;
use std::time::Duration;

use libvirt_client::types::error::ErrorCode;
use libvirt_client::{Connect, Error};
use rig::network::Port;
use rig::{Daemon, Need};

/// A daemon for the test driver that listens for plain TCP.
fn listening() -> Option<Daemon> {
    if !rig::available(&[Need::Daemon, Need::Virsh]).unwrap() {
        return None;
    }
    let daemon = Daemon::builder().test_driver().listen_tcp().start();
    Some(daemon.unwrap())
}

#[tokio::test]
async fn daemons_that_listen_for_tcp() {
    let Some(daemon) = listening() else {
        return;
    };
    // The name may stand for more addresses than the one that the daemon listens on.
    for host in ["127.0.0.1", "localhost"] {
        let uri = daemon.uri_over("tcp", host).unwrap();
        let conn = Connect::open(&uri).await.unwrap();
        assert_eq!(conn.uri(), uri);
        let domain = conn.domain_lookup_by_name("test").await.unwrap();
        let uuid = daemon.virsh(["domuuid", "test"]).unwrap();
        assert_eq!(domain.uuid().to_string(), uuid.trim());
        conn.close().await;
    }

    let uri = daemon.uri_over("tcp", "localhost").unwrap();
    let conn = Connect::open_read_only(&uri).await.unwrap();
    let domain = conn.domain_lookup_by_name("test").await.unwrap();
    let error = domain.suspend().await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::OperationDenied), "{error}");
}

#[tokio::test]
async fn a_daemon_over_the_callers_own_tcp_stream() {
    let Some(daemon) = listening() else {
        return;
    };
    let uri = daemon.uri_over("tcp", "127.0.0.1").unwrap();
    let address = uri.trim_start_matches("test+tcp://");
    let stream = tokio::net::TcpStream::connect(address.trim_end_matches("/default")).await;
    let conn = Connect::builder("test:///default").open_over(stream.unwrap()).await.unwrap();
    assert!(conn.domain_lookup_by_name("test").await.is_ok());
}

#[tokio::test]
async fn hosts_that_cannot_be_reached() {
    let reserved = Port::reserve().unwrap();
    let port = reserved.number();
    let text = failure(&format!("qemu+tcp://127.0.0.1:{port}/system")).await;
    assert_eq!(
        text,
        format!(
            "cannot connect to 127.0.0.1 port {port}: Connection refused (os error 111); nothing \
             listens there (daemons listen on the network only where configured to)"
        )
    );
    let text = failure(&format!("qemu+tcp://localhost:{port}/system")).await;
    assert!(text.contains("127.0.0.1: Connection refused"), "{text}");

    let text = failure("qemu+tcp://no-such-host.invalid/system").await;
    let start = "cannot find the address of \"no-such-host.invalid\": ";
    assert!(text.starts_with(start), "{text}");
}

#[tokio::test]
async fn a_peer_that_never_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let uri = format!("qemu+tcp://127.0.0.1:{port}/system");
    let opened = Connect::builder(&uri)
        .open_timeout(Some(Duration::from_millis(50)))
        .open()
        .await;
    let error = opened.unwrap_err();
    assert!(matches!(error.cause(), Error::Timeout { .. }), "{error:?}");
    assert!(error.to_string().contains(&uri), "{error}");
}

async fn failure(uri: &str) -> String {
    let error = Connect::open(uri).await.unwrap_err();
    assert!(matches!(error, Error::Network(_)), "{error:?}");
    error.to_string()
}
