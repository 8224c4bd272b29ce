//! Giving a migration up at each of its steps.

use std::time::Duration;

use libvirt_client::MigrationStep::{Begin, Perform, Prepare};
use libvirt_client::domain::MigrateFlags;
use libvirt_client::{Error, Presence};

use super::hosts::{Destination, Host, Hosts, Source};
use super::journey::{FINISH_OK, Journey, begun, failed_at, finished, performed};
use super::wire::{
    ABORT_JOB, FINISH2, Fields, GET_INFO, GET_JOB_STATS, GET_XML_DESC, PERFORM, PERFORM3_PARAMS,
    PREPARE, PREPARE2, Value, feature, web,
};

/// Operations of jobs.
const MIGRATION_OUT: i32 = 5;
const BACKUP: i32 = 9;
const OPERATION_INVALID: i32 = 55;
const OPERATION_ABORTED: i32 = 78;
const NONE: MigrateFlags = MigrateFlags::empty();

/// Has the source have another job at first, then refuse to abort, then agree, and then be asked
/// again because it still sends.
async fn is_aborted(hosts: &mut Hosts) {
    let aborting = web();
    has_job(hosts, BACKUP).await;
    hosts
        .expect(Source, GET_JOB_STATS, &web().word(0))
        .await
        .fail(OPERATION_INVALID, "no job yet");
    hosts
        .expect(Source, ABORT_JOB, &aborting)
        .await
        .fail(OPERATION_INVALID, "no job yet");
    for _ in 0..2 {
        has_job(hosts, MIGRATION_OUT).await;
        hosts.expect(Source, ABORT_JOB, &aborting).await.done();
    }
    // How often more is a matter of time.
    hosts.ignored = Some(GET_JOB_STATS);
}

async fn has_job(hosts: &mut Hosts, operation: i32) {
    const UNBOUNDED: u32 = 2;
    let report = Fields::default().word(UNBOUNDED);
    let report = report.params(&[("operation", Value::Int(operation))]);
    hosts.expect(Source, GET_JOB_STATS, &web().word(0)).await.reply(&report);
}

#[tokio::test]
async fn before_anything_was_begun() {
    for is_dropped in [true, false] {
        let (journey, migration) = Journey::start(NONE).await;
        let control = migration.control();
        if is_dropped {
            drop(migration);
        } else {
            control.abort();
            let error = migration.await.unwrap_err();
            assert!(matches!(error, Error::Aborted(_)) && error.is_aborted(), "{error:?}");
        }
        control.ended().await;
        journey.hosts.assert_no_more_calls().await;
    }
}

#[tokio::test]
async fn while_the_source_begins() {
    let (mut journey, migration) = Journey::start(NONE).await;
    let control = migration.control();
    let call = journey.begin().await;
    drop(migration);
    call.reply(&begun());
    journey.confirm("", true).await.done();
    control.ended().await;
    journey.hosts.assert_no_more_calls().await;

    let (mut journey, migration) = Journey::start_unprotected().await;
    let call = journey.begin().await;
    migration.control().abort();
    call.reply(&begun());
    let error = migration.await.unwrap_err();
    assert!(error.is_aborted(), "{error:?}");
    let outcome = failed_at(&error, &[(Source, Begin)]).outcome;
    assert_eq!((outcome.source, outcome.destination), (Presence::Running, Presence::Absent));
    journey.hosts.assert_no_more_calls().await;
}

#[tokio::test]
async fn while_the_destination_prepares() {
    for is_dropped in [true, false] {
        let (mut journey, migration) = Journey::start(NONE).await;
        let control = migration.control();
        journey.begin().await.reply(&begun());
        let call = journey.prepare().await;
        let migration = if is_dropped {
            drop(migration);
            None
        } else {
            control.abort();
            Some(migration)
        };
        journey.is_prepared(call);
        journey.finish("", true).await.fail(FINISH_OK, "cancelled");
        journey.confirm("", true).await.done();
        control.ended().await;
        if let Some(migration) = migration {
            let error = migration.await.unwrap_err();
            assert!(error.is_aborted(), "{error:?}");
            failed_at(&error, &[(Destination, Prepare)]);
        }
        journey.hosts.assert_no_more_calls().await;
    }
}

#[tokio::test]
async fn while_the_source_sends() {
    for is_dropped in [true, false] {
        let (mut journey, migration) = Journey::start(NONE).await;
        let control = migration.control();
        journey.prepare_well().await;
        let call = journey.perform().await;
        let migration = if is_dropped {
            drop(migration);
            None
        } else {
            control.abort();
            Some(migration)
        };
        is_aborted(&mut journey.hosts).await;
        call.fail(OPERATION_ABORTED, "aborted by client");
        journey.finish("", true).await.fail(FINISH_OK, "cancelled");
        control.ended().await;
        if let Some(migration) = migration {
            let error = migration.await.unwrap_err();
            assert!(error.is_aborted(), "{error:?}");
            failed_at(&error, &[(Source, Perform)]);
        }
        journey.hosts.assert_no_more_calls().await;
    }
}

/// A source that takes one request at a time is asked over another connection, and that is lost.
#[tokio::test]
async fn although_the_connection_beside_it_is_lost() {
    let source = Host { one_request: true, ..Host::source(&[feature::PARAMS]) };
    let destination = Host::destination(&[feature::PARAMS]);
    let (mut journey, migration) = Journey::between(source, destination, NONE).await;
    journey.prepare_well().await;
    let call = journey.perform().await;
    let control = migration.control();
    let mut progress = control.progress(Duration::ZERO);
    let (told, ()) = tokio::join!(progress.next(), async {
        journey.hosts.expect(Source, GET_JOB_STATS, &web().word(0)).await.hang_up();
    });
    let error = told.unwrap().unwrap_err();
    assert!(error.is_closed(), "{error:?}");
    control.abort();
    is_aborted(&mut journey.hosts).await;
    call.fail(OPERATION_ABORTED, "aborted by client");
    journey.finish("", true).await.fail(FINISH_OK, "cancelled");
    failed_at(&migration.await.unwrap_err(), &[(Source, Perform)]);
    journey.hosts.assert_no_more_calls().await;
}

