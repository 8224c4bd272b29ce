//! Daemons that ask for authentication and violate its protocol.

use std::time::Duration;

use libvirt_client::{AuthError, Connect, Error, Result};

use crate::peer::{Listener, Message, Peer, procedure, words};

const SASL_INIT: u32 = 67;
const SASL_START: u32 = 68;
const SASL_STEP: u32 = 69;
const POLKIT: u32 = 70;

/// The next message, which calls that procedure.
async fn take(peer: &mut Peer, procedure: u32) -> Message {
    let call = peer.take().await;
    assert_eq!(call.procedure, procedure, "{call:?}");
    call
}

/// Asks for a scheme.
async fn ask_for(peer: &mut Peer, scheme: u32) {
    let call = take(peer, procedure::AUTH_LIST).await;
    peer.reply(&call, &words(&[1, scheme])).await;
}

async fn open_without_keepalive(listener: &Listener) -> Result<Connect> {
    let builder = Connect::builder(&listener.uri());
    #[cfg(feature = "sasl")]
    let builder = builder.login("fred", "secret");
    builder.keepalive(Duration::ZERO, 0).open().await
}

#[tokio::test]
async fn schemes_that_nobody_knows() {
    let listener = Listener::new();
    let opened = listener.open_against(async |mut peer| ask_for(&mut peer, 7).await).await;
    let error = opened.unwrap_err();
    assert!(error.is_unsupported(), "{error:?}");
    assert!(error.to_string().contains("scheme 7"), "{error}");
}

#[tokio::test]
async fn daemons_from_before_authentication() {
    let listener = Listener::new();
    let (opened, _peer) = tokio::join!(open_without_keepalive(&listener), async {
        let mut peer = listener.accept().await;
        let call = take(&mut peer, procedure::AUTH_LIST).await;
        peer.send(&call.error(39, 7, "unknown procedure: 66")).await;
        let open = take(&mut peer, procedure::CONNECT_OPEN).await;
        peer.reply(&open, &[]).await;
        peer
    });
    assert!(opened.is_ok(), "{opened:?}");
}

