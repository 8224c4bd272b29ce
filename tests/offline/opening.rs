//! The opening, from the first byte to the first call.

use libvirt_client::{CloseReason, Connect, Error, ProtocolError};
use tokio::net::UnixListener;

use crate::peer::{CALL, ERROR, Listener, OK, Peer, REMOTE, procedure, string, words};

#[tokio::test]
async fn the_opening_sequence_is_what_daemons_expect() {
    let listener = Listener::new();
    let uri = listener.uri() + "&foo=b%20r&no_tty=1&argv=a&argv=b";
    let opening = Connect::builder(&uri).read_only(true).open();
    let (conn, (calls, _peer)) = tokio::join!(opening, async {
        let mut peer = listener.accept().await;
        let auth = peer.take().await;
        peer.reply(&auth, &words(&[1, 0])).await;
        // These two are sent together.
        let feature = peer.take().await;
        let open = peer.take().await;
        peer.reply(&open, &[]).await;
        peer.reply(&feature, &words(&[1])).await;
        ([auth, feature, open], peer)
    });
    let conn = conn.unwrap();
    assert_eq!(conn.uri(), uri);
    assert!(conn.is_read_only() && conn.is_alive());

    for call in &calls {
        assert_eq!((call.program, call.version), (REMOTE, 1));
        assert_eq!((call.kind, call.status), (CALL, OK));
    }
    let [auth, feature, open] = calls;
    assert_eq!((auth.procedure, auth.payload), (procedure::AUTH_LIST, vec![]));
    assert_eq!(
        (feature.procedure, feature.payload),
        (procedure::SUPPORTS_FEATURE, words(&[10]))
    );
    let mut expected = words(&[1]);
    expected.extend(string("qemu:///system?foo=b%20r"));
    expected.extend(words(&[1]));
    assert_eq!((open.procedure, open.payload), (procedure::CONNECT_OPEN, expected));
}

/// Checks that a failure names the target.
#[track_caller]
fn assert_located(error: &Error, listener: &Listener) {
    let text = error.to_string();
    let socket = listener.path().display().to_string();
    let start = format!("cannot open qemu+unix:///system at {socket}: ");
    assert!(text.starts_with(&start), "{text}");
}

#[tokio::test]
async fn a_peer_that_is_not_libvirt_is_named_with_its_first_bytes() {
    for greeting in [
        "SSH-2.0-OpenSSH_9.2p1\r\n",
        "HTTP/1.1 400 Bad Request\r\n",
        "no\n",
    ] {
        let listener = Listener::new();
        let opened = listener
            .open_against(async |mut peer| {
                peer.take().await;
                peer.send_bytes(greeting.as_bytes()).await;
            })
            .await;
        let error = opened.unwrap_err();
        assert_located(&error, &listener);
        let Error::Closed(CloseReason::Protocol(error)) = error.cause() else {
            panic!("{greeting:?} gave {error:?}");
        };
        let ProtocolError::NotLibvirt { first_bytes } = &**error else {
            panic!("{error:?}")
        };
        assert_eq!(first_bytes, greeting.as_bytes());
        let shown: String = greeting.escape_default().collect();
        assert!(error.to_string().contains(&shown), "{error}");
    }
}

#[tokio::test]
async fn a_peer_that_wants_tls_is_told_by_its_alert() {
    let listener = Listener::new();
    let opened = listener
        .open_against(async |mut peer| {
            peer.take().await;
            // Fatal: a record of a type that was not expected.
            peer.send_bytes(&[0x15, 3, 3, 0, 2, 2, 10]).await;
        })
        .await;
    let text = opened.unwrap_err().to_string();
    assert!(text.contains("or speaks it over TLS only (driver+tls"), "{text}");
}

