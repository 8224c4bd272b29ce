//! Daemons that stop, hang or are killed, and connections that are opened again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use libvirt_client::connect::ListAllDomainsFlags;
use libvirt_client::events::domain::{Change, Lifecycle, Reboot};
use libvirt_client::events::{EventError, HostEvent, PersistentSubscription};
use libvirt_client::protocol::remote;
use libvirt_client::{Backoff, CloseReason, Connect, Error};
use rig::{Daemon, Need};
use tokio::runtime::Handle;

use crate::common::eventually;

/// A daemon of the test's own with the test driver.
fn daemon() -> Option<Daemon> {
    if !rig::available(&[Need::Daemon, Need::Virsh]).unwrap() {
        return None;
    }
    Some(Daemon::builder().test_driver().start().unwrap())
}

#[tokio::test]
async fn a_daemon_that_stops_is_declared_dead_and_everybody_is_told() {
    let Some(daemon) = daemon() else {
        return;
    };
    let builder = Connect::builder(&daemon.test_uri());
    let builder = builder.keepalive(Duration::from_secs(1), 2);
    let conn = builder.call_timeout(None).open().await.unwrap();
    let mut events = conn.subscribe::<Lifecycle>(None).await.unwrap();

    daemon.sigstop().unwrap();
    let (one, other, event, reason) = tokio::join!(
        conn.hostname(),
        conn.list_all_domains(ListAllDomainsFlags::empty()),
        events.next(),
        conn.closed(),
    );
    assert!(matches!(reason, CloseReason::Keepalive(_)), "{reason}");
    for error in [one.unwrap_err(), other.unwrap_err()] {
        assert!(matches!(error, Error::Closed(CloseReason::Keepalive(_))), "{error}");
    }
    let Some(Err(EventError::Closed(CloseReason::Keepalive(_)))) = event else {
        panic!("{event:?}");
    };
    assert!(events.next().await.is_none());
    assert!(!conn.is_alive());

    daemon.sigcont().unwrap();
    let again = conn.reopen().await.unwrap();
    again.hostname().await.unwrap();
}

#[tokio::test]
async fn a_daemon_that_stops_is_declared_dead_whatever_it_owes() {
    const POLLERS: usize = 5;
    let Some(daemon) = daemon() else {
        return;
    };
    let builder = Connect::builder(&daemon.test_uri())
        .keepalive(Duration::from_millis(250), 2)
        .busy_timeout(Duration::from_secs(2))
        .call_timeout(None);
    let backoff = Backoff::new(Duration::from_millis(20), Duration::from_millis(200));
    let host = builder.reconnecting(backoff).unwrap();
    let conn = host.connect().await.unwrap();
    daemon.sigstop().unwrap();
    let pollers: Vec<_> = (0..POLLERS)
        .map(|_| {
            let host = host.clone();
            tokio::spawn(
                async move { host.query(|conn| async move { conn.hostname().await }).await },
            )
        })
        .collect();
    let abandoned = conn.with_timeout(Duration::from_millis(50));
    assert!(abandoned.hostname().await.unwrap_err().is_timeout());
    let reason = conn.closed().await;
    let CloseReason::Keepalive(silence) = &reason else {
        panic!("{reason}")
    };
    let owed = ("virConnectGetHostname", POLLERS + 1);
    assert_eq!(silence.unanswered, [owed]);

    daemon.sigcont().unwrap();
    for poller in pollers {
        poller.await.unwrap().unwrap();
    }
    host.close().await;
}

#[test]
fn a_program_that_ends_at_once_leaves_no_complaint_in_the_daemons_log() {
    let Some(daemon) = daemon() else {
        return;
    };
    let open_and_leave = || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let conn = Connect::open(&daemon.test_uri()).await.unwrap();
            conn.hostname().await.unwrap();
        });
    };
    // The daemon's start is not quiet, nor is whoever looked whether it had started.
    open_and_leave();
    let log = || std::fs::read_to_string(daemon.log()).unwrap();
    let before = log().len();
    for _ in 0..20 {
        open_and_leave();
    }
    let log = log().split_off(before);
    for complaint in ["End of file", "Broken pipe"] {
        assert!(!log.contains(complaint), "{log}");
    }
}

