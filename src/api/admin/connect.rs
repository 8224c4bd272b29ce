//! Connections to a daemon's administration interface, and settings of the daemon as a whole.

use std::fmt;
use std::time::Duration;

use super::DaemonShutdownFlags;
use crate::api::connect::Version;
use crate::api::wire;
use crate::client::{Connect, ConnectBuilder, Raw};
use crate::error::{CloseReason, Error, Result};
use crate::protocol::{Request as _, admin};

/// A connection to a daemon's administration interface (`virAdmConnect`).
///
/// A handle like [`Connect`](crate::Connect): cloning it is cheap, and any number of calls may be in
/// flight on it. Handles are equal if they are of the same connection.
///
/// # Contents
///
/// - [Opening](#opening), [Connection](#connection), [Raw calls](#raw-calls), [Logging](#logging),
///   [Daemon](#daemon), [Servers](#servers)
#[doc(alias = "virAdmConnect")]
#[derive(Clone, PartialEq, Eq)]
pub struct AdminConnect {
    pub(super) conn: Connect,
}

/// # Administration
impl ConnectBuilder {
    /// Opens a connection to the administration interface that the URI names (`virAdmConnectOpen`);
    /// other URIs fail. Dropping the future undoes what was done.
    ///
    /// Of the options only those about time and [`aliases`](Self::aliases) apply.
    #[doc(alias = "virAdmConnectOpen")]
    pub async fn open_admin(self) -> Result<AdminConnect> {
        let conn = self.open_admin_program().await?;
        Ok(AdminConnect { conn })
    }
}

/// # Opening
impl AdminConnect {
    /// Opens a connection to the daemon that `uri` names, such as `libvirtd:///system` or
    /// `virtqemud:///session` (`virAdmConnectOpen`).
    ///
    /// An empty `uri` means libvirt's default: `LIBVIRT_ADMIN_DEFAULT_URI` in the environment, or
    /// else `uri_default` in `libvirt-admin.conf`, or else libvirtd, the user's own or, for root,
    /// the system's.
    #[doc(alias = "virAdmConnectOpen")]
    pub async fn open(uri: &str) -> Result<Self> {
        Connect::builder(uri).open_admin().await
    }
}

/// # Connection
impl AdminConnect {
    /// Returns the URI that the connection was opened with (`virAdmConnectGetURI`).
    #[doc(alias = "virAdmConnectGetURI")]
    pub fn uri(&self) -> &str {
        self.conn.uri()
    }

    /// Returns whether calls can still be made (`virAdmConnectIsAlive`). Local: makes no call.
    #[doc(alias = "virAdmConnectIsAlive")]
    pub fn is_alive(&self) -> bool {
        self.conn.is_alive()
    }

    /// Closes the connection and waits until the daemon has confirmed it (`virAdmConnectClose`).
    #[doc(alias = "virAdmConnectClose")]
    pub async fn close(&self) {
        self.conn.close().await;
    }

    /// Waits until the connection has ended, and returns the reason
    /// (`virAdmConnectRegisterCloseCallback`). Cancel-safe.
    #[doc(alias = "virAdmConnectRegisterCloseCallback")]
    pub async fn closed(&self) -> CloseReason {
        self.conn.closed().await
    }

    /// Returns a handle to the same connection whose calls fail with [`Error::Timeout`] when the
    /// daemon has not answered after `timeout`. Servers and clients that are found through it
    /// inherit it.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { conn: self.conn.with_timeout(timeout) }
    }

    /// Returns a handle to the same connection whose calls wait until the daemon has answered or the
    /// connection ends.
    #[must_use]
    pub fn without_timeout(&self) -> Self {
        Self { conn: self.conn.without_timeout() }
    }
}

/// # Raw calls
impl AdminConnect {
    /// Returns access to every procedure of the administration program.
    pub fn raw(&self) -> Raw<'_> {
        self.conn.raw()
    }
}

