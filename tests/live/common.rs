//! Daemons and guests as the tests need them.

use std::path::PathBuf;
use std::time::Duration;

use libvirt_client::domain::{CreateFlags, Domain};
use libvirt_client::{Connect, Optional};
use rig::Daemon;
use rig::guest::{Guest, wait_ready};

/// How long a guest may take to boot on a busy machine.
const BOOT: Duration = Duration::from_secs(120);

/// The shared daemon with the QEMU driver, and a connection of the test's own to it.
pub async fn qemu() -> (&'static Daemon, Connect) {
    let daemon = rig::shared::qemu().unwrap();
    (daemon, Connect::open(&daemon.uri()).await.unwrap())
}

/// The shared daemon's test driver, and a connection of the test's own to it.
pub async fn test_driver() -> (&'static Daemon, Connect) {
    let daemon = rig::shared::test_driver().unwrap();
    (daemon, Connect::open(&daemon.test_uri()).await.unwrap())
}

/// A transient guest that has booted to its shell, destroyed at the end of its test.
pub struct Booted {
    pub domain: Domain,
    pub serial_log: PathBuf,
}

/// Boots a guest of that name, which no other test uses; `adapt` adds to what it has.
pub async fn boot(
    daemon: &Daemon,
    conn: &Connect,
    name: &str,
    adapt: impl FnOnce(Guest) -> Guest,
) -> Booted {
    let serial_log = daemon.scratch().join(format!("{name}.serial"));
    let guest = adapt(Guest::new(name).serial_log(&serial_log));
    let xml = guest.xml().unwrap();
    let domain = conn
        .domain_create_xml(&xml, CreateFlags::empty())
        .await
        .unwrap();
    wait_for_shell(&serial_log).await;
    Booted { domain, serial_log }
}

/// Waits until the guest that writes there has booted.
pub async fn wait_for_shell(serial_log: &std::path::Path) {
    let serial_log = serial_log.to_owned();
    tokio::task::spawn_blocking(move || wait_ready(&serial_log, BOOT).unwrap())
        .await
        .unwrap();
}

/// Ends a domain whatever state it is in, and forgets it.
pub async fn discard(domain: &Domain) {
    domain.destroy().await.optional().ok();
}
