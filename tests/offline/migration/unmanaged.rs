//! Migrations that the source, or its hypervisor, conducts.

use std::time::Duration;

use libvirt_client::MigrationStep::Perform;
use libvirt_client::domain::{MigrateFlags, MigrateParameters};
use libvirt_client::types::error::ErrorCode;
use libvirt_client::{Error, Presence};

use super::hosts::{Destination, Hosts, NO_DOMAIN, Source};
use super::journey::failed_at;
use super::wire::{
    Fields, LOOKUP_BY_NAME, PERFORM, PERFORM3, PERFORM3_PARAMS,
    Value::{Long, Text},
    domain, feature, web,
};

const URI: &str = "qemu+tls://b/system";
const P2P: u32 = 2;
const INTERNAL: i32 = 1;

/// Peer to peer, with the flags that are taken out elsewhere.
fn flags() -> MigrateFlags {
    MigrateFlags::PEER2PEER
        | MigrateFlags::ABORT_ON_ERROR
        | MigrateFlags::AUTO_CONVERGE
        | MigrateFlags::CHANGE_PROTECTION
}

const FLAGS: u32 = P2P | 4096 | 8192 | 256;

fn given() -> MigrateParameters {
    let mut given = MigrateParameters::default();
    given.uri = Some("tcp://b".to_owned());
    given.destination_name = Some("web-2".to_owned());
    given.destination_xml = Some("<given/>".to_owned());
    given.bandwidth_mib_per_second = Some(7);
    given
}

fn no_cookie() -> Fields {
    Fields::default().cookie("")
}

#[tokio::test]
async fn peer_to_peer_with_typed_parameters() {
    let (mut hosts, web_here) = Hosts::with(&[feature::P2P, feature::V3, feature::PARAMS]).await;
    let mut given = given();
    given.persistent_xml = Some("<kept/>".to_owned());
    let migration = web_here.migrate_to_uri(URI).flags(flags()).parameters(given).start();
    let params = [
        ("migrate_uri", Text("tcp://b")),
        ("destination_name", Text("web-2")),
        ("destination_xml", Text("<given/>")),
        ("persistent_xml", Text("<kept/>")),
        ("bandwidth", Long(7)),
    ];
    let arguments = web().maybe(Some(URI)).params(&params).cookie("").word(FLAGS);
    // The cookie is of no use to anybody.
    let performed = Fields::default().cookie("left over");
    hosts.expect(Source, PERFORM3_PARAMS, &arguments).await.reply(&performed);
    migration.await.unwrap();
    hosts.assert_no_more_calls().await;
}

#[tokio::test]
async fn peer_to_peer_with_arguments_in_fields() {
    let (mut hosts, web_here) = Hosts::with(&[feature::P2P, feature::V3]).await;
    let migration = web_here.migrate_to_uri(URI).flags(flags()).parameters(given()).start();
    let arguments = web()
        .maybe(Some("<given/>"))
        .cookie("")
        .maybe(Some(URI))
        .maybe(Some("tcp://b"))
        .long(FLAGS.into())
        .maybe(Some("web-2"))
        .long(7);
    hosts.expect(Source, PERFORM3, &arguments).await.reply(&no_cookie());
    migration.await.unwrap();

    let mut more = given();
    more.graphics_uri = Some("spice://b".to_owned());
    let error = web_here.migrate_to_uri(URI).flags(flags()).parameters(more).await.unwrap_err();
    let text = "the parameter graphics_uri, by one of the hosts";
    assert!(matches!(&error, Error::Unsupported(what) if what == text), "{error:?}");
    hosts.assert_no_more_calls().await;
}

#[tokio::test]
async fn peer_to_peer_by_an_old_source() {
    let (mut hosts, web_here) = Hosts::with(&[feature::P2P, feature::V2]).await;
    let mut given = given();
    let refused = web_here.migrate_to_uri(URI).flags(flags()).parameters(given.clone());
    let error = refused.await.unwrap_err();
    let text = "changing the definition, by the source";
    assert!(matches!(&error, Error::Unsupported(what) if what == text), "{error:?}");
    given.destination_xml = None;
    let refused = web_here.migrate_to_uri(URI).flags(flags()).parameters(given.clone());
    let error = refused.await.unwrap_err();
    let text = "a migration URI, by the source";
    assert!(matches!(&error, Error::Unsupported(what) if what == text), "{error:?}");
    given.uri = None;
    let migration = web_here.migrate_to_uri(URI).flags(flags()).parameters(given).start();
    let arguments = web().cookie("").text(URI).long(FLAGS.into()).maybe(Some("web-2")).long(7);
    hosts.expect(Source, PERFORM, &arguments).await.done();
    migration.await.unwrap();
    hosts.assert_no_more_calls().await;
}

