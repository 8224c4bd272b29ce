//! What programs are told that they can do about failures of ssh, in whose words they are.

use std::net::TcpListener;
use std::time::Duration;

use libvirt_client::{Connect, Error};
use rig::network::Port;
use rig::ssh::Client;

use super::Host;

async fn error(uri: &str) -> Error {
    let limit = Duration::from_secs(5);
    Connect::builder(uri).open_timeout(Some(limit)).open().await.unwrap_err()
}

fn remedies(error: &Error) -> (bool, bool) {
    assert!(!error.is_outcome_unknown(), "{error:#?}");
    (error.is_transient(), error.is_permission_denied())
}

#[tokio::test]
async fn what_may_be_tried_again() {
    let Some(host) = Host::new() else { return };
    let uri = host.socket_uri();
    let address = host.server.address();
    let port = Port::reserve().unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    for uri in [
        uri.replace(&address, &format!("127.0.0.1:{}", port.number())),
        uri.replace(&address, &silent.local_addr().unwrap().to_string()),
        host.uri("socket=/nonexistent/socket"),
    ] {
        let error = error(&uri).await;
        assert_eq!(remedies(&error), (true, false), "{error}");
    }
    std::fs::write(host.client.known_hosts(), "").unwrap();
    let error = error(&uri).await;
    assert_eq!(remedies(&error), (false, false), "{error}");
}

#[tokio::test]
async fn who_may_not_log_in() {
    let Some(host) = Host::new() else { return };
    let stranger = Client::new().unwrap();
    let trusted = stranger.trust(&host.server.address(), host.server.host_key());
    trusted.unwrap();
    let uri = host.socket_uri();
    let error = error(&uri.replace(&host.client.parameters(), &stranger.parameters())).await;
    assert_eq!(remedies(&error), (false, true), "{error}");
}
