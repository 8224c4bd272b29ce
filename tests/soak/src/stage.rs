//! Two hosts that guests can move between, and the ways to reach them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use libvirt_client::{Backoff, Connect, Reconnect};
use rig::certificates::{Authority, Leaf, ServerFiles, client_dir};
use rig::guest::{Disk, Guest};
use rig::{Daemon, ssh};

use crate::Result;
use crate::work::consoles;

/// The hosts' UUIDs, by which libvirt tells them apart.
const UUIDS: [&str; 2] = [
    "7d0f1e9c-6a3b-4c58-9f11-2b8e5d4c0b01",
    "7d0f1e9c-6a3b-4c58-9f11-2b8e5d4c0b02",
];
/// So often a daemon may fail to start on a busy machine.
const STARTS: usize = 3;

/// The daemons and servers, and how to make them suffer.
#[derive(Debug)]
pub(crate) struct Stage {
    // Before the daemons, in whose directory it is.
    pub(crate) sshd: ssh::Server,
    pub(crate) daemons: [Daemon; 2],
    pub(crate) uris: Uris,
    ssh: ssh::Client,
    /// So often has a daemon ended by itself.
    pub(crate) crashes: usize,
    /// So often has a daemon been at a call that did not end.
    pub(crate) hangs: usize,
}

/// Where the hosts are.
#[derive(Clone, Debug)]
pub(crate) struct Uris {
    pub(crate) unix: [String; 2],
    /// To the first host.
    pub(crate) ssh: String,
    /// To the second one.
    pub(crate) tls: String,
    pub(crate) admin: [String; 2],
    /// The directory of the first host's volumes.
    pub(crate) volumes: PathBuf,
    /// An image for a guest of the first host.
    pub(crate) disk: PathBuf,
    /// The description of a guest with a shell on its console, for the first host.
    pub(crate) shell: String,
}

impl Stage {
    pub(crate) fn start() -> Result<Self> {
        let authority = Authority::new("ca")?;
        let files = ServerFiles::new(&authority, authority.issue(&Leaf::server())?);
        let host = |name, uuid| Daemon::builder().hostname(name).host_uuid(uuid).migrates();
        let [a, b] = UUIDS;
        // Names with a dot are not looked up, for which a daemon keeps its guests waiting.
        let daemons = [
            host("a.soak", a).listen_tcp().start()?,
            host("b.soak", b)
                .listen_tls(files)
                .conf_line("tls_no_sanity_certificate = 1")
                .start()?,
        ];
        let [a, b] = &daemons;
        let client = b.scratch().join("client");
        client_dir(
            &client,
            &authority.pem(),
            None,
            Some(&authority.issue(&Leaf::client("soak"))?),
        )?;
        let ssh = ssh::Client::new()?;
        let sshd = ssh::Server::builder(a).accept(&ssh).start()?;
        ssh.trust(&sshd.address(), sshd.host_key())?;
        let volumes = a.scratch().join("volumes");
        fs::create_dir(&volumes)?;
        let shell = Guest::new(consoles::GUEST).serial_log(a.scratch().join("console")).xml()?;
        let disk = a.scratch().join("disk.qcow2");
        Disk::qcow2(&disk, 8)?;
        let uris = Uris {
            unix: [a.uri(), b.uri()],
            ssh: format!(
                "qemu+ssh://{}@{}/system?socket={}&{}",
                sshd.user(),
                sshd.address(),
                a.socket().display(),
                ssh.parameters()
            ),
            tls: format!("{}?pkipath={}", b.uri_over("tls", "localhost")?, client.display()),
            admin: [a, b].map(|daemon| {
                format!("libvirtd:///system?socket={}", daemon.admin_socket().display())
            }),
            volumes,
            disk,
            shell,
        };
        Ok(Self { sshd, daemons, uris, ssh, crashes: 0, hangs: 0 })
    }

    /// Starts daemons again that have ended by themselves.
    pub(crate) fn mend(&mut self) -> Result<()> {
        for daemon in &mut self.daemons {
            match daemon.pid() {
                Some(pid) if runs(pid) => {}
                Some(_) => {
                    self.crashes += 1;
                    daemon.kill9()?;
                    restart(daemon)?;
                }
                None => restart(daemon)?,
            }
        }
        Ok(())
    }

    /// Starts a daemon again that hangs.
    pub(crate) fn relieve(&mut self, host: usize) -> Result<()> {
        if let Some(daemon) = self.daemons.get_mut(host) {
            self.hangs += 1;
            daemon.kill9()?;
            restart(daemon)?;
        }
        Ok(())
    }

    /// Returns whether somebody is logged in by this stage's ssh.
    pub(crate) fn is_ours(&self, command: &str) -> bool {
        command.contains(&*self.ssh.config().to_string_lossy())
    }
}

/// Starts a daemon that has ended, or is to end.
pub(crate) fn restart(daemon: &mut Daemon) -> Result<()> {
    let mut started = daemon.restart();
    for _ in 1..STARTS {
        if started.is_ok() {
            break;
        }
        started = daemon.restart();
    }
    Ok(started?)
}

fn runs(pid: u32) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat"));
    // The state follows the name, which is in parentheses.
    stat.is_ok_and(|stat| {
        let state = stat.rsplit(')').next().and_then(|rest| rest.trim_start().chars().next());
        !matches!(state, None | Some('Z' | 'X'))
    })
}

/// The connections that are kept all the time.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    /// By the hosts' own sockets.
    pub(crate) hosts: [Reconnect; 2],
    pub(crate) ssh: Reconnect,
    /// With keepalive so quick that a daemon which stands still for seconds is given up.
    pub(crate) tls: Reconnect,
}

/// So many of them lead to each host.
pub(crate) const CLIENTS: u32 = 2;

impl Lines {
    pub(crate) fn open(uris: &Uris) -> Result<Self> {
        let keep = |uri: &str, interval| {
            let backoff = Backoff::new(Duration::from_millis(20), Duration::from_millis(500));
            let builder = Connect::builder(uri).keepalive(interval, 3).call_timeout(Some(CALL));
            builder.reconnecting(backoff)
        };
        let slow = Duration::from_secs(5);
        let [a, b] = &uris.unix;
        Ok(Self {
            hosts: [keep(a, slow)?, keep(b, slow)?],
            ssh: keep(&uris.ssh, slow)?,
            tls: keep(&uris.tls, Duration::from_secs(1))?,
        })
    }

    pub(crate) fn all(&self) -> [&Reconnect; 4] {
        let [a, b] = &self.hosts;
        [a, b, &self.ssh, &self.tls]
    }
}

/// The connection that there is or will be, whose calls all have a deadline: also those that have
/// none by themselves, because they take long.
pub(crate) async fn connected(line: &Reconnect) -> libvirt_client::Result<Connect> {
    Ok(line.connect().await?.with_timeout(CALL))
}

/// The deadline of each call: longer than the 30 s that a daemon waits for its turn with a busy guest, so
/// that what is late is lost, not only busy.
pub(crate) const CALL: Duration = Duration::from_secs(40);
