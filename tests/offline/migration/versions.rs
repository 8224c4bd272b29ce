//! Which version of the protocol is chosen, and version 3 from its beginning to its end.

use libvirt_client::Error;
use libvirt_client::domain::{MigrateFlags, MigrateParameters};

use super::hosts::{Destination, Host, Hosts, PAUSED, Source};
use super::wire::{
    BEGIN3, BEGIN3_PARAMS, CONFIRM3, CONFIRM3_PARAMS, FINISH3, FINISH3_PARAMS, Fields, GET_INFO,
    GET_XML_DESC, PERFORM3, PERFORM3_PARAMS, PREPARE, PREPARE3, PREPARE3_PARAMS,
    Value::{Int, Long, Text},
    domain, feature, web,
};

/// All flags that a host's own steps differ by, and one that is for both.
const FLAGS: MigrateFlags = MigrateFlags::LIVE
    .union(MigrateFlags::ABORT_ON_ERROR)
    .union(MigrateFlags::AUTO_CONVERGE)
    .union(MigrateFlags::CHANGE_PROTECTION);

const LIVE: u32 = 1;
const IS_PAUSED: u32 = 32;
const PROTECTION: u32 = 256;
const SOURCE_ONLY: u32 = 4096 | 8192;
const POSTCOPY_RESUME: u32 = 524_288;

#[tokio::test]
async fn the_latest_version_that_both_hosts_have() {
    use feature::{PARAMS, V1, V2, V3};
    let (begins, v2, v1) = ((Source, BEGIN3), (Source, GET_XML_DESC), (Destination, PREPARE));
    for (source, destination, (side, procedure)) in [
        (&[V1, V2, V3, PARAMS][..], &[V1, V2, V3, PARAMS][..], (Source, BEGIN3_PARAMS)),
        (&[V3, PARAMS], &[V1, V2, V3], begins),
        (&[V1, V2, V3], &[V3, PARAMS], begins),
        (&[V2, V3], &[V1, V2, V3], begins),
        (&[V1, V2], &[V1, V2, V3, PARAMS], v2),
        (&[V2, V3, PARAMS], &[V2], v2),
        (&[V1], &[V1, V2, V3], v1),
        (&[V1, V3, PARAMS], &[V1, V2], v1),
    ] {
        let source = Host { state: PAUSED, ..Host::source(source) };
        let (mut hosts, domain) = Hosts::start(source, Host::destination(destination)).await;
        let migration = domain.migrate(&hosts.destination).start();
        let mut call = hosts.next().await;
        // Version 1 asks for the guest's state before anything else.
        if call.procedure() == GET_INFO {
            call.fail(1, "no state");
            call = hosts.next().await;
        }
        assert_eq!((call.side(), call.procedure()), (side, procedure));
        call.fail(1, "no");
        migration.await.unwrap_err();
        hosts.assert_no_more_calls().await;
    }
}

#[tokio::test]
async fn hosts_without_a_version_in_common() {
    use feature::{PARAMS, V1, V2, V3};
    for (source, destination) in [
        (&[][..], &[V1, V2, V3, PARAMS][..]),
        (&[V1, V2, V3, PARAMS], &[]),
        (&[V1], &[V2]),
        (&[V2], &[V3, PARAMS]),
        (&[PARAMS], &[V3]),
    ] {
        let (source, destination) = (Host::source(source), Host::destination(destination));
        let (hosts, domain) = Hosts::start(source, destination).await;
        let error = domain.migrate(&hosts.destination).await.unwrap_err();
        assert!(matches!(error, Error::Unsupported(_)), "{error:?}");
        assert_eq!(error.to_string(), "not supported: migration between these hosts");
        hosts.assert_no_more_calls().await;
    }
}

#[tokio::test]
async fn parameters_that_the_version_has_no_place_for() {
    use feature::{V1, V2, V3};
    let mut persistent = MigrateParameters::default();
    persistent.persistent_xml = Some("<domain/>".to_owned());
    let mut disks = MigrateParameters::default();
    disks.migrate_disks.push("vda".to_owned());
    let mut newer = MigrateParameters::default();
    newer.other.push("future", 1_i32);
    let mut xml = MigrateParameters::default();
    xml.destination_xml = Some("<domain/>".to_owned());
    for (features, parameters, text) in [
        (
            &[V1, V2, V3][..],
            persistent,
            "the parameter persistent_xml, by one of the hosts",
        ),
        (&[V1, V2, V3], disks, "the parameter migrate_disks, by one of the hosts"),
        (&[V1], newer, "the parameter future, by one of the hosts"),
        (&[V1, V2], xml.clone(), "changing the definition, by one of the hosts"),
        (&[V1], xml, "changing the definition, by one of the hosts"),
    ] {
        let (hosts, domain) = Hosts::with(features).await;
        let migration = domain.migrate(&hosts.destination).parameters(parameters);
        let error = migration.await.unwrap_err();
        assert!(matches!(&error, Error::Unsupported(what) if what == text), "{error:?}");
        hosts.assert_no_more_calls().await;
    }
}

