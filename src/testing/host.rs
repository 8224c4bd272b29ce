use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::client::Connect;
use crate::error::Result;
use crate::test_driver::Host;

/// A host that exists in this process only.
///
/// It lives as long as this value or a connection to it.
#[derive(Debug, Clone)]
pub struct TestHost {
    host: Arc<Host>,
    uri: Arc<str>,
}

impl TestHost {
    /// Creates a host with what `test:///default` has at first: the domain `test`, which runs, the
    /// network `default`, the pool `default-pool`, the interface `eth1` and a few node devices.
    pub fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(1);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = format!("/testing/{number}");
        let host = Host::with_default_node();
        crate::test_driver::doors::publish(path.clone(), &host);
        Self { host, uri: format!("test://{path}").into() }
    }

    /// Returns a URI that opens this host within this process, as long as it lives.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Opens a connection to it.
    pub async fn connect(&self) -> Result<Connect> {
        Connect::open(&self.uri).await
    }
}

impl Default for TestHost {
    fn default() -> Self {
        Self::new()
    }
}
