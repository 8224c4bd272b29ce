//! Each step of version 3 failing, and what both hosts are told then.

use std::time::Duration;

use libvirt_client::MigrationStep::{Begin, Confirm, Finish, Perform, Prepare};
use libvirt_client::domain::MigrateFlags;
use libvirt_client::types::error::ErrorCode;
use libvirt_client::{Error, Presence, ProtocolError};

use super::hosts::{Destination, Host, Hosts, PAUSED, Source};
use super::journey::{FINISH_OK, Journey, begun, failed_at, finished};
use super::wire::{Fields, feature};

const INTERNAL: i32 = 1;
const OPERATION_FAILED: i32 = 9;
const NONE: MigrateFlags = MigrateFlags::empty();

#[tokio::test]
async fn nothing_follows_when_the_source_cannot_begin() {
    let (mut journey, migration) = Journey::start(NONE).await;
    journey.begin().await.fail(INTERNAL, "cannot begin");
    let error = migration.await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::InternalError));
    let outcome = failed_at(&error, &[(Source, Begin)]).outcome;
    assert_eq!((outcome.source, outcome.destination), (Presence::Running, Presence::Absent));
    let text = error.to_string();
    assert!(text.starts_with("migration failed at the source (begin): "), "{text}");
    assert!(text.contains("cannot begin"), "{text}");
    assert!(
        text.ends_with("the guest is on the source running, on the destination absent"),
        "{text}"
    );
    journey.hosts.assert_no_more_calls().await;
}

#[tokio::test]
async fn a_source_that_has_begun_is_told_that_the_destination_is_not_prepared() {
    let (mut journey, migration) = Journey::start(NONE).await;
    journey.begin().await.reply(&begun());
    journey.prepare().await.fail(INTERNAL, "cannot prepare");
    journey.confirm("", true).await.done();
    let error = migration.await.unwrap_err();
    failed_at(&error, &[(Destination, Prepare)]);
    journey.hosts.assert_no_more_calls().await;
}

#[tokio::test]
async fn a_source_that_protects_nothing_remembers_nothing_either() {
    let (mut journey, migration) = Journey::start_unprotected().await;
    journey.begin().await.reply(&begun());
    journey.prepare().await.fail(INTERNAL, "cannot prepare");
    let error = migration.await.unwrap_err();
    failed_at(&error, &[(Destination, Prepare)]);
    journey.hosts.assert_no_more_calls().await;
}

#[tokio::test]
async fn without_an_address_nothing_is_sent() {
    let (mut journey, migration) = Journey::start(NONE).await;
    journey.begin().await.reply(&begun());
    let nowhere = Fields::default().cookie("of prepare").maybe(None);
    journey.prepare().await.reply(&nowhere);
    journey.finish("", true).await.fail(FINISH_OK, "cancelled");
    journey.confirm("", true).await.done();
    let error = migration.await.unwrap_err();
    let first = &failed_at(&error, &[(Destination, Prepare)]).first.error;
    let Error::Protocol(ProtocolError::InvalidReply { reason, .. }) = first else {
        panic!("{first:?}")
    };
    assert_eq!(reason, "no address to send the guest to");
    journey.hosts.assert_no_more_calls().await;
}

/// The source has tidied up by itself.
#[tokio::test]
async fn a_destination_is_told_that_the_guest_could_not_be_sent() {
    let (mut journey, migration) = Journey::start(NONE).await;
    journey.prepare_well().await;
    journey.perform().await.fail(OPERATION_FAILED, "cannot send");
    journey.finish("", true).await.fail(FINISH_OK, "cancelled");
    let error = migration.await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::OperationFailed));
    failed_at(&error, &[(Source, Perform)]);
    journey.hosts.assert_no_more_calls().await;
}

#[tokio::test]
async fn the_destination_may_know_better_why() {
    let (mut journey, migration) = Journey::start(NONE).await;
    journey.prepare_well().await;
    journey.perform().await.fail(OPERATION_FAILED, "the other end hung up");
    journey.finish("", true).await.fail(INTERNAL, "no such device here");
    let error = migration.await.unwrap_err();
    failed_at(&error, &[(Source, Perform), (Destination, Finish)]);
    let text = error.to_string();
    let (first, later) = text.split_once("; then at the destination (finish): ").unwrap();
    assert!(first.contains("the other end hung up"), "{text}");
    assert!(later.contains("no such device here"), "{text}");
    journey.hosts.assert_no_more_calls().await;
}

