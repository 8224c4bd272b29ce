//! The connection: the task that drives it, and the calls that go through it.

#[cfg(feature = "admin")]
mod admin;
mod authenticate;
mod builder;
mod call;
mod connect;
mod driver;
mod expiry;
mod for_good;
mod open;
mod progress;
mod raw;
mod reconnect;
mod registry;
#[cfg(feature = "sasl")]
mod sasl;
mod shared;
mod stream;
pub(crate) mod subscription;

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::OnceCell;
use tokio::time::Instant;

pub use builder::ConnectBuilder;
pub use call::Reply;
pub use raw::Raw;
pub use reconnect::{Backoff, ConnectionStatus, Reconnect};
pub use stream::{Chunk, Stream, StreamReader, StreamWriter};

use crate::error::{CloseReason, Error, Result};
use crate::protocol::ProcedureInfo;
use crate::transport::Security;
use registry::Registry;
use shared::Shared;

/// A connection to a libvirt daemon.
///
/// A handle: cloning it is cheap, all clones and every object made from them share one socket, and
/// any number of calls from any number of tasks may be in flight on it at a time. The connection
/// ends when [`close`](Self::close) is called, when the last handle is dropped, or when the daemon
/// or the network ends it; every pending and later call then fails with [`Error::Closed`].
///
/// Calls may be made from any executor; the connection itself is driven by a task on the tokio
/// runtime that opened it.
#[derive(Clone)]
pub struct Connect {
    inner: Arc<Inner>,
    timeout: CallTimeout,
}

/// How long a call may wait for its reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CallTimeout {
    /// As the connection was opened with.
    Default,
    /// For ever, or rather until the connection ends.
    Never,
    After(Duration),
}

struct Inner {
    shared: Arc<Shared>,
    /// How the daemon is told of the end.
    close: &'static ProcedureInfo,
    /// Set once the daemon has said what it opened.
    uri: OnceLock<String>,
    /// What the connection was opened with, to open another like it.
    options: ConnectBuilder,
    security: Security,
    /// Whether descriptors can travel with calls.
    passes_descriptors: bool,
    hypervisor: OnceCell<String>,
    event_callback_ids: OnceCell<bool>,
    registry: Arc<Registry>,
    /// Where the driver runs, and what must outlive a caller.
    runtime: Handle,
}

