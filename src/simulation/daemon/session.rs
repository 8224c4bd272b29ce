//! One connection of a daemon: what it reads, does, and sends.

use std::collections::{BTreeMap, VecDeque};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::events::Registrations;
use super::flows::{Flow, Next};
use crate::protocol::{Event as _, Request as _, keepalive, remote};
use crate::rpc::header::{Header, MessageType, ProcedureId, Status};
use crate::simulation::descriptors::{mark_of, marked};
use crate::simulation::network::{Cut, Link, news_or};
use crate::simulation::wire::{Message, error, message, number, take_message, whole, words};
use crate::simulation::world::World;

/// Unread bytes above which no stream goes on.
const FULL: usize = 256 * 1024;

pub(crate) struct Session {
    world: Arc<World>,
    pub(crate) link: Arc<Link>,
    state: Mutex<State>,
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "it may be all of them at once"
)]
struct State {
    reads: bool,
    writes: bool,
    is_well: bool,
    inbox: Vec<u8>,
    /// The number on this connection of the first byte of `inbox`.
    inbox_begin: u64,
    descriptors: VecDeque<(u64, OwnedFd)>,
    /// Requests that it works on.
    working: usize,
    long: usize,
    guest: usize,
    due: BTreeMap<(Instant, u64), Deed>,
    last_deed: u64,
    last_answer: Instant,
    /// What it will not answer before it is well.
    hung: Vec<Answer>,
    flows: BTreeMap<u32, Flow>,
    /// Streams that go on once the client has read.
    blocked: Vec<u32>,
    pings: usize,
    pongs: usize,
    registrations: Registrations,
    /// It has sent what no client can bear.
    has_lied: bool,
}

/// What a daemon does at its time.
enum Deed {
    Answer(Answer),
    Flow(u32),
    Burst,
    Ping,
}

/// A call, and what it will be told.
struct Answer {
    call: Message,
    status: Status,
    payload: Vec<u8>,
}

impl State {
    fn schedule(&mut self, at: Instant, deed: Deed) {
        self.last_deed += 1;
        self.due.insert((at, self.last_deed), deed);
    }
}

