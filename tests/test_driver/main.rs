//! The test driver within the process, held to the one of real daemons: each scenario is played on
//! both, and what was seen is compared word by word.

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
mod connections;
mod definitions;
mod devices;
mod differences;
mod domains;
mod interfaces;
mod moments;
mod network_documents;
mod network_updates;
mod networks;
mod node_devices;
mod python;
mod storage;
mod storage_documents;
mod testing;
mod transcript;
mod virsh;

use std::time::Duration;

use libvirt_client::Connect;
use libvirt_client::testing::TestHost;
use rig::{Daemon, Need};
use tokio::time::timeout;

use transcript::Transcript;

const LIMIT: Duration = Duration::from_secs(60);

/// Plays a scenario on a real daemon's test driver and on ours, and compares.
async fn compare(name: &str, scenario: impl AsyncFn(&Connect, &mut Transcript)) {
    if !rig::available(&[Need::Daemon]).unwrap() {
        return;
    }
    let daemon = tokio::task::spawn_blocking(|| Daemon::builder().test_driver().start().unwrap());
    let daemon = daemon.await.unwrap();
    let real = Connect::open(&daemon.test_uri()).await.unwrap();
    let release = real.lib_version().await.unwrap();
    let theirs = play(&real, &scenario).await;
    let ours = play(&TestHost::new().connect().await.unwrap(), &scenario).await;
    differences::assert_known(name, release, &theirs, &ours);
}

async fn play(conn: &Connect, scenario: impl AsyncFn(&Connect, &mut Transcript)) -> Transcript {
    let mut transcript = Transcript::default();
    timeout(LIMIT, scenario(conn, &mut transcript)).await.unwrap();
    transcript
}
