//! A daemon that is at its limit of calls that take long.

use std::time::Duration;

use libvirt_client::Connect;
use libvirt_client::qemu::AgentTimeout;
use rustix::process::{Signal, kill_process};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::common::{boot, qemu, wait_for_agent};
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
        assert_eq!(
            answer.unwrap().unwrap().as_deref(),
            Some(r#"{"return":{}}"#)
        );
    }
    conn.hostname().await.unwrap();
    guest.domain.destroy().await.unwrap();
}
