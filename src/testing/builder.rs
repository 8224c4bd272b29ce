//! Hosts made of definitions.

use super::host::TestHost;
use crate::error::{Error, Result};
use crate::test_driver::Host;

/// The namespace of what the test driver reads itself.
const TEST: &str = "xmlns='http://libvirt.org/schemas/domain/test/1.0'";

/// # Making one of definitions
impl TestHost {
    /// Returns a builder of a host that has only what is added to it.
    pub fn builder() -> TestHostBuilder {
        TestHostBuilder::default()
    }
}

/// A builder of hosts; from [`TestHost::builder`].
///
/// The host is described as in the files that the C library's `test:///FILE.xml` reads.
#[derive(Debug, Clone, Default)]
#[must_use = "nothing is made before `build`"]
pub struct TestHostBuilder {
    elements: String,
    max_client_requests: Option<usize>,
}

impl TestHostBuilder {
    /// Adds a persistent domain that does not run.
    pub fn domain(self, xml: &str) -> Self {
        self.guest(xml, &format!("<runstate {TEST}>5</runstate>"))
    }

    /// Adds a persistent domain that runs.
    pub fn running_domain(self, xml: &str) -> Self {
        self.guest(xml, &format!("<runstate {TEST}>1</runstate>"))
    }

    /// Adds a domain that runs and is not defined.
    pub fn transient_domain(self, xml: &str) -> Self {
        self.guest(xml, &format!("<transient {TEST}/>"))
    }

    fn guest(self, xml: &str, state: &str) -> Self {
        // Before the end of the document's root.
        match xml.rfind("</") {
            Some(end) => {
                let (begin, end) = xml.split_at(end);
                self.element(&format!("{begin}{state}{end}"))
            }
            None => self.element(xml),
        }
    }

    /// Adds a network, which is active.
    pub fn network(self, xml: &str) -> Self {
        self.element(xml)
    }

    /// Adds a storage pool, which is active. Elements `volume` in it are its volumes.
    pub fn storage_pool(self, xml: &str) -> Self {
        self.element(xml)
    }

    /// Adds an interface of the host, which is active.
    pub fn interface(self, xml: &str) -> Self {
        self.element(xml)
    }

    /// Adds a node device.
    pub fn node_device(self, xml: &str) -> Self {
        self.element(xml)
    }

    fn element(mut self, xml: &str) -> Self {
        self.elements.push_str(xml);
        self
    }

    /// Sets the number of requests of one client that are worked on at a time, as
    /// `max_client_requests` in a daemon's configuration; the next one is not even read before.
    /// Default: 5.
    pub fn max_client_requests(mut self, requests: usize) -> Self {
        self.max_client_requests = Some(requests.max(1));
        self
    }

    /// Creates the host. Fails with [`Error::Failed`] if a definition is not accepted.
    pub fn build(self) -> Result<TestHost> {
        let host = Host::of_node(&format!("<node>{}</node>", self.elements));
        let host = host.map_err(|failure| Error::Failed(failure.message))?;
        if let Some(requests) = self.max_client_requests {
            host.faults().requests_at_a_time = requests;
        }
        Ok(TestHost::of(host))
    }
}
