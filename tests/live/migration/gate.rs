//! A gate on the way to a daemon, which stops calls or replies of one procedure.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use libvirt_client::{Connect, ConnectBuilder};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{oneshot, watch};

/// What is stopped: the call before the daemon gets it, or the reply before the client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    Call,
    Reply,
}

/// A socket that leads to a daemon's.
pub struct Gate {
    path: PathBuf,
    rule: Arc<Mutex<Option<Rule>>>,
    /// Changes when all connections are to be cut.
    cut: watch::Sender<()>,
}

struct Rule {
    procedure: u32,
    at: At,
    reached: oneshot::Sender<oneshot::Sender<()>>,
}

/// A message that is held up; it goes on when this is dropped.
pub struct Held(#[allow(dead_code)] oneshot::Sender<()>);

const LENGTH: usize = 4;
const HEADER: usize = 28;

impl Gate {
    /// Makes a gate before that daemon.
    pub fn before(daemon: &rig::Daemon) -> Self {
        let path = daemon.dir().join("gate");
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).unwrap();
        let gate = Self { path, rule: Arc::default(), cut: watch::channel(()).0 };
        let (rule, cut, target) = (Arc::clone(&gate.rule), gate.cut.clone(), daemon.socket());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, target.clone(), Arc::clone(&rule), cut.subscribe()));
            }
        });
        gate
    }

    pub fn uri(&self) -> String {
        format!("qemu+unix:///system?socket={}", self.path.display())
    }

    pub fn builder(&self) -> ConnectBuilder {
        Connect::builder(&self.uri())
    }

    /// Has the next message of a procedure held up. Waiting for the result waits until there is
    /// one.
    pub fn hold(&self, procedure: u32, at: At) -> impl Future<Output = Held> + use<> {
        let (reached, held) = oneshot::channel();
        *self.rule.lock().unwrap() = Some(Rule { procedure, at, reached });
        async move { Held(held.await.unwrap()) }
    }

    /// Cuts all connections.
    pub fn cut(&self) {
        self.cut.send_replace(());
    }
}

/// Carries messages between a client and the daemon until one of them ends or is cut off.
async fn carry(
    client: UnixStream,
    target: PathBuf,
    rule: Arc<Mutex<Option<Rule>>>,
    mut cut: watch::Receiver<()>,
) {
    let Ok(daemon) = UnixStream::connect(Path::new(&target)).await else {
        return;
    };
    let (from_client, to_client) = client.into_split();
    let (from_daemon, to_daemon) = daemon.into_split();
    tokio::select! {
        // What is held up when the connections are cut must not get through.
        biased;
        _ = cut.changed() => {}
        () = copy(from_client, to_daemon, At::Call, &rule) => {}
        () = copy(from_daemon, to_client, At::Reply, &rule) => {}
    }
}

async fn copy(
    mut from: tokio::net::unix::OwnedReadHalf,
    mut to: tokio::net::unix::OwnedWriteHalf,
    at: At,
    rule: &Mutex<Option<Rule>>,
) {
    let mut frame = vec![0; LENGTH];
    while from.read_exact(&mut frame[..LENGTH]).await.is_ok() {
        let length = u32::from_be_bytes(frame[..LENGTH].try_into().unwrap()) as usize;
        frame.resize(length, 0);
        if from.read_exact(&mut frame[LENGTH..]).await.is_err() {
            return;
        }
        let procedure = frame.get(12..16).filter(|_| length >= HEADER);
        let procedure = procedure.map(|bytes| u32::from_be_bytes(bytes.try_into().unwrap()));
        let matching = |rule: &mut Rule| Some(rule.procedure) == procedure && rule.at == at;
        let found = rule.lock().unwrap().take_if(matching);
        if let Some(found) = found {
            let (release, released) = oneshot::channel();
            if found.reached.send(release).is_ok() {
                let _ = released.await;
            }
        }
        if to.write_all(&frame).await.is_err() {
            return;
        }
    }
}
