//! Connections that are reopened when they are lost.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use futures_core::future::BoxFuture;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::connection::{Connect, Successors};
use super::opening::{ConnectBuilder, is_permanent, shown};
use super::running::timer;
use crate::error::uri::place;
use crate::error::{CloseReason, Error, Result, Waiting};

/// A connection that is reopened whenever it is lost; from [`ConnectBuilder::reconnecting`].
///
/// A handle: clones share the connection. A task on the runtime opens it in the background, and
/// waits longer after each failure. Dropping the last handle ends that task; an open connection
/// stays open for as long as anybody has its [`Connect`].
///
/// No call is silently repeated. A call that was in flight when the connection was lost fails with
/// [`Error::Closed`], since the daemon may have executed it. Calls that only read can be given to
/// [`query`](Self::query), which repeats them. Objects belong to the connection that they were
/// looked up on; [`Domain::via`](crate::domain::Domain::via) moves a domain to another one.
///
/// ```
/// use libvirt_client::{Backoff, Connect};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> libvirt_client::Result<()> {
/// let uri = "qemu+ssh://root@host/system";
/// # let uri = "test:///default";
/// let host = Connect::builder(uri).reconnecting(Backoff::default())?;
/// let running = host.query(|conn| async move { conn.num_of_domains().await }).await?;
/// println!("{running} guests");
/// # assert_eq!(running, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Reconnect {
    status: watch::Receiver<ConnectionStatus>,
    /// The runtime of the task, whose timers serve callers on any executor.
    runtime: Handle,
    /// The time that a caller waits for a connection.
    wait_limit: Option<Duration>,
    /// The target, for error messages.
    target: Arc<str>,
    stop: CancellationToken,
    _alive: Arc<DropGuard>,
}

/// The state of a [`Reconnect`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ConnectionStatus {
    /// The first attempt is in progress.
    Opening,
    /// Calls can be made.
    Connected(Connect),
    /// The connection was lost, or could not be opened, for this reason; it is tried again.
    Lost(Arc<Error>),
    /// The connection was closed, or cannot be opened for this reason, which needs a change: the
    /// URI or a configuration file is wrong, or a password is missing. Final.
    Ended(Arc<Error>),
}

/// The delays between attempts to connect: exponential, with jitter, so that the clients of a host
/// that was restarted do not all connect at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    min: Duration,
    max: Duration,
}

impl Backoff {
    /// Waits `min` after the first failure, and twice as long after each that follows, up to `max`;
    /// each time up to twice that, at random. A connection that has lasted for `max` resets the
    /// delay.
    pub fn new(min: Duration, max: Duration) -> Self {
        Self { min, max }
    }

    fn delays(self) -> ExponentialBackoff {
        ExponentialBuilder::new()
            .with_min_delay(self.min)
            .with_max_delay(self.max)
            .with_jitter()
            .without_max_times()
            .build()
    }
}

/// From 100 milliseconds to 30 seconds, or by chance up to a minute.
impl Default for Backoff {
    fn default() -> Self {
        Self::new(Duration::from_millis(100), Duration::from_secs(30))
    }
}

/// # Connecting again
impl ConnectBuilder {
    /// Opens the connection in the background, and again whenever it is lost.
    ///
    /// Does not wait; fails only outside of a tokio runtime.
    pub fn reconnecting(self, backoff: Backoff) -> Result<Reconnect> {
        let runtime = self.options.runtime()?;
        let (sender, status) = watch::channel(ConnectionStatus::Opening);
        let stop = CancellationToken::new();
        let alive = CancellationToken::new();
        let wait_limit = self.options.open_timeout;
        let target = Arc::from(shown(&place(&self.options.uri)));
        let published = Published(sender);
        runtime.spawn(stay_connected(stop.clone(), alive.clone(), self, backoff, published));
        Ok(Reconnect {
            status,
            runtime,
            wait_limit,
            target,
            stop,
            _alive: Arc::new(alive.drop_guard()),
        })
    }
}

