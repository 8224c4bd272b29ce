//! A migration in progress: waiting for it, watching it and interfering with it.

use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use super::beside::Beside;
use super::pauses::Pauses;
use super::progress::MigrationProgressStream;
use super::whereabouts;
use crate::api::domain::{Domain, GetJobStatsFlags, JobOperation, MigrateMaxSpeedFlags};
use crate::client::Connect;
use crate::error::{CloseReason, Error, MigrationOutcome, Result};

/// A migration in progress: a future of the domain on the destination, or of nothing where the
/// destination was named by its URI.
///
/// A task on the runtime conducts it, whether this is awaited or not. **Dropping it aborts the
/// migration**, as [`MigrationControl::abort`] does, and the task still does what is left to do: it
/// has the destination remove what it has of the guest, and the source let the guest go on.
///
/// To watch it, or to interfere with it, while it is awaited, take its
/// [`control`](Self::control).
#[must_use = "dropping a migration aborts it"]
pub struct Migration<D = Domain> {
    result: oneshot::Receiver<Result<D>>,
    control: MigrationControl,
    _abort: DropGuard,
}

/// A handle to a migration in progress, cheap to clone, for any task; it does not keep the
/// migration from being aborted.
///
/// The calls go to the source and fail once the migration has ended. They have a connection of their
/// own where the daemon takes one request at a time
/// ([`max_client_requests`](crate::ConnectBuilder::max_client_requests)), which is the migration.
#[derive(Clone)]
pub struct MigrationControl {
    source: Beside,
    abort: CancellationToken,
    ended: CancellationToken,
}

impl<D: Send + 'static> Migration<D> {
    /// Runs `migrate`, which is to stop when the token that it gets is cancelled.
    pub(super) fn spawn<F>(source: &Domain, migrate: impl FnOnce(MigrationControl) -> F) -> Self
    where
        F: Future<Output = Result<D>> + Send + 'static,
    {
        let control = MigrationControl {
            source: Beside::of(source),
            abort: CancellationToken::new(),
            ended: CancellationToken::new(),
        };
        let (sender, result) = oneshot::channel();
        let migrating = migrate(control.clone());
        let ended = control.ended.clone().drop_guard();
        source.connect().runtime().spawn(async move {
            let result = migrating.await;
            drop(ended);
            if let Err(Err(error)) = sender.send(result) {
                tracing::warn!(%error, "an abandoned migration ended");
            }
        });
        Self { result, _abort: control.abort.clone().drop_guard(), control }
    }

    /// Returns a handle for watching the migration, and for interfering with it, from any task.
    pub fn control(&self) -> MigrationControl {
        self.control.clone()
    }
}

impl Migration {
    /// Asks both hosts what they have of a guest.
    ///
    /// For after a migration whose [error](crate::MigrationError) left something unknown because a
    /// host could not be reached: open a new connection to it and ask again. A migration does not
    /// change the UUID.
    pub async fn outcome(
        uuid: Uuid,
        source: &Connect,
        destination: &Connect,
    ) -> Result<MigrationOutcome> {
        Ok(MigrationOutcome {
            source: whereabouts::presence(source, uuid).await?,
            destination: whereabouts::presence(destination, uuid).await?,
        })
    }
}

impl<D> Future for Migration<D> {
    type Output = Result<D>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<D>> {
        let result = ready!(Pin::new(&mut self.result).poll(cx));
        // The task ends without a result only if its runtime does.
        Poll::Ready(result.unwrap_or(Err(Error::Closed(CloseReason::RuntimeGone))))
    }
}

impl MigrationControl {
    /// Asks the migration to stop. Does not wait: the migration ends with an error for which
    /// [`is_aborted`](Error::is_aborted) holds, and the guest goes on as it was before.
    ///
    /// It is too late once the guest has been sent, and in the post-copy phase, in which neither
    /// host has the whole guest: the migration then goes on to its end.
    pub fn abort(&self) {
        self.abort.cancel();
    }

    /// Returns the progress as it is now and then every `interval`, as a stream.
    pub fn progress(&self, interval: Duration) -> MigrationProgressStream {
        MigrationProgressStream::new(self.source.clone(), self.ended.clone(), interval)
    }

    /// Waits until the migration has ended, well or not. Cancel-safe.
    pub async fn ended(&self) {
        self.ended.cancelled().await;
    }

    /// Switches to post-copy; see [`Domain::migrate_start_post_copy`].
    pub async fn start_post_copy(&self) -> Result<()> {
        self.source.domain().await?.migrate_start_post_copy().await
    }

    /// Sets for how long the guest may be paused; see [`Domain::migrate_set_max_downtime`].
    pub async fn set_max_downtime(&self, downtime: Duration) -> Result<()> {
        self.source.domain().await?.migrate_set_max_downtime(downtime).await
    }

    /// Sets the maximum transfer rate; see [`Domain::migrate_set_max_speed`].
    pub async fn set_max_speed(
        &self,
        mib_per_second: u64,
        flags: MigrateMaxSpeedFlags,
    ) -> Result<()> {
        self.source.domain().await?.migrate_set_max_speed(mib_per_second, flags).await
    }

    /// Sets the size of the compression's cache; see
    /// [`Domain::migrate_set_compression_cache`].
    pub async fn set_compression_cache(&self, bytes: u64) -> Result<()> {
        self.source.domain().await?.migrate_set_compression_cache(bytes).await
    }

    pub(super) fn is_aborted(&self) -> bool {
        self.abort.is_cancelled()
    }

    /// Waits until the guest has been sent, and aborts that if the caller wants it or `vain` is
    /// ready; also returns the result of the latter.
    pub(super) async fn until_sent<T, V>(
        &self,
        sending: impl Future<Output = T>,
        vain: impl Future<Output = V>,
    ) -> (T, Option<V>) {
        let mut sending = pin!(sending);
        tokio::select! {
            biased;
            sent = &mut sending => (sent, None),
            () = self.abort.cancelled() => (self.abort_job(sending).await, None),
            vain = vain => (self.abort_job(sending).await, Some(vain)),
        }
    }

    /// Aborts the source's job, until `done`: at first there may be none yet, or another that the
    /// migration waits for.
    async fn abort_job<T>(&self, done: impl Future<Output = T>) -> T {
        let abort_again_and_again = async {
            let mut pauses = Pauses::up_to(Duration::from_secs(1));
            loop {
                let aborting = async {
                    let domain = self.source.domain().await?;
                    if has_another_job(&domain).await {
                        return Ok(());
                    }
                    domain.abort_job().await
                };
                if let Err(error) = aborting.await {
                    tracing::debug!(%error, "a migration's job cannot be aborted now");
                }
                pauses.pause().await;
            }
        };
        tokio::select! {
            biased;
            result = done => result,
            never = abort_again_and_again => never,
        }
    }
}

/// Returns whether the domain is known to have a job that is no migration.
async fn has_another_job(domain: &Domain) -> bool {
    let report = domain.job_stats(GetJobStatsFlags::empty()).await;
    let operation = report.ok().flatten().and_then(|report| report.stats.operation);
    !matches!(operation, None | Some(JobOperation::Unknown | JobOperation::MigrationOut))
}

impl<D> fmt::Debug for Migration<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Migration")
            .field("control", &self.control)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for MigrationControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MigrationControl")
            .field("source", &self.source)
            .field("aborted", &self.abort.is_cancelled())
            .field("ended", &self.ended.is_cancelled())
            .finish()
    }
}
