//! One client's conversation.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::protocol::remote::auth::AuthType;
use crate::protocol::{Event as _, EventInfo, Request as _, keepalive, remote};
use crate::rpc::header::{Header, MessageType, ProcedureId, Status};
use crate::test_driver::connect;
use crate::test_driver::doors::Door;
use crate::test_driver::events::ClientId;
use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::faults::Fault;
use crate::test_driver::function_name;
use crate::test_driver::host::{self, Host};
use crate::test_driver::outgoing::Outgoing;
use crate::test_driver::routes::{self, Answer, Routes};
use crate::test_driver::state::State;
use crate::test_driver::work::Work;
use crate::types::connect::ConnectFlags;
use crate::types::error::{ErrorCode, ErrorDomain};
use crate::xdr::{Encode, EncodeError, WireStr, Writer};

static ROUTES: LazyLock<Routes> = LazyLock::new(host::routes);

/// The size of a stream's packets.
const PACKET: usize = 256 * 1024;

/// How the connection of a client ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// What waits to be sent is sent.
    Soft,
    /// Nothing more is sent.
    Hard,
}

/// A client's conversation with the host that it has opened.
pub(super) struct Session {
    door: Door,
    opened: Option<Opened>,
    outgoing: Arc<Outgoing>,
    /// The streams that are open, by their serials.
    streams: BTreeMap<u32, Direction>,
    places: Arc<Semaphore>,
}

/// Which way the data of a stream goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    ToClient,
    /// The client has sent data to a stream that has none to take.
    Wrong,
}

/// The host that a client has opened.
struct Opened {
    host: Arc<Host>,
    client: ClientId,
    uri: String,
    read_only: bool,
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.host.state().events.remove_client(self.client);
    }
}

impl Session {
    pub(super) fn new(door: Door, outgoing: Arc<Outgoing>) -> Self {
        let places = Arc::new(Semaphore::new(1));
        Self {
            door,
            opened: None,
            outgoing,
            streams: BTreeMap::new(),
            places,
        }
    }

    /// Waits until the client may have another call in progress.
    pub(super) async fn wait_for_place(&self) {
        let _returned = self.places.acquire().await;
    }

    /// Handles a message; returns how the connection ends if it does.
    pub(super) async fn handle(&mut self, header: Header, payload: &[u8]) -> Option<End> {
        let alive = |info: &EventInfo| ProcedureId::from(info) == header.id;
        match header.kind {
            MessageType::Message if alive(&keepalive::Ping::INFO) => {
                let id = ProcedureId::from(&keepalive::Pong::INFO);
                self.send(Header { id, ..header }, &());
                None
            }
            MessageType::Message if alive(&keepalive::Pong::INFO) => None,
            MessageType::Call if header.status == Status::Ok => self.call(header, payload).await,
            MessageType::CallWithFds => {
                // What follows, a byte for each descriptor, cannot be told from the next message.
                let function = function_name(header.id.procedure);
                self.fail(header, &Failure::unsupported(function));
                Some(End::Soft)
            }
            MessageType::Stream => {
                self.stream(header, payload);
                None
            }
            MessageType::StreamHole => None,
            _ => {
                self.fail(header, &rpc_failure("unexpected message type or status"));
                None
            }
        }
    }

    async fn call(&mut self, header: Header, payload: &[u8]) -> Option<End> {
        let number = header.id.procedure;
        let is_remote = header.id.program == remote::PROGRAM.number;
        if !ROUTES.has_program(header.id.program) {
            let detail = format!("Cannot find program {}", header.id.program);
            self.fail(header, &rpc_failure(detail));
            return None;
        }
        if self.opened.is_none() && self.door.is_down() {
            return Some(End::Hard);
        }
        if is_remote && number == remote::ConnectClose::INFO.number {
            self.reply(header, &[]);
            return Some(End::Soft);
        }
        let opened = self.opened.as_ref().filter(|_| is_remote);
        let fault = opened.and_then(|opened| opened.host.called(number, payload));
        match fault {
            None if self.opened.is_none() => {
                self.answer(header, payload).await;
                // It may have been stopped meanwhile, when this client was not known yet.
                if self.opened.as_ref().is_some_and(|opened| opened.host.is_down()) {
                    return Some(End::Hard);
                }
            }
            None => self.answer(header, payload).await,
            Some(Fault::Fail(failure)) => self.fail(header, &failure),
            Some(Fault::Unknown) => self.fail(header, &unknown(number)),
            Some(Fault::Answer(reply)) => self.deliver(header, Ok(Answer::Reply(reply))),
            Some(Fault::Hang) => {
                // The place is taken as long as the connection lives.
                if let Ok(place) = self.places.acquire().await {
                    place.forget();
                }
            }
            Some(Fault::Delay(delay)) => self.answer_later(header, payload, delay).await,
            Some(Fault::CutBefore) => return Some(End::Hard),
            Some(Fault::CutAfter) => {
                self.answer(header, payload).await;
                return Some(End::Hard);
            }
        }
        None
    }

    async fn answer(&mut self, header: Header, payload: &[u8]) {
        let number = header.id.procedure;
        let Some(host) = self.opened.as_ref().map(|opened| Arc::clone(&opened.host)) else {
            let result = self.before_opening(number, payload).await;
            return self.deliver(header, result);
        };
        let mut state = host.state();
        let mut result = self.execute(&mut state, header, payload);
        if let Ok(Answer::Ask(ask)) = result {
            drop(state);
            result = ask();
            state = host.state();
        }
        self.deliver(header, result);
        state.events.flush();
    }