/// Its hypervisor may hang.
#[tokio::test]
async fn a_destination_that_never_tidies_up_is_not_waited_for() {
    let features = [feature::PARAMS];
    let (hosts, web_here) = Hosts::with(&features).await;
    let migration = web_here.migrate(&hosts.destination);
    let migration = migration.recovery_timeout(Duration::from_millis(50)).start();
    let mut journey = Journey::of(hosts, NONE);
    journey.prepare_well().await;
    journey.perform().await.fail(OPERATION_FAILED, "cannot send");
    let _unanswered = journey.finish("", true).await;
    let error = migration.await.unwrap_err();
    let failure = failed_at(&error, &[(Source, Perform), (Destination, Finish)]);
    assert!(failure.later[0].error.is_timeout(), "{error}");
}

#[tokio::test]
async fn a_destination_that_does_not_take_no_for_an_answer() {
    let (mut journey, migration) = Journey::start(NONE).await;
    journey.prepare_well().await;
    journey.perform().await.fail(OPERATION_FAILED, "cannot send");
    journey.finish("", true).await.reply(&finished());
    failed_at(&migration.await.unwrap_err(), &[(Source, Perform)]);
    journey.hosts.assert_no_more_calls().await;
}

#[tokio::test]
async fn the_source_goes_on_when_the_destination_cannot() {
    let (mut journey, migration) = Journey::start(NONE).await;
    journey.perform_well().await;
    journey.finish("of perform", false).await.fail(OPERATION_FAILED, "cannot start");
    journey.confirm("", true).await.done();
    failed_at(&migration.await.unwrap_err(), &[(Destination, Finish)]);
    journey.hosts.assert_no_more_calls().await;
}

#[tokio::test]
async fn a_source_that_cannot_go_on_either() {
    let features = [feature::PARAMS];
    let source = Host { state: PAUSED, ..Host::source(&features) };
    let (mut journey, migration) =
        Journey::between(source, Host::destination(&features), MigrateFlags::PAUSED).await;
    journey.perform_well().await;
    journey.finish("of perform", false).await.fail(OPERATION_FAILED, "cannot start");
    journey.confirm("", true).await.fail(INTERNAL, "cannot go on");
    let error = migration.await.unwrap_err();
    let failure = failed_at(&error, &[(Destination, Finish), (Source, Confirm)]);
    assert_eq!(failure.outcome.source, Presence::Paused);
    assert_eq!(error.code(), Some(ErrorCode::OperationFailed));
    journey.hosts.assert_no_more_calls().await;
}

#[tokio::test]
async fn a_guest_that_has_arrived_has_moved_whatever_the_source_says() {
    let (mut journey, migration) = Journey::start(NONE).await;
    journey.perform_well().await;
    journey.finish("of perform", false).await.reply(&finished());
    journey.confirm("of finish", false).await.fail(INTERNAL, "cannot remove it");
    assert_eq!(migration.await.unwrap().name(), "web");
    journey.hosts.assert_no_more_calls().await;
}

#[tokio::test]
async fn a_definition_alone_is_not_sent() {
    let (mut journey, migration) = Journey::start(MigrateFlags::OFFLINE).await;
    journey.prepare_well().await;
    // What the destination has said is for sending the guest.
    journey.finish("", false).await.reply(&finished());
    journey.confirm("of finish", false).await.done();
    migration.await.unwrap();
    journey.hosts.assert_no_more_calls().await;
}

#[tokio::test]
async fn a_definition_that_the_destination_does_not_keep() {
    let (mut journey, migration) = Journey::start(MigrateFlags::OFFLINE).await;
    journey.prepare_well().await;
    journey.finish("", false).await.fail(INTERNAL, "cannot keep it");
    journey.confirm("", true).await.done();
    failed_at(&migration.await.unwrap_err(), &[(Destination, Finish)]);
    journey.hosts.assert_no_more_calls().await;
}
