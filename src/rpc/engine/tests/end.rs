//! The end of the connection.

use super::super::StartError;
use super::*;
use crate::rpc::backpressure::Gate;
use crate::rpc::events::{Batch, Binding, EventQueue, Taken};
use crate::rpc::keepalive::{Keepalive, KeepaliveOptions};
use crate::rpc::streams::Progress;

const EVENT: ProcedureId = ProcedureId { procedure: 318, ..PROCEDURE };

/// Returns a queue that is subscribed to [`EVENT`].
fn subscribed(rig: &mut Rig) -> Arc<EventQueue> {
    let queue = EventQueue::new(usize::MAX, usize::MAX);
    let group = rig.engine.events().open_group();
    rig.engine.events().join(group, Arc::clone(&queue));
    let binding = Binding { event: EVENT, has_callback_id: false, group };
    let serial = rig.call(CallSetup { binding: Some(binding), ..setup() });
    rig.feed(&reply(serial, b"")).unwrap();
    assert_eq!(rig.outcome(serial), "");
    queue
}

#[test]
fn everyone_who_waits_gets_the_reason() {
    let mut rig = Rig::new();
    let callers = [(); 4].map(|()| Caller::new());
    let [call, reader, ender, subscriber] = &callers;
    let pending = rig.call(setup());
    let [read, finishing] = [(); 2].map(|()| rig.open());
    let queue = subscribed(&mut rig);
    let mut batch = Batch::default();
    assert!(rig.poll(pending, call).is_pending());
    assert!(rig.poll_stream(read, reader).is_pending());
    assert!(rig.engine.poll_stream_end(finishing, Status::Ok, &ender.waker).is_pending());
    assert!(queue.poll_take(&mut batch, &subscriber.waker).is_pending());
    rig.sent();

    rig.end(CloseReason::Eof);
    // Only the first reason counts.
    rig.end(CloseReason::RuntimeGone);
    assert_eq!(callers.each_ref().map(Caller::woken), [1; 4]);
    assert!(matches!(rig.poll(pending, call), Poll::Ready(Err(CloseReason::Eof))));
    let end = rig.end_of_stream(read);
    assert!(matches!(end, StreamEnd::Connection(CloseReason::Eof)), "{end:?}");
    let end = rig.engine.poll_stream_end(finishing, Status::Ok, &ender.waker);
    assert!(matches!(end, Poll::Ready(Err(StreamEnd::Connection(CloseReason::Eof)))));
    let end = queue.poll_take(&mut batch, &subscriber.waker);
    assert!(matches!(end, Poll::Ready(Taken::Ended(CloseReason::Eof))));
    // Calls that wait for admission or for room are to ask again, and fail.
    assert!(rig.engine.take_has_place());
}

#[test]
fn nothing_can_be_started_afterwards() {
    let mut rig = Rig::new();
    let stream = rig.open();
    let options = KeepaliveOptions {
        interval: Duration::from_secs(1),
        count: 1,
        max_requests: MAX_REQUESTS,
        busy_limit: Duration::from_secs(1),
    };
    rig.engine.set_keepalive(Keepalive::new(options, rig.start));
    rig.call(CallSetup { deadline: Some(rig.at(1000)), ..setup() });
    rig.end(CloseReason::Eof);
    assert!(matches!(rig.engine.ended(), Some(CloseReason::Eof)));

    // No call waits for admission or for room.
    rig.engine.outbox.buffer().resize(2 * 1024 * 1024, 0);
    assert_eq!(rig.engine.hindrance(&setup(), &mut None), None);
    rig.engine.outbox.advance(2 * 1024 * 1024);
    let refused = rig.engine.start_call(setup(), &());
    assert!(matches!(refused, Err(StartError::Ended(CloseReason::Eof))));
    let refused = rig.engine.stream_packet(stream, MessageType::Stream, Status::Continue);
    assert!(matches!(refused, Err(StreamEnd::Connection(CloseReason::Eof))));
    let caller = Caller::new();
    let refused = rig.engine.poll_stream_end(stream, Status::Ok, &caller.waker);
    assert!(matches!(refused, Poll::Ready(Err(StreamEnd::Connection(CloseReason::Eof)))));
    let queue = EventQueue::new(1, 1);
    let group = rig.engine.events().open_group();
    rig.engine.events().join(group, Arc::clone(&queue));
    let end = queue.poll_take(&mut Batch::default(), &caller.waker);
    assert!(matches!(end, Poll::Ready(Taken::Ended(CloseReason::Eof))));

    // There are no more deadlines.
    assert_eq!(rig.engine.deadline(), None);
    rig.tick(100_000).unwrap();
    assert_eq!(rig.sent(), []);
}

