//! The exchange at the end of a stream.

use super::*;
use crate::rpc::streams::Progress;

/// Returns the message that ends a stream on the daemon's side: its confirmation, or its error.
fn ended(serial: u32, status: Status, body: &[u8]) -> Vec<u8> {
    message(PROCEDURE, MessageType::Stream, serial, status, body)
}

fn poll_end(
    rig: &mut Rig,
    serial: u32,
    status: Status,
    caller: &Caller,
) -> Poll<Result<(), StreamEnd>> {
    let polled = rig.engine.poll_stream_end(serial, status, &caller.waker);
    rig.wake();
    polled
}

#[test]
fn an_end_is_said_once_and_confirmed() {
    for status in [Status::Ok, Status::Error] {
        let mut rig = Rig::new();
        let (reader, ender) = (Caller::new(), Caller::new());
        let serial = rig.open();
        assert!(rig.poll_stream(serial, &reader).is_pending());
        for _ in 0..2 {
            assert!(poll_end(&mut rig, serial, status, &ender).is_pending());
        }
        assert_eq!(rig.sent_on(serial), [status]);
        // The other half reads no more, and nothing more is sent.
        assert_eq!(reader.woken(), 1);
        assert!(matches!(rig.end_of_stream(serial), StreamEnd::Closed));
        let refused = rig.engine.stream_packet(serial, MessageType::Stream, Status::Continue);
        assert!(matches!(refused, Err(StreamEnd::Closed)));

        // Data in flight is dropped.
        rig.feed(&[data(serial, &[0; 2 * BUDGET]), data(serial, b"")].concat()).unwrap();
        assert!(!rig.engine.is_behind());
        assert!(poll_end(&mut rig, serial, status, &ender).is_pending());
        ender.woken();
        rig.feed(&ended(serial, Status::Ok, b"")).unwrap();
        assert_eq!(ender.woken(), 1);
        for _ in 0..2 {
            let end = poll_end(&mut rig, serial, status, &ender);
            assert!(matches!(end, Poll::Ready(Ok(()))), "{end:?}");
        }
        rig.engine.release_stream(serial);
        assert_eq!(rig.sent(), []);
        rig.assert_idle();
    }
}

#[test]
fn an_end_discards_what_was_not_read() {
    let mut rig = Rig::new();
    let ender = Caller::new();
    let serial = rig.open();
    rig.feed(&data(serial, &[0; 2 * BUDGET])).unwrap();
    assert!(rig.engine.is_behind());
    assert!(poll_end(&mut rig, serial, Status::Ok, &ender).is_pending());
    assert!(!rig.engine.is_behind());
    assert!(matches!(rig.end_of_stream(serial), StreamEnd::Closed));
}

#[test]
fn an_end_can_fail() {
    let mut rig = Rig::new();
    let ender = Caller::new();
    let serial = rig.open();
    assert!(poll_end(&mut rig, serial, Status::Ok, &ender).is_pending());
    rig.feed(&ended(serial, Status::Error, b"disk full")).unwrap();
    assert_eq!(ender.woken(), 1);
    let end = poll_end(&mut rig, serial, Status::Ok, &ender);
    let Poll::Ready(Err(StreamEnd::Progress(Progress::Failed(payload)))) = end else {
        panic!("{end:?}");
    };
    assert_eq!(payload, "disk full");
    rig.sent();
    rig.engine.release_stream(serial);
    assert_eq!(rig.sent(), []);
    rig.assert_idle();
}

#[test]
fn the_daemon_can_end_a_stream() {
    let mut rig = Rig::new();
    let reader = Caller::new();
    let serial = rig.open();
    assert!(rig.poll_stream(serial, &reader).is_pending());
    rig.feed(
        &[
            data(serial, b"before"),
            ended(serial, Status::Error, b"gone"),
        ]
        .concat(),
    )
    .unwrap();
    assert_eq!(reader.woken(), 1);
    // The first end counts.
    rig.feed(&[data(serial, b"after"), ended(serial, Status::Ok, b"")].concat())
        .unwrap();
    assert_eq!(rig.item(serial), piece(b"before"));
    let end = rig.end_of_stream(serial);
    assert!(matches!(end, StreamEnd::Progress(Progress::Failed(error)) if error == "gone"));
    let end = poll_end(&mut rig, serial, Status::Ok, &reader);
    assert!(matches!(end, Poll::Ready(Err(StreamEnd::Progress(Progress::Failed(_))))));
    // There is nothing left to confirm.
    rig.engine.release_stream(serial);
    assert_eq!(rig.sent(), []);
    rig.assert_idle();
}

#[test]
fn a_stream_that_is_let_go_is_aborted_and_its_slot_kept_until_the_daemon_agrees() {
    for confirmation in [Status::Ok, Status::Error] {
        let mut rig = Rig::new();
        let serial = rig.open();
        rig.feed(&data(serial, &[0; 2 * BUDGET])).unwrap();
        rig.engine.release_stream(serial);
        assert_eq!(rig.sent_on(serial), [Status::Error]);
        assert!(!rig.engine.is_behind());
        rig.feed(&[data(serial, &[0; 2 * BUDGET]), data(serial, b"")].concat()).unwrap();
        assert!(!rig.engine.is_behind());
        assert_eq!(rig.engine.calls.in_use(), 1);
        rig.feed(&ended(serial, confirmation, b"")).unwrap();
        rig.assert_idle();
        // Later messages are ignored.
        rig.feed(&ended(serial, confirmation, b"")).unwrap();
    }
}

#[test]
fn a_stream_that_is_let_go_after_its_data_is_finished() {
    let mut rig = Rig::new();
    let serial = rig.open();
    rig.feed(&[data(serial, b"all"), data(serial, b"")].concat()).unwrap();
    rig.engine.release_stream(serial);
    assert_eq!(rig.sent_on(serial), [Status::Ok]);
    rig.feed(&ended(serial, Status::Ok, b"")).unwrap();
    rig.assert_idle();
}

#[test]
fn a_stream_that_is_let_go_while_it_ends_is_not_ended_twice() {
    let mut rig = Rig::new();
    let serial = rig.open();
    let ender = Caller::new();
    assert!(poll_end(&mut rig, serial, Status::Ok, &ender).is_pending());
    assert_eq!(rig.sent_on(serial), [Status::Ok]);
    rig.engine.release_stream(serial);
    assert_eq!((rig.sent(), rig.engine.calls.in_use()), (vec![], 1));
    rig.feed(&ended(serial, Status::Ok, b"")).unwrap();
    rig.assert_idle();
}

#[test]
fn a_stream_whose_data_was_read_is_finished_like_any_other() {
    let mut rig = Rig::new();
    let serial = rig.open();
    let ender = Caller::new();
    rig.feed(&[data(serial, b"all"), data(serial, b"")].concat()).unwrap();
    assert_eq!(rig.item(serial), piece(b"all"));
    assert!(poll_end(&mut rig, serial, Status::Ok, &ender).is_pending());
    assert_eq!(rig.sent_on(serial), [Status::Ok]);
    rig.feed(&ended(serial, Status::Ok, b"")).unwrap();
    assert!(matches!(poll_end(&mut rig, serial, Status::Ok, &ender), Poll::Ready(Ok(()))));
    rig.engine.release_stream(serial);
    rig.assert_idle();
}
