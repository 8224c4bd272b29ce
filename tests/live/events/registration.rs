//! Filters, and registrations that come, are shared, and go.

use libvirt_client::domain::{CreateFlags, Domain};
use libvirt_client::events::DomainEventKinds;
use libvirt_client::events::domain::{Change, ChannelLifecycle, Lifecycle};
use libvirt_client::protocol::remote;
use libvirt_client::types::error::ErrorCode;
use libvirt_client::{Connect, Error};

use crate::common::{describe, eventually, qemu};
use crate::driver::events::next;

/// Whether the daemon would register lifecycle events once more; what it registers stays so.
async fn register_again(conn: &Connect, object: Option<&Domain>) -> Result<i32, Error> {
    let request = remote::ConnectDomainEventCallbackRegisterAny {
        event_id: 0,
        dom: object.map(|domain| remote::NonnullDomain {
            name: domain.name().into(),
            uuid: domain.uuid(),
            id: -1,
        }),
    };
    let raw = conn.raw();
    let called = raw.call(request);
    Ok(called.await?.decode()?.callback_id)
}

async fn deregister(conn: &Connect, callback_id: i32) {
    let request = remote::ConnectDomainEventCallbackDeregisterAny { callback_id };
    conn.raw().run(request).await.unwrap();
}

#[tokio::test]
async fn a_subscription_to_one_domain_is_told_of_no_other() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let flags = CreateFlags::PAUSED | CreateFlags::AUTODESTROY;
    let start = async |name: &str| {
        let (xml, _) = describe(daemon, name, |guest| guest);
        conn.domain_create_xml(&xml, flags).await.unwrap()
    };
    let a = start("events-filter-a").await;
    let b = start("events-filter-b").await;
    let mut of_a = conn.subscribe::<Lifecycle>(Some(&a)).await.unwrap();
    let mut of_b = conn.subscribe::<Lifecycle>(Some(&b)).await.unwrap();
    let mut of_all = conn.subscribe::<Lifecycle>(None).await.unwrap();
    for domain in [&a, &b, &a, &b] {
        domain.resume().await.unwrap();
        domain.suspend().await.unwrap();
    }
    for (events, domain) in [(&mut of_a, &a), (&mut of_b, &b)] {
        for _ in 0..2 {
            for change in [Change::Resumed(0.into()), Change::Suspended(0.into())] {
                assert_eq!(next(events).await, (domain.name().to_owned(), change));
            }
        }
    }
    // Everything once, although each was sent twice.
    let mut told = Vec::new();
    while told.len() < 8 {
        let (name, change) = next(&mut of_all).await;
        if name.starts_with("events-filter-") {
            told.push((name, change));
        }
    }
    let expected = ["a", "b", "a", "b"].into_iter().flat_map(|name| {
        let name = format!("events-filter-{name}");
        let resumed = (name.clone(), Change::Resumed(0.into()));
        [resumed, (name, Change::Suspended(0.into()))]
    });
    assert_eq!(told, expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn subscriptions_share_a_registration_and_the_last_ends_it() {
    let Some((daemon, _)) = qemu().await else {
        return;
    };
    // Of its own: what is registered there is nobody else's.
    let conn = Connect::open(&daemon.uri()).await.unwrap();
    let refused = async || {
        let error = register_again(&conn, None).await.unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::InvalidArg), "{error}");
    };
    let first = conn.subscribe::<Lifecycle>(None).await.unwrap();
    refused().await;
    let second = conn.subscribe::<Lifecycle>(None).await.unwrap();
    let kinds = DomainEventKinds::LIFECYCLE | DomainEventKinds::REBOOT;
    let third = conn.domain_events(kinds).await.unwrap();
    assert_eq!(third.kinds(), kinds);
    drop(first);
    drop(third);
    conn.hostname().await.unwrap();
    refused().await;
    drop(second);
    eventually("the daemon has nothing registered", async || {
        match register_again(&conn, None).await {
            Ok(callback) => {
                deregister(&conn, callback).await;
                true
            }
            Err(_) => false,
        }
    })
    .await;
    conn.subscribe::<Lifecycle>(None).await.unwrap();
    conn.close().await;
}

#[tokio::test]
async fn kinds_that_the_daemon_does_not_know_are_left_out() {
    let Some((_, conn)) = qemu().await else {
        return;
    };
    let version = conn.lib_version().await.unwrap();
    let version = (version.major(), version.minor());
    let mut expected = DomainEventKinds::all();
    if version < (12, 4) {
        expected -= DomainEventKinds::VCPU_REMOVED | DomainEventKinds::CHANNEL_LIFECYCLE;
    }
    if version < (11, 2) {
        expected -= DomainEventKinds::NIC_MAC_CHANGE;
    }
    let all = conn.domain_events(DomainEventKinds::all()).await.unwrap();
    assert_eq!(all.kinds(), expected);
    for newer in (DomainEventKinds::all() - expected).iter() {
        let alone = conn.domain_events(newer).await;
        assert!(alone.unwrap_err().is_unsupported());
    }
    let typed = conn.subscribe::<ChannelLifecycle>(None).await;
    if version < (12, 4) {
        assert!(typed.unwrap_err().is_unsupported());
    } else {
        typed.unwrap();
    }
    let none = conn.domain_events(DomainEventKinds::empty()).await;
    assert!(matches!(none, Err(Error::InvalidArgument { .. })));
}
