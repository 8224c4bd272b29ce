//! A TLS client, beside a server whose bytes are damaged on their way.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, ReadHalf, WriteHalf};
use tokio::runtime::{Builder, Handle};
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use super::checks::check_error;
use crate::transport::tls::{TlsOptions, TlsTarget, connect_over};

/// The bytes that are on their way at most.
const AHEAD: usize = 4096;
/// More than the client's deadline.
const PATIENCE: Duration = Duration::from_secs(100);

/// PEM texts: an authority, and a certificate of its own for `host` with the key.
#[derive(Debug)]
pub struct TlsSample {
    /// The authority's certificate.
    pub authority: String,
    /// The certificate, which both sides show.
    pub certificate: String,
    /// Its key.
    pub key: String,
}

/// Shakes hands with a server. The first byte has the server's choices, the rest are
/// [changes](damage) to its bytes. The handshake must end, leave nothing behind, and succeed if there
/// are none. Returns whether it did.
pub fn tls(sample: &TlsSample, data: &[u8]) -> bool {
    let Some((&choices, changes)) = data.split_first() else {
        return false;
    };
    let Some(acceptor) = acceptor(sample, choices) else {
        return false;
    };
    let Ok(runtime) = Builder::new_current_thread().enable_time().start_paused(true).build() else {
        return false;
    };
    runtime.block_on(async {
        let (ours, near) = tokio::io::duplex(AHEAD);
        let (far, theirs) = tokio::io::duplex(AHEAD);
        let serving = tokio::spawn(serve(acceptor, theirs));
        let relaying = tokio::spawn(relay(near, far, changes.to_vec()));
        let Ok(opened) = timeout(PATIENCE, open(sample, ours)).await else {
            unreachable!("the client waits for ever");
        };
        assert!(opened || !changes.is_empty(), "a good handshake failed");
        let ended = timeout(PATIENCE, async { (serving.await, relaying.await) }).await;
        assert!(ended.is_ok(), "the connection stays open");
        sleep(PATIENCE).await;
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0, "a task is left over");
        opened
    })
}

/// Opens a connection and closes it; returns whether that could be done.
async fn open(sample: &TlsSample, stream: DuplexStream) -> bool {
    let options = TlsOptions::new()
        .authorities(&sample.authority)
        .identity(&sample.certificate, &sample.key);
    let target = TlsTarget {
        host: "host",
        port: 0,
        options: &options,
        directory: Some(PathBuf::from("/nonexistent")),
        verify: true,
        check_own: false,
        priority: None,
    };
    let deadline = Instant::now() + PATIENCE / 2;
    check_error(connect_over(&target, stream, Some(deadline)).await).is_some()
}

/// Returns a server of TLS 1.2 or 1.3, with or without a wish for the client's certificate.
fn acceptor(sample: &TlsSample, choices: u8) -> Option<TlsAcceptor> {
    let version = if choices & 1 == 0 { &TLS12 } else { &TLS13 };
    let provider = Arc::new(default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_protocol_versions(&[version]).ok()?;
    let builder = if choices & 2 == 0 {
        builder.with_no_client_auth()
    } else {
        let mut authorities = RootCertStore::empty();
        authorities
            .add(CertificateDer::from_pem_slice(sample.authority.as_bytes()).ok()?)
            .ok()?;
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(authorities), provider);
        builder.with_client_cert_verifier(verifier.build().ok()?)
    };
    let certificate = CertificateDer::from_pem_slice(sample.certificate.as_bytes()).ok()?;
    let key = PrivateKeyDer::from_pem_slice(sample.key.as_bytes()).ok()?;
    let config = builder.with_single_cert(vec![certificate], key).ok()?;
    Some(TlsAcceptor::from(Arc::new(config)))
}

/// Accepts a client, says that it is welcome, and waits until it is gone.
async fn serve(acceptor: TlsAcceptor, stream: DuplexStream) {
    if let Ok(mut stream) = acceptor.accept(stream).await {
        let _sent = stream.write_all(&[1]).await;
        let _flushed = stream.flush().await;
        let _end = stream.read(&mut [0]).await;
    }
}

async fn relay(near: DuplexStream, far: DuplexStream, changes: Vec<u8>) {
    let (mut from_client, to_client) = tokio::io::split(near);
    let (from_server, mut to_server) = tokio::io::split(far);
    let there = async {
        let _copied = tokio::io::copy(&mut from_client, &mut to_server).await;
        let _shut = to_server.shutdown().await;
    };
    tokio::join!(there, damage(from_server, to_client, &changes));
}

/// Passes on what the server says, with changes. Each is two bytes with the number of bytes that go
/// by before it, one with its kind, and one more.
async fn damage(
    mut from: ReadHalf<DuplexStream>,
    mut to: WriteHalf<DuplexStream>,
    mut changes: &[u8],
) {
    while let [high, low, kind, value, later @ ..] = changes {
        changes = later;
        let before = u64::from(u16::from_be_bytes([*high, *low]));
        let passed = tokio::io::copy(&mut (&mut from).take(before), &mut to).await;
        if passed.unwrap_or_default() < before {
            return;
        }
        let Some(instead) = change(&mut from, *kind, *value).await else {
            let _shut = to.shutdown().await;
            return;
        };
        if to.write_all(&instead).await.is_err() {
            return;
        }
    }
    let _passed = tokio::io::copy(&mut from, &mut to).await;
    let _shut = to.shutdown().await;
}

/// Returns what comes in place of the next bytes, or nothing for the end.
async fn change(from: &mut ReadHalf<DuplexStream>, kind: u8, value: u8) -> Option<Vec<u8>> {
    match kind % 5 {
        0 => from.read_u8().await.ok().map(|byte| vec![byte ^ value]),
        1 => Some(vec![value]),
        2 => from.read_u8().await.ok().map(|_| Vec::new()),
        3 => from.read_u8().await.ok().map(|byte| vec![byte; usize::from(value)]),
        _ => None,
    }
}