impl Reconnect {
    /// Returns a handle to the same connection that waits so long for one while there is none; zero
    /// does not wait. Default: as long as an attempt to open one may take
    /// ([`ConnectBuilder::open_timeout`]).
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { wait_limit: Some(timeout), ..self.clone() }
    }

    /// Returns a handle to the same connection that waits for one until it is closed for good.
    #[must_use]
    pub fn without_timeout(&self) -> Self {
        Self { wait_limit: None, ..self.clone() }
    }

    /// Returns the connection, or waits for the next one while there is none.
    ///
    /// Waits as long as this handle is to wait ([`with_timeout`](Self::with_timeout)), then fails
    /// with [`Error::NotConnected`] or [`Error::Opening`]. [`Error::is_transient`] tells "not now"
    /// from "never again". Cancel-safe.
    pub async fn connect(&self) -> Result<Connect> {
        self.connected_by(self.deadline()).await
    }

    /// Makes calls that only read, and repeats them on the next connection if this one is lost
    /// meanwhile.
    ///
    /// Calling `ask` twice must do no harm. Times out as [`connect`](Self::connect) does.
    pub async fn query<T, Asking>(&self, ask: impl Fn(Connect) -> Asking) -> Result<T>
    where
        Asking: Future<Output = Result<T>>,
    {
        let deadline = self.deadline();
        loop {
            let conn = self.connected_by(deadline).await?;
            let answer = ask(conn.clone()).await;
            let lost = answer.as_ref().err().is_some_and(|error| conn.was_lost(error));
            if !lost || deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                return answer;
            }
        }
    }

    /// Returns the current status.
    pub fn status(&self) -> ConnectionStatus {
        self.status.borrow().clone()
    }

    /// Waits for a change of status since this handle last looked here, and returns the current
    /// status; `None` after the end. A new handle has not looked yet. Cancel-safe.
    pub async fn next_status(&mut self) -> Option<ConnectionStatus> {
        self.status.changed().await.ok()?;
        Some(self.status.borrow_and_update().clone())
    }

    /// Closes the connection permanently, on all handles.
    pub async fn close(&self) {
        self.stop.cancel();
        let mut status = self.status.clone();
        // The task drops the sender after it has closed the connection.
        while status.changed().await.is_ok() {}
    }

    /// Returns whether an error says that there was no connection, and there may be one later.
    pub(crate) fn may_connect(&self, error: &Error) -> bool {
        let waited = match error {
            Error::NotConnected(_) => true,
            Error::Opening { source, .. } => source.is_timeout(),
            _ => false,
        };
        waited && !matches!(self.status(), ConnectionStatus::Ended(_))
    }

    /// Waits for the connection, without a time limit.
    pub(crate) async fn connected(&self) -> Result<Connect> {
        self.connected_by(None).await
    }

    fn deadline(&self) -> Option<Instant> {
        Instant::now().checked_add(self.wait_limit?)
    }

    async fn connected_by(&self, deadline: Option<Instant>) -> Result<Connect> {
        let mut status = self.status.clone();
        let settled = settled(&mut status);
        let settled = match deadline {
            Some(deadline) => {
                let limited = timer(&self.runtime, || timeout_at(deadline, settled));
                limited.await.unwrap_or_else(|_| Some(self.status()))
            }
            None => settled.await,
        };
        match settled {
            Some(ConnectionStatus::Connected(conn)) => Ok(conn),
            Some(ConnectionStatus::Lost(error) | ConnectionStatus::Ended(error)) => {
                Err(Error::NotConnected(error))
            }
            Some(ConnectionStatus::Opening) => Err(Error::Opening {
                target: self.target.to_string(),
                source: Box::new(Error::Timeout {
                    operation: "opening the connection",
                    after: self.wait_limit.unwrap_or_default(),
                    waiting: Waiting::Opening,
                }),
                hint: None,
            }),
            None => Err(Error::Closed(CloseReason::RuntimeGone)),
        }
    }
}

