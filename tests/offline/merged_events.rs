//! Events of several kinds in one stream, and kinds that must not be confused.

use libvirt_client::Connect;
use libvirt_client::domain::{ChannelLifecycleReason, ChannelLifecycleState};
use libvirt_client::events::connection::HypervisorClosed;
use libvirt_client::events::domain::Lifecycle;
use libvirt_client::events::{DomainEvent, DomainEventKinds, HostEvent, Subscription, network};
use libvirt_client::types::connect::CloseReason;

use crate::events::{domain, message, started};
use crate::peer::{Listener, Message, Peer, procedure, string, words};

const SYSTEM_ERROR: i32 = 38;
const RPC: i32 = 7;

/// The number of kinds of events of a host that are not its domains'.
const OTHERS: usize = 9;

const REBOOTED: u32 = 319;
const CLOCK_CHANGED: u32 = 320;

/// Answers whether registrations have callback IDs, and the registrations of so many kinds: the
/// callback ID of each is its number plus ten. Returns the numbers in the order of arrival.
async fn register(peer: &mut Peer, kinds: usize, unknown: &[u32]) -> Vec<u32> {
    let feature = peer.take().await;
    assert_eq!(feature.procedure, procedure::SUPPORTS_FEATURE);
    peer.reply(&feature, &words(&[1])).await;
    let mut numbers = Vec::new();
    for _ in 0..kinds {
        let call = peer.take().await;
        assert_eq!(call.procedure, procedure::EVENT_REGISTER);
        let number = u32::from_be_bytes(*call.payload.first_chunk().unwrap());
        if unknown.contains(&number) {
            let text = format!("internal error: unsupported event ID {number}");
            peer.send(&call.error(1, 7, &text)).await;
        } else {
            peer.reply(&call, &words(&[number + 10])).await;
        }
        numbers.push(number);
    }
    numbers
}

fn rebooted(callback: u32, name: &str) -> Message {
    let mut payload = words(&[callback]);
    payload.extend(domain(name));
    message(REBOOTED, payload)
}

fn clock_changed(callback: u32, name: &str, seconds: u32) -> Message {
    let mut payload = words(&[callback]);
    payload.extend(domain(name));
    payload.extend(words(&[0, seconds]));
    message(CLOCK_CHANGED, payload)
}

async fn next(events: &mut Subscription<DomainEvent>) -> (String, DomainEventKinds) {
    let event = events.next().await.unwrap().unwrap();
    (event.domain().name().to_owned(), event.kind())
}

#[tokio::test]
async fn several_kinds_come_in_the_daemons_order() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let kinds =
        DomainEventKinds::LIFECYCLE | DomainEventKinds::REBOOT | DomainEventKinds::RTC_CHANGE;
    let (events, _) = tokio::join!(conn.domain_events(kinds), register(&mut peer, 3, &[]));
    let mut events = events.unwrap();
    assert_eq!(events.kinds(), kinds);
    for sent in [
        rebooted(11, "a"),
        started(10, "b"),
        clock_changed(12, "c", 7),
        started(10, "d"),
        // Of no registration of this connection.
        rebooted(99, "nobody's"),
        rebooted(11, "e"),
    ] {
        peer.send(&sent).await;
    }
    for (name, kind) in [
        ("a", DomainEventKinds::REBOOT),
        ("b", DomainEventKinds::LIFECYCLE),
        ("c", DomainEventKinds::RTC_CHANGE),
        ("d", DomainEventKinds::LIFECYCLE),
        ("e", DomainEventKinds::REBOOT),
    ] {
        assert_eq!(next(&mut events).await, (name.to_owned(), kind));
    }
    // All are deregistered, each by its own id.
    drop(events);
    let mut ids = Vec::new();
    for _ in 0..3 {
        let call = peer.take().await;
        assert_eq!(call.procedure, procedure::EVENT_DEREGISTER);
        ids.push(u32::from_be_bytes(*call.payload.first_chunk().unwrap()));
        peer.reply(&call, &[]).await;
    }
    ids.sort_unstable();
    assert_eq!(ids, [10, 11, 12]);
}

