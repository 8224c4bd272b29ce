//! What can be opened, and how.

use std::os::unix::net::UnixListener;
use std::pin::pin;
use std::process::Command;
use std::time::Duration;

use libvirt_client::types::error::ErrorCode;
use libvirt_client::{Connect, Error};
use rig::network::fill_queue;
use rig::{Daemon, Need};
use tokio::time::timeout;

use crate::common::{describe, discard, qemu, test_driver};

/// What virsh calls the connection.
fn virshs_uri(uri: &str) -> String {
    let output = Command::new("virsh").args(["--quiet", "--connect", uri, "uri"]).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn uris_mean_what_they_mean_to_virsh() {
    let Some((daemon, conn)) = test_driver().await else {
        return;
    };
    let socket = daemon.socket().display().to_string();
    let encoded = socket.replace('/', "%2f");
    for (uri, hypervisor) in [
        (format!("test+unix:///default?socket={socket}"), "TEST"),
        (format!("test+unix:///default?mode=direct&SOCKET={encoded}"), "TEST"),
        (
            format!("test+UNIX:/default?x=%41;b&mode=legacy;socket={socket}#f%20[%41]%3f"),
            "TEST",
        ),
        (
            format!("test+unix:///def%61ult?socket=/nowhere&socket={socket}&no_tty=1"),
            "TEST",
        ),
        (format!("remote+unix:///x%20y?name=test:%2f//default&socket={socket}"), "TEST"),
        (format!("lxc+unix:x/y?name=test:///default&socket={socket}"), "TEST"),
    ] {
        let conn = Connect::open(&uri).await.unwrap();
        assert_eq!(conn.hypervisor().await.unwrap(), hypervisor, "{uri}");
        assert_eq!(conn.uri(), virshs_uri(&uri), "{uri}");
        assert!(!conn.is_read_only() && conn.is_alive());
    }
    drop(conn);
}

#[tokio::test]
async fn the_daemon_chooses_where_the_uri_does_not() {
    let Some((daemon, _)) = qemu().await else {
        return;
    };
    let uri = format!("remote+unix:///?socket={}", daemon.socket().display());
    let conn = Connect::open(&uri).await.unwrap();
    assert_eq!(conn.hypervisor().await.unwrap(), "QEMU");
    assert_eq!(conn.uri(), uri);
    assert_eq!(conn.uri(), virshs_uri(&uri));
}

#[tokio::test]
async fn read_only() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let (xml, _) = describe(daemon, "opening-read-only", |guest| guest);
    let domain = conn.domain_define_xml(&xml).await.unwrap();

    let asked_for = Connect::open_read_only(&daemon.uri()).await.unwrap();
    assert!(asked_for.is_read_only());
    // A session daemon has but one socket.
    let by_socket = match daemon.socket_ro() {
        None => None,
        Some(socket) => {
            let uri = format!("qemu+unix:///system?socket={}", socket.display());
            let conn = Connect::open(&uri).await.unwrap();
            assert!(!conn.is_read_only());
            Some(conn)
        }
    };
    for conn in [Some(asked_for), by_socket].into_iter().flatten() {
        let found = conn.domain_lookup_by_name("opening-read-only").await.unwrap();
        assert!(!found.is_active().await.unwrap());
        let error = found.create().await.unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::OperationDenied), "{error}");
        let error = conn.domain_define_xml(&xml).await.unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::OperationDenied), "{error}");
    }
    discard(&domain).await;
}

#[tokio::test]
async fn what_cannot_be_opened() {
    let Some((daemon, _)) = test_driver().await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing");
    let error = open(&format!("qemu+unix:///system?socket={}", missing.display())).await;
    assert!(error.to_string().contains("is the daemon running?"), "{error}");
    assert!(error.to_string().contains(&missing.display().to_string()), "{error}");

    let stale = dir.path().join("stale");
    drop(UnixListener::bind(&stale).unwrap());
    let error = open(&format!("qemu+unix:///system?socket={}", stale.display())).await;
    assert!(error.to_string().contains("no daemon listens"), "{error}");

    let error = open(&format!("bogus+unix:///system?socket={}", daemon.socket().display())).await;
    assert_eq!(error.code(), Some(ErrorCode::NoConnect), "{error}");
    let start = format!("cannot open bogus+unix:///system at {}: ", daemon.socket().display());
    assert!(error.to_string().starts_with(&start), "{error}");
    for uri in ["esx://host/", "qemu:///embed?root=/x"] {
        let error = open(uri).await;
        let place = uri.split('?').next().unwrap_or_default();
        assert!(error.is_unsupported() && error.to_string().contains(place), "{error}");
    }
    for uri in [
        "/system",
        "qemu://system",
        "qemu+foo:///system",
        "qemu:///system?mode=x",
    ] {
        let error = open(uri).await;
        assert!(matches!(&error, Error::Uri { uri: named, .. } if named == uri), "{error}");
    }
}

async fn open(uri: &str) -> Error {
    Connect::open(uri).await.unwrap_err()
}

/// A daemon that serves as many clients as it may, and has as many waiting.
#[tokio::test]
async fn a_daemon_with_no_room_is_waited_for() {
    if !rig::available(&[Need::Daemon, Need::Virsh]).unwrap() {
        return;
    }
    let daemon = Daemon::builder()
        .test_driver()
        .conf_line("max_clients = 2")
        .conf_line("max_anonymous_clients = 2")
        .conf_line("max_queued_clients = 1")
        .start()
        .unwrap();
    let (uri, socket) = (daemon.uri(), daemon.socket());
    let served = [
        Connect::open(&uri).await.unwrap(),
        Connect::open(&uri).await.unwrap(),
    ];
    let waiting = fill_queue(&socket).unwrap();
    let mut opening = pin!(Connect::open(&uri));
    let opened = timeout(Duration::from_millis(100), &mut opening).await;
    assert!(opened.is_err(), "{opened:?}");
    drop((served, waiting));
    let conn = opening.await.unwrap();
    assert!(conn.domain_lookup_by_name("test").await.is_ok());
}