/// Waits for a connection or for the end; `None` if the task has ended without saying why.
async fn settled(status: &mut watch::Receiver<ConnectionStatus>) -> Option<ConnectionStatus> {
    // The task does not know yet of a connection that has just been lost.
    let settled = status.wait_for(|status| match status {
        ConnectionStatus::Connected(conn) => conn.is_alive(),
        ConnectionStatus::Ended(_) => true,
        ConnectionStatus::Opening | ConnectionStatus::Lost(_) => false,
    });
    settled.await.map(|status| status.clone()).ok()
}

/// The connections of a [`Reconnect`], which those before them know, without keeping it alive.
struct Following(watch::Receiver<ConnectionStatus>);

impl Successors for Following {
    fn next(&self) -> BoxFuture<'static, Result<Connect>> {
        let mut status = self.0.clone();
        Box::pin(async move {
            match settled(&mut status).await {
                Some(ConnectionStatus::Connected(conn)) => Ok(conn),
                Some(ConnectionStatus::Ended(error)) => Err(Error::NotConnected(error)),
                _ => Err(Error::Closed(CloseReason::RuntimeGone)),
            }
        })
    }
}

impl Connect {
    /// Returns whether the error was caused by the connection's end.
    pub(crate) fn was_lost(&self, error: &Error) -> bool {
        error.is_closed() && !self.is_alive()
    }
}

impl fmt::Debug for Reconnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reconnect").field(&self.status()).finish()
    }
}

/// Keeps a connection open until the task is stopped or the last handle is dropped.
async fn stay_connected(
    stop: CancellationToken,
    alive: CancellationToken,
    builder: ConnectBuilder,
    backoff: Backoff,
    status: Published,
) {
    let reopening = stop.run_until_cancelled(open_repeatedly(&builder, backoff, &status.0));
    let Some(end) = alive.run_until_cancelled(reopening).await else {
        status.end(Error::Closed(CloseReason::Local));
        return;
    };
    if let ConnectionStatus::Connected(conn) =
        status.end(end.unwrap_or(Error::Closed(CloseReason::Local)))
    {
        conn.close().await;
    }
}

/// The status as the task tells it. The connection has a receiver of it, which must not keep the
/// connection, not even if the runtime drops the task.
struct Published(watch::Sender<ConnectionStatus>);

impl Published {
    /// Returns the status before the end.
    fn end(&self, error: Error) -> ConnectionStatus {
        self.0.send_replace(ConnectionStatus::Ended(Arc::new(error)))
    }
}

impl Drop for Published {
    fn drop(&mut self) {
        let has_ended = matches!(*self.0.borrow(), ConnectionStatus::Ended(_));
        if !has_ended {
            self.end(Error::Closed(CloseReason::RuntimeGone));
        }
    }
}

/// Opens a connection whenever there is none; returns the reason why that is impossible.
async fn open_repeatedly(
    builder: &ConnectBuilder,
    backoff: Backoff,
    status: &watch::Sender<ConnectionStatus>,
) -> Error {
    let mut delays = backoff.delays();
    loop {
        let failure = match builder.clone().open().await {
            Ok(conn) => {
                let opened = Instant::now();
                conn.set_followed_by(Following(status.subscribe()));
                tracing::info!(uri = place(&builder.options.uri), "connected");
                status.send_replace(ConnectionStatus::Connected(conn.clone()));
                let reason = conn.closed().await;
                if opened.elapsed() >= backoff.max {
                    delays = backoff.delays();
                }
                Error::Closed(reason)
            }
            Err(error) if is_permanent(&error) => return error,
            Err(error) => error,
        };
        let delay = delays.next().unwrap_or(backoff.max);
        tracing::info!(uri = place(&builder.options.uri), %failure, ?delay, "not connected");
        status.send_replace(ConnectionStatus::Lost(Arc::new(failure)));
        sleep(delay).await;
    }
}