impl Connect {
    /// Opens a connection to what `uri` names, e.g. `qemu:///system`.
    ///
    /// An empty `uri` means libvirt's own choice: `LIBVIRT_DEFAULT_URI` in the environment, or else
    /// `uri_default` in `libvirt.conf`, or else whatever daemon the host has. Whichever it is, it
    /// may be one of the aliases in that file, which is `/etc/libvirt/libvirt.conf` for root and
    /// `libvirt/libvirt.conf` in the directory of configuration files for others. Corresponds to `virConnectOpen`. Not cancel-safe in that a cancelled opening is
    /// undone, not resumed.
    ///
    /// ```no_run
    /// # async fn example() -> libvirt_client::Result<()> {
    /// let conn = libvirt_client::Connect::open("qemu:///system").await?;
    /// for domain in conn.list_all_domains(Default::default()).await? {
    ///     println!("{}", domain.name());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open(uri: &str) -> Result<Self> {
        Self::builder(uri).open().await
    }

    /// Opens a connection that cannot change anything (`virConnectOpenReadOnly`).
    pub async fn open_read_only(uri: &str) -> Result<Self> {
        Self::builder(uri).read_only(true).open().await
    }

    /// Prepares a connection with options; see [`open`](Self::open) for `uri`.
    pub fn builder(uri: &str) -> ConnectBuilder {
        ConnectBuilder::new(uri)
    }

    /// A handle to the same connection whose calls fail with [`Error::Timeout`] when the daemon has
    /// not answered after `timeout`. Objects made from the handle inherit it.
    ///
    /// The daemon still executes a call that was given up.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            timeout: CallTimeout::After(timeout),
        }
    }

    /// A handle to the same connection whose calls wait until the daemon answers or the connection
    /// ends.
    #[must_use]
    pub fn without_timeout(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), timeout: CallTimeout::Never }
    }

    /// Opens another connection in the same way, for what would be in the way of others on this one.
    ///
    /// A connection that was opened over a stream of the caller's own cannot be opened again.
    pub async fn reopen(&self) -> Result<Self> {
        if self.inner.options.over_own_stream {
            return Err(Error::Unsupported(
                "opening a connection over the caller's own stream again".to_owned(),
            ));
        }
        let other = self.inner.options.clone().open().await?;
        Ok(Self { timeout: self.timeout, ..other })
    }

    /// Every procedure of every program, also those that the typed API does not cover.
    pub fn raw(&self) -> Raw<'_> {
        Raw::new(self)
    }

    /// The URI that the connection was opened with (`virConnectGetURI`): in place of an alias the
    /// one that it stands for, and where there was none at all the one that the daemon chose.
    pub fn uri(&self) -> &str {
        self.inner.uri.get().map_or("", String::as_str)
    }

    /// Whether the connection was opened read-only.
    pub fn is_read_only(&self) -> bool {
        self.inner.options.read_only
    }

    /// Whether calls can still be made (`virConnectIsAlive`). Local: asks nobody.
    pub fn is_alive(&self) -> bool {
        self.inner.shared.end_reason().is_none()
    }

    /// Closes the connection and waits until the daemon has taken note (`virConnectClose`).
    ///
    /// Calls in flight on any handle fail with [`Error::Closed`]. Closing a connection that has
    /// ended does nothing. Waits two seconds at most.
    pub async fn close(&self) {
        self.inner.request_close();
        self.inner.shared.wait_done().await;
    }

    /// Waits until the connection has ended, and says why. Cancel-safe.
    pub async fn closed(&self) -> CloseReason {
        self.inner.shared.wait_done().await
    }

    pub(crate) fn same_connection(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// The runtime that drives the connection.
    pub(crate) fn runtime(&self) -> &Handle {
        &self.inner.runtime
    }

    pub(crate) fn security(&self) -> Security {
        self.inner.security
    }

    /// Where the hypervisor's name is kept once it was asked for.
    pub(crate) fn hypervisor_cell(&self) -> &OnceCell<String> {
        &self.inner.hypervisor
    }

    /// Where it is kept whether the daemon's event registrations have callback ids.
    pub(crate) fn event_callback_ids_cell(&self) -> &OnceCell<bool> {
        &self.inner.event_callback_ids
    }

    /// How long a call may take.
    fn timeout(&self, long: bool) -> Option<Duration> {
        match self.timeout {
            CallTimeout::Default if long => None,
            CallTimeout::Default => self.inner.options.call_timeout,
            CallTimeout::Never => None,
            CallTimeout::After(timeout) => Some(timeout),
        }
    }

    /// When a call that starts now must be answered.
    fn deadline(&self, long: bool) -> Option<(Instant, Duration)> {
        let timeout = self.timeout(long)?;
        // A timeout beyond what the clock can tell is none.
        Instant::now().checked_add(timeout).map(|deadline| (deadline, timeout))
    }

    /// Refuses what a read-only connection may not ask for, as the daemon would.
    pub(crate) fn require_writable(&self, procedure: &'static str) -> Result<()> {
        if self.inner.options.read_only {
            return Err(Error::InvalidArgument {
                procedure,
                reason: "the connection is read-only".to_owned(),
            });
        }
        Ok(())
    }
}

impl Inner {
    fn request_close(&self) {
        self.shared.request_close(self.close, expiry::now());
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.request_close();
    }
}

impl fmt::Debug for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connect")
            .field("uri", &self.uri())
            .field("read_only", &self.inner.options.read_only)
            .field("ended", &self.inner.shared.end_reason())
            .finish_non_exhaustive()
    }
}
