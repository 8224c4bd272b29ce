//! Versions 1 and 2, which no host here has left.

use libvirt_client::MigrationStep::{Begin, Finish, Perform, Prepare};
use libvirt_client::domain::{MigrateFlags, MigrateParameters, Migration};
use libvirt_client::{Error, ProtocolError};

use super::hosts::{Call, Destination, Host, Hosts, Source};
use super::journey::{FINISH_OK, failed_at};
use super::wire::{
    FINISH, FINISH2, Fields, GET_INFO, GET_XML_DESC, PERFORM, PREPARE, PREPARE2, domain, feature,
    web,
};

const LIVE: u32 = 1;
const IS_PAUSED: u32 = 32;
const SOURCE_ONLY: u32 = 4096 | 8192;
const INTERNAL: i32 = 1;

const RUNNING: u32 = 1;
const PAUSED: u32 = 3;

/// What an old host says about a guest in that state.
fn info(state: u32) -> Fields {
    Fields::default().word(state).long(2048).long(1024).word(1).long(0)
}

/// An old migration without parameters, whose every call must be the right one.
struct Journey {
    hosts: Hosts,
    is_v2: bool,
}

impl Journey {
    async fn start(is_v2: bool) -> (Self, Migration) {
        let version = if is_v2 { feature::V2 } else { feature::V1 };
        let (hosts, web_here) = Hosts::with(&[version]).await;
        let migration = web_here.migrate(&hosts.destination).start();
        (Self { hosts, is_v2 }, migration)
    }

    /// Answers what is asked of the source first.
    async fn describe(&mut self) {
        if self.is_v2 {
            let xml = Fields::default().text("<here/>");
            self.hosts.expect(Source, GET_XML_DESC, &web().word(5)).await.reply(&xml);
        }
        self.hosts.expect(Source, GET_INFO, &web()).await.reply(&info(RUNNING));
    }

    async fn prepare(&mut self) -> Call {
        let arguments = Fields::default().maybe(None).long(0).maybe(None).long(0);
        if self.is_v2 {
            let arguments = arguments.text("<here/>");
            self.hosts.expect(Destination, PREPARE2, &arguments).await
        } else {
            self.hosts.expect(Destination, PREPARE, &arguments).await
        }
    }

    async fn perform(&mut self) -> Call {
        let arguments = web().cookie("of prepare").text("tcp://b").long(0).maybe(None).long(0);
        self.hosts.expect(Source, PERFORM, &arguments).await
    }

    async fn finish(&mut self, uri: &str, cancelled: bool) -> Call {
        let arguments = Fields::default().text("web").cookie("of prepare").text(uri).long(0);
        if self.is_v2 {
            let arguments = arguments.word(cancelled.into());
            self.hosts.expect(Destination, FINISH2, &arguments).await
        } else {
            self.hosts.expect(Destination, FINISH, &arguments).await
        }
    }

    async fn prepare_well(&mut self) {
        self.describe().await;
        let prepared = Fields::default().cookie("of prepare").maybe(Some("tcp://b"));
        self.prepare().await.reply(&prepared);
    }
}

#[tokio::test]
async fn version_2() {
    let source = Host::source(&[
        feature::V2,
        feature::XML_MIGRATABLE,
        feature::CHANGE_PROTECTION,
    ]);
    let (mut hosts, web_here) = Hosts::start(source, Host::destination(&[feature::V2])).await;
    let mut given = MigrateParameters::default();
    given.uri = Some("tcp://b".to_owned());
    given.destination_name = Some("web-2".to_owned());
    given.bandwidth_mib_per_second = Some(7);
    let flags = MigrateFlags::LIVE
        | MigrateFlags::ABORT_ON_ERROR
        | MigrateFlags::AUTO_CONVERGE
        | MigrateFlags::CHANGE_PROTECTION;
    let migration = web_here.migrate(&hosts.destination).flags(flags).parameters(given).start();
    let (here, there) = (LIVE | SOURCE_ONLY | IS_PAUSED, LIVE | IS_PAUSED);

    let migratable = web().word(8);
    let xml = Fields::default().text("<here/>");
    hosts.expect(Source, GET_XML_DESC, &migratable).await.reply(&xml);
    hosts.expect(Source, GET_INFO, &web()).await.reply(&info(PAUSED));
    let prepare = Fields::default()
        .maybe(Some("tcp://b"))
        .long(there.into())
        .maybe(Some("web-2"))
        .long(7)
        .text("<here/>");
    let prepared = Fields::default().cookie("of prepare").maybe(Some("tcp://b:49152"));
    hosts.expect(Destination, PREPARE2, &prepare).await.reply(&prepared);
    let perform = web()
        .cookie("of prepare")
        .text("tcp://b:49152")
        .long(here.into())
        .maybe(Some("web-2"))
        .long(7);
    hosts.expect(Source, PERFORM, &perform).await.done();
    let finish = Fields::default()
        .text("web-2")
        .cookie("of prepare")
        .text("tcp://b:49152")
        .long(there.into())
        .word(0);
    hosts.expect(Destination, FINISH2, &finish).await.reply(&domain("web-2", 5));
    let moved = migration.await.unwrap();
    assert_eq!((moved.name(), moved.id()), ("web-2", Some(5)));
    hosts.assert_no_more_calls().await;
}

