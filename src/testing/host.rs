//! The host, and connections to it.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncRead, AsyncWrite};

use crate::client::Connect;
use crate::error::Result;
use crate::test_driver::doors::{self, Door};
use crate::test_driver::{Host, serve};

/// A host that exists in this process only.
///
/// Clones are the same host. It lives as long as one of them, or a connection to it.
///
/// # Contents
///
/// - [Making one](#making-one), [Connections](#connections), [Making one of
///   definitions](#making-one-of-definitions), [Calls](#calls), [Guests](#guests), [Events](#events)
#[derive(Clone)]
pub struct TestHost {
    pub(super) host: Arc<Host>,
    uri: Arc<str>,
}

impl fmt::Debug for TestHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestHost").field("uri", &self.uri).finish_non_exhaustive()
    }
}

/// # Making one
impl TestHost {
    /// Creates a host with what `test:///default` has at first: the domain `test`, which runs, the
    /// network `default`, the pool `default-pool`, the interface `eth1` and a few node devices.
    pub fn new() -> Self {
        Self::of(Host::with_default_node())
    }

    pub(super) fn of(host: Arc<Host>) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(1);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = format!("/testing/{number}");
        doors::publish(path.clone(), &host);
        host.faults().made = Some(VecDeque::new());
        Self { host, uri: format!("test://{path}").into() }
    }
}

impl Default for TestHost {
    fn default() -> Self {
        Self::new()
    }
}

/// # Connections
impl TestHost {
    /// Returns a URI that opens this host within this process: what to give to a program that opens
    /// connections itself, and to a [`Reconnect`](crate::Reconnect). Nothing is there any more once the
    /// host was dropped and nobody is connected.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Opens a connection to it.
    pub async fn connect(&self) -> Result<Connect> {
        Connect::open(&self.uri).await
    }

    /// Serves a client at the other end of a byte stream, of whatever kind, until either side ends the
    /// connection. Whatever URI the client names, it gets this host.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let host = libvirt_client::testing::TestHost::new();
    /// let path = "/tmp/libvirt-sock";
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("socket");
    /// let listener = tokio::net::UnixListener::bind(&path)?;
    /// # let uri = format!("test+unix:///default?socket={}", path.display());
    /// # let client = tokio::spawn(async move { libvirt_client::Connect::open(&uri).await });
    /// loop {
    ///     let (stream, _) = listener.accept().await?;
    ///     let host = host.clone();
    ///     tokio::spawn(async move { host.serve(stream).await });
    /// #   break;
    /// }
    /// # assert_eq!(client.await??.num_of_domains().await?, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn serve<S: AsyncRead + AsyncWrite>(&self, stream: S) {
        serve(stream, Door::One(Arc::clone(&self.host))).await;
    }

    /// Cuts all connections. New ones can be opened at once.
    pub fn cut(&self) {
        self.host.cut();
    }

    /// Cuts all connections, and refuses new ones until [`start`](Self::start). Guests run on.
    pub fn stop(&self) {
        self.host.set_down(true);
        self.host.cut();
    }

    /// Accepts connections again after [`stop`](Self::stop).
    pub fn start(&self) {
        self.host.set_down(false);
    }
}