#[tokio::test]
async fn peer_to_peer_to_a_destination_that_is_connected() {
    let (mut hosts, web_here) = Hosts::with(&[feature::P2P, feature::PARAMS]).await;
    let destination = hosts.destination.uri().to_owned();
    let flags = MigrateFlags::PEER2PEER;
    let migrate = |hosts: &Hosts| {
        let mut given = MigrateParameters::default();
        given.destination_name = Some("web-2".to_owned());
        web_here.migrate(&hosts.destination).flags(flags).parameters(given).start()
    };
    let params = [("destination_name", Text("web-2"))];
    let arguments = web().maybe(Some(&destination)).params(&params).cookie("").word(P2P);
    let name = Fields::default().text("web-2");

    let migration = migrate(&hosts);
    hosts.expect(Source, PERFORM3_PARAMS, &arguments).await.reply(&no_cookie());
    hosts
        .expect(Destination, LOOKUP_BY_NAME, &name)
        .await
        .reply(&domain("web-2", 5));
    let moved = migration.await.unwrap();
    assert_eq!((moved.name(), moved.id()), ("web-2", Some(5)));
    assert_eq!(moved.connect().uri(), destination);

    let migration = migrate(&hosts);
    hosts
        .expect(Source, PERFORM3_PARAMS, &arguments)
        .await
        .fail(INTERNAL, "cannot connect");
    let outcome = failed_at(&migration.await.unwrap_err(), &[(Source, Perform)]).outcome;
    assert_eq!((outcome.source, outcome.destination), (Presence::Running, Presence::Absent));

    // It ended well, and the guest was gone before it could be found.
    let migration = migrate(&hosts);
    hosts.expect(Source, PERFORM3_PARAMS, &arguments).await.reply(&no_cookie());
    hosts
        .expect(Destination, LOOKUP_BY_NAME, &name)
        .await
        .fail(NO_DOMAIN, "no domain");
    let error = migration.await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::NoDomain));
    hosts.assert_no_more_calls().await;
}

/// As of managed migrations, the timeouts of the handles do not apply.
#[tokio::test]
async fn a_destination_may_take_longer_than_its_handle_waits() {
    let (mut hosts, web_here) = Hosts::with(&[feature::P2P, feature::PARAMS]).await;
    let hasty = hosts.destination.with_timeout(Duration::from_millis(1));
    let uri = hasty.uri().to_owned();
    let migration = web_here.migrate(&hasty).flags(MigrateFlags::PEER2PEER).start();
    let arguments = web().maybe(Some(&uri)).params(&[]).cookie("").word(P2P);
    hosts.expect(Source, PERFORM3_PARAMS, &arguments).await.reply(&no_cookie());
    let name = Fields::default().text("web");
    let lookup = hosts.expect(Destination, LOOKUP_BY_NAME, &name).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    lookup.reply(&domain("web", 5));
    let moved = migration.await.unwrap();
    let error = moved.state().await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
}

#[tokio::test]
async fn a_failure_says_what_is_known() {
    let (mut hosts, web_here) = Hosts::with(&[feature::P2P, feature::PARAMS]).await;
    let flags = MigrateFlags::PEER2PEER;
    let migration = web_here.migrate_to_uri(URI).flags(flags).start();
    let arguments = web().maybe(Some(URI)).params(&[]).cookie("").word(P2P);
    hosts
        .expect(Source, PERFORM3_PARAMS, &arguments)
        .await
        .fail(INTERNAL, "cannot connect");
    let error = migration.await.unwrap_err();
    let outcome = failed_at(&error, &[(Source, Perform)]).outcome;
    assert_eq!((outcome.source, outcome.destination), (Presence::Running, Presence::Unknown));
    hosts.assert_no_more_calls().await;
}

/// Nobody connects to the destination's daemon then.
#[tokio::test]
async fn direct_by_version_3() {
    let (mut hosts, web_here) = Hosts::with(&[feature::DIRECT, feature::V3, feature::PARAMS]).await;
    let migration = web_here.migrate_to_uri(URI).parameters(given()).start();
    let arguments = web()
        .maybe(Some("<given/>"))
        .cookie("")
        .maybe(None)
        .maybe(Some("tcp://b"))
        .long(0)
        .maybe(Some("web-2"))
        .long(7);
    hosts.expect(Source, PERFORM3, &arguments).await.reply(&no_cookie());
    migration.await.unwrap();
    hosts.assert_no_more_calls().await;
}

#[tokio::test]
async fn direct_by_an_old_source() {
    let (mut hosts, web_here) = Hosts::with(&[feature::DIRECT, feature::V1]).await;
    let error = web_here.migrate_to_uri(URI).await.unwrap_err();
    let text = "a direct migration needs the parameter uri";
    assert!(
        matches!(&error, Error::InvalidArgument { reason, .. } if reason == text),
        "{error:?}"
    );
    let mut given = given();
    given.destination_xml = None;
    let migration = web_here.migrate_to_uri(URI).parameters(given).start();
    let arguments = web().cookie("").text("tcp://b").long(0).maybe(Some("web-2")).long(7);
    hosts.expect(Source, PERFORM, &arguments).await.done();
    migration.await.unwrap();
    hosts.assert_no_more_calls().await;
}