#[tokio::test]
async fn when_the_guest_has_been_sent_it_moves_after_all() {
    let (mut journey, migration) = Journey::start(NONE).await;
    journey.prepare_well().await;
    let call = journey.perform().await;
    migration.control().abort();
    is_aborted(&mut journey.hosts).await;
    call.reply(&performed());
    journey.finish("of perform", false).await.reply(&finished());
    journey.confirm("of finish", false).await.done();
    assert_eq!(migration.await.unwrap().id(), Some(5));
    journey.hosts.assert_no_more_calls().await;
}

#[tokio::test]
async fn while_the_destination_starts_the_guest_and_while_the_source_removes_it() {
    for at_the_source in [false, true] {
        let (mut journey, migration) = Journey::start(NONE).await;
        let control = migration.control();
        let mut migration = Some(migration);
        journey.perform_well().await;
        let call = journey.finish("of perform", false).await;
        migration.take_if(|_| !at_the_source);
        call.reply(&finished());
        let call = journey.confirm("of finish", false).await;
        drop(migration);
        call.done();
        control.ended().await;
        journey.hosts.assert_no_more_calls().await;
    }
}

#[tokio::test]
async fn while_the_source_conducts_it() {
    for ends_well in [false, true] {
        let (mut hosts, web_here) = Hosts::with(&[feature::PARAMS, feature::P2P]).await;
        let flags = MigrateFlags::PEER2PEER;
        let migration = web_here.migrate_to_uri("qemu+tls://b/system").flags(flags).start();
        let arguments = web().maybe(Some("qemu+tls://b/system")).params(&[]).cookie("");
        let arguments = arguments.word(flags.bits());
        let call = hosts.expect(Source, PERFORM3_PARAMS, &arguments).await;
        migration.control().abort();
        is_aborted(&mut hosts).await;
        if ends_well {
            call.reply(&Fields::default().cookie(""));
            migration.await.unwrap();
        } else {
            call.fail(OPERATION_ABORTED, "aborted by client");
            let error = migration.await.unwrap_err();
            assert!(error.is_aborted(), "{error:?}");
            let outcome = failed_at(&error, &[(Source, Perform)]).outcome;
            assert_eq!(
                (outcome.source, outcome.destination),
                (Presence::Running, Presence::Unknown)
            );
        }
        hosts.assert_no_more_calls().await;
    }
}

#[tokio::test]
async fn before_the_source_could_conduct_it() {
    let (hosts, web_here) = Hosts::with(&[feature::PARAMS, feature::P2P]).await;
    let flags = MigrateFlags::PEER2PEER;
    let migration = web_here.migrate_to_uri("qemu+tls://b/system").flags(flags).start();
    migration.control().abort();
    let error = migration.await.unwrap_err();
    assert!(matches!(error, Error::Aborted(_)), "{error:?}");
    hosts.assert_no_more_calls().await;
}

/// The old versions tell the destination afterwards, or nobody.
#[tokio::test]
async fn while_an_old_destination_prepares() {
    for (version, prepare) in [(feature::V2, PREPARE2), (feature::V1, PREPARE)] {
        let (mut hosts, web_here) = Hosts::with(&[version]).await;
        let migration = web_here.migrate(&hosts.destination).start();
        let control = migration.control();
        if version == feature::V2 {
            let xml = Fields::default().text("<domain/>");
            hosts.expect(Source, GET_XML_DESC, &web().word(5)).await.reply(&xml);
        }
        hosts.expect(Source, GET_INFO, &web()).await.fail(OPERATION_INVALID, "no state");
        let call = hosts.next().await;
        assert_eq!(call.procedure(), prepare);
        drop(migration);
        call.reply(&Fields::default().cookie("of prepare").maybe(Some("tcp://b")));
        if version == feature::V2 {
            let arguments = Fields::default()
                .text("web")
                .cookie("of prepare")
                .text("tcp://b")
                .long(0)
                .word(1);
            let call = hosts.expect(Destination, FINISH2, &arguments).await;
            call.fail(FINISH_OK, "cancelled");
        }
        control.ended().await;
        hosts.assert_no_more_calls().await;
    }
}

#[tokio::test]
async fn while_an_old_source_sends() {
    let (mut hosts, web_here) = Hosts::with(&[feature::V1]).await;
    let migration = web_here.migrate(&hosts.destination).start();
    hosts.expect(Source, GET_INFO, &web()).await.fail(OPERATION_INVALID, "no state");
    let prepared = Fields::default().cookie("").maybe(Some("tcp://b"));
    let call = hosts.next().await;
    call.reply(&prepared);
    let arguments = web().cookie("").text("tcp://b").long(0).maybe(None).long(0);
    let call = hosts.expect(Source, PERFORM, &arguments).await;
    migration.control().abort();
    is_aborted(&mut hosts).await;
    call.fail(OPERATION_ABORTED, "aborted by client");
    let error = migration.await.unwrap_err();
    assert!(error.is_aborted(), "{error:?}");
    failed_at(&error, &[(Source, Perform)]);
    hosts.assert_no_more_calls().await;
}