#[tokio::test]
async fn version_3_with_typed_parameters() {
    let features = [feature::PARAMS, feature::V3, feature::CHANGE_PROTECTION];
    let (mut hosts, web_here) = Hosts::with(&features).await;
    let mut given = MigrateParameters::default();
    given.uri = Some("tcp://b".to_owned());
    given.destination_xml = Some("<given/>".to_owned());
    given.persistent_xml = Some("<kept/>".to_owned());
    given.bandwidth_mib_per_second = Some(7);
    given.disks_port = Some(49_000);
    given.migrate_disks = vec!["vda".to_owned(), "vdb".to_owned()];
    given.other.push("future", 1_i32);
    let migration = web_here.migrate(&hosts.destination).flags(FLAGS).parameters(given).start();

    // The parameters, with what the steps on the way have replaced or added.
    let params = |uri, name, xml| {
        let name: Option<&str> = name;
        let mut params = vec![("migrate_uri", Text(uri))];
        params.extend(name.map(|name| ("destination_name", Text(name))));
        params.extend([
            ("destination_xml", Text(xml)),
            ("persistent_xml", Text("<kept/>")),
            ("bandwidth", Long(7)),
            ("disks_port", Int(49_000)),
            ("migrate_disks", Text("vda")),
            ("migrate_disks", Text("vdb")),
            ("future", Int(1)),
        ]);
        params
    };
    let here = LIVE | SOURCE_ONLY | PROTECTION;

    let begin = web().params(&params("tcp://b", None, "<given/>")).word(here);
    let begun = Fields::default().cookie("of begin").text("<begun/>");
    hosts.expect(Source, BEGIN3_PARAMS, &begin).await.reply(&begun);

    let prepare = Fields::default()
        .params(&params("tcp://b", None, "<begun/>"))
        .cookie("of begin")
        .word(LIVE);
    let prepared = Fields::default().cookie("of prepare").maybe(Some("tcp://b:49152"));
    hosts.expect(Destination, PREPARE3_PARAMS, &prepare).await.reply(&prepared);

    let perform = web()
        .maybe(None)
        .params(&params("tcp://b:49152", None, "<begun/>"))
        .cookie("of prepare")
        .word(here);
    let performed = Fields::default().cookie("of perform");
    hosts.expect(Source, PERFORM3_PARAMS, &perform).await.reply(&performed);

    let named = params("tcp://b:49152", Some("web"), "<begun/>");
    let finish = Fields::default().params(&named).cookie("of perform").word(LIVE).word(0);
    let finished = domain("web", 5).cookie("of finish");
    hosts.expect(Destination, FINISH3_PARAMS, &finish).await.reply(&finished);

    let confirm = web().params(&named).cookie("of finish").word(here).word(0);
    hosts.expect(Source, CONFIRM3_PARAMS, &confirm).await.done();

    let moved = migration.await.unwrap();
    assert_eq!((moved.name(), moved.id()), ("web", Some(5)));
    assert_eq!(moved.connect().uri(), hosts.destination.uri());
    hosts.assert_no_more_calls().await;
}

