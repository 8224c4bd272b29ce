//! Two scripted hosts.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use libvirt_client::domain::Domain;
use libvirt_client::{Connect, ConnectBuilder};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use super::wire::{Fields, GET_STATE, IS_ACTIVE, LOOKUP_BY_NAME, LOOKUP_BY_UUID, domain, web};
use crate::peer::{Listener, Message, Peer, procedure, words};

pub use libvirt_client::MigrationSide as Side;
pub use libvirt_client::MigrationSide::{Destination, Source};

/// Maximum wait for a call, or for its answer.
const PATIENCE: Duration = Duration::from_secs(30);

pub const NO_DOMAIN: i32 = 42;
pub const QEMU: i32 = 10;

pub const RUNNING: Option<[u32; 2]> = Some([1, 1]);
pub const PAUSED: Option<[u32; 2]> = Some([3, 1]);

/// What a host answers by itself.
#[derive(Clone)]
pub struct Host {
    pub features: Vec<u32>,
    /// State and reason of the domain, if there is one.
    pub state: Option<[u32; 2]>,
    pub read_only: bool,
    /// It works on one request at a time.
    pub one_request: bool,
}

/// Two connections, and the calls that come over them.
pub struct Hosts {
    pub source: Connect,
    pub destination: Connect,
    /// A procedure whose calls are not looked at.
    pub ignored: Option<u32>,
    calls: UnboundedReceiver<Call>,
    /// The procedures that the hosts answered by themselves.
    answered: Arc<Mutex<Vec<u32>>>,
}

/// A call that a host has got.
pub struct Call {
    side: Side,
    message: Message,
    /// Without an answer, the connection that the call came over ends.
    answers: UnboundedSender<Option<Message>>,
}

impl Host {
    /// A source, whose guest runs.
    pub fn source(features: &[u32]) -> Self {
        Self {
            features: features.to_vec(),
            state: RUNNING,
            read_only: false,
            one_request: false,
        }
    }

    /// A destination, without a guest.
    pub fn destination(features: &[u32]) -> Self {
        Self { state: None, ..Self::source(features) }
    }

    fn answer(&self, side: Side, call: &Message) -> Option<Message> {
        Some(match (call.procedure, self.state) {
            (procedure::SUPPORTS_FEATURE, _) => {
                let supports = |feature: &u32| call.payload == words(&[*feature]);
                call.reply(&words(&[self.features.iter().any(supports).into()]))
            }
            (procedure::CONNECT_CLOSE, _) => call.reply(&[]),
            (LOOKUP_BY_UUID, Some(_)) if side == Source => call.reply(&web().0),
            (LOOKUP_BY_UUID, Some(_)) => call.reply(&domain("web", 5).0),
            (LOOKUP_BY_UUID, None) => call.error(NO_DOMAIN, QEMU, "no domain"),
            (GET_STATE, Some(state)) => call.reply(&words(&state)),
            (IS_ACTIVE, Some(_)) => call.reply(&words(&[1])),
            _ => return None,
        })
    }
}

impl Hosts {
    /// Two hosts, and the domain `web` of the first.
    pub async fn start(source: Host, destination: Host) -> (Self, Domain) {
        let (sender, calls) = unbounded_channel();
        let answered = Arc::new(Mutex::new(Vec::new()));
        let start = async |side, host: Host| {
            let listener = Listener::new();
            let options = |builder: ConnectBuilder| {
                let builder = builder.keepalive(Duration::ZERO, 0).read_only(host.read_only);
                if host.one_request {
                    builder.max_client_requests(1)
                } else {
                    builder
                }
            };
            let (conn, peer) = listener.open_with(options).await;
            tokio::spawn(run(side, host, listener, peer, sender.clone(), answered.clone()));
            conn
        };
        let source = start(Source, source).await;
        let destination = start(Destination, destination).await;
        let mut hosts = Self { source, destination, ignored: None, calls, answered };
        let conn = hosts.source.clone();
        let (domain, ()) = tokio::join!(conn.domain_lookup_by_name("web"), async {
            let call = hosts.expect(Source, LOOKUP_BY_NAME, &Fields::default().text("web")).await;
            call.reply(&web());
        });
        (hosts, domain.unwrap())
    }