impl Session {
    pub(crate) fn start(world: &Arc<World>) -> Arc<Self> {
        let now = Instant::now();
        let session = Arc::new(Self {
            world: Arc::clone(world),
            link: Link::new(world),
            state: Mutex::new(State {
                reads: true,
                writes: true,
                is_well: false,
                inbox: Vec::new(),
                inbox_begin: 0,
                descriptors: VecDeque::new(),
                working: 0,
                long: 0,
                guest: 0,
                due: BTreeMap::new(),
                last_deed: 0,
                last_answer: now,
                hung: Vec::new(),
                flows: BTreeMap::new(),
                blocked: Vec::new(),
                pings: 0,
                pongs: 0,
                registrations: Registrations::default(),
                has_lied: false,
            }),
        });
        if let Some(interval) = world.plan.pings {
            session.lock().schedule(now + interval, Deed::Ping);
        }
        tokio::spawn(Arc::clone(&session).run());
        session
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(self: Arc<Self>) {
        loop {
            if !self.read() {
                break;
            }
            let next = self.act();
            news_or(&self.link, next).await;
        }
        self.world.note(|| "the daemon is done with the connection".to_owned());
        self.link.cut(Cut::End);
        let mut state = self.lock();
        state.due.clear();
        state.hung.clear();
    }

    pub(crate) fn has_lied(&self) -> bool {
        self.lock().has_lied
    }

    /// Stops, or goes on, reading and writing.
    pub(crate) fn set(&self, reads: bool, writes: bool) {
        let mut state = self.lock();
        (state.reads, state.writes) = (reads, writes);
        drop(state);
        self.link.news.notify_one();
    }

    pub(crate) fn heal(&self) {
        let mut state = self.lock();
        (state.reads, state.writes, state.is_well) = (true, true, true);
        for call in std::mem::take(&mut state.hung) {
            state.schedule(Instant::now(), Deed::Answer(call));
        }
        drop(state);
        self.link.heal();
    }

    pub(crate) fn registrations(&self) -> usize {
        self.lock().registrations.callbacks().len()
    }

    /// Returns how many events of this kind there have been, if they are registered for.
    pub(crate) fn events(&self, what: (u32, u32)) -> Option<u32> {
        self.lock().registrations.count(what)
    }

    /// Returns how many events there have been, of all kinds.
    pub(crate) fn events_sent(&self) -> u32 {
        self.lock().registrations.sent
    }

    /// Sends so many events, or as many as the plan has at most.
    pub(crate) fn burst(&self) {
        let mut state = self.lock();
        if state.writes
            && let Some(bytes) = self.events_of(&mut state)
        {
            self.link.send(&bytes, Vec::new());
        }
    }

    fn events_of(&self, state: &mut State) -> Option<Vec<u8>> {
        let callbacks = state.registrations.callbacks();
        let mut random = self.world.random();
        let callback = *callbacks.get(random.below(callbacks.len()))?;
        let count = random.magnitude(self.world.plan.burst);
        drop(random);
        self.world.note(|| format!("{count} events by {callback}"));
        Some(state.registrations.burst(callback, count))
    }

    /// Sends so many pings.
    pub(crate) fn ping(&self, count: usize) {
        let mut state = self.lock();
        if state.writes {
            state.pings += count;
            let ping = keepalive_message(keepalive::Ping::INFO.number);
            self.link.send(&ping.repeat(count), Vec::new());
        }
    }

    /// Answers what nobody has asked, which must end the connection.
    pub(crate) fn lie(&self) {
        let mut state = self.lock();
        if state.writes {
            state.has_lied = true;
            let serial = 0x7fff_0000;
            let reply = message(MessageType::Reply, number::SHORT[0], serial, Status::Ok, &[]);
            self.link.send(&reply, Vec::new());
        }
    }

    /// Reads what it may; returns `false` at the end.
    fn read(&self) -> bool {
        let mut state = self.lock();
        loop {
            if !state.reads {
                return !self.link.is_over();
            }
            let limit = if state.is_well {
                usize::MAX
            } else {
                self.world.plan.works_on
            };
            if state.working >= limit {
                return !self.link.is_over();
            }
            match take_message(&mut state.inbox) {
                Ok(Some(message)) => {
                    self.check_descriptors(&mut state, &message);
                    if !self.receive(&mut state, message) {
                        return false;
                    }
                }
                Ok(None) => {
                    let Some(taken) = self.link.take(64 * 1024) else {
                        return false;
                    };
                    if taken.bytes.is_empty() {
                        return true;
                    }
                    state.inbox.extend(taken.bytes);
                    state.descriptors.extend(taken.descriptors);
                }
                Err(what) => {
                    self.world.fail(what);
                    return false;
                }
            }
        }
    }

    /// Acts on one message; returns `false` where that is the end.
    fn receive(&self, state: &mut State, message: Message) -> bool {
        let Header { id, kind, serial, status } = message.header;
        if id.program == keepalive::PROGRAM.number {
            self.alive(state, id.procedure);
            return true;
        }
        match kind {
            MessageType::Call | MessageType::CallWithFds => self.begin(state, message),
            MessageType::Stream | MessageType::StreamHole => {
                if let Some(flow) = state.flows.get_mut(&serial) {
                    flow.receive(&self.world, &message);
                    if status != Status::Continue {
                        let at = Instant::now() + self.delay(state);
                        state.schedule(at, Deed::Flow(serial));
                    }
                }
                true
            }
            other => {
                self.world.fail(format!("the client sent {other:?}"));
                false
            }
        }
    }

    fn alive(&self, state: &mut State, procedure: u32) {
        if procedure == keepalive::Pong::INFO.number {
            state.pongs += 1;
            let (asked, answered) = (state.pings, state.pongs);
            let text = || format!("{answered} pongs to {asked} pings");
            self.world.check(answered <= asked, text);
        } else if (self.world.plan.pongs || state.is_well) && state.writes {
            let pong = keepalive_message(keepalive::Pong::INFO.number);
            self.link.send(&pong, Vec::new());
        }
    }

    fn delay(&self, state: &State) -> Duration {
        if state.is_well {
            Duration::from_millis(1)
        } else {
            self.world.random().time(self.world.plan.answer_ms)
        }
    }

    /// Begins to work on a call; returns `false` where that is the end.
    fn begin(&self, state: &mut State, call: Message) -> bool {
        let plan = &self.world.plan;
        let serial = call.header.serial;
        let procedure = call.header.id.procedure;
        let token = call.word(0);
        self.world.note(|| format!("call {procedure} #{serial:x} of {token} is read"));
        state.working += 1;
        let mut random = self.world.random();
        let mut fails = !state.is_well && random.permille(plan.errors);
        let mut hangs = !state.is_well && random.permille(plan.silences);
        let is_early = random.permille(plan.early_data);
        drop(random);
        let payload = match procedure {
            _ if procedure == remote::AuthList::INFO.number => {
                (fails, hangs) = (false, false);
                words(&[0])
            }
            _ if procedure == remote::ConnectSupportsFeature::INFO.number => {
                (fails, hangs) = (false, false);
                words(&[1])
            }
            _ if procedure == remote::ConnectOpen::INFO.number => {
                fails = false;
                Vec::new()
            }
            _ if procedure == remote::ConnectClose::INFO.number => {
                let reply = message(MessageType::Reply, procedure, serial, Status::Ok, &[]);
                if state.writes {
                    self.link.send(&reply, Vec::new());
                }
                return true;
            }
            number::HOST | number::GUEST => {
                self.count_long(state, procedure);
                words(&[token])
            }
            number::STREAM => {
                state.flows.insert(serial, Flow::new(&self.world, &call));
                if is_early {
                    state.schedule(Instant::now(), Deed::Flow(serial));
                }
                words(&[token])
            }
            number::REGISTER | number::REGISTER_OLD if fails => Vec::new(),
            number::REGISTER | number::REGISTER_OLD => {
                match state.registrations.register(&call, procedure == number::REGISTER) {
                    Ok(callback) => {
                        state.schedule(Instant::now(), Deed::Burst);
                        words(&[callback])
                    }
                    Err(what) => {
                        self.world.fail(what);
                        return false;
                    }
                }
            }
            number::DEREGISTER | number::DEREGISTER_OLD => {
                fails = false;
                let has_id = procedure == number::DEREGISTER;
                if let Err(what) = state.registrations.deregister(&call, has_id) {
                    self.world.fail(what);
                }
                Vec::new()
            }
            _ => words(&[token]),
        };
        let (status, payload) = if fails {
            (Status::Error, error(token))
        } else {
            (Status::Ok, payload)
        };
        let answer = Answer { call, status, payload };
        if hangs {
            state.hung.push(answer);
            return true;
        }
        let mut at = Instant::now() + self.delay(state);
        if plan.in_order {
            at = at.max(state.last_answer);
            state.last_answer = at;
        }
        state.schedule(at, Deed::Answer(answer));
        true
    }

    /// Counts a call that takes long; the client must not give a daemon too many.
    fn count_long(&self, state: &mut State, procedure: u32) {
        state.long += 1;
        state.guest += usize::from(procedure == number::GUEST);
        let plan = &self.world.plan;
        let max_long = plan.max_long.unwrap_or(plan.max_requests - 1).max(1);
        let max_guest = (max_long - 1).max(1);
        let (long, guest) = (state.long, state.guest);
        self.world.check(long <= max_long && guest <= max_guest, || {
            format!("{long} calls that take long, {guest} for guests, at a time; not {max_long}")
        });
    }

    /// Does what is due; returns when something is next.
    fn act(&self) -> Option<Instant> {
        let mut state = self.lock();
        loop {
            if !state.writes {
                return None;
            }
            if self.link.unread() <= FULL {
                for serial in std::mem::take(&mut state.blocked) {
                    state.schedule(Instant::now(), Deed::Flow(serial));
                }
            }
            let next = state.due.first_entry()?;
            let at = next.key().0;
            if at > Instant::now() {
                return Some(at);
            }
            match next.remove() {
                Deed::Answer(answer) => {
                    self.answer(&mut state, answer);
                    drop(state);
                    // There may be another request.
                    if !self.read() {
                        return Some(Instant::now());
                    }
                    state = self.lock();
                }
                Deed::Flow(serial) => self.flow(&mut state, serial),
                Deed::Burst => {
                    if let Some(bytes) = self.events_of(&mut state) {
                        self.link.send(&bytes, Vec::new());
                        if !state.is_well {
                            let at = Instant::now() + self.world.random().time(10_000);
                            state.schedule(at, Deed::Burst);
                        }
                    }
                }
                Deed::Ping => {
                    state.pings += 1;
                    self.link.send(&keepalive_message(keepalive::Ping::INFO.number), Vec::new());
                    let interval = self.world.plan.pings.unwrap_or(Duration::from_secs(5));
                    state.schedule(Instant::now() + interval, Deed::Ping);
                }
            }
        }
    }

    fn answer(&self, state: &mut State, answer: Answer) {
        let Answer { call, status, payload } = answer;
        let Header { id, serial, .. } = call.header;
        state.working -= 1;
        match id.procedure {
            number::HOST | number::GUEST => {
                state.long -= 1;
                state.guest -= usize::from(id.procedure == number::GUEST);
            }
            number::STREAM if status == Status::Ok => {
                if let Some(flow) = state.flows.get_mut(&serial) {
                    flow.is_open = true;
                }
                state.schedule(Instant::now(), Deed::Flow(serial));
            }
            number::STREAM => drop(state.flows.remove(&serial)),
            _ => {}
        }
        self.world.note(|| format!("#{serial:x} is answered: {status:?}"));
        let passes = self.world.plan.descriptors && !self.world.plan.records;
        let is_odd = !state.is_well && self.world.random().permille(self.world.plan.odd);
        let surplus = |is_odd: bool| is_odd.then(|| marked(u32::MAX, 0)).into_iter();
        if id.procedure == number::DESCRIPTORS && status == Status::Ok {
            let count = call.word(1);
            let payload = [words(&[count]), payload].concat();
            let reply = message(MessageType::ReplyWithFds, id.procedure, serial, status, &payload);
            self.link.send(&reply, Vec::new());
            for index in 0..count {
                let ours = marked(call.word(0), index);
                let surplus = surplus(is_odd && index + 1 == count);
                self.link.send(&[0], [ours].into_iter().chain(surplus).collect());
            }
            return;
        }
        let reply = message(MessageType::Reply, id.procedure, serial, status, &payload);
        self.link.send(&reply, surplus(is_odd && passes).collect());
        if is_odd {
            self.link.send(&self.odd_message(), Vec::new());
        }
    }

    /// A message that a client must ignore.
    fn odd_message(&self) -> Vec<u8> {
        let serial = 0x7fff_0000;
        let stray = |kind, status| message(kind, number::STREAM, serial, status, &[1, 2, 3, 4]);
        match self.world.random().below(5) {
            0 => stray(MessageType::Stream, Status::Continue),
            1 => stray(MessageType::Stream, Status::Error),
            2 => stray(MessageType::StreamHole, Status::Continue),
            3 => keepalive_message(keepalive::Pong::INFO.number),
            _ => message(MessageType::Message, 1101, 0, Status::Ok, &words(&[u32::MAX, 0, 0])),
        }
    }

    fn flow(&self, state: &mut State, serial: u32) {
        if self.link.unread() > FULL {
            state.blocked.push(serial);
            return;
        }
        let Some(flow) = state.flows.get_mut(&serial) else {
            return;
        };
        let (packet, next) = flow.step(&self.world);
        if !packet.is_empty() {
            self.link.send(&packet, Vec::new());
        }
        match next {
            Next::More => {
                let mut at = Instant::now();
                let mut random = self.world.random();
                if !state.is_well && random.permille(200) {
                    at += random.time(1000);
                }
                drop(random);
                state.schedule(at, Deed::Flow(serial));
            }
            Next::Rest => {}
            Next::Gone => drop(state.flows.remove(&serial)),
        }
    }

    /// Takes the descriptors that belong to a message, and checks that they are the right ones.
    fn check_descriptors(&self, state: &mut State, message: &Message) {
        let begin = state.inbox_begin + message.length as u64;
        let end = begin + message.descriptors as u64;
        state.inbox_begin = end;
        for (index, place) in (begin..end).enumerate() {
            let came = state.descriptors.pop_front();
            let is_right = came.is_some_and(|(at, descriptor)| {
                at == place && mark_of(descriptor) == Some((message.word(0), index as u32))
            });
            self.world
                .check(is_right, || "another descriptor came than was sent".to_owned());
        }
    }
}

fn keepalive_message(procedure: u32) -> Vec<u8> {
    let id = ProcedureId::new(keepalive::PROGRAM, procedure);
    whole(
        &Header {
            id,
            kind: MessageType::Message,
            serial: 0,
            status: Status::Ok,
        },
        &[],
    )
}
