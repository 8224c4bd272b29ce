//! What a peer does costs no memory. A program of its own, and one test at a time, since the memory of
//! the whole process is what is measured.

#![allow(missing_docs, clippy::expect_used, clippy::panic, clippy::unwrap_used)]

#[path = "offline/peer.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "the offline tests use more of it, in a folder"
)]
mod peer;

use tokio::sync::Mutex;

use crate::peer::{Listener, ping, string, words};

static ALONE: Mutex<()> = Mutex::const_new(());

/// The longest message there can be, length word included.
const MESSAGE_MAX: u32 = 33_554_436;

#[tokio::test]
async fn an_announced_length_costs_no_memory_until_the_bytes_come() {
    let _alone = ALONE.lock().await;
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let before = resident_kib();
    for _ in 0..3 {
        let (other, mut peer) = listener.open().await;
        peer.send_bytes(&words(&[MESSAGE_MAX, 0, 0])).await;
        drop(peer);
        other.closed().await;
    }
    peer.send_bytes(&words(&[MESSAGE_MAX, 0, 0])).await;
    tokio::task::yield_now().await;
    assert!(conn.is_alive());
    let grown = resident_kib().saturating_sub(before);
    assert!(grown < 16 * 1024, "{grown} KiB for messages that never came");
}

#[tokio::test]
async fn pings_to_a_client_whose_answers_are_not_read_cost_it_no_memory() {
    let _alone = ALONE.lock().await;
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let before = resident_kib();
    let pings = ping().bytes().repeat(10_000);
    for _ in 0..75 {
        peer.send_bytes(&pings).await;
    }
    let grown = resident_kib().saturating_sub(before);
    assert!(grown < 8 * 1024, "{grown} KiB for 20 MiB of pings");
    assert!(conn.is_alive());
}

#[tokio::test]
async fn a_daemon_that_does_not_read_makes_callers_wait_and_not_hoard() {
    const CALLS: usize = 64;
    let _alone = ALONE.lock().await;
    let listener = Listener::new();
    let (conn, peer) = listener.open().await;
    let name = "x".repeat(4_000_000);
    let before = resident_kib();
    let calls: Vec<_> = (0..CALLS)
        .map(|_| {
            let (conn, name) = (conn.clone(), name.clone());
            tokio::spawn(async move { conn.domain_lookup_by_name(&name).await })
        })
        .collect();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    // The names themselves, and what is on its way: not each call's message besides.
    let grown = resident_kib().saturating_sub(before);
    let names = (CALLS * name.len() / 1024) as u64;
    assert!(grown < names + 40 * 1024, "{grown} KiB for {names} KiB of names");

    // Once it reads, nothing was lost.
    let server = tokio::spawn(peer.serve(|_| {
        let mut domain = string("guest");
        domain.extend([1; 16]);
        domain.extend(words(&[3]));
        domain
    }));
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().name(), "guest");
    }
    conn.close().await;
    server.await.unwrap();
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