    /// Two hosts with the same features, and the domain of the first.
    pub async fn with(features: &[u32]) -> (Self, Domain) {
        Self::start(Host::source(features), Host::destination(features)).await
    }

    /// The next call of all, which must be this one.
    pub async fn expect(&mut self, side: Side, procedure: u32, arguments: &Fields) -> Call {
        let call = self.next().await;
        assert_eq!((call.side, call.message.procedure), (side, procedure));
        assert_eq!(
            call.message.payload,
            arguments.0,
            "{procedure} has other arguments: {:?} instead of {:?}",
            String::from_utf8_lossy(&call.message.payload),
            String::from_utf8_lossy(&arguments.0),
        );
        call
    }

    /// The next call of all, whatever its arguments.
    pub async fn next(&mut self) -> Call {
        loop {
            let call = timeout(PATIENCE, self.calls.recv()).await.expect("no further call");
            let call = call.unwrap();
            if Some(call.message.procedure) != self.ignored {
                return call;
            }
        }
    }

    /// Asserts that no other call came than those that were expected.
    pub async fn assert_no_more_calls(self) {
        let Self { source, destination, ignored, mut calls, .. } = self;
        source.close().await;
        destination.close().await;
        while let Ok(call) = calls.try_recv() {
            let procedure = Some(call.message.procedure);
            assert_eq!(procedure, ignored, "{:?} {:?}", call.side, call.message);
        }
    }

    /// Asserts that neither host was asked anything at all.
    pub async fn assert_untouched(self) {
        assert_eq!(*self.answered.lock().unwrap(), []);
        self.assert_no_more_calls().await;
    }
}

impl Call {
    pub fn side(&self) -> Side {
        self.side
    }

    pub fn procedure(&self) -> u32 {
        self.message.procedure
    }

    pub fn reply(self, result: &Fields) {
        let reply = self.message.reply(&result.0);
        self.answers.send(Some(reply)).unwrap();
    }

    /// Replies to a call that has no results.
    pub fn done(self) {
        self.reply(&Fields::default());
    }

    pub fn fail(self, code: i32, text: &str) {
        let error = self.message.error(code, QEMU, text);
        self.answers.send(Some(error)).unwrap();
    }

    /// Ends the connection that the call came over.
    pub fn hang_up(self) {
        self.answers.send(None).unwrap();
    }
}

/// Serves every connection to a host.
async fn run(
    side: Side,
    host: Host,
    listener: Listener,
    peer: Peer,
    calls: UnboundedSender<Call>,
    answered: Arc<Mutex<Vec<u32>>>,
) {
    let mut peer = peer;
    loop {
        tokio::spawn(serve(side, host.clone(), peer, calls.clone(), answered.clone()));
        let Ok(next) = timeout(PATIENCE, listener.accept()).await else {
            return;
        };
        peer = next;
        peer.greet().await;
    }
}

/// Serves a connection, until a call is not answered.
async fn serve(
    side: Side,
    host: Host,
    mut peer: Peer,
    calls: UnboundedSender<Call>,
    answered: Arc<Mutex<Vec<u32>>>,
) {
    let (answers, mut given) = unbounded_channel();
    loop {
        let call = tokio::select! {
            Some(answer) = given.recv() => {
                let Some(answer) = answer else {
                    return;
                };
                peer.send(&answer).await;
                continue;
            }
            call = timeout(PATIENCE, peer.try_take()) => call,
        };
        let Ok(Some(message)) = call else {
            return;
        };
        if let Some(answer) = host.answer(side, &message) {
            answered.lock().unwrap().push(message.procedure);
            peer.send(&answer).await;
            continue;
        }
        // The test may have ended.
        let _ = calls.send(Call { side, message, answers: answers.clone() });
    }
}
