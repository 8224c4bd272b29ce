//! Events before, during and after their registration.

use super::backpressure::{gate, paused};
use super::*;
use crate::rpc::backpressure::Gate;
use crate::rpc::events::{Batch, Binding, EventQueue, Group, Taken};

const EVENT: ProcedureId = ProcedureId { procedure: 318, ..PROCEDURE };

/// Returns an event with its callback ID, and a number to identify it.
fn event(callback: i32, number: i32) -> Vec<u8> {
    let body = [callback.to_be_bytes(), number.to_be_bytes()].concat();
    message(EVENT, MessageType::Message, 0, Status::Ok, &body)
}

/// Returns a registration's reply.
fn registered(serial: u32, callback: i32) -> Vec<u8> {
    reply(serial, &callback.to_be_bytes())
}

fn binding(group: Group) -> Binding {
    Binding { event: EVENT, has_callback_id: true, group }
}

/// A subscriber.
struct Subscriber {
    queue: Arc<EventQueue>,
    caller: Caller,
    batch: Batch,
}

impl Subscriber {
    fn new(rig: &mut Rig, group: Group) -> Self {
        Self::with_limit(rig, group, usize::MAX)
    }

    fn with_limit(rig: &mut Rig, group: Group, max_events: usize) -> Self {
        let queue = EventQueue::new(max_events, usize::MAX);
        rig.engine.events().join(group, Arc::clone(&queue));
        Self { queue, caller: Caller::new(), batch: Batch::default() }
    }

    fn poll(&mut self) -> Poll<Taken> {
        self.queue.poll_take(&mut self.batch, &self.caller.waker)
    }

    /// Returns the numbers of the events received, and how many were lost after them.
    fn take(&mut self) -> (Vec<i32>, u64) {
        match self.poll() {
            Poll::Pending => (Vec::new(), 0),
            Poll::Ready(Taken::Batch { lagged }) => {
                let number = |index| {
                    let (kind, body) = self.batch.get(index).unwrap();
                    assert_eq!(kind, (EVENT.program, EVENT.procedure));
                    i32::from_be_bytes(*body.last_chunk().unwrap())
                };
                ((0..self.batch.len()).map(number).collect(), lagged)
            }
            Poll::Ready(Taken::Ended(reason)) => panic!("{reason:?}"),
        }
    }

    fn numbers(&mut self) -> Vec<i32> {
        let (numbers, lagged) = self.take();
        assert_eq!(lagged, 0);
        numbers
    }
}

/// Returns a group with one subscriber, and the serial of the registration in flight.
fn subscribe(rig: &mut Rig) -> (Group, Subscriber, u32) {
    let group = rig.engine.events().open_group();
    let subscriber = Subscriber::new(rig, group);
    let serial = rig.call(CallSetup { binding: Some(binding(group)), ..setup() });
    (group, subscriber, serial)
}

#[test]
fn nothing_is_missed_around_a_registrations_reply() {
    let mut rig = Rig::new();
    // Events before a registration have no recipient.
    rig.feed(&event(7, 0)).unwrap();
    let (_, mut subscriber, serial) = subscribe(&mut rig);
    assert_eq!(subscriber.numbers(), [0; 0]);
    rig.feed(&[event(7, 1), event(8, -1)].concat()).unwrap();
    rig.feed(&event(7, 2)).unwrap();
    assert_eq!(subscriber.caller.woken(), 0);
    // The reply and the events right after it arrive in one read.
    rig.feed(&[registered(serial, 7), event(7, 3), event(8, -1)].concat()).unwrap();
    assert_eq!(subscriber.caller.woken(), 1);
    rig.feed(&event(7, 4)).unwrap();
    assert_eq!(rig.outcome(serial), 7_i32.to_be_bytes()[..]);
    assert_eq!(subscriber.numbers(), [1, 2, 3, 4]);
    rig.feed(&event(7, 5)).unwrap();
    assert_eq!(subscriber.numbers(), [5]);
    rig.assert_idle();
}