/// What the URI insists on keeps out whoever passes for the daemon and wants nothing of the kind.
#[tokio::test]
async fn daemons_that_ask_for_none_although_the_uri_does() {
    for offered in [Some([].as_slice()), Some(&[0]), Some(&[2]), None] {
        let listener = Listener::new();
        let uri = format!("{}&auth=sasl", listener.uri());
        let builder = Connect::builder(&uri).keepalive(Duration::ZERO, 0);
        let (opened, _peer) = tokio::join!(builder.open(), async {
            let mut peer = listener.accept().await;
            let call = take(&mut peer, procedure::AUTH_LIST).await;
            match offered {
                Some(schemes) => {
                    let count = [schemes.len() as u32];
                    peer.reply(&call, &words(&[&count, schemes].concat())).await;
                }
                None => peer.send(&call.error(39, 7, "unknown procedure: 66")).await,
            }
            peer
        });
        let error = opened.unwrap_err();
        let Error::Auth(cause) = error.cause() else {
            panic!("{error:?}")
        };
        assert!(matches!(**cause, AuthError::NotOffered { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn polkit_lets_in_or_does_not() {
    for (code, words_of_error) in [
        (0, ""),
        (45, "by polkit: access denied. A rule of polkit's"),
        (79, "by polkit: access denied"),
        (94, "by polkit: access denied"),
    ] {
        let listener = Listener::new();
        let (opened, _peer) = tokio::join!(open_without_keepalive(&listener), async {
            let mut peer = listener.accept().await;
            ask_for(&mut peer, 2).await;
            let call = take(&mut peer, POLKIT).await;
            if code != 0 {
                peer.send(&call.error(code, 7, "access denied")).await;
                return peer;
            }
            peer.reply(&call, &words(&[1])).await;
            let open = take(&mut peer, procedure::CONNECT_OPEN).await;
            peer.reply(&open, &[]).await;
            peer
        });
        if code == 0 {
            assert!(opened.is_ok(), "{opened:?}");
            continue;
        }
        let error = opened.unwrap_err();
        assert_eq!(error.code().map(i32::from), Some(code));
        assert!(matches!(error.cause(), Error::Auth(_)), "{error:?}");
        assert!(error.to_string().contains(words_of_error), "{error}");
    }
    // Other errors are not reported as refusals.
    let listener = Listener::new();
    let opened = listener
        .open_against(async |mut peer| {
            ask_for(&mut peer, 2).await;
            let call = take(&mut peer, POLKIT).await;
            peer.send(&call.error(1, 7, "out of order")).await;
        })
        .await;
    let error = opened.unwrap_err();
    assert!(matches!(error.cause(), Error::Remote(_)), "{error:?}");
}

#[tokio::test]
async fn daemons_that_fall_silent() {
    let stages: &[u32] = if cfg!(feature = "sasl") {
        &[POLKIT, SASL_INIT, SASL_START, SASL_STEP]
    } else {
        &[POLKIT]
    };
    for silent_at in stages {
        let listener = Listener::new();
        let (opened, _peer) = tokio::join!(open_without_keepalive(&listener), async {
            let mut peer = listener.accept().await;
            ask_for(&mut peer, if *silent_at == POLKIT { 2 } else { 1 }).await;
            loop {
                let call = peer.take().await;
                if call.procedure == *silent_at {
                    // The paused clock advances to the next timer.
                    tokio::time::pause();
                    return peer;
                }
                answer(&mut peer, &call).await;
            }
        });
        tokio::time::resume();
        let error = opened.unwrap_err();
        assert!(matches!(error.cause(), Error::Timeout { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("authentication") && text.contains("30s"), "{text}");
    }
}

/// Goes through the beginning of SCRAM.
async fn answer(peer: &mut Peer, call: &Message) {
    match call.procedure {
        SASL_INIT => peer.reply(call, &crate::peer::string("SCRAM-SHA-1")).await,
        SASL_START => {
            let first = challenge(call, 4096);
            peer.reply(call, &data(false, &first)).await;
        }
        other => panic!("procedure {other}"),
    }
}

/// A server's first message of SCRAM, made of the client's, which ends with its nonce.
fn challenge(call: &Message, rounds: u32) -> Vec<u8> {
    let nonce = call.payload.rchunks(4).map(|word| word[3]);
    let mut nonce: Vec<u8> = nonce.take(24).collect();
    nonce.reverse();
    let mut message = b"r=".to_vec();
    message.extend(nonce);
    message.extend(format!("AAAA,s=QSXCR+Q6sek8bf92,i={rounds}").bytes());
    message
}

/// Results of a step of SASL. Each byte has four on the wire.
fn data(is_complete: bool, bytes: &[u8]) -> Vec<u8> {
    let mut payload = words(&[u32::from(is_complete), 0, bytes.len() as u32]);
    payload.extend(bytes.iter().flat_map(|byte| u32::from(*byte).to_be_bytes()));
    payload
}

#[cfg(feature = "sasl")]
mod sasl {
    use libvirt_client::{Backoff, ConnectionStatus};

    use super::*;
    use crate::peer::string;

    fn exchange_error(opened: Result<Connect>) -> String {
        let error = opened.unwrap_err();
        let text = error.to_string();
        match error.into_cause() {
            Error::Auth(error) if matches!(*error, AuthError::Exchange { .. }) => text,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn what_the_transport_has_proved() {
        let listener = Listener::new();
        let (opened, _peer) = tokio::join!(open_without_keepalive(&listener), async {
            let mut peer = listener.accept().await;
            ask_for(&mut peer, 1).await;
            let init = take(&mut peer, SASL_INIT).await;
            peer.reply(&init, &string("PLAIN,EXTERNAL")).await;
            let start = take(&mut peer, SASL_START).await;
            // Something of no length, which is more than nothing.
            let mut expected = string("EXTERNAL");
            expected.extend(words(&[0, 0]));
            assert_eq!(start.payload, expected);
            // The daemon has no response to that.
            peer.reply(&start, &words(&[1, 1, 0])).await;
            let open = take(&mut peer, procedure::CONNECT_OPEN).await;
            peer.reply(&open, &[]).await;
            peer
        });
        assert!(opened.is_ok(), "{opened:?}");
    }

    #[tokio::test]
    async fn daemons_that_prove_nothing() {
        // They do not know the password, and accept us nevertheless.
        for (proof, reason) in [
            (Some(&b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ="[..]), "may be another one"),
            (Some(b"e=other-error"), "failed on this side"),
            (None, "failed on this side"),
        ] {
            let listener = Listener::new();
            let opened = listener_against(&listener, async |peer| {
                let call = take(peer, SASL_START).await;
                peer.reply(&call, &data(false, &challenge(&call, 4096))).await;
                let call = take(peer, SASL_STEP).await;
                let nothing = words(&[1, 1, 0]);
                let payload = proof.map_or(nothing, |proof| data(true, proof));
                peer.reply(&call, &payload).await;
            })
            .await;
            let text = exchange_error(opened);
            assert!(text.contains(reason), "{text}");
        }
        let listener = Listener::new();
        let opened = listener_against(&listener, async |peer| {
            let call = take(peer, SASL_START).await;
            peer.reply(&call, &data(true, &challenge(&call, 4096))).await;
        })
        .await;
        let text = exchange_error(opened);
        assert!(text.contains("done too early"), "{text}");
    }

    #[tokio::test]
    async fn daemons_that_make_us_sweat() {
        let listener = Listener::new();
        let opened = listener_against(&listener, async |peer| {
            let call = take(peer, SASL_START).await;
            let payload = data(false, &challenge(&call, u32::MAX));
            peer.reply(&call, &payload).await;
        })
        .await;
        let text = exchange_error(opened);
        assert!(text.contains("4294967295 rounds of hashing"), "{text}");
    }

    #[tokio::test]
    async fn daemons_that_never_come_to_an_end() {
        let listener = Listener::new();
        let (opened, ()) = tokio::join!(open_without_keepalive(&listener), async {
            let mut peer = listener.accept().await;
            ask_for(&mut peer, 1).await;
            let init = take(&mut peer, SASL_INIT).await;
            peer.reply(&init, &string("PLAIN")).await;
            let start = take(&mut peer, SASL_START).await;
            peer.reply(&start, &data(false, b"more!")).await;
        });
        let text = exchange_error(opened);
        assert!(text.contains("nothing left to say"), "{text}");
    }

    #[tokio::test]
    async fn a_cancelled_exchange_leaves_no_connection_behind() {
        let listener = Listener::new();
        let mut peer = {
            let opening = open_without_keepalive(&listener);
            tokio::select! {
                opened = opening => panic!("{opened:?}"),
                peer = async {
                    let mut peer = listener.accept().await;
                    ask_for(&mut peer, 1).await;
                    take(&mut peer, SASL_INIT).await;
                    peer
                } => peer,
            }
        };
        let close = take(&mut peer, procedure::CONNECT_CLOSE).await;
        peer.reply(&close, &[]).await;
        assert_eq!(peer.try_take().await, None);
    }

    #[tokio::test]
    async fn users_who_decline_are_not_asked_again() {
        let listener = Listener::new();
        let builder = Connect::builder(&listener.uri()).credentials(async |_| None);
        let mut kept = builder.reconnecting(Backoff::default()).unwrap();
        let (status, _peer) = tokio::join!(kept.next_status(), async {
            let mut peer = listener.accept().await;
            ask_for(&mut peer, 1).await;
            let init = take(&mut peer, SASL_INIT).await;
            peer.reply(&init, &string("PLAIN")).await;
            peer
        });
        let Some(ConnectionStatus::Ended(error)) = status else {
            panic!("{status:?}")
        };
        assert!(matches!(error.cause(), Error::Auth(_)), "{error:?}");
    }

    /// Opens against a peer that offers SCRAM-SHA-1 and then acts.
    async fn listener_against(
        listener: &Listener,
        act: impl AsyncFnOnce(&mut Peer),
    ) -> Result<Connect> {
        let (opened, _peer) = tokio::join!(open_without_keepalive(listener), async {
            let mut peer = listener.accept().await;
            ask_for(&mut peer, 1).await;
            let init = take(&mut peer, SASL_INIT).await;
            peer.reply(&init, &string("SCRAM-SHA-1")).await;
            act(&mut peer).await;
            peer
        });
        opened
    }
}

#[cfg(not(feature = "sasl"))]
#[tokio::test]
async fn sasl_needs_its_feature() {
    let listener = Listener::new();
    let opened = listener.open_against(async |mut peer| ask_for(&mut peer, 1).await).await;
    let error = opened.unwrap_err();
    assert!(error.is_unsupported(), "{error:?}");
    assert!(error.to_string().contains("the feature `sasl`"), "{error}");
    assert!(!matches!(error, Error::Auth(error) if matches!(*error, AuthError::Unprotected)));
}
