//! Requests that control domains, and replies that no daemon gives.

use std::time::{Duration, SystemTime};

use libvirt_client::domain::{
    CoreDumpFlags, CreateFlags, DestroyFlags, Domain, SaveParameters, SaveRestoreFlags,
    SetTimeFlags, XmlFlags,
};
use libvirt_client::types::connect::ListAllDomainsFlags;
use libvirt_client::{Connect, ConnectBuilder, Error, ProtocolError};

use crate::peer::{Listener, Message, Peer, string, words};

/// A reference to the guest of these tests.
fn reference(id: i32) -> Vec<u8> {
    let mut bytes = string("guest");
    bytes.extend([7; 16]);
    bytes.extend(words(&[id as u32]));
    bytes
}

/// A handle to it, not running.
async fn guest(conn: &Connect, peer: &mut Peer) -> Domain {
    let (domain, ()) = tokio::join!(conn.domain_lookup_by_name("guest"), async {
        let call = peer.take().await;
        peer.reply(&call, &reference(-1)).await;
    });
    domain.unwrap()
}

/// Returns the result of a call answered with `payload`, and the request.
async fn answered<T>(
    call: impl Future<Output = Result<T, Error>>,
    peer: &mut Peer,
    payload: &[u8],
) -> (Result<T, Error>, Message) {
    tokio::join!(call, async {
        let call = peer.take().await;
        peer.reply(&call, payload).await;
        call
    })
}

#[track_caller]
fn assert_invalid_reply<T: std::fmt::Debug>(result: Result<T, Error>) {
    let error = result.unwrap_err();
    assert!(
        matches!(error, Error::Protocol(ProtocolError::InvalidReply { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn starting_asks_for_the_number_that_the_domain_got() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let domain = guest(&conn, &mut peer).await;
    let (created, ()) = tokio::join!(domain.create(), async {
        let create = peer.take().await;
        assert_eq!((create.procedure, create.payload.clone()), (9, reference(-1)));
        peer.reply(&create, &[]).await;
        let lookup = peer.take().await;
        assert_eq!((lookup.procedure, lookup.payload.clone()), (24, vec![7; 16]));
        peer.reply(&lookup, &reference(5)).await;
    });
    created.unwrap();
    assert_eq!(domain.id(), Some(5));

    // Three of the calls that end a domain reset its ID.
    let (ended, _) = answered(domain.destroy_flags(DestroyFlags::empty()), &mut peer, &[]).await;
    ended.unwrap();
    assert_eq!(domain.id(), Some(5));
    let (ended, call) = answered(domain.destroy(), &mut peer, &[]).await;
    ended.unwrap();
    assert_eq!((call.payload, domain.id()), (reference(5), None));

    // The other way to start returns the ID itself.
    let start = domain.create_with_flags(CreateFlags::empty());
    let (started, _) = answered(start, &mut peer, &reference(6)).await;
    started.unwrap();
    assert_eq!(domain.id(), Some(6));
}

#[tokio::test]
async fn a_name_changes_when_the_daemon_says_so() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let domain = guest(&conn, &mut peer).await;
    let (renamed, _) = answered(domain.rename("other"), &mut peer, &words(&[0])).await;
    let renamed = renamed.unwrap();
    assert_eq!((domain.name(), renamed.name()), ("guest", "other"));
    let (renamed, _) = answered(domain.rename("other"), &mut peer, &words(&[1])).await;
    assert_invalid_reply(renamed);
}

#[tokio::test]
async fn paths_are_made_absolute_on_this_side() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let domain = guest(&conn, &mut peer).await;
    let here = std::env::current_dir().unwrap().join("image");
    let expected = [reference(-1), string(here.to_str().unwrap())].concat();

    let (saved, call) = answered(domain.save("image"), &mut peer, &[]).await;
    saved.unwrap();
    assert_eq!(call.payload, expected);
    let dump = domain.core_dump("image", CoreDumpFlags::empty());
    let (dumped, call) = answered(dump, &mut peer, &[]).await;
    dumped.unwrap();
    assert_eq!(call.payload, [expected, words(&[0])].concat());

    let mut params = SaveParameters::default();
    params.file = Some("image".to_owned());
    let save = domain.save_params(&params, SaveRestoreFlags::empty());
    let (saved, call) = answered(save, &mut peer, &[]).await;
    saved.unwrap();
    let expected = [
        reference(-1),
        words(&[1]),
        string("file"),
        words(&[7]),
        string(here.to_str().unwrap()),
        words(&[0]),
    ];
    assert_eq!(call.payload, expected.concat());
}

#[tokio::test]
async fn times_cross_the_wire_as_seconds_and_nanoseconds() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let domain = guest(&conn, &mut peer).await;
    // Half a second before 1970 is 500 million nanoseconds after the second before.
    let early = SystemTime::UNIX_EPOCH - Duration::from_millis(500);
    let wire = words(&[u32::MAX, u32::MAX, 500_000_000]);
    let (time, _) = answered(domain.time(), &mut peer, &wire).await;
    assert_eq!(time.unwrap(), early);
    let set = domain.set_time(early, SetTimeFlags::SYNC);
    let (set, call) = answered(set, &mut peer, &[]).await;
    set.unwrap();
    assert_eq!(call.payload, [reference(-1), wire, words(&[1])].concat());

    let odd = words(&[0, 1, 1_000_000_000]);
    let (time, _) = answered(domain.time(), &mut peer, &odd).await;
    assert_invalid_reply(time);
}

#[tokio::test]
async fn file_systems_are_as_many_as_the_reply_says() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let domain = guest(&conn, &mut peer).await;
    let list = |said: u32| {
        [
            words(&[1]),
            string("/srv"),
            string("vda1"),
            string("ext4"),
            words(&[2]),
            string("vda"),
            string("vdb"),
            words(&[said]),
        ]
        .concat()
    };
    let (info, _) = answered(domain.fs_info(), &mut peer, &list(1)).await;
    let info = info.unwrap();
    let [info] = info.as_slice() else {
        panic!("{info:?}");
    };
    assert_eq!((&*info.mountpoint, &*info.name, &*info.fstype), ("/srv", "vda1", "ext4"));
    assert_eq!(info.dev_aliases, ["vda", "vdb"]);
    let (info, _) = answered(domain.fs_info(), &mut peer, &list(2)).await;
    assert_invalid_reply(info);

    let (frozen, call) = answered(domain.fs_freeze(&["/srv"]), &mut peer, &words(&[1])).await;
    assert_eq!(frozen.unwrap(), 1);
    assert_eq!(call.payload, [reference(-1), words(&[1]), string("/srv"), words(&[0])].concat());
    let (frozen, _) = answered(domain.fs_thaw(&[]), &mut peer, &words(&[u32::MAX])).await;
    assert_invalid_reply(frozen);
}

