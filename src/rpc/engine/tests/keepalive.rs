//! Keepalive messages, and their absence.

use super::*;
use crate::error::Silence;
use crate::protocol::{Event as _, keepalive};
use crate::rpc::backpressure::Gate;
use crate::rpc::keepalive::{Keepalive, KeepaliveOptions};

const PING: ProcedureId = ProcedureId {
    program: keepalive::PROGRAM.number,
    version: keepalive::PROGRAM.version,
    procedure: keepalive::Ping::INFO.number,
};
const PONG: ProcedureId = ProcedureId { procedure: keepalive::Pong::INFO.number, ..PING };

/// Returns a rig that pings after each silent second, twice.
fn rig() -> Rig {
    let mut rig = Rig::new();
    let options = KeepaliveOptions {
        interval: Duration::from_secs(1),
        count: 2,
        max_requests: MAX_REQUESTS,
        busy_limit: Duration::from_secs(10),
    };
    rig.engine.set_keepalive(Keepalive::new(options, rig.start));
    rig
}

fn alive(id: ProcedureId) -> Vec<u8> {
    message(id, MessageType::Message, 0, Status::Ok, &[])
}

fn sent(id: ProcedureId) -> Sent {
    let header = Header {
        id,
        kind: MessageType::Message,
        serial: 0,
        status: Status::Ok,
    };
    Sent { header, payload: Vec::new() }
}

/// Returns the seconds at which a rig that receives nothing pings, and the reason for its end.
fn silence(rig: &mut Rig) -> (Vec<u64>, CloseReason) {
    let mut pings = Vec::new();
    loop {
        let due = rig.engine.deadline().unwrap();
        let millis = due.duration_since(rig.start).as_millis() as u64;
        rig.tick(millis - 1).unwrap();
        assert_eq!(rig.sent(), []);
        if let Err(reason) = rig.tick(millis) {
            return (pings, reason);
        }
        assert_eq!(rig.sent(), [sent(PING)]);
        pings.push(millis / 1000);
    }
}

fn assert_dead(reason: &CloseReason, seconds: u64, unanswered: &[(&'static str, usize)]) {
    let CloseReason::Keepalive(silence) = reason else {
        panic!("{reason:?}");
    };
    let lasted = Duration::from_secs(seconds);
    assert_eq!(**silence, Silence { lasted, unanswered: unanswered.to_vec() });
}

#[test]
fn a_ping_gets_a_pong_and_a_pong_gets_nothing() {
    // With and without keepalive on this side.
    for mut rig in [Rig::new(), rig()] {
        rig.feed(&[alive(PING), alive(PONG), alive(PING)].concat()).unwrap();
        assert_eq!(rig.sent(), [sent(PONG), sent(PONG)]);
    }
}

#[test]
fn unsent_bytes_are_a_sign_of_life_by_themselves() {
    let mut rig = rig();
    rig.engine.outbox.buffer().resize(64 * 1024, 0);
    rig.feed(&alive(PING)).unwrap();
    assert_eq!(rig.engine.outbox.len(), 64 * 1024 + 28);
    rig.feed(&alive(PING)).unwrap();
    rig.tick(1000).unwrap();
    assert_eq!(rig.engine.outbox.len(), 64 * 1024 + 28);
}

#[test]
fn a_silent_daemon_that_owes_little_is_given_up_after_the_pings() {
    let mut rig = rig();
    let (pings, reason) = silence(&mut rig);
    assert_eq!(pings, [1, 2]);
    assert_dead(&reason, 3, &[]);

    let mut rig = self::rig();
    for _ in 0..MAX_REQUESTS - 1 {
        rig.call(CallSetup { procedure: "call", ..setup() });
    }
    let (pings, reason) = silence(&mut rig);
    assert_eq!(pings, [1, 2]);
    assert_dead(&reason, 3, &[("call", MAX_REQUESTS - 1)]);
}

#[test]
fn a_silent_daemon_that_may_be_busy_is_given_more_time() {
    let mut rig = rig();
    for _ in 0..MAX_REQUESTS {
        let serial = rig.call(CallSetup { procedure: "call", ..setup() });
        // The daemon owes the reply of an abandoned call, too.
        rig.engine.abandon(serial);
    }
    let (pings, reason) = silence(&mut rig);
    assert_eq!(pings, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_dead(&reason, 10, &[("call", MAX_REQUESTS)]);
}

#[test]
fn whatever_arrives_restarts_the_interval() {
    let mut rig = rig();
    let serial = rig.call(setup());
    let mut now = 0;
    for message in [
        alive(PONG),
        alive(PING),
        reply(serial, b""),
        data(serial, b""),
    ] {
        rig.tick(now + 1000).unwrap();
        rig.tick(now + 2000).unwrap();
        rig.now = now + 2500;
        rig.feed(&message).unwrap();
        rig.sent();
        now = rig.now;
        assert_eq!(rig.engine.deadline(), Some(rig.at(now + 1000)));
    }
    let part = reply(serial, b"");
    rig.tick(now + 1000).unwrap();
    rig.now = now + 1500;
    rig.feed(&part[..7]).unwrap();
    assert_eq!(rig.engine.deadline(), Some(rig.at(now + 2500)));
}

#[test]
fn no_verdict_is_passed_while_this_side_does_not_read() {
    let mut rig = rig();
    let stream = rig.open();
    rig.feed(&data(stream, &[0; BUDGET])).unwrap();
    assert!(rig.engine.is_behind());
    assert_eq!(rig.engine.gate(rig.now()), Gate::Paused(None));
    for seconds in 1..30 {
        rig.tick(seconds * 1000).unwrap();
        assert_eq!(rig.sent(), [sent(PING)]);
    }
    rig.item(stream);
    assert!(!rig.engine.is_behind());
    rig.tick(30_000).unwrap();
    rig.tick(31_000).unwrap();
    rig.tick(32_000).unwrap_err();
}

#[test]
fn a_connection_that_breaks_after_a_silence_says_so() {
    let ended = |answer: Option<Vec<u8>>, calls: usize| {
        let mut rig = rig();
        for _ in 0..calls {
            rig.call(CallSetup { procedure: "call", ..setup() });
        }
        rig.now = 1001;
        if let Some(message) = answer {
            rig.feed(&message).unwrap();
        }
        rig.end(CloseReason::Eof);
        rig.engine.ended().unwrap().clone()
    };
    // A ping is no answer.
    for answer in [None, Some(alive(PING))] {
        let CloseReason::CutOff { cause, silence } = ended(answer, 1) else {
            panic!("the daemon was silent");
        };
        assert!(matches!(*cause, CloseReason::Eof));
        assert_eq!(silence.lasted, Duration::from_millis(1001));
        assert_eq!(silence.unanswered, [("call", 1)]);
    }
    assert!(matches!(ended(Some(alive(PONG)), 1), CloseReason::Eof));
    assert!(matches!(ended(None, 0), CloseReason::Eof));
}

#[test]
fn without_keepalive_nothing_is_asked() {
    let mut rig = rig();
    rig.engine.set_keepalive(None);
    assert!(!rig.engine.keeps_alive());
    assert_eq!(rig.engine.deadline(), None);
    rig.tick(100_000).unwrap();
    assert_eq!(rig.sent(), []);
}
