//! A connection that is opened again whenever it is lost.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::connection::Connect;
use super::opening::{ConnectBuilder, is_for_good, shown};
use crate::error::uri::place;
use crate::error::{CloseReason, Error, Result, Waiting};

/// A connection that is opened again whenever it is lost; from [`ConnectBuilder::reconnecting`].
///
/// A handle: clones share the connection. A task on the runtime opens it in the background, and
/// waits longer after each failure; dropping the last handle ends that task, and leaves to whoever
/// still has the [`Connect`] what is open.
///
/// Nothing is called twice behind the caller's back. What was under way when the connection was lost
/// fails with [`Error::Closed`], since the daemon may have done it. What only asks can be given to
/// [`query`](Self::query), which asks again. Objects belong to the connection that they were found
/// through; [`Domain::via`](crate::domain::Domain::via) takes a domain over to another.
///
/// ```no_run
/// use libvirt_client::{Backoff, Connect};
///
/// # async fn example() -> libvirt_client::Result<()> {
/// let host = Connect::builder("qemu+ssh://root@host/system").reconnecting(Backoff::default())?;
/// let running = host.query(|conn| async move { conn.num_of_domains().await }).await?;
/// println!("{running} guests");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Reconnect {
    status: watch::Receiver<ConnectionStatus>,
    /// Where the task runs, whose timers callers on any executor wait with.
    runtime: Handle,
    /// How long the caller is kept waiting for a connection.
    patience: Option<Duration>,
    /// What is kept open, for error messages.
    target: Arc<str>,
    stop: CancellationToken,
    _alive: Arc<DropGuard>,
}

/// How things stand with a [`Reconnect`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ConnectionStatus {
    /// The first attempt is under way.
    Opening,
    /// Calls can be made.
    Connected(Connect),
    /// The connection was lost, or could not be opened, for this reason; further attempts follow.
    Lost(Arc<Error>),
    /// It was closed, or is impossible for this reason, which somebody has to do something about:
    /// the URI or a configuration file is wrong, or a password is known to nobody. That is the end.
    Ended(Arc<Error>),
}

/// How long to wait between attempts to connect: ever longer, and by chance a little longer still, so
/// that the clients of a host that was restarted do not come all at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    min: Duration,
    max: Duration,
}

impl Backoff {
    /// Waits `min` after the first failure, and twice as long after each that follows, up to `max`.
    /// A connection that has lasted for `max` starts this anew.
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

/// From 100 milliseconds to 30 seconds.
impl Default for Backoff {
    fn default() -> Self {
        Self::new(Duration::from_millis(100), Duration::from_secs(30))
    }
}

impl ConnectBuilder {
    /// Keeps a connection open: opens it in the background, and again whenever it is lost.
    ///
    /// Does not wait for anything; fails only outside of a tokio runtime.
    pub fn reconnecting(self, backoff: Backoff) -> Result<Reconnect> {
        let runtime = self.options.runtime()?;
        let (sender, status) = watch::channel(ConnectionStatus::Opening);
        let stop = CancellationToken::new();
        let alive = CancellationToken::new();
        let patience = self.options.open_timeout;
        let target = Arc::from(shown(&place(&self.options.uri)));
        runtime.spawn(stay_connected(stop.clone(), alive.clone(), self, backoff, sender));
        Ok(Reconnect {
            status,
            runtime,
            patience,
            target,
            stop,
            _alive: Arc::new(alive.drop_guard()),
        })
    }
}

impl Reconnect {
    /// The connection as it is now, or, while there is none, the next one.
    ///
    /// Waits as long as an opening may take ([`ConnectBuilder::open_timeout`]), then fails with
    /// [`Error::NotConnected`]. Cancel-safe.
    pub async fn connect(&self) -> Result<Connect> {
        self.connected_by(self.deadline()).await
    }

    /// Asks the daemon something, on the next connection again if this one is lost meanwhile.
    ///
    /// `ask` must be such that it does no harm to do it twice. Gives up as
    /// [`connect`](Self::connect) does.
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

    /// How things stand.
    pub fn status(&self) -> ConnectionStatus {
        self.status.borrow().clone()
    }

    /// Waits until things stand otherwise than when this handle last looked here, and says how;
    /// `None` after the end. A new handle has not looked yet. Cancel-safe.
    pub async fn next_status(&mut self) -> Option<ConnectionStatus> {
        self.status.changed().await.ok()?;
        Some(self.status.borrow_and_update().clone())
    }

    /// Closes the connection for good, on all handles.
    pub async fn close(&self) {
        self.stop.cancel();
        let mut status = self.status.clone();
        // The sender goes with the task, and the task after it has closed the connection.
        while status.changed().await.is_ok() {}
    }

    /// The connection, whenever it comes.
    pub(crate) async fn connected(&self) -> Result<Connect> {
        self.connected_by(None).await
    }

    fn deadline(&self) -> Option<Instant> {
        Instant::now().checked_add(self.patience?)
    }

    async fn connected_by(&self, deadline: Option<Instant>) -> Result<Connect> {
        let mut status = self.status.clone();
        let settled = async {
            // One that has just been lost is not known to the task yet.
            let settled = status.wait_for(|status| match status {
                ConnectionStatus::Connected(conn) => conn.is_alive(),
                ConnectionStatus::Ended(_) => true,
                ConnectionStatus::Opening | ConnectionStatus::Lost(_) => false,
            });
            settled.await.map(|status| status.clone()).ok()
        };
        let settled = match deadline {
            Some(deadline) => {
                let limited = {
                    let _context = self.runtime.enter();
                    timeout_at(deadline, settled)
                };
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
                    after: self.patience.unwrap_or_default(),
                    waiting: Waiting::Opening,
                }),
                hint: None,
            }),
            None => Err(Error::Closed(CloseReason::RuntimeGone)),
        }
    }
}

impl Connect {
    /// Whether the error comes of the connection's end.
    pub(crate) fn was_lost(&self, error: &Error) -> bool {
        error.is_closed() && !self.is_alive()
    }
}

impl fmt::Debug for Reconnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reconnect").field(&self.status()).finish()
    }
}

/// The task: keeps a connection open until it is told to stop or nobody has a handle any more.
async fn stay_connected(
    stop: CancellationToken,
    alive: CancellationToken,
    builder: ConnectBuilder,
    backoff: Backoff,
    status: watch::Sender<ConnectionStatus>,
) {
    let reopening = stop.run_until_cancelled(open_repeatedly(&builder, backoff, &status));
    let Some(end) = alive.run_until_cancelled(reopening).await else {
        return;
    };
    let end = end.unwrap_or(Error::Closed(CloseReason::Local));
    if let ConnectionStatus::Connected(conn) =
        status.send_replace(ConnectionStatus::Ended(Arc::new(end)))
    {
        conn.close().await;
    }
}

/// Opens a connection whenever there is none; gives the reason why that is impossible.
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
                status.send_replace(ConnectionStatus::Connected(conn.clone()));
                let reason = conn.closed().await;
                if opened.elapsed() >= backoff.max {
                    delays = backoff.delays();
                }
                Error::Closed(reason)
            }
            Err(error) if is_for_good(&error) => return error,
            Err(error) => error,
        };
        let delay = delays.next().unwrap_or(backoff.max);
        tracing::info!(uri = place(&builder.options.uri), %failure, ?delay, "not connected");
        status.send_replace(ConnectionStatus::Lost(Arc::new(failure)));
        sleep(delay).await;
    }
}
