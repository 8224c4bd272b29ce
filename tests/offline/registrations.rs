//! Registrations that are late, abandoned, or shared: the daemon's and ours must agree.

use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use libvirt_client::events::domain::{Lifecycle, Reboot};
use libvirt_client::events::{EventError, Subscription};
use libvirt_client::{Backoff, CloseReason, Connect, Error, Result};
use tokio::runtime::{Builder, Handle};
use tokio::task::yield_now;

use crate::events::{domain, message, next_name, register, started};
use crate::peer::{Listener, Message, Peer, procedure, string, words};

const PATIENCE: Duration = Duration::from_secs(1);

type Subscribed = Result<Subscription<Lifecycle>>;

async fn subscribe(conn: Connect) -> Subscribed {
    conn.subscribe::<Lifecycle>(None).await
}

/// A connection on which the first subscription was made already, whose probes are thus known.
async fn open(listener: &Listener) -> (Connect, Peer, Subscription<Reboot>) {
    let (conn, mut peer) = listener.open().await;
    let other = tokio::join!(conn.subscribe::<Reboot>(None), register(&mut peer, 1)).0;
    (conn, peer, other.unwrap())
}

async fn take(peer: &mut Peer, procedure: u32) -> Message {
    let call = peer.take().await;
    assert_eq!(call.procedure, procedure);
    call
}

async fn take_deregistration(peer: &mut Peer, callback: u32) -> Message {
    let call = take(peer, procedure::EVENT_DEREGISTER).await;
    assert_eq!(call.payload, words(&[callback]));
    call
}

/// Checks that the next request is one of the test's own: nothing else was sent.
async fn assert_nothing_else(conn: &Connect, peer: &mut Peer) {
    let (name, ()) = tokio::join!(conn.hostname(), async {
        let call = take(peer, procedure::CONNECT_GET_HOSTNAME).await;
        peer.reply(&call, &string("host")).await;
    });
    name.unwrap();
}

async fn assert_next_is(events: &mut Subscription<Lifecycle>, name: &str) {
    assert_eq!(next_name(events).await, name);
}

/// Polls a future once.
fn begin<F: Future>(waiting: Pin<&mut F>) {
    let polled = waiting.poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending());
}

/// Has a registration sent, and abandons it.
async fn give_up(conn: &Connect, peer: &mut Peer) -> Message {
    tokio::select! {
        events = subscribe(conn.clone()) => panic!("{events:?}"),
        call = take(peer, procedure::EVENT_REGISTER) => call,
    }
}

#[tokio::test]
async fn one_that_is_given_up_at_once_is_not_made() {
    let listener = Listener::new();
    let (conn, mut peer, _other) = open(&listener).await;
    begin(pin!(subscribe(conn.clone())));
    assert_nothing_else(&conn, &mut peer).await;
}

#[tokio::test(start_paused = true)]
async fn one_that_is_confirmed_when_nobody_waits_any_more_is_taken_back() {
    let listener = Listener::new();
    let (conn, mut peer, _other) = open(&listener).await;
    let error = subscribe(conn.with_timeout(PATIENCE)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "ConnectDomainEventCallbackRegisterAny got no reply within 1s"
    );
    let late = take(&mut peer, procedure::EVENT_REGISTER).await;
    peer.reply(&late, &words(&[5])).await;
    let undone = take_deregistration(&mut peer, 5).await;
    peer.reply(&undone, &[]).await;
    let (events, ()) = tokio::join!(subscribe(conn), async {
        let call = take(&mut peer, procedure::EVENT_REGISTER).await;
        peer.reply(&call, &words(&[6])).await;
        peer.send(&started(6, "guest")).await;
    });
    assert_next_is(&mut events.unwrap(), "guest").await;
}

/// Drops a future as it is woken.
#[derive(Default)]
struct GiveUp(Mutex<Option<Pin<Box<dyn Future<Output = Subscribed> + Send>>>>);

impl Wake for GiveUp {
    fn wake(self: Arc<Self>) {
        drop(self.0.lock().unwrap().take());
    }
}

