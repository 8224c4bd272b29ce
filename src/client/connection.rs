//! The handle of a connection.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_core::future::BoxFuture;
use tokio::runtime::Handle;
use tokio::time::Instant;

use super::options::Options;
use super::registry::Registry;
use super::running::{Deadline, Driver, Shared, now, until};
use crate::error::{CloseReason, Error, Result};
use crate::protocol::ProcedureInfo;
use crate::rpc::keepalive::Keepalive;
use crate::transport::{Security, Transport};

/// A connection to a libvirt daemon.
///
/// A handle: cloning it is cheap, all clones and every object made from them share one socket, and
/// any number of calls from any number of tasks may be in flight on it at a time. The connection
/// ends when [`close`](Self::close) is called, when the last handle is dropped, or when the daemon
/// or the network ends it; every pending call then fails with [`Error::Closed`], and every later one
/// with [`Error::NotSent`].
///
/// Calls may be made from any executor; the connection itself is driven by a task on the tokio
/// runtime that opened it. Many calls, one after the other, are made best in a task
/// (`tokio::spawn`): in the future that `#[tokio::main]` or `block_on` runs, tokio looks for events
/// twice more in each call, which takes twice the processor time.
///
/// # Contents
///
/// - The connection: [Opening](#opening), [Deadlines of calls](#deadlines-of-calls), [State and
///   end](#state-and-end), [Raw calls](#raw-calls)
/// - The daemon and its host: [Daemon and hypervisor](#daemon-and-hypervisor),
///   [Versions](#versions), [Host](#host), [Host CPUs](#host-cpus), [Host
///   statistics](#host-statistics), [Free memory and huge pages](#free-memory-and-huge-pages),
///   [Memory sharing](#memory-sharing), [Memory encryption](#memory-encryption),
///   [Capabilities](#capabilities), [CPU models](#cpu-models)
/// - [Domains](crate::domain::Domain): [Domains](#domains), [Native
///   configurations](#native-configurations), [Defining and starting
///   domains](#defining-and-starting-domains), [Saved domains](#saved-domains), [Statistics of
///   domains](#statistics-of-domains), [Starting domains with file
///   descriptors](#starting-domains-with-file-descriptors)
/// - [Networks](crate::network::Network): [Networks](#networks)
/// - [Storage](crate::storage): [Storage pools](#storage-pools), [Sources of storage
///   pools](#sources-of-storage-pools), [Storage volumes](#storage-volumes)
/// - More objects: [Devices of the host](#devices-of-the-host), [Interfaces of the
///   host](#interfaces-of-the-host), [Secrets](#secrets), [Network filters](#network-filters),
///   [QEMU processes](#qemu-processes)
/// - [Events](crate::events): [Events of one kind](#events-of-one-kind), [Events of
///   domains](#events-of-domains), [Events of a host](#events-of-a-host), [Tables of what
///   exists](#tables-of-what-exists)
#[doc(alias = "virConnect")]
#[derive(Clone)]
pub struct Connect {
    inner: Arc<Inner>,
    timeout: CallTimeout,
}

/// The time limit of a handle's calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CallTimeout {
    /// The connection's own setting.
    Default,
    /// No limit: until the connection ends.
    Never,
    After(Duration),
}

struct Inner {
    shared: Arc<Shared>,
    /// The procedure that tells the daemon of the end.
    close: &'static ProcedureInfo,
    /// Set once the daemon has opened its driver.
    uri: OnceLock<String>,
    /// The options of the opening, for opening another connection like this one.
    options: Options,
    security: Security,
    /// Set where file descriptors can travel with calls.
    passes_descriptors: bool,
    hypervisor: OnceLock<String>,
    event_callback_ids: OnceLock<bool>,
    network_update_order: OnceLock<bool>,
    registry: Arc<Registry>,
    /// The connections that follow this one, if it is one of a [`Reconnect`](super::Reconnect).
    followed_by: OnceLock<Box<dyn Successors>>,
    /// The runtime of the driver task, and of tasks that must outlive a caller.
    runtime: Handle,
}

/// The connections that follow one that is lost.
pub(super) trait Successors: Send + Sync + 'static {
    /// Waits for one that is alive.
    fn next(&self) -> BoxFuture<'static, Result<Connect>>;
}

impl Connect {
    /// Starts the driver task of an open transport; `close` is the procedure called at the end.
    pub(super) fn start(
        transport: Transport,
        options: Options,
        close: &'static ProcedureInfo,
    ) -> Result<Self> {
        let runtime = options.runtime()?;
        let Transport {
            read,
            write,
            security,
            passes_descriptors,
            peer: _,
            carrier: _,
        } = transport;
        let shared = Arc::new(Shared::new(write, options.long_calls()));
        runtime.spawn(Driver::new(Arc::clone(&shared), read));
        let registry = Arc::new(Registry::new(Arc::clone(&shared), runtime.clone()));
        let inner = Inner {
            shared,
            close,
            uri: OnceLock::new(),
            options,
            security,
            passes_descriptors,
            hypervisor: OnceLock::new(),
            event_callback_ids: OnceLock::new(),
            network_update_order: OnceLock::new(),
            registry,
            followed_by: OnceLock::new(),
            runtime,
        };
        Ok(Self { inner: Arc::new(inner), timeout: CallTimeout::Default })
    }

    /// Records the URI, once the daemon has opened its driver.
    pub(super) fn set_uri(&self, uri: String) {
        self.inner.uri.get_or_init(|| uri);
    }

    /// Begins to look after a daemon that falls silent.
    pub(super) fn start_keepalive(&self) {
        if let Some(options) = self.options().keepalive_options() {
            let keepalive = Keepalive::new(options, now());
            self.shared().with_engine(|engine| engine.set_keepalive(keepalive));
        }
    }

