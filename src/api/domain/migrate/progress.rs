//! The progress of a migration, as a stream.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use serde::Serialize;

use futures_core::Stream;
use futures_core::future::BoxFuture;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::beside::Beside;
use crate::api::domain::{GetJobStatsFlags, JobStats};
use crate::error::{Error, Result};
use crate::types::error::ErrorCode;

/// The time after which a source that has no statistics yet is asked again.
const UNTIL_KNOWN: Duration = Duration::from_millis(50);

/// The steps of a fraction.
const PARTS: u32 = 1_000_000;

/// The progress of a migration.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MigrationProgress {
    /// Statistics of the source's job: bytes, rates, downtime, iteration, …
    pub stats: JobStats,
    /// Estimated time until everything has been sent: what remains, at the rate of transfer less
    /// the rate at which the guest changes its memory. `None` if the guest is the faster one, or
    /// where nothing is known yet.
    pub time_remaining: Option<Duration>,
}

/// A stream of a migration's progress; from
/// [`MigrationControl::progress`](super::MigrationControl::progress). It ends with the migration,
/// or with an error.
///
/// The source removes its statistics together with its guest. Afterwards the destination has them,
/// unless the migration ended in the post-copy phase (seen with libvirt 9.0.0, 11.3.0 and 12.8.0):
/// [`job_stats`](crate::domain::Domain::job_stats) with [`COMPLETED`](GetJobStatsFlags::COMPLETED) of the new
/// domain.
pub struct MigrationProgressStream {
    source: Beside,
    ended: CancellationToken,
    interval: Duration,
    due: Instant,
    /// The next item, being asked for; `None` after the end.
    asking: Option<BoxFuture<'static, Option<Result<MigrationProgress>>>>,
}

impl MigrationProgress {
    fn new(stats: JobStats) -> Self {
        let time_remaining = time_remaining(&stats);
        Self { stats, time_remaining }
    }

    /// Returns the part of the data that need not be sent any more, from 0 to 1; `None` where
    /// nothing is known yet.
    ///
    /// It is less than before whenever the guest changes more memory than is sent meanwhile.
    pub fn fraction(&self) -> Option<f64> {
        let total = self.stats.data_total_bytes.filter(|total| *total > 0)?;
        let remaining = self.stats.data_remaining_bytes?.min(total);
        let done = u128::from(total - remaining) * u128::from(PARTS) / u128::from(total);
        Some(f64::from(done as u32) / f64::from(PARTS))
    }
}

/// Estimates the time until everything has been sent.
fn time_remaining(stats: &JobStats) -> Option<Duration> {
    let remaining = stats.data_remaining_bytes?;
    let rates = [stats.memory_bytes_per_second, stats.disk_bytes_per_second];
    let rate: u64 = rates.into_iter().flatten().fold(0, u64::saturating_add);
    let changed = stats
        .memory_dirty_pages_per_second
        .unwrap_or_default()
        .saturating_mul(stats.memory_page_bytes.unwrap_or_default());
    let net = rate.checked_sub(changed).filter(|net| *net > 0)?;
    let millis = u128::from(remaining) * 1000 / u128::from(net);
    Some(Duration::from_millis(millis.try_into().unwrap_or(u64::MAX)))
}

impl MigrationProgressStream {
    pub(super) fn new(source: Beside, ended: CancellationToken, interval: Duration) -> Self {
        let due = Instant::now();
        let asking = ask(source.clone(), ended.clone(), due);
        Self { source, ended, interval, due, asking: Some(asking) }
    }