#[tokio::test]
async fn one_that_is_given_up_while_it_is_confirmed_is_taken_back() {
    let listener = Listener::new();
    let (conn, mut peer, _other) = open(&listener).await;
    let given_up = Arc::new(GiveUp::default());
    let mut waiting = Box::pin(subscribe(conn.clone()));
    let waker = Waker::from(Arc::clone(&given_up));
    assert!(waiting.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    *given_up.0.lock().unwrap() = Some(waiting);
    let call = take(&mut peer, procedure::EVENT_REGISTER).await;
    peer.reply(&call, &words(&[5])).await;
    while given_up.0.lock().unwrap().is_some() {
        yield_now().await;
    }
    // Whoever comes in between shares what is there, and it works.
    let (events, ()) = tokio::join!(subscribe(conn.clone()), async {
        let undone = take_deregistration(&mut peer, 5).await;
        peer.reply(&undone, &[]).await;
        let call = take(&mut peer, procedure::EVENT_REGISTER).await;
        peer.reply(&call, &words(&[6])).await;
        peer.send(&started(6, "guest")).await;
    });
    assert_next_is(&mut events.unwrap(), "guest").await;
}

#[tokio::test(start_paused = true)]
async fn one_that_is_confirmed_late_is_for_whoever_wants_it_by_then() {
    let listener = Listener::new();
    let (conn, mut peer, _other) = open(&listener).await;
    let hasty = subscribe(conn.with_timeout(PATIENCE)).await;
    assert!(hasty.unwrap_err().is_timeout());
    let late = take(&mut peer, procedure::EVENT_REGISTER).await;
    let (events, ()) = tokio::join!(subscribe(conn.clone()), async {
        assert_nothing_else(&conn, &mut peer).await;
        peer.send(&started(5, "before")).await;
        peer.reply(&late, &words(&[5])).await;
        peer.send(&started(5, "behind")).await;
    });
    let mut events = events.unwrap();
    assert_next_is(&mut events, "before").await;
    assert_next_is(&mut events, "behind").await;
    assert_nothing_else(&conn, &mut peer).await;
}

#[tokio::test(start_paused = true)]
async fn one_that_is_refused_late_leaves_nothing() {
    let listener = Listener::new();
    let (conn, mut peer, _other) = open(&listener).await;
    let hasty = subscribe(conn.with_timeout(PATIENCE)).await;
    assert!(hasty.unwrap_err().is_timeout());
    let late = take(&mut peer, procedure::EVENT_REGISTER).await;
    peer.send(&late.error(1, 7, "no")).await;
    assert_nothing_else(&conn, &mut peer).await;
    let (events, ()) = tokio::join!(subscribe(conn.clone()), async {
        let call = take(&mut peer, procedure::EVENT_REGISTER).await;
        peer.reply(&call, &words(&[5])).await;
    });
    events.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_deregistration_that_is_late_only_delays() {
    let listener = Listener::new();
    let (conn, mut peer, _other) = open(&listener).await;
    let (events, ()) = tokio::join!(subscribe(conn.clone()), async {
        let call = take(&mut peer, procedure::EVENT_REGISTER).await;
        peer.reply(&call, &words(&[5])).await;
    });
    drop(events.unwrap());
    let late = take_deregistration(&mut peer, 5).await;
    let hasty = subscribe(conn.with_timeout(PATIENCE)).await;
    assert!(hasty.unwrap_err().is_timeout());
    // Of a registration that was not wanted any more, and then was again.
    let (events, ()) = tokio::join!(subscribe(conn.clone()), async {
        assert_nothing_else(&conn, &mut peer).await;
        peer.reply(&late, &[]).await;
        let call = take(&mut peer, procedure::EVENT_REGISTER).await;
        peer.send(&started(5, "of the old one")).await;
        peer.reply(&call, &words(&[6])).await;
        peer.send(&started(6, "guest")).await;
    });
    assert_next_is(&mut events.unwrap(), "guest").await;
}

#[tokio::test(start_paused = true)]
async fn a_persistent_subscription_outlasts_a_daemon_that_is_slow_to_confirm() {
    let listener = Listener::new();
    let host = Connect::builder(&listener.uri())
        .keepalive(Duration::ZERO, 0)
        .call_timeout(Some(PATIENCE))
        .reconnecting(Backoff::default())
        .unwrap();
    let subscribing = host.subscribe(subscribe);
    let (events, peer) = tokio::join!(subscribing, async {
        let mut peer = listener.accept().await;
        peer.greet().await;
        register(&mut peer, 5).await;
        peer
    });
    let mut events = events.unwrap();
    drop(peer);
    let ((), _peer) = tokio::join!(
        async {
            let gap = events.next().await;
            assert!(matches!(gap, Some(Err(EventError::Gap(CloseReason::Eof)))), "{gap:?}");
            let event = events.next().await.unwrap().unwrap();
            assert_eq!(event.domain.name(), "guest");
        },
        async {
            let mut peer = listener.accept().await;
            peer.greet().await;
            let feature = take(&mut peer, procedure::SUPPORTS_FEATURE).await;
            peer.reply(&feature, &words(&[1])).await;
            let call = take(&mut peer, procedure::EVENT_REGISTER).await;
            tokio::time::sleep(PATIENCE * 10).await;
            peer.reply(&call, &words(&[6])).await;
            peer.send(&started(6, "guest")).await;
            peer
        }
    );
}

#[tokio::test]
async fn many_that_are_given_up_cost_one() {
    const SUBSCRIBERS: usize = 2_000;
    let listener = Listener::new();
    let (conn, mut peer, _other) = open(&listener).await;
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let tasks_before = tasks();
    let call = give_up(&conn, &mut peer).await;
    for _ in 0..SUBSCRIBERS {
        begin(pin!(subscribe(conn.clone())));
        yield_now().await;
    }
    assert_eq!(tasks(), tasks_before + 1);
    assert_nothing_else(&conn, &mut peer).await;
    peer.reply(&call, &words(&[5])).await;
    let undone = take_deregistration(&mut peer, 5).await;
    peer.reply(&undone, &[]).await;
    assert_nothing_else(&conn, &mut peer).await;
    assert_eq!(tasks(), tasks_before);
}

#[tokio::test]
async fn who_gives_up_takes_it_from_nobody_else() {
    let listener = Listener::new();
    let (conn, mut peer, _other) = open(&listener).await;
    let mut patient = Box::pin(subscribe(conn.clone()));
    {
        let mut hasty = pin!(subscribe(conn.clone()));
        begin(hasty.as_mut());
        begin(patient.as_mut());
    }
    let (events, ()) = tokio::join!(patient, async {
        let call = take(&mut peer, procedure::EVENT_REGISTER).await;
        peer.send(&started(5, "before")).await;
        peer.reply(&call, &words(&[5])).await;
    });
    assert_next_is(&mut events.unwrap(), "before").await;
    let _call = take_deregistration(&mut peer, 5).await;
}

#[tokio::test]
async fn a_refusal_is_everybodys() {
    let listener = Listener::new();
    let (conn, mut peer, _other) = open(&listener).await;
    let both = async { tokio::join!(subscribe(conn.clone()), subscribe(conn.clone())) };
    let ((one, other), ()) = tokio::join!(both, async {
        let call = take(&mut peer, procedure::EVENT_REGISTER).await;
        peer.send(&call.error(1, 7, "no")).await;
    });
    for error in [one.unwrap_err(), other.unwrap_err()] {
        let Error::Remote(error) = error else {
            panic!("{error:?}");
        };
        assert_eq!(error.message, "no");
    }
    assert_nothing_else(&conn, &mut peer).await;
}

#[tokio::test]
async fn one_under_way_does_not_keep_the_connection_open() {
    let listener = Listener::new();
    let (conn, mut peer, other) = open(&listener).await;
    give_up(&conn, &mut peer).await;
    drop((conn, other));
    assert_eq!(peer.take().await.procedure, procedure::CONNECT_CLOSE);
}

#[test]
fn the_end_of_the_runtime_ends_the_waiting() {
    let new_runtime = || Builder::new_current_thread().enable_all().build().unwrap();
    let runtime = new_runtime();
    let (conn, _peer, _other, mut under_way) = runtime.block_on(async {
        let listener = Listener::new();
        let (conn, mut peer, other) = open(&listener).await;
        let mut under_way = Box::pin(subscribe(conn.clone()));
        begin(under_way.as_mut());
        take(&mut peer, procedure::EVENT_REGISTER).await;
        (conn, peer, other, under_way)
    });
    drop(runtime);
    let later = new_runtime();
    for result in [
        later.block_on(under_way.as_mut()),
        later.block_on(subscribe(conn)),
    ] {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Closed(CloseReason::RuntimeGone)), "{error:?}");
    }
}

