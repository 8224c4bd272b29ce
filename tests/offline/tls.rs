//! TLS servers that are not libvirt's, or fall silent.

use std::fs;
use std::sync::Arc;

use libvirt_client::{Connect, Error, TlsError, TlsOptions};
use rig::certificates::{Authority, Leaf, Validity, client_dir};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

/// A server with a good certificate.
struct Server {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    options: TlsOptions,
}

impl Server {
    async fn new() -> Self {
        let authority = Authority::new("ca").unwrap();
        let identity = authority.issue(&Leaf::server()).unwrap();
        let certificates = CertificateDer::pem_slice_iter(identity.certificate.as_bytes());
        let certificates = certificates.collect::<Result<_, _>>().unwrap();
        let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(certificates, key)
            .unwrap();
        Self {
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            acceptor: TlsAcceptor::from(Arc::new(config)),
            options: TlsOptions::new().authorities(authority.pem()),
        }
    }

    /// Opens a connection to a server that behaves as `act`.
    async fn open_against(
        &self,
        act: impl AsyncFnOnce(&mut TlsStream<TcpStream>),
    ) -> libvirt_client::Result<Connect> {
        let port = self.listener.local_addr().unwrap().port();
        // This test needs no files of our own.
        let uri = format!("qemu+tls://127.0.0.1:{port}/system?pkipath=/nonexistent");
        let opening = Connect::builder(&uri).tls(self.options.clone()).open();
        let (opened, _stream) = tokio::join!(opening, async {
            let (socket, _) = self.listener.accept().await.unwrap();
            let mut stream = self.acceptor.accept(socket).await.unwrap();
            act(&mut stream).await;
            stream
        });
        opened
    }
}

#[tokio::test]
async fn something_else_behind_tls() {
    let server = Server::new().await;
    let opened = server
        .open_against(async |stream| {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n").await.unwrap();
            stream.flush().await.unwrap();
        })
        .await;
    let Err(Error::Tls { source, .. }) = opened else {
        panic!("{opened:?}")
    };
    assert!(matches!(*source, TlsError::Handshake(_)), "{source:?}");
    assert!(source.to_string().contains("the byte 0x48"), "{source}");
}

#[tokio::test]
async fn a_server_that_hangs_up_after_the_handshake() {
    let server = Server::new().await;
    let opened = server.open_against(async |stream| stream.shutdown().await.unwrap()).await;
    let Err(Error::Tls { source, .. }) = opened else {
        panic!("{opened:?}")
    };
    assert!(matches!(*source, TlsError::Refused { .. }), "{source:?}");
    assert!(source.to_string().contains("/nonexistent/clientcert.pem"), "{source}");
}

#[tokio::test]
async fn servers_that_fall_silent() {
    // After the handshake. The paused clock advances to the next timer.
    let server = Server::new().await;
    let opened = server.open_against(async |_| tokio::time::pause()).await;
    tokio::time::resume();
    let error = opened.unwrap_err();
    assert!(matches!(error.cause(), Error::Timeout { .. }), "{error:?}");
    let words = "the daemon's word that it accepts our TLS certificate got no reply within";
    assert!(error.to_string().contains(words), "{error}");

    // After the byte that accepts the client.
    let opened = server
        .open_against(async |stream| {
            stream.write_all(&[1]).await.unwrap();
            stream.flush().await.unwrap();
            let mut call = [0; 28];
            stream.read_exact(&mut call).await.unwrap();
            tokio::time::pause();
        })
        .await;
    let error = opened.unwrap_err();
    assert!(matches!(error.cause(), Error::Timeout { .. }), "{error:?}");
    assert!(error.to_string().contains("first contact"), "{error}");
}

#[tokio::test]
async fn the_word_and_the_first_reply_in_one_record() {
    let server = Server::new().await;
    let opened = server
        .open_against(async |stream| {
            // The client's first message is all there before it is welcomed, or is not: it may wait.
            let mut reply = vec![1];
            reply.extend(crate::peer::words(&[36, 0x2000_8086, 1, 66, 1, 0, 0, 1, 7]));
            stream.write_all(&reply).await.unwrap();
            stream.flush().await.unwrap();
            let mut call = [0; 28];
            stream.read_exact(&mut call).await.unwrap();
        })
        .await;
    // A reply to a call that was not made violates the protocol, unless the call came first; either
    // way it was read as a reply, and not lost with the byte before it.
    let text = opened.unwrap_err().to_string();
    assert!(text.contains("scheme 7") || text.contains("not in flight"), "{text}");
}

/// A file that nobody may ever write to must not block, even without a deadline.
#[tokio::test]
async fn files_that_are_pipes() {
    let authority = Authority::new("ca").unwrap();
    let identity = authority.issue(&Leaf::client("me")).unwrap();
    let list = authority.revocation_list(&[], Validity::Now).unwrap();
    for name in [
        "cacert.pem",
        "cacrl.pem",
        "clientcert.pem",
        "clientkey.pem",
        "clientcert0.pem",
        "clientkey0.pem",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let list = Some(&*list);
        client_dir(dir.path(), &authority.pem(), list, Some(&identity)).unwrap();
        for kind in ["clientcert", "clientkey"] {
            let path = |number| dir.path().join(format!("{kind}{number}.pem"));
            fs::copy(path(""), path("0")).unwrap();
        }
        let path = dir.path().join(name);
        fs::remove_file(&path).unwrap();
        mknodat(CWD, &path, FileType::Fifo, Mode::RUSR, 0).unwrap();
        let dir = dir.path().display();
        let uri = format!("qemu+tls://127.0.0.1:1/system?pkipath={dir}");
        let opening = Connect::builder(&uri).open_timeout(None).open();
        let text = opening.await.unwrap_err().to_string();
        let expected = format!("{}: it is not a regular file", path.display());
        assert!(text.contains(&expected), "{text}");
    }
}
