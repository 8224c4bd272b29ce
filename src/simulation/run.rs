//! One run: from its seed to its verdict.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::hosts::Host;
use super::invariants::{check_bounds, check_free, check_reason};
use super::network::{Cut, Flood};
use super::plan::Plan;
use super::random::Random;
use super::users::{Target, User};
use super::wire::{Ask, number, words};
use super::world::World;
use crate::client::{Backoff, Connect, ConnectionStatus};

/// The time in which everything must end once the peer is well or gone.
const PATIENCE: Duration = Duration::from_secs(200);

/// What came of a run.
pub(super) struct Outcome {
    pub(super) failure: Option<String>,
    pub(super) trace: Vec<String>,
}

/// How a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// The daemon answers everything.
    Well,
    Cut,
    /// The daemon does nothing more.
    Dead,
}

pub(super) fn run(seed: u64, tracing: bool) -> Outcome {
    let mut random = Random::new(seed);
    let plan = Plan::draw(&mut random);
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .event_interval(7)
        .build()
        .unwrap();
    runtime.block_on(async {
        let world = World::new(plan, random, tracing);
        world.note(|| format!("{:?}", world.plan));
        simulate(&world).await;
        world.check(world.failure().is_some() || tasks_end().await, || {
            "a task is left over".to_owned()
        });
        Outcome { failure: world.failure(), trace: world.take_trace() }
    })
}

/// Returns whether all tasks have ended, in a time in which the network's have.
async fn tasks_end() -> bool {
    sleep(Duration::from_secs(10)).await;
    tokio::runtime::Handle::current().metrics().num_alive_tasks() == 0
}

async fn simulate(world: &Arc<World>) {
    let host = Host::new(world);
    let Some(target) = open(world, &host).await else {
        host.sessions().iter().for_each(|session| session.link.cut(Cut::Reset));
        return;
    };
    for _ in 0..world.plan.users {
        User::start(world, &host, &target);
    }
    for _ in 0..world.plan.steps {
        let pause = world.random().time(10_000);
        watch(world, &target, pause).await;
        disturb(world, &host);
        check(world, &host, &target);
        if world.failure().is_some() {
            break;
        }
    }
    end(world, &host, target).await;
}

async fn open(world: &Arc<World>, host: &Arc<Host>) -> Option<Target> {
    let plan = &world.plan;
    let limit = Duration::from_secs(30);
    let (interval, count) = plan.keepalive.unwrap_or_default();
    let mut builder = Connect::builder("qemu:///system")
        .open_timeout(Some(limit))
        .call_timeout(plan.call_timeout)
        .keepalive(interval, count)
        .busy_timeout(plan.busy_timeout)
        .max_client_requests(plan.max_requests)
        .max_queued_events(plan.max_queued_events)
        .stream_budget(plan.stream_budget)
        .dialer(host.dialer());
    if let Some(calls) = plan.max_long {
        builder = builder.max_long_calls(calls);
    }
    if plan.reconnects {
        // Without pauses, which have a generator of their own; the network takes its time.
        let backoff = Backoff::new(Duration::ZERO, Duration::ZERO);
        let reconnect = builder.reconnecting(backoff).ok()?.with_timeout(Duration::from_secs(60));
        return Some(Target::Reconnecting(Arc::new(Mutex::new(reconnect))));
    }
    let begin = Instant::now();
    let opened = builder.open().await;
    world.check(begin.elapsed() <= limit + plan.tolerance(), || {
        format!("opening took {:?}", begin.elapsed())
    });
    world.note(|| format!("opened: {:?}", opened.as_ref().err()));
    opened.ok().map(Target::Single)
}

/// Does something to the daemon or the network.
fn disturb(world: &World, host: &Host) {
    let Some(session) = host.session() else {
        return;
    };
    let mut random = world.random();
    let choice = random.below(24);
    let count = random.magnitude(3000);
    let flood = Flood {
        until: Instant::now() + Duration::from_secs(random.between(10, 60) as u64),
        step: Duration::from_millis(random.between(20, 100) as u64),
    };
    let cut = *random.one_of(&[Cut::End, Cut::Reset]);
    let is_rare = random.permille(150);
    let is_mute = random.permille(700);
    drop(random);
    match choice {
        0..3 if world.plan.floods => {
            session.set(true, !is_mute);
            session.link.flood(flood);
        }
        0..2 => session.set(false, true),
        2 => session.set(true, false),
        3..5 => session.set(false, false),
        5..12 => session.set(true, true),
        12..16 => session.burst(),
        16..20 => session.ping(if is_rare { 6000 } else { count }),
        20 if is_rare || world.plan.reconnects => session.link.cut(cut),
        21 if is_rare && world.plan.odd > 0 => session.lie(),
        22 if is_rare => {
            session.link.cut(Cut::Deaf);
            if world.plan.floods {
                session.link.flood(Flood { step: Duration::from_millis(10), ..flood });
            }
        }
        _ => return,
    }
    world.note(|| format!("disturbance {choice}"));
}

