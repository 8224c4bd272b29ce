//! Calls that may not be sent yet.

use super::super::Hindrance;
use super::*;
use crate::protocol::WaitsFor;

fn long() -> CallSetup {
    CallSetup { long: Some(WaitsFor::Host), ..setup() }
}

fn padding(rig: &mut Rig, bytes: usize) {
    rig.engine.outbox.buffer().resize(bytes, 0);
}

#[test]
fn a_long_call_gets_the_place_of_one_that_is_answered() {
    let mut rig = Rig::new();
    let mut tickets = [None; 2];
    let running = [(); MAX_REQUESTS - 1].map(|()| rig.call(long()));
    for ticket in &mut tickets {
        assert_eq!(rig.engine.hindrance(&long(), ticket), Some(Hindrance::NoTurn));
    }
    // Other calls are not delayed, and free no place.
    assert_eq!(rig.engine.hindrance(&setup(), &mut None), None);
    let short = rig.call(setup());
    rig.feed(&reply(short, b"")).unwrap();
    assert!(!rig.engine.take_has_place());

    rig.feed(&reply(running[1], b"")).unwrap();
    assert!(rig.engine.take_has_place());
    assert!(!rig.engine.take_has_place());
    // The first that waits is the first that may go.
    assert_eq!(rig.engine.hindrance(&long(), &mut tickets[1]), Some(Hindrance::NoTurn));
    assert_eq!(rig.engine.hindrance(&long(), &mut tickets[0]), None);
    rig.call(long());
    rig.engine.leave_queue(tickets[0].unwrap());
    assert!(rig.engine.take_has_place());
    assert_eq!(rig.engine.hindrance(&long(), &mut tickets[1]), Some(Hindrance::NoTurn));
}

#[test]
fn a_long_call_keeps_its_place_until_the_daemon_answers() {
    let mut rig = Rig::new();
    let [abandoned, expired] =
        [None, Some(rig.at(1000))].map(|deadline| rig.call(CallSetup { deadline, ..long() }));
    rig.engine.abandon(abandoned);
    rig.tick(1000).unwrap();
    let _expired = rig.poll(expired, &Caller::new());
    let mut ticket = None;
    assert_eq!(rig.engine.hindrance(&long(), &mut ticket), Some(Hindrance::NoTurn));
    assert!(!rig.engine.take_has_place());
    for late in [abandoned, expired] {
        rig.feed(&reply(late, b"")).unwrap();
        assert!(rig.engine.take_has_place());
        assert_eq!(rig.engine.hindrance(&long(), &mut ticket), None);
    }
    rig.assert_idle();
}

#[test]
fn short_calls_that_were_given_up_hold_back_their_like_until_they_are_answered() {
    let mut rig = Rig::new();
    let deadline = Some(rig.at(1000));
    let stuck = rig.call(CallSetup { deadline, ..setup() });
    assert_eq!(rig.engine.hindrance(&setup(), &mut None), None);
    rig.tick(1000).unwrap();
    assert_eq!(rig.engine.hindrance(&setup(), &mut None), Some(Hindrance::NoTurn));
    let other = ProcedureId { procedure: 8, ..PROCEDURE };
    assert_eq!(rig.engine.hindrance(&CallSetup { id: other, ..setup() }, &mut None), None);
    // Dropping the caller now does not count a second call.
    rig.engine.abandon(stuck);
    rig.feed(&reply(stuck, b"")).unwrap();
    assert!(rig.engine.take_has_place());
    assert_eq!(rig.engine.hindrance(&setup(), &mut None), None);
    rig.assert_idle();
}

#[test]
fn calls_wait_for_room_in_the_outbox() {
    let mut rig = Rig::new();
    padding(&mut rig, 1024 * 1024);
    assert_eq!(rig.engine.hindrance(&setup(), &mut None), None);
    padding(&mut rig, 1024 * 1024 + 4);
    assert_eq!(rig.engine.hindrance(&setup(), &mut None), Some(Hindrance::NoRoom));
    rig.engine.outbox.advance(4);
    assert_eq!(rig.engine.hindrance(&setup(), &mut None), None);
}