#[test]
fn registrations_of_one_kind_that_are_under_way_together_get_their_own() {
    let mut rig = Rig::new();
    let (_, mut first, one) = subscribe(&mut rig);
    let (_, mut second, two) = subscribe(&mut rig);
    rig.feed(&[event(1, 10), event(2, 20)].concat()).unwrap();
    rig.feed(&registered(two, 2)).unwrap();
    rig.feed(&[event(1, 11), event(2, 21)].concat()).unwrap();
    rig.feed(&registered(one, 1)).unwrap();
    rig.feed(&[event(1, 12), event(2, 22)].concat()).unwrap();
    assert_eq!(first.numbers(), [10, 11, 12]);
    assert_eq!(second.numbers(), [20, 21, 22]);
}

#[test]
fn kinds_without_callback_ids_go_to_whoever_wants_the_kind() {
    let mut rig = Rig::new();
    let group = rig.engine.events().open_group();
    let mut subscriber = Subscriber::new(&mut rig, group);
    let binding = Binding { has_callback_id: false, ..binding(group) };
    // The second registration misses as little as the first.
    for _ in 0..2 {
        let serial = rig.call(CallSetup { binding: Some(binding.clone()), ..setup() });
        rig.feed(&event(1, 1)).unwrap();
        rig.feed(&[reply(serial, b""), event(2, 2)].concat()).unwrap();
        assert_eq!(subscriber.numbers(), [1, 2]);
        rig.engine.events().unbind(group);
        rig.feed(&event(1, 3)).unwrap();
        assert_eq!(subscriber.numbers(), [0; 0]);
    }
}

/// Returns a subscriber whose queue holds four events and has three.
fn filling(rig: &mut Rig) -> (Group, Subscriber) {
    let group = rig.engine.events().open_group();
    let subscriber = Subscriber::with_limit(rig, group, 4);
    let serial = rig.call(CallSetup { binding: Some(binding(group)), ..setup() });
    rig.feed(&registered(serial, 7)).unwrap();
    rig.outcome(serial);
    for number in 0..3 {
        assert_eq!(gate(rig, 0), Gate::Open);
        rig.feed(&event(7, number)).unwrap();
    }
    (group, subscriber)
}

#[test]
fn reading_pauses_for_a_subscriber_that_catches_up() {
    let mut rig = Rig::new();
    let (_, mut subscriber) = filling(&mut rig);
    assert_eq!(gate(&mut rig, 10), paused(&rig, 11));
    assert_eq!(gate(&mut rig, 11), paused(&rig, 12));
    assert_eq!(subscriber.numbers(), [0, 1, 2]);
    assert_eq!(gate(&mut rig, 12), Gate::Open);
    assert!(!rig.engine.is_behind());
}

#[test]
fn reading_pauses_once_and_not_for_long_for_a_subscriber_that_does_not() {
    let mut rig = Rig::new();
    let (_, mut subscriber) = filling(&mut rig);
    assert_eq!(gate(&mut rig, 0), paused(&rig, 1));
    assert_eq!(gate(&mut rig, 19), paused(&rig, 20));
    assert_eq!(gate(&mut rig, 20), Gate::Open);
    for number in 3..9 {
        rig.feed(&event(7, number)).unwrap();
        assert_eq!(gate(&mut rig, 20), Gate::Open);
    }
    assert_eq!(subscriber.take(), (vec![0, 1, 2, 3], 5));
    // It has moved, and may be worth waiting for again.
    for number in 9..12 {
        rig.feed(&event(7, number)).unwrap();
    }
    assert_eq!(gate(&mut rig, 30), paused(&rig, 31));
}

#[test]
fn reading_goes_on_when_the_subscriber_is_gone() {
    let mut rig = Rig::new();
    let (group, subscriber) = filling(&mut rig);
    assert_eq!(gate(&mut rig, 0), paused(&rig, 1));
    rig.engine.events().leave(group, &subscriber.queue);
    assert_eq!(gate(&mut rig, 0), Gate::Open);
}

