//! Messages split at any point.

use libvirt_client::{CloseReason, Error, ProtocolError};

use crate::peer::{Listener, event, string, words};

/// The longest message there can be, length word included.
const MESSAGE_MAX: u32 = 33_554_436;

#[tokio::test]
async fn a_reply_that_comes_byte_by_byte_is_whole() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (name, ()) = tokio::join!(conn.hostname(), async {
        let call = peer.take().await;
        for byte in call.reply(&string("host.example")).bytes() {
            peer.send_bytes(&[byte]).await;
            tokio::task::yield_now().await;
        }
    });
    assert_eq!(name.unwrap(), "host.example");
}

#[tokio::test]
async fn many_messages_in_one_piece_are_told_apart() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (names, ()) = tokio::join!(
        async { tokio::join!(conn.hostname(), conn.hostname(), conn.hostname()) },
        async {
            let mut bytes = Vec::new();
            for name in ["a", "b", "c"] {
                let call = peer.take().await;
                for _ in 0..1000 {
                    bytes.extend(event().bytes());
                }
                bytes.extend(call.reply(&string(name)).bytes());
            }
            peer.send_bytes(&bytes).await;
        }
    );
    assert_eq!([names.0.unwrap(), names.1.unwrap(), names.2.unwrap()], ["a", "b", "c"]);
}

#[tokio::test]
async fn the_longest_message_passes_and_what_follows_it_too() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let program = libvirt_client::protocol::remote::PROGRAM;
    let raw = conn.raw();
    let payload = vec![0x5a; MESSAGE_MAX as usize - 28];
    let (replies, ()) = tokio::join!(
        async { tokio::join!(raw.call_number(program, 9999, &[]), conn.hostname()) },
        async {
            let large = peer.take().await;
            let small = peer.take().await;
            let mut bytes = large.reply(&payload).bytes();
            bytes.extend(small.reply(&string("host")).bytes());
            peer.send_bytes(&bytes).await;
        }
    );
    assert!(replies.0.unwrap() == payload, "the payload was changed on the way");
    assert_eq!(replies.1.unwrap(), "host");
}

#[tokio::test]
async fn lengths_that_no_message_has_end_the_connection() {
    for length in [0, 4, 27, MESSAGE_MAX + 1, 0x7fff_ffff, u32::MAX] {
        let listener = Listener::new();
        let (conn, mut peer) = listener.open().await;
        peer.send_bytes(&words(&[length])).await;
        let reason = conn.closed().await;
        let CloseReason::Protocol(error) = reason else {
            panic!("{length}: {reason}")
        };
        assert_eq!(*error, ProtocolError::FrameLength { len: length as usize });
    }
}

#[tokio::test]
async fn a_first_message_that_ends_early_is_told_as_such_whatever_its_size() {
    for (announced, sent) in [(1000, 500), (1_000_000, 300 * 1024), (MESSAGE_MAX, 4)] {
        let listener = Listener::new();
        let opened = listener
            .open_against(async |mut peer| {
                peer.take().await;
                let mut bytes = words(&[announced]);
                bytes.resize(sent, 0);
                peer.send_bytes(&bytes).await;
            })
            .await;
        let error = opened.unwrap_err();
        assert!(
            matches!(error.cause(), Error::Closed(CloseReason::EofInMessage)),
            "{announced}: {error:?}"
        );
    }
}