    /// Records who opens the connections that follow this one.
    pub(super) fn set_followed_by(&self, successors: impl Successors) {
        self.inner.followed_by.get_or_init(|| Box::new(successors));
    }

    /// Takes over another handle's timeout.
    pub(super) fn with_timeout_of(self, other: &Self) -> Self {
        Self { timeout: other.timeout, ..self }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.inner.shared
    }

    pub(super) fn options(&self) -> &Options {
        &self.inner.options
    }

    pub(super) fn registry(&self) -> &Arc<Registry> {
        &self.inner.registry
    }

    pub(super) fn passes_descriptors(&self) -> bool {
        self.inner.passes_descriptors
    }
}

/// # Deadlines of calls
impl Connect {
    /// Returns a handle to the same connection whose calls fail with [`Error::Timeout`] when the
    /// daemon has not replied within `timeout`. Objects made from the handle inherit it.
    ///
    /// The daemon still executes a call that timed out.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            timeout: CallTimeout::After(timeout),
        }
    }

    /// Returns a handle to the same connection whose calls wait until the daemon replies or the
    /// connection ends.
    #[must_use]
    pub fn without_timeout(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), timeout: CallTimeout::Never }
    }
}

/// # State and end
impl Connect {
    /// Returns the URI that the connection was opened with (`virConnectGetURI`): an alias is
    /// resolved, and where no URI was given it is the one that the daemon chose.
    #[doc(alias = "virConnectGetURI")]
    #[doc(alias = "getURI")]
    pub fn uri(&self) -> &str {
        self.inner.uri.get().map_or("", String::as_str)
    }

    /// Returns whether the connection was opened read-only.
    pub fn is_read_only(&self) -> bool {
        self.inner.options.read_only
    }

    /// Returns whether the connection can still make calls (`virConnectIsAlive`). Makes no call
    /// itself.
    #[doc(alias = "virConnectIsAlive")]
    pub fn is_alive(&self) -> bool {
        self.inner.shared.end_reason().is_none()
    }

    /// Closes the connection and waits until the daemon has confirmed (`virConnectClose`).
    ///
    /// Calls in flight on any handle fail with [`Error::Closed`]. Closing a connection that has
    /// already ended does nothing. Waits two seconds at most.
    #[doc(alias = "virConnectClose")]
    pub async fn close(&self) {
        self.inner.request_close();
        self.inner.shared.wait_done().await;
    }

    /// Waits until the connection has ended and returns the reason
    /// (`virConnectRegisterCloseCallback`). Cancel-safe.
    #[doc(alias = "virConnectRegisterCloseCallback")]
    #[doc(alias = "registerCloseCallback")]
    pub async fn closed(&self) -> CloseReason {
        self.inner.shared.wait_done().await
    }

    /// Waits for a time, but not beyond the connection's end.
    pub(crate) async fn pause_until(&self, at: Instant) {
        until(self.shared(), Some(at.into_std()), self.closed()).await;
    }

    /// Returns this connection or, once that has ended, the one that follows it: waits for the next
    /// one of the [`Reconnect`](crate::Reconnect) that it is of, and fails without one.
    pub(crate) async fn or_next(&self) -> Result<Self> {
        if self.is_alive() {
            return Ok(self.clone());
        }
        match self.inner.followed_by.get() {
            Some(successors) => Ok(successors.next().await?.with_timeout_of(self)),
            None => Err(Error::Closed(self.closed().await)),
        }
    }

    /// Returns whether the daemon works on one request of this client at a time.
    pub(crate) fn takes_one_request(&self) -> bool {
        self.inner.options.max_client_requests == 1
    }

    /// Returns the runtime of the driver task.
    pub(crate) fn runtime(&self) -> &Handle {
        &self.inner.runtime
    }

    pub(crate) fn security(&self) -> Security {
        self.inner.security
    }

    /// Returns the cache of the hypervisor's name.
    pub(crate) fn hypervisor_cell(&self) -> &OnceLock<String> {
        &self.inner.hypervisor
    }

    /// Returns the cache of whether the daemon's event registrations have callback IDs.
    pub(crate) fn event_callback_ids_cell(&self) -> &OnceLock<bool> {
        &self.inner.event_callback_ids
    }

    /// Returns the cell that keeps whether the daemon takes the arguments of network updates in the
    /// order in which they are documented.
    pub(crate) fn network_update_order_cell(&self) -> &OnceLock<bool> {
        &self.inner.network_update_order
    }

    /// Returns the timeout of a call.
    pub(super) fn timeout(&self, long: bool) -> Option<Duration> {
        match self.timeout {
            CallTimeout::Default if long => None,
            CallTimeout::Default => self.inner.options.call_timeout,
            CallTimeout::Never => None,
            CallTimeout::After(timeout) => Some(timeout),
        }
    }

    /// Returns the deadline of a call that starts now.
    pub(super) fn deadline(&self, long: bool) -> Deadline {
        Deadline::new(self.timeout(long))
    }

    /// Rejects calls that a read-only connection may not make, as the daemon would.
    pub(crate) fn require_writable(&self, procedure: &'static str) -> Result<()> {
        if self.inner.options.read_only {
            return Err(Error::ReadOnly(procedure));
        }
        Ok(())
    }
}

impl Inner {
    fn request_close(&self) {
        self.shared.request_close(self.close, now());
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.request_close();
    }
}

/// Equality means the same connection, whatever the timeouts.
impl PartialEq for Connect {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}

impl Eq for Connect {}

impl fmt::Debug for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connect")
            .field("uri", &self.uri())
            .field("read_only", &self.inner.options.read_only)
            .field("ended", &self.inner.shared.end_reason())
            .finish_non_exhaustive()
    }
}