#[test]
fn members_come_and_go() {
    let mut rig = Rig::new();
    let (group, mut first, serial) = subscribe(&mut rig);
    rig.feed(&registered(serial, 7)).unwrap();
    rig.feed(&event(7, 1)).unwrap();
    let mut second = Subscriber::new(&mut rig, group);
    rig.feed(&event(7, 2)).unwrap();
    rig.engine.events().leave(group, &first.queue);
    rig.feed(&event(7, 3)).unwrap();
    assert_eq!(first.numbers(), [1, 2]);
    assert_eq!(second.numbers(), [2, 3]);
}

#[test]
fn what_comes_after_unbinding_is_dropped_and_members_stay_for_the_next_registration() {
    let mut rig = Rig::new();
    let (group, mut subscriber, serial) = subscribe(&mut rig);
    rig.feed(&[registered(serial, 7), event(7, 1)].concat()).unwrap();
    rig.engine.events().unbind(group);
    rig.feed(&event(7, 2)).unwrap();
    assert_eq!(subscriber.numbers(), [1]);

    let serial = rig.call(CallSetup { binding: Some(binding(group)), ..setup() });
    // Late events of the old registration are kept with the rest, and have no recipient.
    rig.feed(&[event(7, 3), event(8, 4), registered(serial, 8), event(7, 5)].concat())
        .unwrap();
    assert_eq!(subscriber.numbers(), [4]);
}

#[test]
fn a_registration_that_fails_or_is_given_up_keeps_nothing() {
    let callback = &7_i32.to_be_bytes();
    // Refused; answered with something other than a callback ID; abandoned.
    for (status, body, given_up) in [
        (Status::Error, &callback[..], false),
        (Status::Ok, b"", false),
        (Status::Ok, callback, true),
    ] {
        let mut rig = Rig::new();
        let (group, mut subscriber, serial) = subscribe(&mut rig);
        rig.feed(&event(7, 1)).unwrap();
        if given_up {
            rig.engine.abandon(serial);
        }
        let answer = message(PROCEDURE, MessageType::Reply, serial, status, body);
        rig.feed(&[answer, event(7, 2)].concat()).unwrap();
        // Were anything kept, the next registration of the kind would get it.
        let serial = rig.call(CallSetup { binding: Some(binding(group)), ..setup() });
        rig.feed(&[registered(serial, 7), event(7, 3)].concat()).unwrap();
        assert_eq!(subscriber.numbers(), [3]);
    }
}

#[test]
fn a_group_that_was_closed_before_the_reply_gets_nothing() {
    let mut rig = Rig::new();
    let (group, mut subscriber, serial) = subscribe(&mut rig);
    rig.engine.events().close_group(group);
    rig.feed(&[event(7, 1), registered(serial, 7), event(7, 2)].concat()).unwrap();
    assert_eq!(subscriber.numbers(), [0; 0]);
}

#[test]
fn a_queue_that_is_full_says_how_much_it_lost() {
    let mut rig = Rig::new();
    let (group, mut subscriber, serial) = subscribe(&mut rig);
    let mut small = Subscriber::with_limit(&mut rig, group, 2);
    rig.feed(&registered(serial, 7)).unwrap();
    for number in 1..=5 {
        rig.feed(&event(7, number)).unwrap();
    }
    assert_eq!(small.take(), (vec![1, 2], 3));
    rig.feed(&event(7, 6)).unwrap();
    assert_eq!(small.take(), (vec![6], 0));
    assert_eq!(subscriber.numbers(), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn what_is_kept_for_a_registration_is_bounded() {
    let mut rig = Rig::new();
    let (_, mut subscriber, serial) = subscribe(&mut rig);
    for number in 0..1030 {
        rig.feed(&event(7, number)).unwrap();
    }
    rig.feed(&registered(serial, 7)).unwrap();
    assert_eq!(subscriber.take(), ((0..1024).collect(), 6));
}
