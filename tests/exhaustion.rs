//! A process without descriptors to spare. The only test of its program, since it takes them from the
//! whole process.

#![allow(missing_docs, clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::env;
use std::fs;
use std::time::Duration;

use libvirt_client::{Backoff, Connect, ConnectionStatus, Error};
use rig::{Daemon, Need};
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(60);
/// Has what the inner process is to connect to.
const INNER: &str = "EXHAUSTION_URI";

/// The client's configuration file must be one that exists, and is in a place of the test's own only
/// for a process in the namespaces of the daemon, or with its environment.
#[test]
fn a_kept_connection_outlives_a_lack_of_descriptors() {
    if let Ok(uri) = env::var(INNER) {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        return builder.enable_all().build().unwrap().block_on(inner(&uri));
    }
    if !rig::available(&[Need::Daemon, Need::Virsh]).unwrap() {
        return;
    }
    let daemon = Daemon::builder().test_driver().start().unwrap();
    let config = daemon.scratch().join("config");
    let dir = if rig::is_root() {
        daemon.dir().join("etc")
    } else {
        config.join("libvirt")
    };
    fs::create_dir_all(&dir).unwrap();
    let aliases = format!("uri_aliases = [\"kept={}\"]\n", daemon.uri());
    fs::write(dir.join("libvirt.conf"), aliases).unwrap();
    let mut process = daemon.command(env::current_exe().unwrap());
    process.env(INNER, "kept").env("XDG_CONFIG_HOME", config);
    let output = process.arg("--nocapture").output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

async fn inner(uri: &str) {
    let pause = Duration::from_millis(1);
    let mut host = Connect::builder(uri).reconnecting(Backoff::new(pause, pause)).unwrap();
    let conn = host.connect().await.unwrap();

    let before = getrlimit(Resource::Nofile);
    let lowered = Rlimit { current: Some(3), maximum: before.maximum };
    setrlimit(Resource::Nofile, lowered).unwrap();
    conn.close().await;
    let mut failures = 0;
    while failures < 3 {
        match timeout(LIMIT, host.next_status()).await.unwrap() {
            Some(ConnectionStatus::Lost(error)) => failures += u32::from(is_exhausted(&error)),
            Some(ConnectionStatus::Ended(error)) => panic!("given up: {error}"),
            None => panic!("ended"),
            Some(_) => {}
        }
    }
    setrlimit(Resource::Nofile, before).unwrap();
    let conn = host.connect().await.unwrap();
    assert!(conn.domain_lookup_by_name("test").await.is_ok());
}

fn is_exhausted(error: &Error) -> bool {
    match error {
        Error::Unreadable { source, .. } => Errno::from_io_error(source) == Some(Errno::MFILE),
        _ => false,
    }
}