#[tokio::test]
async fn lists_and_counts_make_sense_or_are_refused() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let one_of = |said: u32| [words(&[1]), reference(3), words(&[said])].concat();
    let list = || conn.list_all_domains(ListAllDomainsFlags::empty());
    let (listed, call) = answered(list(), &mut peer, &one_of(1)).await;
    assert_eq!(listed.unwrap()[0].id(), Some(3));
    assert_eq!(call.payload, words(&[1, 0]));
    let (listed, _) = answered(list(), &mut peer, &one_of(2)).await;
    assert_invalid_reply(listed);
    let count = conn.count_all_domains(ListAllDomainsFlags::empty());
    let (counted, call) = answered(count, &mut peer, &words(&[0, 9])).await;
    assert_eq!((counted.unwrap(), call.payload), (9, words(&[0, 0])));

    let negative = words(&[u32::MAX]);
    let (counted, _) = answered(conn.num_of_domains(), &mut peer, &negative).await;
    assert_invalid_reply(counted);
    let (counted, _) = answered(conn.num_of_defined_domains(), &mut peer, &negative).await;
    assert_invalid_reply(counted);
    let (ids, _) = answered(conn.list_domains(), &mut peer, &words(&[2, 4, u32::MAX])).await;
    assert_invalid_reply(ids);
}

#[tokio::test]
async fn secrets_are_not_even_asked_for_read_only() {
    let listener = Listener::new();
    let options = |builder: ConnectBuilder| builder.read_only(true).keepalive(Duration::ZERO, 0);
    let (conn, mut peer) = listener.open_with(options).await;
    let domain = guest(&conn, &mut peer).await;
    for flags in [XmlFlags::SECURE, XmlFlags::MIGRATABLE | XmlFlags::INACTIVE] {
        let error = domain.xml_desc(flags).await.unwrap_err();
        assert!(matches!(error, Error::ReadOnly("virDomainGetXMLDesc")), "{error:?}");
    }
    // The peer next sees the harmless one.
    let (xml, call) =
        answered(domain.xml_desc(XmlFlags::INACTIVE), &mut peer, &string("<x/>")).await;
    assert_eq!(xml.unwrap(), "<x/>");
    assert_eq!(call.payload, [reference(-1), words(&[2])].concat());
}
