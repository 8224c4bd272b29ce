//! Streams that nobody reads.

use super::*;
use crate::rpc::backpressure::Gate;
use crate::rpc::streams::Fault;

/// Returns whether to read, as the driver task asks.
pub(super) fn gate(rig: &mut Rig, millis: u64) -> Gate {
    rig.now = millis;
    let now = rig.now();
    let gate = if rig.engine.is_behind() {
        rig.engine.gate(now)
    } else {
        Gate::Open
    };
    rig.wake();
    gate
}

pub(super) fn paused(rig: &Rig, until: u64) -> Gate {
    Gate::Paused(Some(rig.at(until)))
}

#[test]
fn reading_pauses_until_the_reader_has_caught_up() {
    let mut rig = Rig::new();
    let serial = rig.open();
    rig.feed(&data(serial, &[0; BUDGET / 2])).unwrap();
    assert_eq!(gate(&mut rig, 0), Gate::Open);
    rig.feed(&data(serial, &[0; BUDGET / 2])).unwrap();
    assert_eq!(gate(&mut rig, 0), Gate::Paused(None));
    assert_eq!(gate(&mut rig, 1_000_000), Gate::Paused(None));
    rig.item(serial);
    assert_eq!(gate(&mut rig, 1_000_000), Gate::Open);
}

#[test]
fn holes_fill_a_stream_too() {
    let mut rig = Rig::new();
    let serial = rig.open();
    let hole = [&1_i64.to_be_bytes()[..], &[0; 4]].concat();
    let hole = message(PROCEDURE, MessageType::StreamHole, serial, Status::Continue, &hole);
    for _ in 0..BUDGET {
        rig.feed(&hole).unwrap();
    }
    assert!(rig.engine.is_behind());
}

#[test]
fn reading_goes_on_for_whoever_waits_for_a_reply() {
    let mut rig = Rig::new();
    let stream = rig.open();
    rig.feed(&data(stream, &[0; BUDGET])).unwrap();
    let call = rig.call(setup());
    assert_eq!(gate(&mut rig, 1000), paused(&rig, 6000));
    assert_eq!(gate(&mut rig, 5999), paused(&rig, 6000));
    assert_eq!(gate(&mut rig, 6000), Gate::Open);
    rig.feed(&[data(stream, &[0; BUDGET]), reply(call, b"behind it")].concat())
        .unwrap();
    assert_eq!(rig.outcome(call), "behind it");
    assert_eq!(gate(&mut rig, 6000), Gate::Paused(None));
}

#[test]
fn reading_goes_on_where_something_waits_to_be_sent() {
    let mut rig = Rig::new();
    let stream = rig.open();
    rig.feed(&data(stream, &[0; BUDGET])).unwrap();
    rig.engine.outbox.buffer().push(0);
    assert_eq!(gate(&mut rig, 0), Gate::Open);
}

#[test]
fn a_stream_whose_reader_does_not_move_is_given_up() {
    let mut rig = Rig::new();
    let reader = Caller::new();
    let [stream, patient] = [(); 2].map(|()| rig.open());
    rig.call(setup());
    rig.feed(&data(patient, &[0; BUDGET])).unwrap();
    assert!(rig.poll_stream(stream, &reader).is_pending());
    for _ in 0..4 {
        rig.feed(&data(stream, &[0; BUDGET])).unwrap();
    }
    assert_eq!(reader.woken(), 1);
    assert_eq!(gate(&mut rig, 1000), paused(&rig, 21_000));
    assert_eq!(gate(&mut rig, 20_999), paused(&rig, 21_000));
    assert_eq!(rig.sent(), []);
    assert_eq!(gate(&mut rig, 21_000), Gate::Open);
    assert_eq!(rig.sent_on(stream), [Status::Error]);
    assert_eq!(reader.woken(), 0);
    let end = rig.end_of_stream(stream);
    assert!(matches!(end, StreamEnd::Fault(Fault::Overrun(unread)) if unread == 4 * BUDGET));
    // The daemon was told; its confirmation frees the slot.
    rig.engine.release_stream(stream);
    assert_eq!(rig.sent(), []);
    let in_use = rig.engine.calls.in_use();
    rig.feed(&message(PROCEDURE, MessageType::Stream, stream, Status::Ok, b""))
        .unwrap();
    assert_eq!(rig.engine.calls.in_use(), in_use - 1);
    // A stream that is only over its budget is kept.
    assert!(matches!(rig.item(patient), Chunk::Data(data) if data.len() == BUDGET));
}

#[test]
fn a_reader_that_moves_is_given_its_time_again() {
    let mut rig = Rig::new();
    let stream = rig.open();
    rig.call(setup());
    for _ in 0..6 {
        rig.feed(&data(stream, &[0; BUDGET])).unwrap();
    }
    assert_eq!(gate(&mut rig, 0), paused(&rig, 20_000));
    rig.item(stream);
    assert_eq!(gate(&mut rig, 19_000), paused(&rig, 39_000));
}

#[test]
fn a_stream_that_is_let_go_takes_its_delay_along() {
    let mut rig = Rig::new();
    let [gone, stream] = [(); 2].map(|()| rig.open());
    rig.call(setup());
    rig.feed(&data(gone, &[0; BUDGET])).unwrap();
    assert_eq!(gate(&mut rig, 0), paused(&rig, 5000));
    rig.engine.release_stream(gone);
    rig.sent();
    assert_eq!(gate(&mut rig, 1000), Gate::Open);

    // The call has waited all the time, but the next stream's reader has not stood still yet.
    rig.feed(&data(stream, &[0; BUDGET])).unwrap();
    assert_eq!(gate(&mut rig, 1_000_000), Gate::Open);
    rig.feed(&[0; 4].map(|_: u8| data(stream, &[0; BUDGET])).concat()).unwrap();
    assert_eq!(gate(&mut rig, 1_000_000), paused(&rig, 1_020_000));
}
