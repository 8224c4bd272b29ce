//! Calls that expire, and alarms.

use super::*;

fn due(rig: &Rig, millis: u64) -> CallSetup {
    CallSetup { deadline: Some(rig.at(millis)), ..setup() }
}

#[test]
fn a_call_expires_at_its_deadline() {
    let mut rig = Rig::new();
    let caller = Caller::new();
    let serial = rig.call(due(&rig, 1000));
    assert_eq!(rig.engine.deadline(), Some(rig.at(1000)));
    assert!(rig.poll(serial, &caller).is_pending());
    rig.tick(999).unwrap();
    assert_eq!(caller.woken(), 0);
    rig.tick(1000).unwrap();
    assert_eq!(caller.woken(), 1);
    assert_eq!(rig.engine.deadline(), None);
    let outcome = rig.poll(serial, &caller);
    assert!(matches!(outcome, Poll::Ready(Ok(Outcome::Expired))), "{outcome:?}");

    // The daemon still owes the reply.
    assert_eq!((rig.engine.unanswered(), rig.engine.calls.in_use()), (1, 1));
    rig.feed(&reply(serial, b"late")).unwrap();
    assert_eq!(caller.woken(), 0);
    rig.assert_idle();
}

#[test]
fn a_reply_that_comes_before_the_caller_has_noticed_counts() {
    let mut rig = Rig::new();
    let caller = Caller::new();
    let serial = rig.call(due(&rig, 1000));
    assert!(rig.poll(serial, &caller).is_pending());
    rig.tick(1000).unwrap();
    rig.feed(&reply(serial, b"just so")).unwrap();
    assert_eq!(caller.woken(), 1);
    assert_eq!(rig.outcome(serial), "just so");
    rig.assert_idle();
}

#[test]
fn an_expired_call_can_be_abandoned() {
    let mut rig = Rig::new();
    let serial = rig.call(CallSetup { deadline: Some(rig.at(1000)), ..stream_setup() });
    rig.feed(&data(serial, b"data")).unwrap();
    rig.tick(1000).unwrap();
    rig.engine.abandon(serial);
    rig.feed(&reply(serial, b"")).unwrap();
    assert_eq!(rig.sent_on(serial), [Status::Error]);
    rig.feed(&message(PROCEDURE, MessageType::Stream, serial, Status::Ok, b""))
        .unwrap();
    rig.assert_idle();
}

#[test]
fn an_answered_or_abandoned_call_does_not_expire() {
    let mut rig = Rig::new();
    let caller = Caller::new();
    let [answered, abandoned] = [(); 2].map(|()| rig.call(due(&rig, 1000)));
    for serial in [answered, abandoned] {
        assert!(rig.poll(serial, &caller).is_pending());
    }
    rig.feed(&reply(answered, b"in time")).unwrap();
    assert_eq!(caller.woken(), 1);
    rig.engine.abandon(abandoned);
    rig.tick(1000).unwrap();
    assert_eq!(caller.woken(), 0);
    assert_eq!(rig.outcome(answered), "in time");
    rig.feed(&reply(abandoned, b"")).unwrap();
    rig.assert_idle();
}

#[test]
fn the_next_deadline_is_the_earliest_of_all() {
    let mut rig = Rig::new();
    assert_eq!(rig.engine.deadline(), None);
    let late = rig.call(due(&rig, 3000));
    let early = rig.call(due(&rig, 1000));
    rig.call(setup());
    assert_eq!(rig.engine.deadline(), Some(rig.at(1000)));
    rig.tick(1000).unwrap();
    assert_eq!(rig.engine.deadline(), Some(rig.at(3000)));
    let alarm = rig.engine.alarms.set(None, rig.at(2000), Waker::noop());
    assert_eq!(rig.engine.deadline(), Some(rig.at(2000)));
    rig.engine.alarms.remove(alarm);
    assert_eq!(rig.engine.deadline(), Some(rig.at(3000)));
    // A lower bound is enough: one tick without effect updates it.
    rig.feed(&[reply(late, b""), reply(early, b"")].concat()).unwrap();
    rig.tick(3000).unwrap();
    assert_eq!(rig.engine.deadline(), None);
}

#[test]
fn alarms_and_calls_are_due_in_the_order_of_their_instants() {
    let mut rig = Rig::new();
    let callers = [(); 4].map(|()| Caller::new());
    let [first, second, third, fourth] = &callers;
    let serial = rig.call(due(&rig, 2000));
    rig.engine.alarms.set(None, rig.at(3000), &third.waker);
    rig.engine.alarms.set(None, rig.at(1000), &first.waker);
    assert!(rig.poll(serial, second).is_pending());
    // An alarm that is set again wakes its last waker.
    let alarm = rig.engine.alarms.set(None, rig.at(4000), &first.waker);
    rig.engine.alarms.set(Some(alarm), rig.at(4000), &fourth.waker);

    let woken = || callers.each_ref().map(Caller::woken);
    for (millis, expected) in [
        (999, [0, 0, 0, 0]),
        (1000, [1, 0, 0, 0]),
        (1999, [0, 0, 0, 0]),
        (2000, [0, 1, 0, 0]),
        (5000, [0, 0, 1, 1]),
        (6000, [0, 0, 0, 0]),
    ] {
        let due = rig.engine.deadline();
        assert_eq!(due.is_some_and(|due| due <= rig.at(millis)), expected != [0; 4]);
        rig.tick(millis).unwrap();
        assert_eq!(woken(), expected, "at {millis}");
    }
}
