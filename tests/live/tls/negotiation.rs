//! What the two sides agree on, and peers with whom there is nothing to agree on.

use std::io::Read as _;
use std::net::TcpListener;
use std::time::Duration;

use libvirt_client::domain::XmlFlags;
use libvirt_client::{CloseReason, Connect, Error, TlsError};
use rig::certificates::{Authority, Leaf, client_dir};

use super::{Served, failure, serve};

#[tokio::test]
async fn versions_and_ciphers() {
    let Some(served) = serve(&Leaf::server(), |builder| builder) else {
        return;
    };
    for priority in [
        "NORMAL",
        "NORMAL:-VERS-ALL:%2BVERS-TLS1.2",
        "NORMAL:-VERS-ALL:%2BVERS-TLS1.3",
        "NORMAL:-VERS-TLS1.3:-CIPHER-ALL:%2BCHACHA20-POLY1305",
        "SECURE128:-GROUP-ALL:%2BGROUP-SECP256R1",
        "@SYSTEM",
    ] {
        let uri = served.good_uri(&format!("&tls_priority={priority}"));
        let conn = Connect::open(&uri).await.unwrap();
        assert!(conn.is_encrypted().await.unwrap(), "{priority}");
    }
    let uri = served.good_uri("&tls_priority=NORMAL:%25PROFILE_HIGH");
    let error = Connect::open(&uri).await.unwrap_err();
    assert!(error.is_unsupported(), "{error:?}");
    assert_eq!(
        error.cause().to_string(),
        "not supported: tls_priority \"NORMAL:%PROFILE_HIGH\": \"%PROFILE_HIGH\" cannot be \
         honoured; TLS versions (VERS-…), ciphers and groups (GROUP-…) can be chosen"
    );
}

#[tokio::test]
async fn servers_with_one_version() {
    let mut results = Vec::new();
    for versions in ["+VERS-TLS1.2", "+VERS-TLS1.3", "+VERS-TLS1.1"] {
        let conf = format!("tls_priority = \"NORMAL:-VERS-ALL:{versions}\"");
        let Some(served) = serve(&Leaf::server(), |builder| builder.conf_line(conf)) else {
            return;
        };
        results.push(Connect::open(&served.good_uri("")).await);
    }
    let old = results.pop().unwrap();
    for result in results {
        assert!(result.is_ok(), "{result:?}");
    }
    let (error, text) = failure(old);
    assert!(matches!(error, TlsError::Handshake(_)), "{error:?}");
    assert!(
        text.contains("no TLS version or cipher in common") && text.contains("TLS 1.2 and 1.3"),
        "{text}"
    );
}

#[tokio::test]
async fn much_in_both_directions() {
    let Some(served) = serve(&Leaf::server(), |builder| builder) else {
        return;
    };
    for version in ["1.2", "1.3"] {
        let priority = format!("&tls_priority=NORMAL:-VERS-ALL:%2BVERS-TLS{version}");
        let conn = Connect::open(&served.good_uri(&priority)).await.unwrap();
        let description = "x".repeat(3_000_000);
        let xml = format!(
            "<domain type='test'><name>big{}</name><description>{description}</description>\
             <memory>1024</memory><os><type>hvm</type></os></domain>",
            version.replace('.', "")
        );
        let domain = conn.domain_define_xml(&xml).await.unwrap();
        let calls = (0..20).map(|_| {
            let domain = domain.clone();
            tokio::spawn(async move { domain.xml_desc(XmlFlags::default()).await })
        });
        for call in calls.collect::<Vec<_>>() {
            let xml = call.await.unwrap().unwrap();
            assert!(xml.contains(&description));
        }
    }
}

#[tokio::test]
async fn daemons_that_die() {
    let Some(Served { mut daemon, client, .. }) = serve(&Leaf::server(), |builder| builder) else {
        return;
    };
    let uri = daemon.uri_over("tls", "localhost").unwrap();
    let uri = format!("{uri}?pkipath={}", client.display());
    let conn = Connect::open(&uri).await.unwrap();
    daemon.kill9().unwrap();
    let reason = conn.closed().await;
    assert!(matches!(reason, CloseReason::Eof | CloseReason::Io(_)), "{reason:?}");
}

/// A URI for a port of this host, with a good client's files.
fn uri(dir: &std::path::Path, port: u16) -> String {
    let authority = Authority::new("ca").unwrap();
    let identity = authority.issue(&Leaf::client("me")).unwrap();
    let files = client_dir(dir, &authority.pem(), None, Some(&identity)).unwrap();
    format!("test+tls://127.0.0.1:{port}/default?pkipath={}", files.display())
}

#[tokio::test]
async fn ports_that_are_not_for_tls() {
    let Some(served) = serve(&Leaf::server(), rig::Builder::listen_tcp) else {
        return;
    };
    let tcp = served.daemon.uri_over("tcp", "localhost").unwrap();
    let uri = format!("{}?pkipath={}", tcp.replace("+tcp:", "+tls:"), served.client.display());
    let (error, text) = failure(Connect::open(&uri).await);
    assert!(matches!(error, TlsError::Handshake(_)), "{error:?}");
    assert!(text.contains("this port is not for TLS but for plain TCP"), "{text}");
    assert!(text.starts_with("TLS with localhost port "), "{text}");
}

#[tokio::test]
async fn ports_that_are_for_tls_only() {
    let Some(served) = serve(&Leaf::server(), |builder| builder) else {
        return;
    };
    let tls = served.daemon.uri_over("tls", "localhost").unwrap();
    let uri = tls.replace("+tls:", "+tcp:");
    let text = Connect::open(&uri).await.unwrap_err().to_string();
    assert!(text.starts_with(&format!("cannot open {uri}: ")), "{text}");
    assert!(text.contains("expect TLS: is this such a port (driver+tls"), "{text}");
}

#[tokio::test]
async fn peers_that_say_something_else() {
    let dir = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = uri(dir.path(), listener.local_addr().unwrap().port());
    let peer = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        std::io::Write::write_all(&mut socket, b"SSH-2.0-OpenSSH_9.2p1\r\n").unwrap();
        // Until the client hangs up.
        let _ = socket.read_to_end(&mut Vec::new());
    });
    let (error, text) = failure(Connect::open(&uri).await);
    assert!(matches!(error, TlsError::Handshake(_)), "{error:?}");
    assert!(text.contains("is this a port for plain TCP (driver+tcp://…)"), "{text}");
    peer.join().unwrap();
}

#[tokio::test]
async fn peers_that_say_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = uri(dir.path(), listener.local_addr().unwrap().port());
    let opening = Connect::builder(&uri).open_timeout(Some(Duration::from_millis(100))).open();
    let error = opening.await.unwrap_err();
    assert!(matches!(error.cause(), Error::Timeout { .. }), "{error:?}");
    assert!(error.to_string().contains("the TLS handshake"), "{error}");
    // Nothing is left of it: after our greeting the peer sees the end.
    let (mut socket, _) = listener.accept().unwrap();
    socket.read_to_end(&mut Vec::new()).unwrap();

    // The same where nobody waits for the deadline.
    let opening = tokio::spawn(async move { Connect::open(&uri).await });
    let (mut socket, _) =
        tokio::task::spawn_blocking(move || listener.accept()).await.unwrap().unwrap();
    opening.abort();
    let end = tokio::task::spawn_blocking(move || socket.read_to_end(&mut Vec::new()));
    end.await.unwrap().unwrap();
}