    /// Returns the next progress, when it is due; `None` after the end. Cancel-safe.
    pub async fn next(&mut self) -> Option<Result<MigrationProgress>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl Stream for MigrationProgressStream {
    type Item = Result<MigrationProgress>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let runtime = self.source.runtime().clone();
        let Some(asking) = &mut self.asking else {
            return Poll::Ready(None);
        };
        // Whichever executor this is polled by, the timers are the connection's runtime's.
        let _context = runtime.enter();
        let item = ready!(asking.as_mut().poll(cx));
        self.asking = None;
        if let Some(Ok(_)) = item {
            // What the clock cannot represent is never due.
            if let Some(due) = self.due.checked_add(self.interval) {
                self.due = Instant::now().max(due);
                self.asking = Some(ask(self.source.clone(), self.ended.clone(), self.due));
            } else {
                let ended = self.ended.clone();
                self.asking = Some(Box::pin(async move {
                    ended.cancelled().await;
                    None
                }));
            }
        }
        Poll::Ready(item)
    }
}

impl fmt::Debug for MigrationProgressStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MigrationProgressStream")
            .field("source", &self.source)
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}

/// Asks for the progress at that time; `None` if the migration ends before.
fn ask(
    source: Beside,
    ended: CancellationToken,
    due: Instant,
) -> BoxFuture<'static, Option<Result<MigrationProgress>>> {
    Box::pin(async move {
        let asking = async {
            sleep_until(due).await;
            loop {
                let stats =
                    async { source.domain().await?.job_stats(GetJobStatsFlags::empty()).await };
                match stats.await {
                    Ok(Some(report)) => return Some(Ok(MigrationProgress::new(report.stats))),
                    Ok(None) => {}
                    Err(error) if is_over(&error) => return None,
                    Err(error) if has_no_statistics(&error) => {}
                    Err(error) => return Some(Err(error)),
                }
                sleep(UNTIL_KNOWN).await;
            }
        };
        ended.run_until_cancelled(asking).await.flatten()
    })
}

/// Returns whether the source has no guest any more whose job could be asked about.
fn is_over(error: &Error) -> bool {
    error.is_not_found() || error.code() == Some(ErrorCode::OperationInvalid)
}

/// Returns whether the source's hypervisor has a migration, but no statistics of it yet.
fn has_no_statistics(error: &Error) -> bool {
    match error {
        Error::Remote(error) => {
            error.code == ErrorCode::InternalError && error.message.contains("no RAM info")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats() -> JobStats {
        JobStats {
            data_total_bytes: Some(1000),
            data_remaining_bytes: Some(250),
            ..JobStats::default()
        }
    }

    #[test]
    fn the_rest_takes_as_long_as_the_guest_lets_it() {
        let mut stats = stats();
        assert_eq!(time_remaining(&stats), None);
        stats.memory_bytes_per_second = Some(100);
        assert_eq!(time_remaining(&stats), Some(Duration::from_millis(2500)));
        stats.disk_bytes_per_second = Some(25);
        assert_eq!(time_remaining(&stats), Some(Duration::from_secs(2)));
        stats.memory_dirty_pages_per_second = Some(2);
        stats.memory_page_bytes = Some(50);
        assert_eq!(time_remaining(&stats), Some(Duration::from_secs(10)));
        stats.memory_page_bytes = Some(4096);
        assert_eq!(time_remaining(&stats), None);
        stats.memory_dirty_pages_per_second = Some(u64::MAX);
        assert_eq!(time_remaining(&stats), None);
        stats.memory_dirty_pages_per_second = None;
        stats.data_remaining_bytes = Some(u64::MAX);
        assert!(time_remaining(&stats) > Some(Duration::from_secs(1 << 53)));
    }

    #[test]
    fn the_part_that_is_done_needs_a_total() {
        let fraction = |stats| MigrationProgress::new(stats).fraction();
        assert_eq!(fraction(stats()), Some(0.75));
        assert_eq!(fraction(JobStats::default()), None);
        let none = JobStats { data_total_bytes: Some(0), ..stats() };
        assert_eq!(fraction(none), None);
        let more = JobStats { data_remaining_bytes: Some(u64::MAX), ..stats() };
        assert_eq!(fraction(more), Some(0.0));
    }
}
