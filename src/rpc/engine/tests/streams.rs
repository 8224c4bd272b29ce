//! Items of streams.

use super::*;
use crate::rpc::streams::{Fault, Progress};

fn hole_of(serial: u32, length: i64) -> Vec<u8> {
    let body = [&length.to_be_bytes()[..], &[0; 4]].concat();
    message(PROCEDURE, MessageType::StreamHole, serial, Status::Continue, &body)
}

#[test]
fn data_and_holes_come_in_their_order_up_to_the_end() {
    let mut rig = Rig::new();
    let reader = Caller::new();
    let serial = rig.open();
    assert!(rig.poll_stream(serial, &reader).is_pending());
    rig.feed(&data(serial, b"first")).unwrap();
    assert_eq!(reader.woken(), 1);
    rig.feed(&[hole_of(serial, 1 << 40), data(serial, b"second")].concat()).unwrap();
    // A reader that was woken and has not polled yet is not woken again.
    assert_eq!(reader.woken(), 0);
    assert_eq!(rig.item(serial), piece(b"first"));
    assert_eq!(rig.item(serial), Chunk::Hole(1 << 40));
    assert_eq!(rig.item(serial), piece(b"second"));
    assert!(rig.poll_stream(serial, &reader).is_pending());
    rig.feed(&[data(serial, b""), data(serial, b"beyond the end")].concat())
        .unwrap();
    assert_eq!(reader.woken(), 1);
    for _ in 0..2 {
        let end = rig.end_of_stream(serial);
        assert!(matches!(end, StreamEnd::Progress(Progress::EndOfData)), "{end:?}");
    }
}

#[test]
fn data_ahead_of_the_reply_is_kept() {
    let mut rig = Rig::new();
    let serial = rig.call(stream_setup());
    rig.feed(
        &[
            data(serial, b"early"),
            reply(serial, b""),
            data(serial, b"late"),
        ]
        .concat(),
    )
    .unwrap();
    assert_eq!(rig.outcome(serial), "");
    assert_eq!(rig.item(serial), piece(b"early"));
    assert_eq!(rig.item(serial), piece(b"late"));
}

#[test]
fn data_ahead_of_the_reply_is_held_to_the_budget() {
    let mut rig = Rig::new();
    let serial = rig.call(stream_setup());
    for _ in 0..4 {
        rig.feed(&data(serial, &[0; BUDGET / 2])).unwrap();
        // Reading goes on, since nobody can read the stream before the reply has been read.
        assert!(!rig.engine.is_behind());
    }
    rig.feed(&reply(serial, b"")).unwrap();
    assert_eq!(rig.outcome(serial), "");
    let end = rig.end_of_stream(serial);
    assert!(matches!(end, StreamEnd::Fault(Fault::Overrun(BUDGET))), "{end:?}");
    rig.engine.release_stream(serial);
    assert_eq!(rig.sent_on(serial), [Status::Error]);
}

#[test]
fn holes_that_make_no_sense_end_the_stream() {
    let accepts_no_holes = || CallSetup {
        stream: Some(Box::new(Incoming::new(BUDGET, false))),
        ..setup()
    };
    for (setup, length) in [
        (accepts_no_holes(), 1),
        (stream_setup(), 0),
        (stream_setup(), -1),
        (stream_setup(), i64::MIN),
    ] {
        let mut rig = Rig::new();
        let reader = Caller::new();
        let serial = rig.call(setup);
        rig.feed(&reply(serial, b"")).unwrap();
        assert_eq!(rig.outcome(serial), "");
        assert!(rig.poll_stream(serial, &reader).is_pending());
        rig.feed(&[data(serial, b"before"), hole_of(serial, length)].concat()).unwrap();
        rig.feed(&data(serial, b"after")).unwrap();
        assert_eq!(reader.woken(), 1);
        assert_eq!(rig.item(serial), piece(b"before"));
        let end = rig.end_of_stream(serial);
        assert!(matches!(end, StreamEnd::Fault(Fault::BadHole)), "{end:?}");
        let refused = rig.engine.stream_packet(serial, MessageType::Stream, Status::Continue);
        assert!(matches!(refused, Err(StreamEnd::Fault(Fault::BadHole))), "{refused:?}");
        rig.engine.release_stream(serial);
        assert_eq!(rig.sent_on(serial), [Status::Error]);
    }
}

#[test]
fn an_undecodable_hole_ends_the_stream() {
    let mut rig = Rig::new();
    let serial = rig.open();
    rig.feed(&message(PROCEDURE, MessageType::StreamHole, serial, Status::Continue, b"hole"))
        .unwrap();
    let end = rig.end_of_stream(serial);
    assert!(matches!(end, StreamEnd::Fault(Fault::BadHole)), "{end:?}");
}

#[test]
fn packets_for_no_stream_mean_nothing() {
    let mut rig = Rig::new();
    let stream = rig.open();
    let call = rig.call(setup());
    let foreign = ProcedureId { procedure: 8, ..PROCEDURE };
    for status in [Status::Continue, Status::Ok, Status::Error] {
        for (id, serial) in [
            (PROCEDURE, stream + 1),
            (PROCEDURE, call),
            (foreign, stream),
        ] {
            rig.feed(&message(id, MessageType::Stream, serial, status, b"data")).unwrap();
        }
    }
    let caller = Caller::new();
    assert!(rig.poll_stream(stream, &caller).is_pending());
    assert!(rig.poll(call, &caller).is_pending());
    let end = rig.end_of_stream(call);
    assert!(matches!(end, StreamEnd::Closed), "{end:?}");
}

#[test]
fn packets_are_sent_as_long_as_the_stream_is_open() {
    let mut rig = Rig::new();
    let serial = rig.call(stream_setup());
    let packet = |rig: &mut Rig| rig.engine.stream_packet(serial, MessageType::Stream, Status::Ok);
    // Not before its holder has the reply.
    assert!(matches!(packet(&mut rig), Err(StreamEnd::Closed)));
    rig.feed(&reply(serial, b"")).unwrap();
    assert!(matches!(packet(&mut rig), Err(StreamEnd::Closed)));
    assert_eq!(rig.outcome(serial), "");
    // The end of the daemon's data is not the end of ours.
    for _ in 0..2 {
        let header = packet(&mut rig).unwrap();
        assert_eq!((header.id, header.serial), (PROCEDURE, serial));
        assert_eq!((header.kind, header.status), (MessageType::Stream, Status::Ok));
        rig.feed(&data(serial, b"")).unwrap();
    }
    rig.feed(&message(PROCEDURE, MessageType::Stream, serial, Status::Error, b"no"))
        .unwrap();
    let refused = packet(&mut rig);
    assert!(matches!(refused, Err(StreamEnd::Progress(Progress::Failed(_)))), "{refused:?}");
}
