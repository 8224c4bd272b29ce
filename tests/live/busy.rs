//! A daemon that is at its limit of calls that take long.

use std::time::Duration;

use libvirt_client::domain::stats::GetAllDomainStatsFlags;
use libvirt_client::domain::{AgentTimeout, Domain, StatsTypes};
use libvirt_client::{CloseReason, Connect, Error, Waiting};
use rig::Daemon;
use rustix::process::{Signal, kill_process};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::common::{GUESTS, boot, qemu, wait_for_agent};
use crate::events::qemu_process;

/// As many as a daemon works on at a time for one client; it reads nothing beyond them.
const LONG_CALLS: usize = 5;
const KEEPALIVE: Duration = Duration::from_millis(250);
const KEEPALIVE_COUNT: u32 = 4;

#[tokio::test]
async fn five_calls_that_take_long_do_not_cut_the_connection_off() {
    let Some((daemon, _)) = qemu().await else {
        return;
    };
    let builder = Connect::builder(&daemon.uri()).max_long_calls(LONG_CALLS + 1);
    let builder = builder.keepalive(KEEPALIVE, KEEPALIVE_COUNT);
    let conn = builder.open().await.unwrap();
    let name = "busy-with-five";
    let guest = boot(daemon, &conn, name, |guest| guest.agent(true)).await;
    wait_for_agent(daemon, name).await;

    let process = qemu_process(daemon, &guest.domain);
    kill_process(process, Signal::STOP).unwrap();
    let mut calls = JoinSet::new();
    for _ in 0..LONG_CALLS {
        let domain = guest.domain.clone();
        calls.spawn(async move {
            let ping = r#"{"execute":"guest-ping"}"#;
            domain.qemu_agent_command(ping, AgentTimeout::Block).await
        });
    }
    // Longer than a daemon that owes less may be silent.
    sleep(KEEPALIVE * (KEEPALIVE_COUNT + 1) * 2).await;
    assert!(conn.is_alive());
    kill_process(process, Signal::CONT).unwrap();
    while let Some(answer) = calls.join_next().await {
        assert_eq!(answer.unwrap().unwrap().as_deref(), Some(r#"{"return":{}}"#));
    }
    conn.hostname().await.unwrap();
    guest.domain.destroy().await.unwrap();
}

/// The daemon's patience with a client that reads nothing: one second and two questions.
const DAEMON_PATIENCE: Duration = Duration::from_secs(3);

/// A daemon that soon cuts off who does not answer, and a guest there whose agent never answers.
struct Hung {
    daemon: &'static Daemon,
    process: rustix::process::Pid,
    domain: Domain,
    _owner: Connect,
}

impl Hung {
    async fn new(name: &str, conf: &str) -> Option<Self> {
        if !rig::available(GUESTS).unwrap() {
            return None;
        }
        let builder = Daemon::builder()
            .conf_line("keepalive_interval = 1")
            .conf_line("keepalive_count = 2")
            .conf_line(conf);
        let daemon: &'static Daemon = Box::leak(Box::new(builder.start().unwrap()));
        let owner = Connect::builder(&daemon.uri()).open().await.unwrap();
        let guest = boot(daemon, &owner, name, |guest| guest.agent(true)).await;
        wait_for_agent(daemon, name).await;
        let process = qemu_process(daemon, &guest.domain);
        kill_process(process, Signal::STOP).unwrap();
        Some(Self { daemon, process, domain: guest.domain, _owner: owner })
    }

    async fn end(self) {
        kill_process(self.process, Signal::CONT).unwrap();
        self.domain.destroy().await.unwrap();
    }
}

/// The flag passes over guests that another call is busy with, and so not over one that nobody has
/// asked anything since it hangs.
#[tokio::test]
async fn statistics_that_do_not_wait() {
    let Some(hung) = Hung::new("busy-statistics", "max_client_requests = 5").await else {
        return;
    };
    let conn = Connect::open(&hung.daemon.uri()).await.unwrap();
    let hasty = conn.with_timeout(Duration::from_secs(2));
    let ask = async || {
        let (wanted, flags) = (StatsTypes::BALLOON, GetAllDomainStatsFlags::NOWAIT);
        hasty.all_domain_stats(wanted, flags).await
    };
    assert!(ask().await.unwrap_err().is_timeout());
    let records = ask().await.unwrap();
    assert_eq!(records.len(), 1);
    hung.end().await;
}

#[tokio::test]
async fn calls_that_were_given_up_do_not_cut_the_connection_off() {
    let Some(hung) = Hung::new("busy-given-up", "max_client_requests = 5").await else {
        return;
    };
    let conn = Connect::open(&hung.daemon.uri()).await.unwrap();
    let hasty = hung.domain.via(&conn.with_timeout(Duration::from_millis(200)));
    for attempt in 0..7 {
        let error = hasty.time().await.unwrap_err();
        let Error::Timeout { waiting, .. } = &error else {
            panic!("{error:?}")
        };
        let was_sent = matches!(waiting, Waiting::Reply { .. });
        assert_eq!(was_sent, attempt < 3, "{error}");
    }
    // Statistics wait for the guest's monitor, so they get stuck as well.
    for _ in 0..3 {
        let error = hasty.memory_stats().await.unwrap_err();
        assert!(error.is_timeout(), "{error:?}");
    }
    others_go_through(&conn).await;
    hung.end().await;
}

/// Makes short calls for longer than a daemon would bear a client that it does not hear.
async fn others_go_through(conn: &Connect) {
    let begin = tokio::time::Instant::now();
    while begin.elapsed() < 2 * DAEMON_PATIENCE {
        conn.hostname().await.unwrap();
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn calls_that_wait_for_a_guest_do_not_cut_the_connection_off() {
    let Some(hung) = Hung::new("busy-waiting", "max_client_requests = 5").await else {
        return;
    };
    for count in [5, 50] {
        let conn = Connect::open(&hung.daemon.uri()).await.unwrap();
        let mut calls = JoinSet::new();
        for _ in 0..count {
            let domain = hung.domain.via(&conn);
            calls.spawn(async move { domain.time().await });
        }
        others_go_through(&conn).await;
        assert_eq!(calls.len(), count);
        assert!(calls.try_join_next().is_none());
        kill_process(hung.process, Signal::CONT).unwrap();
        while let Some(time) = calls.join_next().await {
            time.unwrap().unwrap();
        }
        kill_process(hung.process, Signal::STOP).unwrap();
    }
    hung.end().await;
}

#[tokio::test]
async fn a_daemon_that_works_on_one_request_at_a_time() {
    let Some(hung) = Hung::new("busy-one-at-a-time", "max_client_requests = 1").await else {
        return;
    };
    // Whoever does not know of that is cut off, and told why that may have been.
    let unaware = Connect::builder(&hung.daemon.uri()).keepalive(Duration::from_millis(500), 100);
    let unaware = unaware.open().await.unwrap();
    let error = hung.domain.via(&unaware).time().await.unwrap_err();
    assert!(matches!(error, Error::Closed(CloseReason::CutOff { .. })), "{error:?}");
    let text = error.to_string();
    assert!(
        text.contains("calls in flight (virDomainGetTime)") && text.contains("max_client_requests"),
        "{text}"
    );

    let aware = Connect::builder(&hung.daemon.uri()).max_client_requests(1);
    let aware = aware.open().await.unwrap();
    let domain = hung.domain.via(&aware);
    let asking = tokio::spawn(async move { domain.time().await });
    sleep(2 * DAEMON_PATIENCE).await;
    assert!(aware.is_alive());
    kill_process(hung.process, Signal::CONT).unwrap();
    asking.await.unwrap().unwrap();
    hung.end().await;
}