/// Returns the connection that there is now.
fn current(target: &Target) -> Option<Connect> {
    match target {
        Target::Single(conn) => Some(conn.clone()),
        Target::Reconnecting(host) => match host.try_lock().ok()?.status() {
            ConnectionStatus::Connected(conn) => Some(conn),
            _ => None,
        },
    }
}

/// Lets time pass, and checks what the connection holds whenever something has changed.
async fn watch(world: &World, target: &Target, time: Duration) {
    let until = Instant::now() + time;
    while Instant::now() < until && timeout_at(until, world.moved.notified()).await.is_ok() {
        if let Some(conn) = current(target) {
            check_bounds(world, &conn);
        }
    }
}

/// Checks what must hold at any time.
fn check(world: &World, host: &Host, target: &Target) {
    let overdue = world.overdue(world.plan.tolerance());
    world.check(overdue.is_none(), || format!("this should have ended: {overdue:?}"));
    let Some(conn) = current(target) else {
        return;
    };
    check_bounds(world, &conn);
    if let Some(reason) = conn.end_reason() {
        check_reason(world, host, &reason);
    }
}

async fn end(world: &Arc<World>, host: &Arc<Host>, target: Target) {
    let mut ending =
        *world.random().one_of(&[Ending::Well, Ending::Well, Ending::Cut, Ending::Dead]);
    if ending == Ending::Dead && (world.plan.keepalive.is_none() || world.plan.reconnects) {
        ending = Ending::Well;
    }
    world.note(|| format!("the end: {ending:?}"));
    world.end();
    for session in host.sessions() {
        match ending {
            Ending::Well => {
                if session.link.is_cut() {
                    session.link.cut(Cut::End);
                }
                session.heal();
            }
            Ending::Cut => {
                session.link.cut(Cut::End);
                session.heal();
            }
            Ending::Dead => session.set(false, false),
        }
    }
    let begin = Instant::now();
    while !world.still_waiting().is_empty() && world.failure().is_none() {
        watch(world, &target, Duration::from_secs(1)).await;
        check(world, host, &target);
        world.check(begin.elapsed() < PATIENCE, || {
            format!("this still waits: {:?}", world.still_waiting())
        });
    }
    if ending == Ending::Dead
        && let Some(conn) = current(&target)
    {
        let noticed = timeout(PATIENCE, conn.closed()).await;
        world.check(noticed.is_ok(), || "nobody notices that the daemon is dead".to_owned());
    }
    if world.failure().is_none() {
        farewell(world, host, &target).await;
    }
    host.sessions().iter().for_each(|session| session.link.cut(Cut::Reset));
}

/// Checks that a connection that nobody uses any more is free and works, and closes it.
async fn farewell(world: &Arc<World>, host: &Arc<Host>, target: &Target) {
    // Registrations are taken back, and late replies come.
    sleep(Duration::from_secs(10)).await;
    let conn = match target {
        Target::Single(conn) => conn.clone(),
        Target::Reconnecting(reconnect) => {
            let connected = reconnect.lock().await.connect().await;
            match connected {
                Ok(conn) => conn,
                Err(error) => return world.fail(format!("there is no connection: {error}")),
            }
        }
    };
    if conn.is_alive() {
        let token = world.token();
        let ask = Ask::<{ number::SHORT[0] }> { token, words: Vec::new(), padding: 0 };
        let answer = timeout(PATIENCE, conn.without_timeout().call(ask)).await;
        let answer = answer.map(|reply| reply.map(crate::client::Reply::into_bytes));
        let is_right = matches!(&answer, Ok(Ok(bytes)) if bytes[..] == words(&[token]));
        world.check(is_right || !conn.is_alive(), || {
            format!("the connection is alive and answers nothing: {answer:?}")
        });
    }
    if conn.is_alive() {
        check_free(world, &conn);
        let registered = host.session().map_or(0, |session| session.registrations());
        world.check(registered == 0, || format!("{registered} registrations are left"));
    }
    let begin = Instant::now();
    match target {
        Target::Single(conn) => conn.close().await,
        Target::Reconnecting(reconnect) => reconnect.lock().await.close().await,
    }
    let reason = conn.end_reason();
    world.check(reason.is_some(), || "it was closed and is alive".to_owned());
    if let Some(reason) = reason {
        check_reason(world, host, &reason);
    }
    let took = begin.elapsed();
    world.check(took <= Duration::from_secs(2) + world.plan.tolerance(), || {
        format!("closing took {took:?}")
    });
}