#[tokio::test]
async fn what_the_daemon_does_not_know_is_left_out() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let asked = DomainEventKinds::LIFECYCLE | DomainEventKinds::REBOOT;
    let (events, numbers) = tokio::join!(conn.domain_events(asked), register(&mut peer, 2, &[1]));
    assert_eq!(numbers.len(), 2);
    let mut events = events.unwrap();
    assert_eq!(events.kinds(), DomainEventKinds::LIFECYCLE);
    peer.send(&started(10, "known")).await;
    assert_eq!(next(&mut events).await.0, "known");
}

/// Such as a daemon for guests alone, which has to ask others for the rest.
#[tokio::test]
async fn what_the_daemon_refuses_is_left_out_of_all_that_happens() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let text = "Failed to connect socket to '/run/libvirt/virtnetworkd-sock'";
    let refused = async |peer: &mut Peer, call: &Message| {
        peer.send(&call.error(SYSTEM_ERROR, RPC, text)).await;
    };
    let (events, ()) = tokio::join!(conn.host_events(), async {
        let feature = peer.take().await;
        peer.reply(&feature, &words(&[1])).await;
        for _ in 0..DomainEventKinds::all().bits().count_ones() {
            let call = peer.take().await;
            let number = u32::from_be_bytes(*call.payload.first_chunk().unwrap());
            peer.reply(&call, &words(&[number + 10])).await;
        }
        for _ in 0..OTHERS {
            let call = peer.take().await;
            assert_ne!(call.procedure, procedure::EVENT_REGISTER);
            refused(&mut peer, &call).await;
        }
    });
    let mut events = events.unwrap();
    assert_eq!(events.left_out().len(), OTHERS);
    for error in events.left_out() {
        assert!(error.to_string().contains("virtnetworkd"), "{error}");
    }
    peer.send(&started(10, "a")).await;
    let event = events.next().await.unwrap().unwrap();
    assert!(
        matches!(&event, HostEvent::Domain(event) if event.domain().name() == "a"),
        "{event:?}"
    );

    let (events, ()) = tokio::join!(conn.host_events(), async {
        for _ in 0..OTHERS {
            let call = peer.take().await;
            refused(&mut peer, &call).await;
        }
    });
    // Those of domains are shared.
    assert_eq!(events.unwrap().left_out().len(), OTHERS);
}

#[tokio::test]
async fn an_error_with_one_kind_undoes_the_others() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let asked = DomainEventKinds::LIFECYCLE | DomainEventKinds::REBOOT;
    let (events, ()) = tokio::join!(conn.domain_events(asked), async {
        let feature = peer.take().await;
        peer.reply(&feature, &words(&[1])).await;
        for _ in 0..2 {
            let call = peer.take().await;
            if call.payload.first_chunk() == Some(&[0; 4]) {
                peer.reply(&call, &words(&[10])).await;
            } else {
                peer.send(&call.error(88, 20, "access denied")).await;
            }
        }
    });
    let error = events.unwrap_err();
    assert!(error.to_string().contains("access denied"), "{error}");
    let call = peer.take().await;
    assert_eq!((call.procedure, &*call.payload), (procedure::EVENT_DEREGISTER, &*words(&[10])));
}

#[tokio::test]
async fn daemons_without_callback_ids_give_the_kinds_that_they_know() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let asked = DomainEventKinds::LIFECYCLE
        | DomainEventKinds::REBOOT
        | DomainEventKinds::BLOCK_JOB_2
        | DomainEventKinds::METADATA_CHANGE;
    let (events, ()) = tokio::join!(conn.domain_events(asked), async {
        let feature = peer.take().await;
        peer.reply(&feature, &words(&[0])).await;
        for _ in 0..2 {
            let call = peer.take().await;
            assert_eq!(call.procedure, 167);
            peer.reply(&call, &[]).await;
        }
    });
    let mut events = events.unwrap();
    let known = DomainEventKinds::LIFECYCLE | DomainEventKinds::REBOOT;
    assert_eq!(events.kinds(), known);
    peer.send(&message(169, domain("rebooted"))).await;
    let mut payload = domain("started");
    payload.extend(words(&[2, 0]));
    peer.send(&message(107, payload)).await;
    assert_eq!(next(&mut events).await.0, "rebooted");
    assert_eq!(next(&mut events).await, ("started".to_owned(), DomainEventKinds::LIFECYCLE));
}

