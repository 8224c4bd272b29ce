//! Abandoned calls, and their late replies.

use super::*;

#[test]
fn a_late_reply_frees_the_slot_and_wakes_nobody() {
    for late in [reply, error_reply] {
        let mut rig = Rig::new();
        let caller = Caller::new();
        let serial = rig.call(setup());
        assert!(rig.poll(serial, &caller).is_pending());
        rig.engine.abandon(serial);
        // The daemon still owes the reply, and the serial is not given to another call.
        assert_eq!((rig.engine.unanswered(), rig.engine.calls.in_use()), (1, 1));
        let other = rig.call(setup());
        assert_ne!(other, serial);
        rig.feed(&[late(serial, b"late"), late(other, b"")].concat()).unwrap();
        assert_eq!(caller.woken(), 0);
        let _taken = rig.poll(other, &caller);
        assert_eq!(rig.sent(), []);
        rig.assert_idle();
    }
}

#[test]
fn a_reply_that_nobody_takes_is_dropped() {
    for reply in [reply, error_reply] {
        let mut rig = Rig::new();
        let serial = rig.call(setup());
        rig.feed(&reply(serial, b"results")).unwrap();
        rig.engine.abandon(serial);
        rig.assert_idle();
        // The call cannot be abandoned again.
        rig.engine.abandon(serial);
        rig.assert_idle();
    }
}

#[test]
fn a_stream_that_a_late_reply_opens_is_aborted() {
    for confirmation in [Status::Ok, Status::Error] {
        let mut rig = Rig::new();
        let serial = rig.call(stream_setup());
        rig.engine.abandon(serial);
        // There may be data on both sides of the reply.
        rig.feed(&data(serial, &[1; 2 * BUDGET])).unwrap();
        assert_eq!(rig.sent(), []);
        rig.feed(&reply(serial, b"")).unwrap();
        assert_eq!(rig.sent_on(serial), [Status::Error]);
        rig.feed(&data(serial, &[1; 2 * BUDGET])).unwrap();
        assert_eq!((rig.engine.unanswered(), rig.engine.calls.in_use()), (0, 1));
        assert!(!rig.engine.is_behind());

        rig.feed(&message(PROCEDURE, MessageType::Stream, serial, confirmation, b""))
            .unwrap();
        assert_eq!(rig.sent(), []);
        rig.assert_idle();
    }
}

#[test]
fn a_stream_that_nobody_takes_is_aborted() {
    let mut rig = Rig::new();
    let serial = rig.call(stream_setup());
    rig.feed(&[reply(serial, b""), data(serial, b"data")].concat()).unwrap();
    rig.engine.abandon(serial);
    assert_eq!(rig.sent_on(serial), [Status::Error]);
    rig.feed(&message(PROCEDURE, MessageType::Stream, serial, Status::Ok, b""))
        .unwrap();
    rig.assert_idle();
}

#[test]
fn a_late_error_opens_no_stream() {
    let mut rig = Rig::new();
    let serial = rig.call(stream_setup());
    rig.engine.abandon(serial);
    rig.feed(&error_reply(serial, b"no")).unwrap();
    assert_eq!(rig.sent(), []);
    rig.assert_idle();
}

#[test]
fn descriptors_are_expected_as_long_as_the_daemon_owes_them() {
    let mut rig = Rig::new();
    let serial = rig.call(CallSetup { expects_descriptors: true, ..setup() });
    rig.engine.abandon(serial);
    assert!(rig.engine.expects_descriptors());
    rig.feed(&error_reply(serial, b"no")).unwrap();
    rig.assert_idle();
}
