//! Many callers at a time, some of which time out, on runtimes of both kinds.

use std::time::Duration;

use libvirt_client::Connect;

use crate::peer::{Listener, Message, Peer, event, ping, procedure, words};

const CALLERS: usize = 64;
const CALLS: usize = 200;

/// Answers lookups with the name that was asked for, in odd orders and pieces, between other
/// messages; never answers some that were abandoned.
async fn contrary_daemon(mut peer: Peer) {
    let mut waiting: Vec<Message> = Vec::new();
    let mut turn = 0_usize;
    loop {
        // What is there, but wait only when nothing is owed.
        let next = if waiting.is_empty() {
            peer.try_take().await
        } else {
            let soon = tokio::time::timeout(Duration::from_millis(1), peer.try_take()).await;
            let Ok(next) = soon else {
                waiting.reverse();
                for call in waiting.drain(..) {
                    answer(&mut peer, &call).await;
                }
                continue;
            };
            next
        };
        let Some(call) = next else { return };
        if call.program == crate::peer::KEEPALIVE {
            continue;
        }
        if call.procedure == procedure::CONNECT_CLOSE {
            peer.reply(&call, &[]).await;
            return;
        }
        turn += 1;
        match turn % 7 {
            0 => {
                peer.send(&event()).await;
                waiting.push(call);
            }
            1 => {
                peer.send(&ping()).await;
                answer(&mut peer, &call).await;
            }
            2..5 => waiting.push(call),
            _ => answer(&mut peer, &call).await,
        }
    }
}

async fn answer(peer: &mut Peer, call: &Message) {
    let mut domain = call.payload.clone();
    domain.extend([9; 16]);
    domain.extend(words(&[5]));
    peer.reply(call, &domain).await;
}

async fn caller(conn: Connect, caller: usize) {
    for call in 0..CALLS {
        let name = format!("{caller}-{call}");
        let lookup = conn.domain_lookup_by_name(&name);
        if (caller + call).is_multiple_of(5) {
            // Times out at some point between sending and the reply.
            let patience = Duration::from_micros((call % 50) as u64 * 20);
            if let Ok(found) = tokio::time::timeout(patience, lookup).await {
                assert_eq!(found.unwrap().name(), name);
            }
        } else {
            assert_eq!(lookup.await.unwrap().name(), name);
        }
    }
}

async fn everybody_gets_their_own_replies() {
    let listener = Listener::new();
    let (conn, peer) = listener.open().await;
    let daemon = tokio::spawn(contrary_daemon(peer));
    let callers = (0..CALLERS).map(|number| tokio::spawn(caller(conn.clone(), number)));
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    assert!(conn.is_alive());
    conn.close().await;
    daemon.await.unwrap();
}

#[tokio::test]
async fn everybody_gets_their_own_replies_on_one_thread() {
    everybody_gets_their_own_replies().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn everybody_gets_their_own_replies_on_many_threads() {
    everybody_gets_their_own_replies().await;
}
