//! Clients that nobody here wrote, with a daemon at the other end and with ours.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use libvirt_client::Connect;
use libvirt_client::connect::Version;
use libvirt_client::testing::TestHost;
use rig::Daemon;
use tokio::io::AsyncReadExt as _;
use tokio::net::UnixListener;
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;

use super::LIMIT;

/// A daemon's test driver and ours, which programs of the daemon's release can reach.
pub struct Both {
    pub daemon: Daemon,
    pub release: Version,
    pub ours: Served,
    /// A daemon forgets what its test driver has when the last connection is closed.
    _kept: Connect,
}

impl Both {
    pub async fn start() -> Self {
        let start = || Daemon::builder().test_driver().start().unwrap();
        let daemon = tokio::task::spawn_blocking(start).await.unwrap();
        let kept = Connect::open(&daemon.test_uri()).await.unwrap();
        let release = kept.lib_version().await.unwrap();
        let ours = Served::start(&daemon.scratch());
        Self { daemon, release, ours, _kept: kept }
    }

    /// Returns the URIs of the daemon's host and of ours.
    pub fn uris(&self) -> [String; 2] {
        [self.daemon.test_uri(), self.ours.uri()]
    }

    /// Returns a command for a program of the daemon's release.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::from(self.daemon.command(program));
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Returns the text without the names of the two sockets, which differ.
    pub fn without_sockets(&self, text: &str) -> String {
        let sockets = [self.daemon.socket(), self.ours.socket.clone()];
        let names = sockets.iter().map(|socket| socket.to_str().unwrap());
        names.fold(text.to_owned(), |text, name| text.replace(name, "SOCKET"))
    }
}

/// Our host, behind a socket.
pub struct Served {
    pub host: TestHost,
    socket: PathBuf,
    clients: watch::Receiver<usize>,
    accepting: AbortHandle,
}

impl Served {
    fn start(dir: &Path) -> Self {
        let socket = dir.join("ours");
        let listener = UnixListener::bind(&socket).unwrap();
        let host = TestHost::new();
        let (count, clients) = watch::channel(0);
        let served = host.clone();
        let accepting = tokio::spawn(async move {
            let mut serving = JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        let (stream, _) = accepted.unwrap();
                        let host = served.clone();
                        serving.spawn(async move { host.serve(stream).await });
                    }
                    Some(ended) = serving.join_next() => ended.unwrap(),
                }
                count.send_replace(serving.len());
            }
        });
        Self { host, socket, clients, accepting: accepting.abort_handle() }
    }

    fn uri(&self) -> String {
        format!("test+unix:///default?socket={}", self.socket.display())
    }

    /// Cuts all connections, and returns once they are gone.
    pub async fn cut(&mut self) {
        self.host.cut();
        timeout(LIMIT, self.clients.wait_for(|count| *count == 0))
            .await
            .unwrap()
            .unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// What a program has said, and whether it succeeded.
pub struct Said {
    pub out: String,
    pub err: String,
    pub is_success: bool,
}

/// Waits for a program to end, whose input is at its end.
pub async fn said(child: Child) -> Said {
    let output = timeout(LIMIT, child.wait_with_output()).await.unwrap().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said {
        out: text(&output.stdout),
        err: text(&output.stderr),
        is_success: output.status.success(),
    }
}

/// Reads what a program says up to a line, which it must say.
pub async fn said_up_to(child: &mut Child, line: &str) -> String {
    let end = format!("{line}\n");
    let mut read = Vec::new();
    let stdout = child.stdout.as_mut().unwrap();
    while !read.ends_with(end.as_bytes()) {
        let byte = timeout(LIMIT, stdout.read_u8()).await.unwrap();
        read.push(byte.unwrap_or_else(|_| {
            panic!("it ended before {line:?}:\n{}", String::from_utf8_lossy(&read))
        }));
    }
    String::from_utf8_lossy(&read).into_owned()
}
