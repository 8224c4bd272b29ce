//! What is refused before anything is sent.

use libvirt_client::Error;
use libvirt_client::domain::{MigrateFlags, MigrateParameters};

use super::hosts::{Host, Hosts};
use super::wire::{BEGIN3_PARAMS, PERFORM3_PARAMS, feature};

const ALL: [u32; 9] = [
    feature::V1,
    feature::V2,
    feature::P2P,
    feature::DIRECT,
    feature::V3,
    feature::CHANGE_PROTECTION,
    feature::XML_MIGRATABLE,
    feature::OFFLINE,
    feature::PARAMS,
];

#[track_caller]
fn assert_refused(error: &Error, text: &str) {
    let Error::InvalidArgument { procedure, reason } = error else {
        panic!("{error:?}")
    };
    assert_eq!((*procedure, reason.as_str()), ("virDomainMigrate3", text));
}

#[tokio::test]
async fn what_contradicts_itself() {
    use MigrateFlags as Flags;
    let disks = Flags::NON_SHARED_DISK | Flags::NON_SHARED_INC;
    let writes = Flags::NON_SHARED_SYNCHRONOUS_WRITES;
    for (flags, name, text) in [
        (Flags::LIVE, Some(""), "the name on the destination is empty"),
        (disks, None, "NON_SHARED_DISK and NON_SHARED_INC exclude each other"),
        (
            Flags::PEER2PEER | Flags::TUNNELLED | Flags::PARALLEL,
            None,
            "TUNNELLED and PARALLEL exclude each other",
        ),
        (
            writes,
            None,
            "NON_SHARED_SYNCHRONOUS_WRITES needs NON_SHARED_DISK or NON_SHARED_INC",
        ),
        (Flags::TUNNELLED, None, "TUNNELLED needs PEER2PEER"),
    ] {
        let (hosts, web_here) = Hosts::with(&ALL).await;
        let mut given = MigrateParameters::default();
        given.destination_name = name.map(str::to_owned);
        let migration = web_here.migrate(&hosts.destination).flags(flags).parameters(given.clone());
        assert_refused(&migration.await.unwrap_err(), text);
        let migration =
            web_here.migrate_to_uri("qemu+tls://b/system").flags(flags).parameters(given);
        assert_refused(&migration.await.unwrap_err(), text);
        hosts.assert_untouched().await;
    }
}

/// The steps add up to three, and the last ones could not be sent.
#[tokio::test]
async fn more_parameters_than_there_is_room_for() {
    let disks = |count: usize| {
        let mut given = MigrateParameters::default();
        given.migrate_disks = (0..count).map(|number| format!("vd{number}")).collect();
        given
    };
    let text = "more than 64 parameters, address, name and definition included";
    let (mut hosts, web_here) = Hosts::with(&[feature::PARAMS]).await;
    let migration = web_here.migrate(&hosts.destination).parameters(disks(61)).start();
    let call = hosts.next().await;
    assert_eq!(call.procedure(), BEGIN3_PARAMS);
    call.fail(1, "no");
    migration.await.unwrap_err();
    let migration = web_here.migrate(&hosts.destination).parameters(disks(62));
    assert_refused(&migration.await.unwrap_err(), text);
    hosts.assert_no_more_calls().await;
}

#[tokio::test]
async fn a_host_that_is_only_looked_at() {
    let assert_refused = |error: &Error| {
        assert!(matches!(error, Error::ReadOnly("virDomainMigrate3")), "{error:?}");
    };
    for (source, destination) in [(true, false), (false, true)] {
        let is_source = source;
        let source = Host { read_only: source, ..Host::source(&ALL) };
        let destination = Host { read_only: destination, ..Host::destination(&ALL) };
        let (hosts, web_here) = Hosts::start(source, destination).await;
        assert_refused(&web_here.migrate(&hosts.destination).await.unwrap_err());
        if is_source {
            let flags = MigrateFlags::PEER2PEER;
            let migration = web_here.migrate_to_uri("qemu+tls://b/system").flags(flags);
            assert_refused(&migration.await.unwrap_err());
        }
        hosts.assert_untouched().await;
    }
}

#[tokio::test]
async fn what_a_host_cannot_do() {
    let without = |missing: u32| -> Vec<u32> {
        ALL.into_iter().filter(|feature| *feature != missing).collect()
    };
    let all = ALL.to_vec();
    for (source, destination, flags, text) in [
        (
            without(feature::OFFLINE),
            all.clone(),
            MigrateFlags::OFFLINE,
            "offline migration by the source",
        ),
        (
            all.clone(),
            without(feature::OFFLINE),
            MigrateFlags::OFFLINE,
            "offline migration by the destination",
        ),
        (
            without(feature::P2P),
            all.clone(),
            MigrateFlags::PEER2PEER,
            "peer-to-peer migration by the source",
        ),
        (
            without(feature::CHANGE_PROTECTION),
            all.clone(),
            MigrateFlags::CHANGE_PROTECTION,
            "protecting the domain from changes, by the source",
        ),
    ] {
        let (source, destination) = (Host::source(&source), Host::destination(&destination));
        let (hosts, web_here) = Hosts::start(source, destination).await;
        let error = web_here.migrate(&hosts.destination).flags(flags).await.unwrap_err();
        assert!(matches!(&error, Error::Unsupported(what) if what == text), "{error:?}");
        hosts.assert_no_more_calls().await;
    }

    let (hosts, web_here) = Hosts::with(&without(feature::DIRECT)).await;
    let error = web_here.migrate_to_uri("").await.unwrap_err();
    let text = "direct migration by the source (did you mean PEER2PEER?)";
    assert!(matches!(&error, Error::Unsupported(what) if what == text), "{error:?}");
    hosts.assert_no_more_calls().await;
}

#[tokio::test]
async fn a_destination_that_is_the_source_itself() {
    let (mut hosts, web_here) = Hosts::with(&ALL).await;
    let flags = MigrateFlags::PEER2PEER;
    for uri in [
        "qemu:///system",
        "qemu+tcp://localhost/system",
        "qemu+ssh://root@localhost:22/system",
        "qemu+tls://localhost.localdomain/system",
        "qemu+unix:///system",
        "qemu+unix:///system?mode=legacy",
        "qemu:///system?socket=/run/other",
    ] {
        let error = web_here.migrate_to_uri(uri).flags(flags).await.unwrap_err();
        assert_refused(&error, &format!("{uri} is the source itself, as the source sees it"));
    }
    let error = web_here.migrate_to_uri("nonsense").flags(flags).await.unwrap_err();
    assert!(matches!(error, Error::Uri { .. }), "{error:?}");

    // Whoever names a socket knows what it is.
    let socket = "qemu+unix:///system?socket=/run/b.sock";
    let migration = web_here.migrate_to_uri(socket).flags(flags).start();
    let call = hosts.next().await;
    assert_eq!(call.procedure(), PERFORM3_PARAMS);
    call.fail(1, "no");
    migration.await.unwrap_err();
    hosts.assert_no_more_calls().await;
}
