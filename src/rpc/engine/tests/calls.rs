//! Calls and their replies.

use std::collections::HashSet;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::task::Poll;

use super::super::StartError;
use super::*;
use crate::rpc::outbox::Unsent;
use crate::xdr::{Encode, EncodeError, Writer};

#[test]
fn a_reply_finds_its_call_and_frees_its_serial() {
    let mut rig = Rig::new();
    let caller = Caller::new();
    let serial = rig.call(setup());
    assert!(rig.poll(serial, &caller).is_pending());
    assert_eq!(rig.engine.unanswered(), 1);

    // In two pieces, the first of which wakes nobody.
    let reply = reply(serial, b"results");
    let (first, second) = reply.split_at(30);
    rig.feed(first).unwrap();
    assert_eq!(caller.woken(), 0);
    rig.feed(second).unwrap();
    assert_eq!(caller.woken(), 1);
    assert_eq!(rig.engine.unanswered(), 0);
    assert_eq!(rig.outcome(serial), "results");
    rig.assert_idle();
    assert!(matches!(rig.poll(serial, &caller), Poll::Ready(Err(CloseReason::Local))));
}

#[test]
fn replies_come_in_any_order() {
    let mut rig = Rig::new();
    let calls = [(); 3].map(|()| (rig.call(setup()), Caller::new()));
    for (serial, caller) in &calls {
        assert!(rig.poll(*serial, caller).is_pending());
    }
    let [(first, _), (second, _), (third, _)] = &calls;
    rig.feed(&[reply(*third, b"3"), reply(*first, b"1")].concat()).unwrap();
    assert_eq!(calls.each_ref().map(|(_, caller)| caller.woken()), [1, 0, 1]);
    assert_eq!(rig.outcome(*first), "1");
    rig.feed(&reply(*second, b"2")).unwrap();
    assert_eq!(calls.each_ref().map(|(_, caller)| caller.woken()), [0, 1, 0]);
    assert_eq!(rig.outcome(*second), "2");
    assert_eq!(rig.outcome(*third), "3");
    rig.assert_idle();
}

#[test]
fn an_error_is_an_outcome() {
    let mut rig = Rig::new();
    for setup in [setup(), stream_setup()] {
        let caller = Caller::new();
        let serial = rig.call(setup);
        assert!(rig.poll(serial, &caller).is_pending());
        rig.feed(&error_reply(serial, b"no")).unwrap();
        assert_eq!(caller.woken(), 1);
        let outcome = rig.poll(serial, &caller);
        assert!(matches!(outcome, Poll::Ready(Ok(Outcome::Error(payload))) if payload == "no"));
        assert_eq!(rig.sent(), []);
        rig.assert_idle();
    }
}

#[test]
fn the_last_waker_is_woken() {
    let mut rig = Rig::new();
    let (first, second) = (Caller::new(), Caller::new());
    let serial = rig.call(setup());
    assert!(rig.poll(serial, &first).is_pending());
    assert!(rig.poll(serial, &second).is_pending());
    rig.feed(&reply(serial, b"")).unwrap();
    assert_eq!((first.woken(), second.woken()), (0, 1));
}

#[test]
fn replies_to_nothing_break_the_protocol() {
    let mut rig = Rig::new();
    let serial = rig.call(setup());
    let other = serial + 1;
    let error = rig.feed(&reply(other, b"")).unwrap_err();
    let unknown = |serial| ProtocolError::UnknownSerial { serial, procedure: PROCEDURE.procedure };
    assert_eq!(error, unknown(other));

    // One reply is enough, whether it has been taken or not.
    rig.feed(&reply(serial, b"")).unwrap();
    assert_eq!(rig.feed(&reply(serial, b"")).unwrap_err(), unknown(serial));
    assert_eq!(rig.outcome(serial), "");
    assert_eq!(rig.feed(&reply(serial, b"")).unwrap_err(), unknown(serial));

    let stream = rig.open();
    assert_eq!(rig.feed(&reply(stream, b"")).unwrap_err(), unknown(stream));
}

#[test]
fn replies_of_another_procedure_break_the_protocol() {
    let mut rig = Rig::new();
    let serial = rig.call(setup());
    for id in [
        ProcedureId { program: PROCEDURE.program + 1, ..PROCEDURE },
        ProcedureId { version: PROCEDURE.version + 1, ..PROCEDURE },
        ProcedureId { procedure: PROCEDURE.procedure + 1, ..PROCEDURE },
    ] {
        let foreign = message(id, MessageType::Reply, serial, Status::Ok, b"");
        let ProcedureId { program, procedure, .. } = id;
        let expected = ProtocolError::ForeignReply { serial, program, procedure };
        assert_eq!(rig.feed(&foreign).unwrap_err(), expected);
    }
    assert!(rig.poll(serial, &Caller::new()).is_pending());
}

