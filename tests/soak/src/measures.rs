//! What there is of everything, while everybody rests.

use std::fmt;
use std::fs;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use libvirt_client::Reconnect;
use libvirt_client::admin::AdminConnect;
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};

use crate::Result;
use crate::stage::{Lines, Stage};

/// Within this time after the last step, nothing of it is left.
const SETTLED: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(500);

/// This process and its hosts at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) resident_kib: usize,
    pub(crate) descriptors: usize,
    pub(crate) tasks: usize,
    /// The ssh programs that carry connections.
    pub(crate) programs: usize,
    pub(crate) hosts: [Host; 2],
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Host {
    pub(crate) clients: u32,
    pub(crate) descriptors: usize,
    /// The guests that have a hypervisor, of which the daemon has descriptors.
    pub(crate) active: u32,
}

pub(crate) const COLUMNS: &str = "minute  resident KiB  descriptors  tasks  ssh  \
    clients of A and B  descriptors of A and B  active on A and B  crashes  hangs";

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b] = &self.hosts;
        write!(
            f,
            "{:>12}  {:>11}  {:>5}  {:>3}  {:>10} {:>7}  {:>14} {:>7}  {:>9} {:>7}",
            self.resident_kib,
            self.descriptors,
            self.tasks,
            self.programs,
            a.clients,
            b.clients,
            a.descriptors,
            b.descriptors,
            a.active,
            b.active
        )
    }
}

impl Sample {
    /// Looks again until nothing changes any more and it is quiet, or as long as that may take.
    pub(crate) async fn settled(
        stage: &Arc<Mutex<Stage>>,
        lines: Option<&Lines>,
        is_quiet: impl Fn(&Self) -> bool,
    ) -> Result<Self> {
        let deadline = Instant::now() + SETTLED;
        let mut last = Self::take(stage, lines).await?;
        loop {
            sleep(POLL).await;
            let now = Self::take(stage, lines).await?;
            let is_same = now.own() == last.own() && now.hosts == last.hosts;
            if is_same && is_quiet(&now) || Instant::now() >= deadline {
                return Ok(now);
            }
            last = now;
        }
    }

    /// What this process holds, of which nothing may stay.
    fn own(&self) -> [usize; 3] {
        [self.descriptors, self.tasks, self.programs]
    }

    /// Whether there is no more of anything than at the quietest of those moments.
    pub(crate) fn is_least(&self, of: &[Self]) -> bool {
        of.iter()
            .all(|other| self.own().iter().zip(other.own()).all(|(own, other)| *own <= other))
    }

    pub(crate) fn has_clients(&self, count: u32) -> bool {
        self.hosts.iter().all(|host| host.clients == count)
    }

    async fn take(stage: &Arc<Mutex<Stage>>, lines: Option<&Lines>) -> Result<Self> {
        let (pids, admin, programs) = {
            let stage = stage.lock().unwrap_or_else(PoisonError::into_inner);
            let running = rig::processes::all()?;
            let ours = running.iter().filter(|process| stage.is_ours(&process.command)).count();
            (stage.daemons.each_ref().map(rig::Daemon::pid), stage.uris.admin.clone(), ours)
        };
        let mut hosts = Vec::new();
        for (index, uri) in admin.iter().enumerate() {
            let line = lines.and_then(|lines| lines.hosts.get(index));
            let pid = pids.get(index).copied().flatten().ok_or("a daemon does not run")?;
            hosts.push(Host::take(uri, pid, line).await?);
        }
        let hosts = hosts.try_into().map_err(|_| "there are two hosts")?;
        let status = fs::read_to_string("/proc/self/status")?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let resident =
            resident.and_then(|rest| rest.split_whitespace().next()).ok_or("no VmRSS")?;
        Ok(Self {
            resident_kib: resident.parse()?,
            descriptors: open_files("self")?,
            tasks: Handle::current().metrics().num_alive_tasks(),
            programs,
            hosts,
        })
    }
}

impl Host {
    async fn take(admin: &str, pid: u32, line: Option<&Reconnect>) -> Result<Self> {
        let active = match line {
            Some(line) => line.connect().await?.num_of_domains().await?,
            None => 0,
        };
        let admin = AdminConnect::open(admin).await?;
        let limits = admin.lookup_server("libvirtd").await?.client_limits().await?;
        let clients = limits.clients.ok_or("the daemon does not say how many clients it has")?;
        let descriptors = open_files(&pid.to_string())?;
        admin.close().await;
        Ok(Self { clients, descriptors, active })
    }
}

/// Whether a daemon is working on a call.
pub(crate) async fn is_busy(admin: &str) -> Result<bool> {
    let admin = AdminConnect::open(admin).await?;
    let pool = admin.lookup_server("libvirtd").await?.thread_pool_parameters().await?;
    admin.close().await;
    Ok(pool.free_workers < pool.workers)
}

fn open_files(process: &str) -> Result<usize> {
    Ok(fs::read_dir(format!("/proc/{process}/fd"))?.count())
}
