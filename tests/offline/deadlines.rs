//! Deadlines, cancellation, and limits on calls in flight.

use std::time::Duration;

use libvirt_client::events::domain::{Lifecycle, Reboot};
use libvirt_client::{Error, domain::SaveRestoreFlags};
use tokio::time::Instant;

use crate::events::register;
use crate::peer::{Listener, procedure, string, words};

#[tokio::test(start_paused = true)]
async fn a_call_that_times_out_leaves_the_connection_usable() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let hasty = conn.with_timeout(Duration::from_secs(2));
    let begin = Instant::now();
    let (result, late) = tokio::join!(hasty.hostname(), peer.take());
    let error = result.unwrap_err();
    assert_eq!(begin.elapsed(), Duration::from_secs(2));
    assert_eq!(error.to_string(), "virConnectGetHostname got no reply within 2s");

    // The late reply is discarded; the next call gets its own.
    let (name, ()) = tokio::join!(hasty.hostname(), async {
        peer.reply(&late, &string("late")).await;
        let call = peer.take().await;
        peer.reply(&call, &string("timely")).await;
    });
    assert_eq!(name.unwrap(), "timely");
}

#[tokio::test(start_paused = true)]
async fn the_default_deadline_is_the_builders() {
    let listener = Listener::new();
    let (conn, mut peer) = listener
        .open_with(|builder| {
            builder.keepalive(Duration::ZERO, 0).call_timeout(Some(Duration::from_secs(7)))
        })
        .await;
    let begin = Instant::now();
    let (result, _call) = tokio::join!(conn.hostname(), peer.take());
    assert!(matches!(result, Err(Error::Timeout { .. })), "{result:?}");
    assert_eq!(begin.elapsed(), Duration::from_secs(7));
}

/// What a connection asks only once is no exception.
#[tokio::test(start_paused = true)]
async fn nobody_waits_for_another_s_question() {
    let listener = Listener::new();
    let (conn, _peer) = listener.open().await;
    let begin = Instant::now();
    let patient = conn.without_timeout();
    let never = tokio::spawn(async move { patient.hypervisor().await.map(str::to_owned) });
    let subscribing = conn.with_timeout(Duration::from_secs(50));
    let later = tokio::spawn(async move { subscribing.subscribe::<Lifecycle>(None).await });
    tokio::task::yield_now().await;
    let hasty = conn.with_timeout(Duration::from_secs(2));
    assert!(hasty.hypervisor().await.unwrap_err().is_timeout());
    assert!(hasty.subscribe::<Reboot>(None).await.unwrap_err().is_timeout());
    assert_eq!(begin.elapsed(), Duration::from_secs(4));
    assert!(later.await.unwrap().unwrap_err().is_timeout());
    assert_eq!(begin.elapsed(), Duration::from_secs(50));
    never.abort();
}

#[tokio::test(start_paused = true)]
async fn of_many_deadlines_each_is_kept() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let begin = Instant::now();
    let calls: Vec<_> = [9, 3, 6, 1]
        .map(|seconds| {
            let conn = conn.with_timeout(Duration::from_secs(seconds));
            tokio::spawn(async move {
                assert!(conn.hostname().await.is_err());
                (seconds, begin.elapsed().as_secs())
            })
        })
        .into();
    for _ in &calls {
        peer.take().await;
    }
    for call in calls {
        let (asked, took) = call.await.unwrap();
        assert_eq!(asked, took);
    }
}

#[tokio::test]
async fn the_reply_to_a_cancelled_call_is_discarded() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let cancelled = tokio::select! {
        result = conn.hostname() => panic!("{result:?}"),
        call = peer.take() => call,
    };
    let (name, ()) = tokio::join!(conn.hostname(), async {
        let call = peer.take().await;
        assert_ne!(call.serial, cancelled.serial);
        peer.reply(&cancelled, &string("cancelled")).await;
        peer.reply(&call, &string("wanted")).await;
    });
    assert_eq!(name.unwrap(), "wanted");
}

#[tokio::test]
async fn a_string_over_the_limit_is_refused_before_it_is_sent() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let long = "x".repeat(4_194_305);
    let error = conn.domain_lookup_by_name(&long).await.unwrap_err();
    let Error::InvalidArgument { procedure, reason } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(*procedure, "virDomainLookupByName");
    assert!(reason.contains("4194305") && reason.contains("4194304"), "{reason}");

    let (name, ()) = tokio::join!(conn.hostname(), async {
        let call = peer.take().await;
        assert_eq!(call.procedure, procedure::CONNECT_GET_HOSTNAME);
        peer.reply(&call, &string("host")).await;
    });
    assert_eq!(name.unwrap(), "host");
}

#[tokio::test]
async fn long_calls_leave_room_for_short_ones() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let mut domain = string("guest");
    domain.extend([1; 16]);
    domain.extend(words(&[3]));
    let (guest, ()) = tokio::join!(conn.domain_lookup_by_name("guest"), async {
        let call = peer.take().await;
        peer.reply(&call, &domain).await;
    });
    let guest = guest.unwrap();
    let saves: Vec<_> = (0..6)
        .map(|number| {
            let guest = guest.clone();
            tokio::spawn(async move {
                let flags = SaveRestoreFlags::empty();
                guest.save_flags(format!("/tmp/{number}"), None, flags).await
            })
        })
        .collect();
    let mut taken = Vec::new();
    for _ in 0..4 {
        taken.push(peer.take().await);
    }
    // A short call overtakes; a fifth long one would have been sent before it.
    let (name, ()) = tokio::join!(conn.hostname(), async {
        let call = peer.take().await;
        assert_eq!(call.procedure, procedure::CONNECT_GET_HOSTNAME);
        peer.reply(&call, &string("host")).await;
    });
    assert_eq!(name.unwrap(), "host");
    for _ in 0..2 {
        let oldest = taken.remove(0);
        peer.reply(&oldest, &[]).await;
        taken.push(peer.take().await);
    }
    for call in &taken {
        peer.reply(call, &[]).await;
    }
    for save in saves {
        save.await.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_passes_also_after_one_that_nobody_waited_for_to_the_end() {
    let listener = Listener::new();
    let (conn, mut peer) = listener
        .open_with(|builder| builder.keepalive(Duration::ZERO, 0).call_timeout(None))
        .await;
    let hasty = conn.with_timeout(Duration::from_secs(2));
    let (first, _) = tokio::join!(conn.subscribe::<Lifecycle>(None), register(&mut peer, 1));
    let (second, ()) = tokio::join!(hasty.subscribe::<Reboot>(None), async {
        let call = peer.take().await;
        peer.reply(&call, &words(&[2])).await;
    });
    let _subscriptions = (first.unwrap(), second.unwrap());
    tokio::time::sleep(Duration::from_secs(5)).await;

    let begin = Instant::now();
    let late = tokio::time::timeout(Duration::from_secs(60), hasty.hostname());
    let (result, _call) = tokio::join!(late, peer.take());
    assert!(matches!(result, Ok(Err(Error::Timeout { .. }))), "{result:?}");
    assert_eq!(begin.elapsed(), Duration::from_secs(2));
}