#[tokio::test]
async fn what_happens_to_processors_and_channels_is_read() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let kinds = DomainEventKinds::VCPU_REMOVED | DomainEventKinds::CHANNEL_LIFECYCLE;
    let (events, numbers) = tokio::join!(conn.domain_events(kinds), register(&mut peer, 2, &[]));
    assert_eq!(numbers, [28, 29]);
    let mut events = events.unwrap();
    let mut payload = words(&[38]);
    payload.extend(domain("smaller"));
    payload.extend(words(&[3]));
    peer.send(&message(454, payload)).await;
    let DomainEvent::VcpuRemoved(event) = events.next().await.unwrap().unwrap() else {
        panic!("another kind");
    };
    assert_eq!((event.domain.name(), event.vcpu), ("smaller", 3));
    let mut payload = words(&[39]);
    payload.extend(domain("talks"));
    payload.extend(string("org.example.0"));
    payload.extend(words(&[1, 2]));
    peer.send(&message(455, payload)).await;
    let DomainEvent::ChannelLifecycle(event) = events.next().await.unwrap().unwrap() else {
        panic!("another kind");
    };
    let (state, reason) = (ChannelLifecycleState::Connected, ChannelLifecycleReason::Channel);
    assert_eq!((event.domain.name(), &*event.channel), ("talks", "org.example.0"));
    assert_eq!((event.state, event.reason), (state, reason));
}

async fn subscribe(conn: &Connect, peer: &mut Peer, callback: u32) -> Subscription<Lifecycle> {
    let (events, _) =
        tokio::join!(conn.subscribe::<Lifecycle>(None), crate::events::register(peer, callback));
    events.unwrap()
}

#[tokio::test]
async fn callback_ids_mean_something_only_within_their_class() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let mut domains = subscribe(&conn, &mut peer, 5).await;
    let (networks, ()) = tokio::join!(conn.subscribe::<network::Lifecycle>(None), async {
        let call = peer.take().await;
        assert_eq!(call.procedure, 313);
        peer.reply(&call, &words(&[5])).await;
    });
    let mut networks = networks.unwrap();
    let mut payload = words(&[5]);
    payload.extend(string("net"));
    payload.extend([8; 16]);
    payload.extend(words(&[2, 0]));
    peer.send(&message(315, payload)).await;
    peer.send(&started(5, "guest")).await;
    let event = networks.next().await.unwrap().unwrap();
    assert_eq!(event.network.name(), "net");
    let event = domains.next().await.unwrap().unwrap();
    assert_eq!(event.domain.name(), "guest");
}

#[tokio::test]
async fn subscriptions_to_one_domain_and_to_all_get_their_own() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let mut of_all = subscribe(&conn, &mut peer, 5).await;
    peer.send(&started(5, "one")).await;
    let one = of_all.next().await.unwrap().unwrap().domain;
    let (of_one, ()) = tokio::join!(conn.subscribe::<Lifecycle>(Some(&one)), async {
        let call = peer.take().await;
        let mut args = words(&[0, 1]);
        args.extend(string("one"));
        assert!(call.payload.starts_with(&args), "{:?}", call.payload);
        peer.reply(&call, &words(&[6])).await;
    });
    let mut of_one = of_one.unwrap();
    for (callback, name) in [(5, "other"), (5, "one"), (6, "one")] {
        peer.send(&started(callback, name)).await;
    }
    for name in ["other", "one"] {
        let event = of_all.next().await.unwrap().unwrap();
        assert_eq!(event.domain.name(), name);
    }
    assert_eq!(of_one.next().await.unwrap().unwrap().domain, one);
    // No other message was sent.
    drop(peer);
    assert!(of_all.next().await.unwrap().is_err());
    assert!(of_one.next().await.unwrap().is_err());
}

#[tokio::test]
async fn a_hypervisor_that_the_daemon_has_lost_is_told_of() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (events, ()) = tokio::join!(conn.subscribe::<HypervisorClosed>(None), async {
        let call = peer.take().await;
        assert_eq!((call.procedure, &*call.payload), (360, &[][..]));
        peer.reply(&call, &[]).await;
    });
    let mut events = events.unwrap();
    for reason in [1, 77] {
        peer.send(&message(362, words(&[reason]))).await;
    }
    let event = events.next().await.unwrap().unwrap();
    assert_eq!(event.reason, CloseReason::Eof);
    // One that is newer than this library.
    let event = events.next().await.unwrap().unwrap();
    assert_eq!(event.reason, CloseReason::Other(77));
    drop(events);
    assert_eq!(peer.take().await.procedure, 361);
    assert!(conn.is_alive());
}
