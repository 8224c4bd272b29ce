//! Guests that end as their agents were told, while the daemon takes that for an agent's failure, and
//! those that are off already.

use std::time::Duration;

use libvirt_client::Result;
use libvirt_client::domain::ShutdownFlags;
use libvirt_client::protocol::{Request as _, remote};

use crate::events::{domain, register};
use crate::peer::{Listener, words};

const INTERNAL_ERROR: i32 = 1;
const OPERATION_INVALID: i32 = 55;
const NO_DOMAIN: i32 = 42;
const AGENT_UNRESPONSIVE: i32 = 86;
const AGENT_COMMAND_TIMEOUT: i32 = 112;
const RUNNING: [u32; 2] = [1, 1];
const SHUTDOWN: [u32; 2] = [4, 1];
const SHUTOFF: [u32; 2] = [5, 1];

/// Has a guest shut down where the daemon fails so, and then says that it is in those states.
async fn shut_down(code: i32, states: &[[u32; 2]]) -> Result<()> {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let ending = async {
        let guest = conn.domain_lookup_by_name("guest").await?;
        guest
            .shutdown_and_wait(Duration::from_secs(60), ShutdownFlags::GUEST_AGENT)
            .await
    };
    let daemon = async {
        let lookup = peer.take().await;
        peer.reply(&lookup, &domain("guest")).await;
        register(&mut peer, 5).await;
        let shutdown = peer.take().await;
        assert_eq!(shutdown.procedure, remote::DomainShutdownFlags::INFO.number);
        peer.send(&shutdown.error(code, 10, "End of file from agent socket")).await;
        for state in states {
            let asked = peer.take().await;
            assert_eq!(asked.procedure, remote::DomainGetState::INFO.number);
            peer.reply(&asked, &words(state)).await;
        }
    };
    tokio::join!(ending, daemon).0
}

#[tokio::test(start_paused = true)]
async fn the_guest_has_done_so_or_is_at_it() {
    for code in [INTERNAL_ERROR, AGENT_UNRESPONSIVE, AGENT_COMMAND_TIMEOUT] {
        shut_down(code, &[SHUTDOWN, SHUTOFF]).await.unwrap();
        shut_down(code, &[SHUTOFF, SHUTOFF]).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn the_guest_was_off_before() {
    shut_down(OPERATION_INVALID, &[SHUTOFF, SHUTOFF]).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_guest_goes_on_or_does_not_exist() {
    for (code, states) in [
        (INTERNAL_ERROR, &[RUNNING][..]),
        (AGENT_UNRESPONSIVE, &[RUNNING]),
        (AGENT_COMMAND_TIMEOUT, &[RUNNING]),
        (OPERATION_INVALID, &[RUNNING]),
        (NO_DOMAIN, &[]),
    ] {
        let error = shut_down(code, states).await.unwrap_err();
        assert!(error.to_string().contains("End of file from agent socket"), "{error}");
    }
}