/// # Logging
impl AdminConnect {
    /// Returns the daemon's log outputs, in the form of `log_outputs` in its configuration
    /// (`virAdmConnectGetLoggingOutputs`), e.g. `1:file:/var/log/libvirt/libvirtd.log`. Several are
    /// separated by blanks.
    #[doc(alias = "virAdmConnectGetLoggingOutputs")]
    pub async fn logging_outputs(&self) -> Result<String> {
        let reply = self.conn.call(admin::ConnectGetLoggingOutputs { flags: 0 }).await?;
        Ok(reply.decode()?.outputs.into_owned())
    }

    /// Sets the daemon's log outputs, until it ends (`virAdmConnectSetLoggingOutputs`); `None` is
    /// the default without configuration.
    #[doc(alias = "virAdmConnectSetLoggingOutputs")]
    pub async fn set_logging_outputs(&self, outputs: Option<&str>) -> Result<()> {
        self.conn
            .run(admin::ConnectSetLoggingOutputs { outputs: outputs.map(Into::into), flags: 0 })
            .await
    }

    /// Returns the daemon's log filters, in the form of `log_filters` in its configuration
    /// (`virAdmConnectGetLoggingFilters`), e.g. `1:*qemu* 3:*rpc*`; `None` where no filters are
    /// set.
    #[doc(alias = "virAdmConnectGetLoggingFilters")]
    pub async fn logging_filters(&self) -> Result<Option<String>> {
        let reply = self.conn.call(admin::ConnectGetLoggingFilters { flags: 0 }).await?;
        let filters = reply.decode()?.filters;
        // The daemon adds a blank at the end.
        Ok(filters.map(|filters| filters.trim_end().to_owned()))
    }

    /// Sets the daemon's log filters, until it ends (`virAdmConnectSetLoggingFilters`); `None`
    /// removes all filters.
    #[doc(alias = "virAdmConnectSetLoggingFilters")]
    pub async fn set_logging_filters(&self, filters: Option<&str>) -> Result<()> {
        self.conn
            .run(admin::ConnectSetLoggingFilters { filters: filters.map(Into::into), flags: 0 })
            .await
    }
}

/// # Daemon
impl AdminConnect {
    /// Returns the daemon's version of libvirt (`virAdmConnectGetLibVersion`).
    #[doc(alias = "virAdmConnectGetLibVersion")]
    pub async fn lib_version(&self) -> Result<Version> {
        let reply = self.conn.call(admin::ConnectGetLibVersion).await?;
        Ok(Version::from_number(reply.decode()?.lib_ver))
    }

    /// Sets the time without clients and running guests after which the daemon ends by itself
    /// (`virAdmConnectSetDaemonTimeout`), a whole number of seconds; `None` is never.
    #[doc(alias = "virAdmConnectSetDaemonTimeout")]
    pub async fn set_daemon_timeout(&self, timeout: Option<Duration>) -> Result<()> {
        const PROCEDURE: &str = admin::ConnectSetDaemonTimeout::INFO.name;
        let seconds = match timeout {
            None => 0,
            Some(timeout) => {
                let seconds = wire::whole_seconds(PROCEDURE, timeout)?;
                let seconds = u32::try_from(seconds).ok().filter(|seconds| *seconds > 0);
                seconds.ok_or_else(|| Error::InvalidArgument {
                    procedure: PROCEDURE,
                    reason: format!("{timeout:?} is not between a second and {} s", u32::MAX),
                })?
            }
        };
        self.conn
            .run(admin::ConnectSetDaemonTimeout { timeout: seconds, flags: 0 })
            .await
    }

    /// Asks the daemon to end (`virAdmConnectDaemonShutdown`), with
    /// [`PRESERVE`](DaemonShutdownFlags::PRESERVE) as it would at the host's shutdown. Its guests
    /// keep running, unless the flag or the configuration has them saved or shut down. Since
    /// 11.2.0.
    ///
    /// Succeeds, too, if the daemon ends before it has answered.
    #[doc(alias = "virAdmConnectDaemonShutdown")]
    pub async fn daemon_shutdown(&self, flags: DaemonShutdownFlags) -> Result<()> {
        match self.conn.run(admin::ConnectDaemonShutdown { flags: flags.bits() }).await {
            Err(Error::Closed(CloseReason::Eof)) => Ok(()),
            other => other,
        }
    }
}

impl fmt::Debug for AdminConnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdminConnect").field("uri", &self.uri()).finish_non_exhaustive()
    }
}