    /// Executes a call at once and answers it later.
    async fn answer_later(&mut self, header: Header, payload: &[u8], delay: Duration) {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let outgoing = Arc::new(Outgoing::default());
        let own = std::mem::replace(&mut self.outgoing, Arc::clone(&outgoing));
        self.answer(header, payload).await;
        self.outgoing = Arc::clone(&own);
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            own.push_encoded(&outgoing.take_now());
            drop(place);
        });
    }

    /// Answers a call before a host is open.
    async fn before_opening(&mut self, number: u32, payload: &[u8]) -> Result<Answer> {
        if number == remote::AuthList::INFO.number {
            let types = vec![AuthType::None];
            return routes::encode(&remote::AuthListRet { types });
        }
        if number == remote::ConnectSupportsFeature::INFO.number {
            let request = routes::decode::<remote::ConnectSupportsFeature>(payload)?;
            let supported = connect::supports(request.feature.into()).into();
            return routes::encode(&remote::ConnectSupportsFeatureRet { supported });
        }
        if number != remote::ConnectOpen::INFO.number {
            return Err(internal("connection not open"));
        }
        let request = routes::decode::<remote::ConnectOpen<'_>>(payload)?;
        let uri = request.name.map(WireStr::into_owned).unwrap_or_default();
        let host = self.door.open(&uri).await?;
        let client = host.state().events.add_client(Arc::clone(&self.outgoing));
        self.places = Arc::new(Semaphore::new(host.requests_at_a_time()));
        let read_only = request.flags.contains(ConnectFlags::RO);
        self.opened = Some(Opened { host, client, uri, read_only });
        Ok(Answer::Reply(Vec::new()))
    }

    fn execute(&self, state: &mut State, header: Header, payload: &[u8]) -> Result<Answer> {
        let ProcedureId { program, procedure: number, .. } = header.id;
        let is_remote = program == remote::PROGRAM.number;
        let Some(opened) = &self.opened else {
            return Err(internal("connection not open"));
        };
        if is_remote && number == remote::ConnectOpen::INFO.number {
            return Err(internal("connection already open"));
        }
        let Some(route) = ROUTES.get(program, number) else {
            return Err(match function_name(number) {
                name if is_remote && !name.is_empty() => Failure::unsupported(name),
                _ => unknown(number),
            });
        };
        let mut work = Work { state, client: opened.client, uri: &opened.uri };
        route.run(&mut work, payload, opened.read_only)
    }

    fn deliver(&mut self, header: Header, result: Result<Answer>) {
        match result {
            Ok(Answer::Reply(reply)) => self.reply(header, &reply),
            Ok(Answer::Download(reply, content)) => {
                self.reply(header, &reply);
                self.streams.insert(header.serial, Direction::ToClient);
                let packet = Header {
                    kind: MessageType::Stream,
                    status: Status::Continue,
                    ..header
                };
                for piece in content.chunks(PACKET) {
                    self.send(packet, &Raw(piece));
                }
                // An empty packet is the end of the data.
                self.send(packet, &());
            }
            Ok(Answer::Ask(ask)) => self.deliver(header, ask()),
            Err(failure) => self.fail(header, &failure),
        }
    }

    /// Confirms that a stream is finished or aborted.
    fn stream(&mut self, header: Header, payload: &[u8]) {
        if header.status == Status::Continue {
            if let Some(direction) = self.streams.get_mut(&header.serial)
                && !payload.is_empty()
            {
                *direction = Direction::Wrong;
            }
            return;
        }
        match self.streams.remove(&header.serial) {
            Some(Direction::ToClient) => self.send(Header { status: Status::Ok, ..header }, &()),
            Some(Direction::Wrong) => {
                let detail = "stream had unexpected termination";
                let failure = Failure::of(ErrorDomain::Streams, ErrorCode::Rpc, detail);
                self.send(Header { status: Status::Error, ..header }, &failure.wire());
            }
            None => {}
        }
    }

    fn reply(&self, header: Header, reply: &[u8]) {
        self.send(Header { kind: MessageType::Reply, status: Status::Ok, ..header }, &Raw(reply));
    }

    fn fail(&self, header: Header, failure: &Failure) {
        let header = Header { kind: MessageType::Reply, status: Status::Error, ..header };
        self.send(header, &failure.wire());
    }

    fn send(&self, header: Header, payload: &impl Encode) {
        if let Err(error) = self.outgoing.push(&header, payload) {
            tracing::warn!(%error, "a message of the test driver cannot be encoded");
        }
    }
}

/// A payload that is encoded already.
struct Raw<'a>(&'a [u8]);

impl Encode for Raw<'_> {
    fn encode(&self, writer: &mut Writer<'_>) -> std::result::Result<(), EncodeError> {
        writer.put(self.0)
    }
}

fn rpc_failure(detail: impl Display) -> Failure {
    Failure::of(ErrorDomain::Rpc, ErrorCode::Rpc, detail)
}

fn internal(detail: &str) -> Failure {
    Failure::of(ErrorDomain::Rpc, ErrorCode::InternalError, detail)
}

fn unknown(number: u32) -> Failure {
    rpc_failure(format_args!("unknown procedure: {number}"))
}