#[tokio::test]
async fn version_1() {
    let (mut hosts, web_here) = Hosts::with(&[feature::V1]).await;
    let mut given = MigrateParameters::default();
    given.uri = Some("tcp://b".to_owned());
    let flags = MigrateFlags::LIVE | MigrateFlags::ABORT_ON_ERROR;
    let migration = web_here.migrate(&hosts.destination).flags(flags).parameters(given).start();

    hosts.expect(Source, GET_INFO, &web()).await.reply(&info(RUNNING));
    let prepare = Fields::default().maybe(Some("tcp://b")).long(LIVE.into()).maybe(None).long(0);
    // The destination leaves the address as it is.
    let prepared = Fields::default().cookie("of prepare").maybe(None);
    hosts.expect(Destination, PREPARE, &prepare).await.reply(&prepared);
    let perform = web()
        .cookie("of prepare")
        .text("tcp://b")
        .long((LIVE | 4096).into())
        .maybe(None)
        .long(0);
    hosts.expect(Source, PERFORM, &perform).await.done();
    let finish = Fields::default()
        .text("web")
        .cookie("of prepare")
        .text("tcp://b")
        .long(LIVE.into());
    hosts.expect(Destination, FINISH, &finish).await.reply(&domain("web", 5));
    assert_eq!(migration.await.unwrap().id(), Some(5));
    hosts.assert_no_more_calls().await;
}

#[tokio::test]
async fn a_source_that_cannot_describe_the_guest() {
    let (mut journey, migration) = Journey::start(true).await;
    let call = journey.hosts.expect(Source, GET_XML_DESC, &web().word(5)).await;
    call.fail(INTERNAL, "cannot describe it");
    failed_at(&migration.await.unwrap_err(), &[(Source, Begin)]);
    journey.hosts.assert_no_more_calls().await;
}

#[tokio::test]
async fn a_destination_that_cannot_prepare() {
    for is_v2 in [true, false] {
        let (mut journey, migration) = Journey::start(is_v2).await;
        journey.describe().await;
        journey.prepare().await.fail(INTERNAL, "cannot prepare");
        failed_at(&migration.await.unwrap_err(), &[(Destination, Prepare)]);
        journey.hosts.assert_no_more_calls().await;
    }
}

#[tokio::test]
async fn a_destination_without_an_address() {
    for is_v2 in [true, false] {
        let (mut journey, migration) = Journey::start(is_v2).await;
        journey.describe().await;
        let nowhere = Fields::default().cookie("of prepare").maybe(None);
        journey.prepare().await.reply(&nowhere);
        if is_v2 {
            journey.finish("", true).await.fail(FINISH_OK, "cancelled");
        }
        let error = migration.await.unwrap_err();
        failed_at(&error, &[(Destination, Prepare)]);
        let cause = error.into_cause();
        assert!(
            matches!(cause, Error::Protocol(ProtocolError::InvalidReply { .. })),
            "{cause:?}"
        );
        journey.hosts.assert_no_more_calls().await;
    }
}

#[tokio::test]
async fn a_source_that_cannot_send() {
    for (is_v2, finish, steps) in [
        (false, None, &[(Source, Perform)][..]),
        (true, Some(Ok(())), &[(Source, Perform)]),
        (true, Some(Err(FINISH_OK)), &[(Source, Perform)]),
        (true, Some(Err(INTERNAL)), &[(Source, Perform), (Destination, Finish)]),
    ] {
        let (mut journey, migration) = Journey::start(is_v2).await;
        journey.prepare_well().await;
        journey.perform().await.fail(INTERNAL, "cannot send");
        if let Some(result) = finish {
            let call = journey.finish("tcp://b", true).await;
            match result {
                Ok(()) => call.reply(&domain("web", 5)),
                Err(code) => call.fail(code, "cancelled"),
            }
        }
        let error = migration.await.unwrap_err();
        failed_at(&error, steps);
        assert!(error.to_string().contains("cannot send"), "{error}");
        journey.hosts.assert_no_more_calls().await;
    }
}

#[tokio::test]
async fn a_destination_that_cannot_start_the_guest() {
    for is_v2 in [true, false] {
        let (mut journey, migration) = Journey::start(is_v2).await;
        journey.prepare_well().await;
        journey.perform().await.done();
        journey.finish("tcp://b", false).await.fail(INTERNAL, "cannot start it");
        failed_at(&migration.await.unwrap_err(), &[(Destination, Finish)]);
        journey.hosts.assert_no_more_calls().await;
    }
}