#[tokio::test]
async fn version_3_with_its_arguments_in_fields() {
    // Without protection, and with a guest that is paused.
    let source = Host { state: PAUSED, ..Host::source(&[feature::V3]) };
    let destination = Host::destination(&[feature::V3, feature::CHANGE_PROTECTION]);
    let (mut hosts, web_here) = Hosts::start(source, destination).await;
    let mut given = MigrateParameters::default();
    given.destination_name = Some("web-2".to_owned());
    given.destination_xml = Some("<given/>".to_owned());
    given.bandwidth_mib_per_second = Some(u64::MAX);
    let flags = FLAGS - MigrateFlags::CHANGE_PROTECTION;
    let migration = web_here.migrate(&hosts.destination).flags(flags).parameters(given).start();
    let (first, here) = (LIVE | SOURCE_ONLY, u64::from(LIVE | SOURCE_ONLY | IS_PAUSED));
    let there = u64::from(LIVE | IS_PAUSED);

    let begin = web()
        .maybe(Some("<given/>"))
        .long(first.into())
        .maybe(Some("web-2"))
        .long(u64::MAX);
    let begun = Fields::default().cookie("of begin").text("<begun/>");
    hosts.expect(Source, BEGIN3, &begin).await.reply(&begun);

    let prepare = Fields::default()
        .cookie("of begin")
        .maybe(None)
        .long(there)
        .maybe(Some("web-2"))
        .long(u64::MAX)
        .text("<begun/>");
    let prepared = Fields::default().cookie("").maybe(Some("tcp://b:49152"));
    hosts.expect(Destination, PREPARE3, &prepare).await.reply(&prepared);

    let perform = web()
        .maybe(None)
        .cookie("")
        .maybe(None)
        .maybe(Some("tcp://b:49152"))
        .long(here)
        .maybe(Some("web-2"))
        .long(u64::MAX);
    let performed = Fields::default().cookie("of perform");
    hosts.expect(Source, PERFORM3, &perform).await.reply(&performed);

    let finish = Fields::default()
        .text("web-2")
        .cookie("of perform")
        .maybe(None)
        .maybe(Some("tcp://b:49152"))
        .long(there)
        .word(0);
    let finished = domain("web-2", 5).cookie("of finish");
    hosts.expect(Destination, FINISH3, &finish).await.reply(&finished);

    let confirm = web().cookie("of finish").long(here).word(0);
    hosts.expect(Source, CONFIRM3, &confirm).await.done();

    assert_eq!(migration.await.unwrap().name(), "web-2");
    hosts.assert_no_more_calls().await;
}

#[tokio::test]
async fn the_name_there_is_the_name_here() {
    let (mut hosts, web_here) = Hosts::with(&[feature::V3]).await;
    let mut given = MigrateParameters::default();
    given.uri = Some("tcp://b".to_owned());
    let migration = web_here.migrate(&hosts.destination).parameters(given).start();
    let begun = Fields::default().cookie("").text("<begun/>");
    let begin = web().maybe(None).long(0).maybe(None).long(0);
    hosts.expect(Source, BEGIN3, &begin).await.reply(&begun);
    // The destination keeps the address that it was given.
    let prepare = Fields::default()
        .cookie("")
        .maybe(Some("tcp://b"))
        .long(0)
        .maybe(None)
        .long(0)
        .text("<begun/>");
    let prepared = Fields::default().cookie("").maybe(None);
    hosts.expect(Destination, PREPARE3, &prepare).await.reply(&prepared);
    let perform = web()
        .maybe(None)
        .cookie("")
        .maybe(None)
        .maybe(Some("tcp://b"))
        .long(0)
        .maybe(None)
        .long(0);
    hosts
        .expect(Source, PERFORM3, &perform)
        .await
        .reply(&Fields::default().cookie(""));
    let finish = Fields::default()
        .text("web")
        .cookie("")
        .maybe(None)
        .maybe(Some("tcp://b"))
        .long(0)
        .word(0);
    let finished = domain("web", 5).cookie("");
    hosts.expect(Destination, FINISH3, &finish).await.reply(&finished);
    let confirm = web().cookie("").long(0).word(0);
    hosts.expect(Source, CONFIRM3, &confirm).await.done();
    migration.await.unwrap();
    hosts.assert_no_more_calls().await;
}

/// A post-copy migration that broke has left a paused guest, which is not to stay so.
#[tokio::test]
async fn a_guest_is_not_kept_paused_when_post_copy_is_resumed() {
    let source = Host { state: PAUSED, ..Host::source(&[feature::V3]) };
    let (mut hosts, web_here) = Hosts::start(source, Host::destination(&[feature::V3])).await;
    let flags = MigrateFlags::POSTCOPY | MigrateFlags::POSTCOPY_RESUME;
    let migration = web_here.migrate(&hosts.destination).flags(flags).start();
    let bits = u64::from(flags.bits());
    assert_eq!(bits & u64::from(POSTCOPY_RESUME), u64::from(POSTCOPY_RESUME));
    let begun = Fields::default().cookie("").text("<begun/>");
    let begin = web().maybe(None).long(bits).maybe(None).long(0);
    hosts.expect(Source, BEGIN3, &begin).await.reply(&begun);
    let prepare = Fields::default()
        .cookie("")
        .maybe(None)
        .long(bits)
        .maybe(None)
        .long(0)
        .text("<begun/>");
    hosts.expect(Destination, PREPARE3, &prepare).await.fail(1, "no");
    migration.await.unwrap_err();
    hosts.assert_no_more_calls().await;
}
