//! Daemons and guests as the tests need them.

use std::path::{Path, PathBuf};

pub use crate::driver::patience::{LIMIT, eventually};
use libvirt_client::domain::{CreateFlags, Domain, State, UndefineFlags};
use libvirt_client::types::error::ErrorCode;
use libvirt_client::{Connect, Optional, Result};
use rig::guest::{Guest, wait_agent, wait_boots};
use rig::{Daemon, Need};

/// What tests with real guests need.
pub const GUESTS: &[Need] = &[Need::Daemon, Need::Virsh, Need::Qemu, Need::Guest];

/// The shared daemon with the QEMU driver, and a connection of the test's own to it. `None` if this
/// run of the tests was announced to do without.
pub async fn qemu() -> Option<(&'static Daemon, Connect)> {
    if !rig::available(GUESTS).unwrap() {
        return None;
    }
    let daemon = rig::shared::qemu().unwrap();
    Some((daemon, Connect::open(&daemon.uri()).await.unwrap()))
}

/// The shared daemon for the test driver, and a connection of the test's own to it. `None` if this
/// run of the tests was announced to do without.
pub async fn test_driver() -> Option<(&'static Daemon, Connect)> {
    if !rig::available(&[Need::Daemon, Need::Virsh]).unwrap() {
        return None;
    }
    let daemon = rig::shared::test_driver().unwrap();
    Some((daemon, Connect::open(&daemon.test_uri()).await.unwrap()))
}

/// A guest that has booted to its shell.
pub struct Booted {
    pub domain: Domain,
    pub serial_log: PathBuf,
}

/// Boots a transient guest of that name, which no other test uses; `adapt` adds to what it has.
///
/// It ends with `conn`, also when the test fails. Such guests cannot be saved, migrated or made
/// persistent; see [`define`] for others.
pub async fn boot(
    daemon: &Daemon,
    conn: &Connect,
    name: &str,
    adapt: impl FnOnce(Guest) -> Guest,
) -> Booted {
    let (xml, serial_log) = describe(daemon, name, adapt);
    let created = conn.domain_create_xml(&xml, CreateFlags::AUTODESTROY).await;
    let domain = created.unwrap();
    wait_for_shell(&serial_log).await;
    Booted { domain, serial_log }
}

/// Defines a guest, to be [discarded](discard) at the end of the test.
pub async fn define(
    daemon: &Daemon,
    conn: &Connect,
    name: &str,
    adapt: impl FnOnce(Guest) -> Guest,
) -> Booted {
    let (xml, serial_log) = describe(daemon, name, adapt);
    let domain = conn.domain_define_xml(&xml).await.unwrap();
    Booted { domain, serial_log }
}

/// The XML of a guest, and the file that its serial console will be in.
pub fn describe(
    daemon: &Daemon,
    name: &str,
    adapt: impl FnOnce(Guest) -> Guest,
) -> (String, PathBuf) {
    let serial_log = daemon.scratch().join(format!("{name}.serial"));
    let guest = adapt(Guest::new(name).serial_log(&serial_log));
    (guest.xml().unwrap(), serial_log)
}

/// Waits until the guest that writes there has booted.
pub async fn wait_for_shell(serial_log: &Path) {
    wait_for_boots(serial_log, 1).await;
}

/// Waits until the guest that writes there has booted so many times.
pub async fn wait_for_boots(serial_log: &Path, times: usize) {
    let serial_log = serial_log.to_owned();
    let waiting = move || wait_boots(&serial_log, times, LIMIT).unwrap();
    tokio::task::spawn_blocking(waiting).await.unwrap();
}

/// Waits until the agent in the guest of that name answers.
pub async fn wait_for_agent(daemon: &'static Daemon, name: &str) {
    let name = name.to_owned();
    let waiting = move || wait_agent(daemon, &name, LIMIT).unwrap();
    tokio::task::spawn_blocking(waiting).await.unwrap();
}

/// Waits until the domain is in that state.
pub async fn wait_for_state(domain: &Domain, state: State) {
    eventually(&format!("{} is {state:?}", domain.name()), async || {
        domain.state().await.unwrap() == state
    })
    .await;
}

/// Ends a domain whatever state it is in, and forgets it with all that belongs to it.
pub async fn discard(domain: &Domain) {
    // Neither is there to be done for a domain that has gone, nor each of them for every other.
    let done = |result: Result<()>| match result.optional() {
        Err(error) if error.code() == Some(ErrorCode::OperationInvalid) => {}
        other => drop(other.unwrap()),
    };
    done(domain.destroy().await);
    let belongings = UndefineFlags::MANAGED_SAVE
        | UndefineFlags::SNAPSHOTS_METADATA
        | UndefineFlags::CHECKPOINTS_METADATA;
    done(domain.undefine_flags(belongings).await);
}

/// Makes a named pipe.
pub fn mkfifo(path: &Path) {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}
