//! Our host as `tests/live/driver` needs it.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use libvirt_client::Connect;
use libvirt_client::testing::TestHost;
use rig::Need;
use tempfile::TempDir;

pub use crate::live::patience::{LIMIT, eventually};

/// A host of a test's own, which virsh can reach.
pub struct Ours {
    host: TestHost,
    socket: PathBuf,
    _dir: TempDir,
}

/// Our host, and a connection to it. `None` if this run of the tests was announced to do without
/// virsh.
#[allow(clippy::unused_async, reason = "starting a daemon takes longer")]
pub async fn test_driver() -> Option<(Ours, Connect)> {
    if !rig::available(&[Need::Virsh]).unwrap() {
        return None;
    }
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("socket");
    let host = TestHost::new();
    let (served, path) = (host.clone(), socket.clone());
    let (bound, is_bound) = std::sync::mpsc::channel();
    // Tests wait for virsh on their own thread.
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::UnixListener::bind(path).unwrap();
            bound.send(()).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let host = served.clone();
                tokio::spawn(async move { host.serve(stream).await });
            }
        });
    });
    is_bound.recv().unwrap();
    let conn = host.connect().await.unwrap();
    Some((Ours { host, socket, _dir: dir }, conn))
}

impl Ours {
    /// Returns the URI of the host within the process.
    pub fn test_uri(&self) -> String {
        self.host.uri().to_owned()
    }

    /// Runs virsh, and returns what it prints.
    pub fn virsh<A: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = A>,
    ) -> Result<String, String> {
        let uri = format!("test+unix:///default?socket={}", self.socket.display());
        let mut command = Command::new("virsh");
        command
            .arg("--connect")
            .arg(uri)
            .args(args)
            .stdin(Stdio::null())
            .env("LC_ALL", "C");
        let output = command.output().map_err(|error| error.to_string())?;
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(text(&output.stderr))
        }
    }
}
