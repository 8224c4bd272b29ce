//! Calls and their replies.

use libvirt_client::types::error::{ErrorCode, ErrorDomain, ErrorLevel};
use libvirt_client::{CloseReason, Connect, Error, Optional, ProtocolError};

use crate::peer::{ERROR, Listener, Message, event, ping, string, words};

async fn hostname(conn: &Connect) -> Result<String, Error> {
    conn.hostname().await
}

/// Returns the error of a call that the peer answers with `answer`.
async fn call_against(answer: impl FnOnce(&Message) -> Vec<u8>) -> (Connect, Error) {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (result, ()) = tokio::join!(hostname(&conn), async {
        let call = peer.take().await;
        peer.send_bytes(&answer(&call)).await;
    });
    (conn, result.unwrap_err())
}

#[tokio::test]
async fn replies_in_any_order_find_their_calls() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let calls = (0..100).map(|number| {
        let conn = conn.clone();
        tokio::spawn(async move {
            let name = format!("guest-{number}");
            (conn.domain_lookup_by_name(&name).await.unwrap().name().to_owned(), name)
        })
    });
    let calls: Vec<_> = calls.collect();
    let mut taken = Vec::new();
    for _ in 0..calls.len() {
        taken.push(peer.take().await);
    }
    // Last first, then from the middle outwards.
    taken.reverse();
    taken.rotate_left(50);
    for call in &taken {
        let mut domain = call.payload.clone();
        domain.extend([9; 16]);
        domain.extend(words(&[5]));
        peer.reply(call, &domain).await;
    }
    for call in calls {
        let (found, asked) = call.await.unwrap();
        assert_eq!(found, asked);
    }
}

#[tokio::test]
async fn an_event_and_a_ping_between_call_and_reply_are_not_the_reply() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (name, ()) = tokio::join!(hostname(&conn), async {
        let call = peer.take().await;
        peer.send(&event()).await;
        peer.send(&ping()).await;
        let pong = peer.take().await;
        assert_eq!((pong.program, pong.procedure), (ping().program, 2));
        peer.reply(&call, &string("host")).await;
    });
    assert_eq!(name.unwrap(), "host");
}

#[tokio::test]
async fn every_field_of_an_error_arrives() {
    let (_conn, error) = call_against(|call| {
        let mut payload = words(&[42, 10, 1]);
        payload.extend(string("Domain not found"));
        payload.extend(words(&[2, 0, 1]));
        payload.extend(string("one"));
        payload.extend(words(&[1]));
        payload.extend(string("two"));
        payload.extend(words(&[1]));
        payload.extend(string("three"));
        payload.extend(words(&[4, -5_i32 as u32, 0]));
        Message { status: ERROR, ..call.reply(&payload) }.bytes()
    })
    .await;
    assert!(error.is_not_found());
    assert_eq!(error.to_string(), "virConnectGetHostname: Domain not found");
    let Error::Remote(error) = error else {
        panic!("{error:?}")
    };
    assert_eq!(error.code, ErrorCode::NoDomain);
    assert_eq!(error.domain, ErrorDomain::Qemu);
    assert_eq!(error.level, ErrorLevel::Error);
    let strings = [&error.str1, &error.str2, &error.str3].map(|text| text.as_deref().unwrap());
    assert_eq!(strings, ["one", "two", "three"]);
    assert_eq!((error.int1, error.int2), (4, -5));
}

#[tokio::test]
async fn not_found_can_be_an_option() {
    let (_conn, error) = call_against(|call| call.error(42, 10, "no domain").bytes()).await;
    assert_eq!(Err::<u32, _>(error).optional().unwrap(), None);
    let (_conn, error) = call_against(|call| call.error(1, 10, "broken").bytes()).await;
    assert!(Err::<u32, _>(error).optional().is_err());
}

#[tokio::test]
async fn daemons_that_are_too_old_are_unsupported_however_they_say_so() {
    for (code, domain, text) in [
        (3, 10, "this function is not supported by the connection driver: virX"),
        (39, 7, "unknown procedure: 444"),
        (39, 7, "Cannot find program 536903815 version 1"),
        (8, 20, "invalid argument: unsupported flags (0x80) in function qemuX"),
    ] {
        let (_conn, error) = call_against(|call| call.error(code, domain, text).bytes()).await;
        assert!(error.is_unsupported(), "{text}");
    }
    let (_conn, error) =
        call_against(|call| call.error(39, 7, "unknown procedure: 4").bytes()).await;
    assert_eq!(error.code(), Some(ErrorCode::NoSupport));
}

#[tokio::test]
async fn an_unknown_error_code_is_kept() {
    let (_conn, error) = call_against(|call| call.error(9999, 999, "new").bytes()).await;
    assert_eq!(error.code(), Some(ErrorCode::Other(9999)));
}