/// An executor that is not tokio's.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(result) => return result,
            Poll::Pending => thread::park(),
        }
    }
}

#[tokio::test]
async fn whoever_waits_needs_no_runtime() {
    let listener = Listener::new();
    let (conn, _peer, _other) = open(&listener).await;
    let conn = conn.with_timeout(Duration::from_millis(1));
    let waiting = thread::spawn(move || block_on(subscribe(conn)));
    let waited = tokio::task::spawn_blocking(|| waiting.join()).await;
    assert!(waited.unwrap().unwrap().unwrap_err().is_timeout());
}

/// "`name` was started", with so many bytes behind it.
fn started_at_length(callback: u32, name: &str, padding: usize) -> Message {
    let mut payload = words(&[callback]);
    payload.extend(domain(name));
    payload.extend(words(&[2, 0]));
    payload.resize(payload.len() + padding, 0);
    message(318, payload)
}

#[tokio::test]
async fn what_comes_before_the_confirmation_is_held_up_to_a_limit() {
    const LIMIT: usize = 1024 * 1024;
    const LENGTH: usize = 100_000;
    const COUNT: usize = 100;
    let listener = Listener::new();
    let (conn, mut peer, _other) = open(&listener).await;
    let (events, ()) = tokio::join!(subscribe(conn.clone()), async {
        let call = take(&mut peer, procedure::EVENT_REGISTER).await;
        for _ in 0..COUNT {
            peer.send(&started_at_length(5, "long", LENGTH)).await;
        }
        // It would fit, but comes after one that did not.
        peer.send(&started(5, "short")).await;
        peer.reply(&call, &words(&[5])).await;
    });
    let mut events = events.unwrap();
    let mut taken = 0;
    let lost = loop {
        match events.next().await.unwrap() {
            Ok(event) => {
                assert_eq!(event.domain.name(), "long");
                taken += 1;
            }
            Err(EventError::Lagged(lost)) => break lost as usize,
            Err(other) => panic!("{other}"),
        }
    };
    assert_eq!(taken, LIMIT / LENGTH);
    assert_eq!(taken + lost, COUNT + 1);
    peer.send(&started(5, "after the gap")).await;
    assert_next_is(&mut events, "after the gap").await;
}