#[tokio::test]
async fn a_refusal_while_opening_is_the_daemons_own_error() {
    let listener = Listener::new();
    let opened = listener
        .open_against(async |mut peer| {
            let auth = peer.take().await;
            let refusal = auth.error(45, 7, "authentication failed: go away");
            peer.send(&refusal).await;
            assert_eq!(refusal.status, ERROR);
        })
        .await;
    let error = opened.unwrap_err();
    assert_located(&error, &listener);
    let Error::Remote(error) = error.into_cause() else {
        panic!("no report");
    };
    assert_eq!(error.message, "authentication failed: go away");
    assert_eq!(error.procedure, "AuthList");
}

#[tokio::test]
async fn a_daemon_that_goes_away_while_opening_ends_the_opening() {
    let listener = Listener::new();
    let opened = listener.open_against(async |mut peer| drop(peer.take().await)).await;
    let error = opened.unwrap_err();
    assert_located(&error, &listener);
    let cause = error.cause();
    assert!(matches!(cause, Error::Closed(CloseReason::Eof)), "{cause:?}");
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_says_nothing_ends_the_opening_at_its_deadline() {
    let listener = Listener::new();
    let uri = listener.uri();
    let (opened, _peer) = tokio::join!(Connect::open(&uri), listener.accept());
    let error = opened.unwrap_err();
    assert_located(&error, &listener);
    assert!(matches!(error.cause(), Error::Timeout { .. }), "{error:?}");
}

#[tokio::test]
async fn a_cancelled_opening_leaves_no_connection_behind() {
    let listener = Listener::new();
    let uri = listener.uri();
    let mut peer = {
        let opening = Connect::open(&uri);
        tokio::select! {
            opened = opening => panic!("{opened:?}"),
            peer = async {
                let mut peer = listener.accept().await;
                peer.take().await;
                peer
            } => peer,
        }
    };
    let close = peer.take().await;
    assert_eq!(close.procedure, procedure::CONNECT_CLOSE);
    peer.reply(&close, &[]).await;
    assert_eq!(peer.try_take().await, None);
}

#[tokio::test]
async fn a_missing_socket_is_named_with_all_that_was_tried() {
    let error = Connect::open("qemu+unix:///system?socket=/nonexistent/sock").await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("/nonexistent/sock") && text.contains("running"), "{text}");
}

#[tokio::test]
async fn a_socket_that_nobody_listens_on_is_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sock");
    drop(UnixListener::bind(&path).unwrap());
    let uri = format!("qemu+unix:///system?socket={}", path.display());
    let text = Connect::open(&uri).await.unwrap_err().to_string();
    assert!(text.contains("no daemon listens"), "{text}");
}

/// Returns a listener whose queue is full, and the clients in it.
fn full(path: &std::path::Path) -> (UnixListener, Vec<std::os::unix::net::UnixStream>) {
    let listener = tokio::net::UnixSocket::new_stream().unwrap();
    listener.bind(path).unwrap();
    let listener = listener.listen(1).unwrap();
    (listener, rig::network::fill_queue(path).unwrap())
}

#[tokio::test]
async fn a_daemon_that_is_busy_with_others_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sock");
    let (listener, clients) = full(&path);
    let uri = format!("qemu+unix:///system?socket={}", path.display());
    let mut opening = std::pin::pin!(Connect::open(&uri));
    let soon = std::time::Duration::from_millis(100);
    let opened = tokio::time::timeout(soon, &mut opening).await;
    assert!(opened.is_err(), "{opened:?}");
    let (opened, _peers) = tokio::join!(opening, async {
        for _ in &clients {
            listener.accept().await.unwrap();
        }
        let mut peer = Peer::new(listener.accept().await.unwrap().0);
        peer.greet().await;
        peer
    });
    opened.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_is_busy_with_others_for_ever_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sock");
    let _full = full(&path);
    let uri = format!("qemu+unix:///system?socket={}", path.display());
    let error = Connect::open(&uri).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    let expected = format!(
        "cannot connect to {}: the queue of its new clients was full for 30.0 s",
        path.display()
    );
    assert_eq!(error.to_string(), expected);
}