#[test]
fn messages_that_make_no_sense_break_the_protocol() {
    let mut rig = Rig::new();
    let serial = rig.call(setup());
    let continued = message(PROCEDURE, MessageType::Reply, serial, Status::Continue, b"");
    let procedure = PROCEDURE.procedure;
    let expected = ProtocolError::ReplyStatus { serial, procedure };
    assert_eq!(rig.feed(&continued).unwrap_err(), expected);
    for kind in [MessageType::Call, MessageType::CallWithFds] {
        let call = message(PROCEDURE, kind, serial, Status::Ok, b"");
        let expected = ProtocolError::UnexpectedMessage { kind: kind as i32 };
        assert_eq!(rig.feed(&call).unwrap_err(), expected);
    }
    assert!(rig.poll(serial, &Caller::new()).is_pending());
}

#[test]
fn a_slot_used_again_does_not_answer_to_its_old_serial() {
    let mut rig = Rig::new();
    let mut seen = HashSet::new();
    let mut last = None;
    // A slot's generations; only then does a serial come again.
    for _ in 0..4096 {
        let serial = rig.call(setup());
        assert!(seen.insert(serial), "{serial:x}");
        if let Some(last) = last {
            let error = rig.feed(&reply(last, b"")).unwrap_err();
            assert!(matches!(error, ProtocolError::UnknownSerial { .. }), "{error}");
        }
        rig.feed(&reply(serial, b"")).unwrap();
        assert_eq!(rig.outcome(serial), "");
        last = Some(serial);
    }
    assert!(seen.contains(&rig.call(setup())));
    assert_eq!(rig.engine.calls.in_use(), 1);
}

#[test]
fn a_call_that_cannot_be_encoded_leaves_nothing_behind() {
    struct Endless;
    impl Encode for Endless {
        fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
            loop {
                0_u64.encode(writer)?;
            }
        }
    }
    let mut rig = Rig::new();
    let setup = CallSetup { expects_descriptors: true, ..setup() };
    let error = rig.engine.start_call(setup, &Endless).unwrap_err();
    assert!(matches!(error, StartError::Encode(EncodeError::MessageTooLarge { .. })));
    assert!(rig.engine.outbox.is_empty());
    rig.assert_idle();
}

#[test]
fn descriptors_travel_both_ways() {
    let open = || OwnedFd::from(File::open("/dev/null").unwrap());
    let mut rig = Rig::new();
    let setup = CallSetup {
        descriptors: vec![Arc::new(open())],
        expects_descriptors: true,
        ..setup()
    };
    let serial = rig.engine.start_call(setup, &7_u32).unwrap();
    let Unsent::Bytes(bytes) = rig.engine.outbox.unsent() else {
        panic!("the message is first");
    };
    let header = Header::decode(&bytes[4..28]).unwrap();
    assert_eq!((header.kind, header.serial), (MessageType::CallWithFds, serial));
    assert_eq!(bytes[28..], [0, 0, 0, 1, 0, 0, 0, 7]);
    let count = bytes.len();
    rig.engine.outbox.advance(count);
    assert!(matches!(rig.engine.outbox.unsent(), Unsent::Descriptor(&[0], _)));
    rig.engine.outbox.advance(1);
    assert!(rig.engine.outbox.is_empty());

    assert!(rig.engine.expects_descriptors());
    let reply = [&1_u32.to_be_bytes()[..], b"body"].concat();
    let reply = message(PROCEDURE, MessageType::ReplyWithFds, serial, Status::Ok, &reply);
    rig.feed(&reply).unwrap();
    assert!(rig.poll(serial, &Caller::new()).is_pending());
    let (bytes, descriptors) = rig.frames.space();
    bytes.extend_from_slice(&[0]);
    descriptors.push(open());
    rig.feed(&[]).unwrap();
    assert!(!rig.engine.expects_descriptors());
    let outcome = rig.poll(serial, &Caller::new());
    let Poll::Ready(Ok(Outcome::Reply(payload, descriptors))) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!((&payload[..], descriptors.len()), (&b"body"[..], 1));
    rig.assert_idle();
}

#[test]
fn unanswered_calls_are_counted_by_name() {
    let mut rig = Rig::new();
    let named = |procedure| CallSetup { procedure, ..setup() };
    let [first, second, third] = ["b", "a", "b"].map(|name| rig.call(named(name)));
    assert_eq!(rig.engine.unanswered_by_name(), [("a", 1), ("b", 2)]);
    rig.engine.abandon(second);
    rig.feed(&reply(first, b"")).unwrap();
    assert_eq!(rig.engine.unanswered_by_name(), [("a", 1), ("b", 1)]);
    rig.feed(&[reply(third, b""), reply(second, b"")].concat()).unwrap();
    assert_eq!(rig.engine.unanswered_by_name(), []);
}