#[tokio::test]
async fn an_undecodable_reply_fails_its_call_only() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (result, ()) = tokio::join!(hostname(&conn), async {
        let call = peer.take().await;
        peer.reply(&call, &words(&[1000])).await;
    });
    let error = result.unwrap_err();
    let Error::Protocol(ProtocolError::Reply { procedure, .. }) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(*procedure, "virConnectGetHostname");
    let (name, ()) = tokio::join!(hostname(&conn), async {
        let call = peer.take().await;
        // Bytes after the results are ignored.
        let mut payload = string("host");
        payload.extend([0xff; 12]);
        peer.reply(&call, &payload).await;
    });
    assert_eq!(name.unwrap(), "host");
}

#[tokio::test]
async fn text_that_is_not_utf8_does_not_lose_the_reply() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (name, ()) = tokio::join!(hostname(&conn), async {
        let call = peer.take().await;
        let mut payload = words(&[4]);
        payload.extend(b"h\xffst");
        peer.reply(&call, &payload).await;
    });
    assert_eq!(name.unwrap(), "h\u{fffd}st");
}

/// Checks that a message that no daemon sends ends the connection, and returns the reason.
async fn breaks_the_connection(answer: impl FnOnce(&Message) -> Vec<u8>) -> ProtocolError {
    let (conn, error) = call_against(answer).await;
    assert!(!conn.is_alive());
    let Error::Closed(CloseReason::Protocol(reason)) = error else {
        panic!("{error:?}")
    };
    let later = hostname(&conn).await.unwrap_err();
    assert_eq!(
        later.to_string(),
        format!("nothing was sent, because the connection is closed: protocol violation: {reason}")
    );
    (*reason).clone()
}

#[tokio::test]
async fn a_reply_to_no_call_breaks_the_connection() {
    let error = breaks_the_connection(|call| {
        Message {
            serial: call.serial ^ 0x8000_0000,
            ..call.reply(&string("host"))
        }
        .bytes()
    })
    .await;
    assert!(matches!(error, ProtocolError::UnknownSerial { .. }), "{error:?}");
}

#[tokio::test]
async fn a_second_reply_to_a_call_breaks_the_connection() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (name, call) = tokio::join!(hostname(&conn), async {
        let call = peer.take().await;
        peer.reply(&call, &string("host")).await;
        call
    });
    assert_eq!(name.unwrap(), "host");
    peer.reply(&call, &string("host")).await;
    let reason = conn.closed().await;
    assert!(matches!(reason, CloseReason::Protocol(_)), "{reason}");
}

#[tokio::test]
async fn a_reply_of_the_wrong_kind_breaks_the_connection() {
    let wrong_program = breaks_the_connection(|call| {
        Message { program: call.program + 1, ..call.reply(&string("host")) }.bytes()
    })
    .await;
    assert!(matches!(wrong_program, ProtocolError::ForeignReply { .. }), "{wrong_program:?}");
    let wrong_procedure = breaks_the_connection(|call| {
        Message { procedure: call.procedure + 1, ..call.reply(&string("host")) }.bytes()
    })
    .await;
    assert!(
        matches!(wrong_procedure, ProtocolError::ForeignReply { .. }),
        "{wrong_procedure:?}"
    );
    let wrong_status =
        breaks_the_connection(|call| Message { status: 2, ..call.reply(&string("host")) }.bytes())
            .await;
    assert!(matches!(wrong_status, ProtocolError::ReplyStatus { .. }), "{wrong_status:?}");
}

#[tokio::test]
async fn what_only_clients_send_breaks_the_connection() {
    let error = breaks_the_connection(|call| Message { kind: 0, ..call.reply(&[]) }.bytes()).await;
    assert!(matches!(error, ProtocolError::UnexpectedMessage { kind: 0 }), "{error:?}");
    let error = breaks_the_connection(|call| Message { kind: 77, ..call.reply(&[]) }.bytes()).await;
    assert_eq!(error.to_string(), "a message of type 77 came, which does not exist");
    let error =
        breaks_the_connection(|call| Message { status: 3, ..call.reply(&[]) }.bytes()).await;
    assert_eq!(error.to_string(), "a message with status 3 came, which does not exist");
}

#[tokio::test]
async fn stream_packets_for_no_stream_are_ignored() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (name, ()) = tokio::join!(hostname(&conn), async {
        let call = peer.take().await;
        peer.send(&Message { kind: 3, status: 2, ..call.reply(b"data") }).await;
        peer.send(&Message { kind: 6, status: 2, serial: 77, ..call.reply(&[0; 12]) })
            .await;
        peer.reply(&call, &string("host")).await;
    });
    assert_eq!(name.unwrap(), "host");
}

#[tokio::test]
async fn raw_calls_reach_procedures_that_nobody_knows() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let program = libvirt_client::protocol::remote::PROGRAM;
    let raw = conn.raw();
    let (reply, call) = tokio::join!(raw.call_number(program, 9999, &[1, 2, 3, 4]), async {
        let call = peer.take().await;
        peer.reply(&call, b"whatever").await;
        call
    });
    assert_eq!((call.procedure, call.payload), (9999, vec![1, 2, 3, 4]));
    assert_eq!(reply.unwrap(), b"whatever"[..]);
}
