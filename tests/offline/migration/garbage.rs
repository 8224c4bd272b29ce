//! Replies to the steps of a migration that cannot be understood.

use libvirt_client::Error;
use libvirt_client::MigrationStep::{Begin, Finish, Perform, Prepare};
use libvirt_client::domain::MigrateFlags;

use super::hosts::{Destination, Host, RUNNING, Source};
use super::journey::{FINISH_OK, Journey, begun, failed_at};
use super::wire::{Fields, domain, feature};

/// One byte more than a cookie may have.
fn oversized() -> String {
    "x".repeat((4 << 20) + 1)
}

#[track_caller]
fn assert_too_large(error: &Error) {
    assert!(matches!(error.cause(), Error::Protocol(_)), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("4194305") && text.contains("4194304"), "{text}");
}

#[tokio::test]
async fn a_cookie_of_the_beginning() {
    let (mut journey, migration) = Journey::start(MigrateFlags::empty()).await;
    let begun = Fields::default().cookie(&oversized()).text("<begun/>");
    journey.begin().await.reply(&begun);
    let error = migration.await.unwrap_err();
    failed_at(&error, &[(Source, Begin)]);
    assert_too_large(&error);
    journey.hosts.assert_no_more_calls().await;
}

#[tokio::test]
async fn a_cookie_of_the_preparation() {
    let (mut journey, migration) = Journey::start(MigrateFlags::empty()).await;
    journey.begin().await.reply(&begun());
    let prepared = Fields::default().cookie(&oversized()).maybe(Some("tcp://b"));
    journey.prepare().await.reply(&prepared);
    journey.confirm("", true).await.done();
    let error = migration.await.unwrap_err();
    failed_at(&error, &[(Destination, Prepare)]);
    assert_too_large(&error);
    journey.hosts.assert_no_more_calls().await;
}

/// The source has sent the guest, and waits.
#[tokio::test]
async fn a_cookie_of_the_sending() {
    let (mut journey, migration) = Journey::start(MigrateFlags::empty()).await;
    journey.prepare_well().await;
    journey.perform().await.reply(&Fields::default().cookie(&oversized()));
    journey.finish("", true).await.fail(FINISH_OK, "cancelled");
    journey.confirm("", true).await.done();
    let error = migration.await.unwrap_err();
    failed_at(&error, &[(Source, Perform)]);
    assert_too_large(&error);
    journey.hosts.assert_no_more_calls().await;
}

/// The source's guest must not go on as well.
#[tokio::test]
async fn a_cookie_of_a_guest_that_has_arrived() {
    let features = [feature::PARAMS, feature::CHANGE_PROTECTION];
    let destination = Host { state: RUNNING, ..Host::destination(&features) };
    let (mut journey, migration) =
        Journey::between(Host::source(&features), destination, MigrateFlags::empty()).await;
    journey.perform_well().await;
    let finished = domain("web", 5).cookie(&oversized());
    journey.finish("of perform", false).await.reply(&finished);
    journey.confirm("", false).await.done();
    assert_eq!(migration.await.unwrap().id(), Some(5));
    journey.hosts.assert_no_more_calls().await;
}

#[tokio::test]
async fn a_cookie_of_a_guest_that_has_not_arrived() {
    let (mut journey, migration) = Journey::start(MigrateFlags::empty()).await;
    journey.perform_well().await;
    let finished = domain("web", 5).cookie(&oversized());
    journey.finish("of perform", false).await.reply(&finished);
    journey.confirm("", true).await.done();
    let error = migration.await.unwrap_err();
    failed_at(&error, &[(Destination, Finish)]);
    assert_too_large(&error);
    journey.hosts.assert_no_more_calls().await;
}
