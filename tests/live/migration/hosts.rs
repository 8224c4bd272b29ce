//! Two hosts on one machine, and a guest that is watched while it moves between them.

use std::fs;
use std::path::{Path, PathBuf};

use libvirt_client::connect::ListAllDomainsFlags;
use libvirt_client::domain::{Domain, MigrateFlags, MigrateParameters, State};
use libvirt_client::{Connect, Optional};
use rig::Daemon;
use rig::guest::Disk;

use super::emulation;
use crate::common::{GUESTS, describe, eventually, wait_for_shell};
use crate::shell::Shell;

pub const LIVE: MigrateFlags = MigrateFlags::LIVE;
pub const UNSAFE: MigrateFlags = MigrateFlags::UNSAFE;

/// Two hosts.
pub struct Hosts {
    pub a: Daemon,
    pub b: Daemon,
    pub conn_a: Connect,
    pub conn_b: Connect,
}

/// A guest that counts on its console.
pub struct Counting {
    pub domain: Domain,
    pub log: PathBuf,
}

/// A host, whose daemon can also be reached over TCP.
pub fn host(name: &str, uuid: &str) -> rig::Builder {
    Daemon::builder().hostname(name).host_uuid(uuid).listen_tcp().migrates()
}

pub const UUID_A: &str = "7d0f1e9c-6a3b-4c58-9f11-2b8e5d4c0a01";
pub const UUID_B: &str = "7d0f1e9c-6a3b-4c58-9f11-2b8e5d4c0a02";

impl Hosts {
    /// Two hosts of the release that is tested. `None` if this run of the tests was announced to do
    /// without.
    pub async fn start() -> Option<Self> {
        if !rig::available(GUESTS).unwrap() {
            return None;
        }
        let starting = [("hosta", UUID_A), ("hostb", UUID_B)].map(|(name, uuid)| {
            tokio::task::spawn_blocking(move || host(name, uuid).start().unwrap())
        });
        let [a, b] = starting;
        Some(Self::of(a.await.unwrap(), b.await.unwrap()).await)
    }

    pub async fn of(a: Daemon, b: Daemon) -> Self {
        let conn_a = Connect::open(&a.uri()).await.unwrap();
        let conn_b = Connect::open(&b.uri()).await.unwrap();
        Self { a, b, conn_a, conn_b }
    }

    /// Opens the connections again, for after a daemon was killed.
    pub async fn reconnect(&mut self) {
        self.conn_a = self.conn_a.reopen().await.unwrap();
        self.conn_b = self.conn_b.reopen().await.unwrap();
    }

    /// Boots a guest on the first host, with a disk that both can reach, and has it count.
    pub async fn counting(&self, name: &str) -> Counting {
        self.counting_adapted(name, |xml| xml).await
    }

    /// The same with a changed definition.
    pub async fn counting_adapted(
        &self,
        name: &str,
        adapt: impl FnOnce(String) -> String,
    ) -> Counting {
        let disk = Disk::raw(self.a.scratch().join(format!("{name}.raw")), 8).unwrap();
        self.boot(name, disk, adapt).await
    }

    /// The same with another disk.
    pub async fn counting_with(&self, name: &str, disk: Disk) -> Counting {
        self.boot(name, disk, |xml| xml).await
    }

    async fn boot(&self, name: &str, disk: Disk, adapt: impl FnOnce(String) -> String) -> Counting {
        let (xml, log) = describe(&self.a, name, |guest| guest.disk(disk));
        // Both hosts' hypervisors write there, one after the other.
        let xml = adapt(xml.replace("append='off'", "append='on'"));
        let flags = libvirt_client::domain::CreateFlags::empty();
        let domain = self.conn_a.domain_create_xml(&xml, flags).await.unwrap();
        wait_for_shell(&log).await;
        let mut shell = Shell::open(&domain).await;
        let count = "(n=0; while :; do n=$((n+1)); echo \"count $n.\"; sleep 0.1; done) &";
        shell.run(count).await;
        shell.close().await;
        let counting = Counting { domain, log };
        counting.goes_on().await;
        counting
    }

    /// Asserts that the guest runs on that host alone, and that it goes on counting there.
    pub async fn assert_runs_on(&self, conn: &Connect, guest: &Counting) {
        for (name, other) in [("hosta", &self.conn_a), ("hostb", &self.conn_b)] {
            let found = other.domain_lookup_by_uuid(guest.domain.uuid()).await.optional().unwrap();
            let state = match found {
                Some(domain) => domain.state().await.optional().unwrap().map(|state| state.state),
                None => None,
            };
            let runs = state == Some(State::Running);
            let here = conn.uri() == other.uri();
            assert_eq!(runs, here, "on {name}: {state:?}");
            assert!(here || state.is_none(), "on {name}: {state:?}");
        }
        guest.goes_on().await;
    }

    /// Asserts that neither host has a domain.
    pub async fn assert_empty(&self) {
        for conn in [&self.conn_a, &self.conn_b] {
            let left = conn.list_all_domains(ListAllDomainsFlags::empty()).await.unwrap();
            assert!(left.is_empty(), "{left:?}");
        }
    }
}

impl Counting {
    /// Waits until the guest has counted on twice.
    pub async fn goes_on(&self) {
        let before = count(&self.log);
        let what = format!("the guest, which has counted to {before}, goes on");
        eventually(&what, async || {
            emulation::check(&self.log);
            count(&self.log) > before + 1
        })
        .await;
    }

    /// Asserts that the guest has not started again.
    pub fn assert_same_run(&self) {
        emulation::check(&self.log);
        let boots = rig::guest::boots(&self.log).unwrap();
        assert_eq!(boots, 1, "the guest has booted again");
    }
}

/// Where the guest that writes there has got to.
pub fn count(log: &Path) -> u64 {
    let text = fs::read(log).unwrap();
    let text = String::from_utf8_lossy(&text);
    let last = text.rsplit("count ").find_map(|rest| rest.split_once('.')?.0.parse().ok());
    last.unwrap_or_default()
}

/// Parameters for sending the guest over this machine's loopback interface.
pub fn loopback() -> MigrateParameters {
    let mut parameters = MigrateParameters::default();
    parameters.uri = Some("tcp://127.0.0.1".to_owned());
    parameters
}