#[tokio::test]
async fn a_registration_that_is_confirmed_too_late_is_in_nobodys_way() {
    let Some(daemon) = daemon() else {
        return;
    };
    let builder = Connect::builder(&daemon.test_uri()).keepalive(Duration::ZERO, 0);
    let conn = builder.open().await.unwrap();
    let hasty = conn.with_timeout(Duration::from_millis(100));
    // What the daemon is asked once, before it registers anything, is known from here on.
    let _reboots = conn.subscribe::<Reboot>(None).await.unwrap();

    daemon.sigstop().unwrap();
    for _ in 0..3 {
        let error = hasty.subscribe::<Lifecycle>(None).await.unwrap_err();
        assert!(error.is_timeout(), "{error}");
        let error = hasty.host_events().await.unwrap_err();
        assert!(error.is_timeout(), "{error}");
    }
    daemon.sigcont().unwrap();
    let mut changes = conn.subscribe::<Lifecycle>(None).await.unwrap();
    let mut all = conn.host_events().await.unwrap();
    let xml = "<domain type='test'><name>late</name><memory>1024</memory>\
        <os><type>hvm</type></os></domain>";
    conn.domain_define_xml(xml).await.unwrap();
    let change = changes.next().await.unwrap().unwrap();
    assert_eq!(change.domain.name(), "late");
    let event = all.next().await.unwrap().unwrap();
    assert!(
        matches!(&event, HostEvent::Domain(event) if event.domain().name() == "late"),
        "{event:?}"
    );

    // And nothing is left where nobody wants it any more.
    let conn = conn.reopen().await.unwrap();
    let _reboots = conn.subscribe::<Reboot>(None).await.unwrap();
    daemon.sigstop().unwrap();
    let hasty = conn.with_timeout(Duration::from_millis(100));
    let error = hasty.subscribe::<Lifecycle>(None).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    daemon.sigcont().unwrap();
    eventually("the daemon has nothing registered", async || {
        let request = remote::ConnectDomainEventCallbackRegisterAny { event_id: 0, dom: None };
        let raw = conn.raw();
        let called = raw.call(request);
        called.await.is_ok()
    })
    .await;
}

/// What became of the calls of those who only ask.
#[derive(Default)]
struct Load {
    answered: AtomicUsize,
    stop: AtomicBool,
}

const ROUNDS: usize = 8;
const CALLERS: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_is_killed_under_load_costs_no_subscription_and_leaks_no_task() {
    let Some(mut daemon) = daemon() else {
        return;
    };
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let tasks_before = tasks();
    let backoff = Backoff::new(Duration::from_millis(20), Duration::from_millis(200));
    let host = Connect::builder(&daemon.test_uri()).reconnecting(backoff).unwrap();

    let load = Arc::new(Load::default());
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (host, load) = (host.clone(), Arc::clone(&load));
            tokio::spawn(async move {
                while !load.stop.load(Ordering::Relaxed) {
                    let asked = host.query(|conn| async move {
                        let all = conn.list_all_domains(ListAllDomainsFlags::empty()).await?;
                        Ok(all.len())
                    });
                    assert!(asked.await.unwrap() >= 1);
                    load.answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();

    let subscribe = |conn: Connect| async move { conn.subscribe::<Lifecycle>(None).await };
    let mut events = host.subscribe(subscribe).await.unwrap();
    for round in 0..ROUNDS {
        let name = format!("round-{round}");
        let xml = format!(
            "<domain type='test'><name>{name}</name><memory>1024</memory>\
             <os><type>hvm</type></os></domain>"
        );
        let conn = host.connect().await.unwrap();
        conn.domain_define_xml(&xml).await.unwrap();
        assert_eq!(next_defined(&mut events).await, name);

        let answered = load.answered.load(Ordering::Relaxed);
        eventually("the callers are at work", async || {
            load.answered.load(Ordering::Relaxed) > answered + CALLERS
        })
        .await;
        daemon = tokio::task::spawn_blocking(move || {
            daemon.kill9().unwrap();
            daemon.restart().unwrap();
            daemon
        })
        .await
        .unwrap();
        let gap = events.next().await;
        assert!(matches!(gap, Some(Err(EventError::Gap(_)))), "{gap:?}");
    }

    load.stop.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.unwrap();
    }
    host.close().await;
    drop(events);
    eventually("all tasks have ended", async || tasks() == tasks_before).await;
}

/// The name of the domain that was defined; nothing else happens.
async fn next_defined(events: &mut PersistentSubscription<Lifecycle>) -> String {
    let event = events.next().await.unwrap().unwrap();
    assert!(matches!(event.change, Change::Defined(_)), "{event:?}");
    event.domain.name().to_owned()
}
