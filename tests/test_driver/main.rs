//! The test driver within the process, held to the one of real daemons: each scenario is played on
//! both, and what was seen is compared word by word. What the live tests ask of a daemon's test
//! driver is asked of ours, too.

#![allow(
    clippy::default_trait_access,
    clippy::format_collect,
    clippy::format_push_string,
    clippy::match_same_arms,
    clippy::needless_pass_by_value,
    clippy::similar_names,
    missing_docs,
    unreachable_pub,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used
)]

mod clients;
mod common;
mod connections;
mod definitions;
mod devices;
mod differences;
mod domains;
mod interfaces;
mod json;
#[path = "../live/driver/mod.rs"]
mod live;
mod metadata;
mod moments;
mod network_documents;
mod network_updates;
mod networks;
mod node_devices;
mod node_files;
mod processors;
mod python;
mod storage;
mod storage_documents;
mod testing;
mod transcript;
mod tuning;
mod virsh;

use std::path::Path;
use std::time::Duration;

use libvirt_client::Connect;
use libvirt_client::testing::TestHost;
use rig::{Daemon, Need};
use tokio::net::UnixListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use transcript::Transcript;

const LIMIT: Duration = Duration::from_secs(60);

/// Plays a scenario on a real daemon's test driver and on ours, and compares.
async fn compare(name: &str, scenario: impl AsyncFn(&Connect, &mut Transcript)) {
    let ours = async || TestHost::new().connect().await.unwrap();
    compare_with(name, ours, scenario).await;
}

/// Like [`compare`], with ours behind a socket, where calls may have descriptors.
async fn compare_served(name: &str, scenario: impl AsyncFn(&Connect, &mut Transcript)) {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("socket");
    let serving = serve(&socket);
    let uri = format!("test+unix:///default?socket={}", socket.display());
    compare_with(name, async || Connect::open(&uri).await.unwrap(), scenario).await;
    serving.abort();
}

async fn compare_with(
    name: &str,
    ours: impl AsyncFn() -> Connect,
    scenario: impl AsyncFn(&Connect, &mut Transcript),
) {
    if !rig::available(&[Need::Daemon]).unwrap() {
        return;
    }
    let daemon = tokio::task::spawn_blocking(|| Daemon::builder().test_driver().start().unwrap());
    let daemon = daemon.await.unwrap();
    let real = Connect::open(&daemon.test_uri()).await.unwrap();
    let release = real.lib_version().await.unwrap();
    let theirs = play(&real, &scenario).await;
    let ours = play(&ours().await, &scenario).await;
    differences::assert_known(name, release, &theirs, &ours);
}

/// Serves a host of its own at a socket.
fn serve(socket: &Path) -> JoinHandle<()> {
    let listener = UnixListener::bind(socket).unwrap();
    let host = TestHost::new();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let host = host.clone();
            tokio::spawn(async move { host.serve(stream).await });
        }
    })
}

async fn play(conn: &Connect, scenario: impl AsyncFn(&Connect, &mut Transcript)) -> Transcript {
    let mut transcript = Transcript::default();
    timeout(LIMIT, scenario(conn, &mut transcript)).await.unwrap();
    transcript
}