#[test]
fn what_had_arrived_is_delivered() {
    let mut rig = Rig::new();
    let [replied, refused] = [(); 2].map(|()| rig.call(setup()));
    let [complete, partial, failed] = [(); 3].map(|()| rig.open());
    let opened = rig.call(stream_setup());
    let queue = subscribed(&mut rig);
    let failure = message(PROCEDURE, MessageType::Stream, failed, Status::Error, b"gone");
    let event = message(EVENT, MessageType::Message, 0, Status::Ok, b"event");
    rig.feed(&[reply(replied, b"results"), error_reply(refused, b"no")].concat())
        .unwrap();
    rig.feed(
        &[
            data(complete, b"all"),
            data(complete, b""),
            data(partial, b"some"),
        ]
        .concat(),
    )
    .unwrap();
    rig.feed(&[failure, reply(opened, b""), data(opened, b"data"), event].concat())
        .unwrap();
    rig.end(CloseReason::Eof);

    let caller = Caller::new();
    assert_eq!(rig.outcome(replied), "results");
    let outcome = rig.poll(refused, &caller);
    assert!(matches!(outcome, Poll::Ready(Ok(Outcome::Error(payload))) if payload == "no"));
    assert_eq!(rig.item(complete), piece(b"all"));
    let end = rig.end_of_stream(complete);
    assert!(matches!(end, StreamEnd::Progress(Progress::EndOfData)), "{end:?}");
    assert_eq!(rig.item(partial), piece(b"some"));
    let end = rig.end_of_stream(partial);
    assert!(matches!(end, StreamEnd::Connection(CloseReason::Eof)), "{end:?}");
    let end = rig.end_of_stream(failed);
    assert!(matches!(end, StreamEnd::Progress(Progress::Failed(_))), "{end:?}");
    assert_eq!(rig.outcome(opened), "");
    assert_eq!(rig.item(opened), piece(b"data"));
    let mut batch = Batch::default();
    let taken = queue.poll_take(&mut batch, &caller.waker);
    assert!(matches!(taken, Poll::Ready(Taken::Batch { lagged: 0 })));
    assert_eq!(batch.get(0), Some(((EVENT.program, EVENT.procedure), &b"event"[..])));
}

#[test]
fn a_stream_that_nobody_reads_does_not_hold_up_the_end() {
    let mut rig = Rig::new();
    let stream = rig.open();
    rig.feed(&data(stream, &[0; BUDGET])).unwrap();
    assert!(rig.engine.is_behind());
    assert_eq!(rig.engine.gate(rig.now()), Gate::Paused(None));
    rig.end(CloseReason::Local);
    assert!(!rig.engine.is_behind());
    assert!(matches!(rig.item(stream), Chunk::Data(data) if data.len() == BUDGET));
}

#[test]
fn whoever_lets_go_afterwards_frees_the_slot_and_sends_nothing() {
    let mut rig = Rig::new();
    let caller = Caller::new();
    let deadline = Some(rig.at(1000));
    let expired = rig.call(CallSetup { deadline, ..setup() });
    rig.tick(1000).unwrap();
    let [polled, abandoned, replied] = [(); 3].map(|()| rig.call(setup()));
    let [untaken, read, ending, finished] =
        [rig.call(stream_setup()), rig.open(), rig.open(), rig.open()];
    rig.feed(
        &[
            reply(replied, b""),
            reply(untaken, b""),
            data(finished, b""),
        ]
        .concat(),
    )
    .unwrap();
    assert!(rig.engine.poll_stream_end(ending, Status::Ok, &caller.waker).is_pending());
    rig.sent();
    rig.end(CloseReason::Eof);
    assert!(matches!(rig.poll(polled, &caller), Poll::Ready(Err(CloseReason::Eof))));
    for serial in [expired, abandoned, replied, untaken] {
        rig.engine.abandon(serial);
    }
    for serial in [read, ending, finished] {
        rig.engine.release_stream(serial);
    }
    assert_eq!(rig.sent(), []);
    assert_eq!(rig.engine.calls.in_use(), 0);
}