/// A file that nobody may ever write to must not block, even without a deadline.
#[cfg(feature = "ssh-native")]
#[tokio::test]
async fn known_hosts_in_a_pipe() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("known_hosts");
    mknodat(CWD, &path, FileType::Fifo, Mode::RUSR, 0).unwrap();
    let path = path.display();
    let uri = format!("qemu+libssh2://127.0.0.1:1/system?known_hosts={path}");
    let opening = Connect::builder(&uri).open_timeout(None).open();
    let text = opening.await.unwrap_err().to_string();
    let expected = format!("{path}: it is not a regular file");
    assert!(text.ends_with(&expected), "{text}");
}

#[tokio::test]
async fn uris_that_cannot_work_say_why() {
    for (uri, why) in [
        ("qemu", "no scheme"),
        ("qemu+carrier-pigeon:///system", "carrier-pigeon"),
        ("qemu+unix://host/system", "another host"),
        ("qemu://system", "three slashes"),
        ("qemu+unix:///system?mode=sideways", "sideways"),
        ("test:///", "use test:///default"),
        ("test:///nowhere/host.xml", "/nowhere/host.xml"),
        ("qemu:///embed?root=/tmp/x", "embedded"),
        ("esx://host/", "inside the C library"),
    ] {
        let text = Connect::open(uri).await.unwrap_err().to_string();
        assert!(text.contains(why), "{uri}: {text}");
    }
}

#[cfg(feature = "admin")]
mod admin {
    use std::time::{Duration, UNIX_EPOCH};

    use libvirt_client::admin::AdminConnect;

    use super::*;

    const ADMIN: u32 = 0x0690_0690;

    fn uri(listener: &Listener) -> String {
        listener.uri().replace("qemu+unix:", "libvirtd:")
    }

    #[tokio::test]
    async fn the_opening_and_the_end_of_administration() {
        let listener = Listener::new();
        let uri = uri(&listener);
        let (opened, mut peer) = tokio::join!(AdminConnect::open(&uri), async {
            let mut peer = listener.accept().await;
            let open = peer.take().await;
            assert_eq!((open.program, open.procedure), (ADMIN, 1));
            assert_eq!(open.payload, words(&[0]));
            peer.reply(&open, &[]).await;
            peer
        });
        drop(opened.unwrap());
        let close = peer.take().await;
        assert_eq!((close.program, close.procedure), (ADMIN, 2));
    }

    #[tokio::test]
    async fn a_daemon_of_another_users_hangs_up() {
        let listener = Listener::new();
        let uri = uri(&listener);
        let (opened, ()) = tokio::join!(AdminConnect::open(&uri), async {
            drop(listener.accept().await);
        });
        let text = opened.unwrap_err().to_string();
        assert!(text.contains("the user that it runs as"), "{text}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_daemon_that_says_nothing() {
        let listener = Listener::new();
        let uri = uri(&listener);
        let (opened, _peer) = tokio::join!(AdminConnect::open(&uri), listener.accept());
        let error = opened.unwrap_err();
        assert!(matches!(error.cause(), Error::Timeout { .. }), "{error:?}");
        let start = format!("cannot open libvirtd:///system at {}: ", listener.path().display());
        assert!(error.to_string().starts_with(&start), "{error}");
    }

    #[tokio::test]
    async fn clients_from_before_1970() {
        let listener = Listener::new();
        let uri = uri(&listener);
        let opening = async {
            let admin = AdminConnect::open(&uri).await.unwrap();
            let server = admin.lookup_server("libvirtd").await.unwrap();
            server.list_clients().await
        };
        let (clients, _peer) = tokio::join!(opening, async {
            let mut peer = listener.accept().await;
            let open = peer.take().await;
            peer.reply(&open, &[]).await;
            let lookup = peer.take().await;
            peer.reply(&lookup, &string("libvirtd")).await;
            let list = peer.take().await;
            let mut clients = words(&[1]);
            clients.extend(string("libvirtd"));
            clients.extend(words(&[0, 1, u32::MAX, u32::MAX, 0, 1]));
            peer.reply(&list, &clients).await;
            peer
        });
        let clients = clients.unwrap();
        let before = UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(clients[0].timestamp(), before);
    }
}
