//! The stream of a migration's progress, where the source has none.

use std::time::Duration;

use libvirt_client::domain::{MigrateFlags, Migration, MigrationProgressStream};
use libvirt_client::types::error::ErrorCode;

use super::hosts::{Call, NO_DOMAIN, Source};
use super::journey::{Journey, finished, performed};
use super::wire::{Fields, GET_JOB_STATS, Value::Long, web};

const INTERNAL: i32 = 1;
const OPERATION_INVALID: i32 = 55;
const NO_JOB: i32 = 0;
const UNBOUNDED: i32 = 2;

/// A migration whose source sends.
struct Sending {
    journey: Journey,
    migration: Migration,
    call: Call,
    progress: MigrationProgressStream,
}

impl Sending {
    async fn start() -> Self {
        let (mut journey, migration) = Journey::start(MigrateFlags::LIVE).await;
        journey.prepare_well().await;
        let call = journey.perform().await;
        let progress = migration.control().progress(Duration::ZERO);
        Self { journey, migration, call, progress }
    }

    async fn asked(&mut self) -> Call {
        self.journey.hosts.expect(Source, GET_JOB_STATS, &web().word(0)).await
    }

    /// The next item, where the source answers one call after the other so.
    async fn next(
        &mut self,
        answers: impl IntoIterator<Item = Result<Fields, (i32, &str)>>,
    ) -> Option<libvirt_client::Result<Option<u64>>> {
        let Self { journey, progress, .. } = self;
        let (next, ()) = tokio::join!(progress.next(), async {
            for answer in answers {
                let asked = journey.hosts.expect(Source, GET_JOB_STATS, &web().word(0)).await;
                match answer {
                    Ok(stats) => asked.reply(&stats),
                    Err((code, text)) => asked.fail(code, text),
                }
            }
        });
        next.map(|item| Ok(item?.stats.data_remaining_bytes))
    }

    /// Lets the migration succeed.
    async fn end(mut self) {
        self.call.reply(&performed());
        self.journey.hosts.ignored = Some(GET_JOB_STATS);
        self.journey.finish("of perform", false).await.reply(&finished());
        self.journey.confirm("of finish", false).await.done();
        self.migration.await.unwrap();
        assert!(self.progress.next().await.is_none());
        assert!(self.progress.next().await.is_none());
        self.journey.hosts.assert_no_more_calls().await;
    }
}

fn stats(job: i32, remaining: u64) -> Fields {
    let job = Fields::default().word(job.cast_unsigned());
    job.params(&[("data_remaining", Long(remaining))])
}

#[tokio::test]
async fn what_is_not_known_yet_is_asked_for_again() {
    let mut sending = Sending::start().await;
    let none = Fields::default().word(NO_JOB.cast_unsigned()).params(&[]);
    let not_yet = Err((INTERNAL, "migration was active, but no RAM info was set"));
    let answers = [Ok(none), not_yet, Ok(stats(UNBOUNDED, 7))];
    assert_eq!(sending.next(answers).await.unwrap().unwrap(), Some(7));
    let answers = [Ok(stats(UNBOUNDED, 5))];
    assert_eq!(sending.next(answers).await.unwrap().unwrap(), Some(5));
    sending.end().await;
}

#[tokio::test]
async fn it_ends_when_the_source_has_no_guest_any_more() {
    for code in [OPERATION_INVALID, NO_DOMAIN] {
        let mut sending = Sending::start().await;
        assert!(sending.next([Err((code, "no guest"))]).await.is_none());
        sending.end().await;
    }
}

#[tokio::test]
async fn any_other_error_is_its_last_item() {
    let mut sending = Sending::start().await;
    let error = sending.next([Err((INTERNAL, "broken"))]).await.unwrap().unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::InternalError));
    assert!(error.to_string().contains("broken"), "{error}");
    sending.end().await;
}

/// The source removes its statistics with its guest, and may not answer before that.
#[tokio::test]
async fn it_ends_with_the_migration_although_the_source_does_not_answer() {
    let mut sending = Sending::start().await;
    let control = sending.migration.control();
    let mut progress = control.progress(Duration::ZERO);
    let waiting = tokio::spawn(async move { progress.next().await.is_none() });
    let unanswered = sending.asked().await;
    sending.end().await;
    assert!(waiting.await.unwrap());
    drop(unanswered);
}

/// Whoever never wants to be told again only sees the end.
#[tokio::test]
async fn an_interval_without_end_is_one() {
    let mut sending = Sending::start().await;
    sending.progress = sending.migration.control().progress(Duration::MAX);
    let answers = [Ok(stats(UNBOUNDED, 7))];
    assert_eq!(sending.next(answers).await.unwrap().unwrap(), Some(7));
    sending.end().await;
}

/// Who comes late gets nothing, and the source is not bothered.
#[tokio::test]
async fn there_is_none_after_the_end() {
    let sending = Sending::start().await;
    let control = sending.migration.control();
    sending.end().await;
    assert!(control.progress(Duration::ZERO).next().await.is_none());
}
