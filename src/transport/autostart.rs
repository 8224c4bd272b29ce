//! A user's own daemon, started by the first client that needs it.

use std::env;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::fs::{FlockOperation, fcntl_lock};
use rustix::io::Errno;
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use super::{Transport, unix};
use crate::error::{Error, Result};

/// The option that ends the daemon after 120 seconds without a client.
const IDLE_LIMIT: &str = "--timeout=120";
/// The interval of attempts to take a lock that another process holds.
const POLL: Duration = Duration::from_millis(10);
/// The delays between attempts, in milliseconds: the previous daemon may be about to end.
const PAUSES: [u64; 5] = [50, 100, 200, 400, 800];
/// The environment variables passed on to the daemon, the same as by libvirt's C client.
const PASSED_ON: [&str; 10] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_RUNTIME_DIR",
];

/// Returns whether nothing listens on a socket.
pub(crate) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

/// Connects to the daemon's socket, and starts the daemon if nothing listens there.
pub(crate) async fn connect(
    socket: &Path,
    daemon: &Path,
    deadline: Option<Instant>,
) -> Result<Transport> {
    // The lock on the file only excludes other processes.
    static HERE: Mutex<()> = Mutex::const_new(());
    let _here = HERE.lock().await;
    let lock = Lock::take(socket, daemon).await;
    let _elsewhere = lock.map_err(|error| failed(daemon, error))?;
    // Another client may have started it meanwhile.
    let mut result = unix::connect(socket, deadline).await;
    let mut pauses = PAUSES.iter();
    loop {
        match result {
            Err(error) if is_absent(&error) => {}
            other => return other.map_err(|error| unreachable(socket, error)),
        }
        let started = start(daemon).await;
        result = unix::connect(socket, deadline).await;
        let Some(pause) = pauses.next() else {
            started.map_err(|error| failed(daemon, error))?;
            return result.map_err(|error| unreachable(socket, error));
        };
        if started.is_err() {
            sleep(Duration::from_millis(*pause)).await;
        }
    }
}

/// Starts the daemon and returns once it serves, when it puts itself in the background.
async fn start(daemon: &Path) -> io::Result<()> {
    tracing::debug!(?daemon, "starting the user's daemon");
    let passed_on = PASSED_ON.map(|name| (name, env::var_os(name)));
    let passed_on = passed_on.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let output = Command::new(daemon)
        .args(["--daemon", IDLE_LIMIT])
        .env_clear()
        .env("LC_ALL", "C")
        .envs(passed_on)
        .current_dir("/")
        .stdin(Stdio::null())
        // Keeps the terminal's signals from it.
        .process_group(0)
        .output()
        .await?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(match complaint(&said) {
        "" => format!("it ended with {}", output.status),
        complaint => complaint.to_owned(),
    }))
}

/// Returns the daemon's last error message, without time, process and function.
fn complaint(said: &str) -> &str {
    let last = said.lines().map(str::trim).rfind(|line| !line.is_empty());
    let last = last.unwrap_or_default();
    let logged = last.split_once(": error : ");
    let logged = logged.and_then(|(_, text)| text.split_once(" : "));
    let printed = last.split_once(": error: ");
    logged.or(printed).map_or(last, |(_, text)| text)
}

fn failed(daemon: &Path, source: io::Error) -> Error {
    Error::Start { daemon: daemon.to_owned(), source }
}

fn unreachable(socket: &Path, source: io::Error) -> Error {
    Error::Connect {
        target: socket.display().to_string(),
        tried: vec![socket.to_owned()],
        source,
    }
}

/// The lock that all clients of a user take before they start a daemon.
struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    async fn take(socket: &Path, daemon: &Path) -> io::Result<Self> {
        let dir = socket.parent().unwrap_or(Path::new("/"));
        let mut name = daemon.file_name().unwrap_or_default().to_owned();
        name.push(".lock");
        let path = dir.join(name);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        loop {
            let file = File::options()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .open(&path)?;
            match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
                // The previous holder removed the file; others may have locked a new one.
                Ok(()) if is_at(&file, &path) => return Ok(Self { path, _file: file }),
                Ok(()) => {}
                Err(Errno::AGAIN | Errno::ACCESS) => sleep(POLL).await,
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _others_make_a_new_one = fs::remove_file(&self.path);
    }
}

fn is_at(file: &File, path: &Path) -> bool {
    let place = |it: &fs::Metadata| (it.dev(), it.ino());
    matches!(
        (file.metadata(), fs::metadata(path)),
        (Ok(file), Ok(path)) if place(&file) == place(&path)
    )
}

#[cfg(test)]
mod tests {
    use super::complaint;

    #[test]
    fn complaints_are_told_without_what_surrounds_them() {
        let table = [
            ("", ""),
            ("what\n\n", "what"),
            (
                "2026-11-23 06:13:00.723+0000: 13977: info : hostname: vm
2026-11-23 06:13:00.700+0000: 13964: error : main:918 : Can't load config file: a : b\n",
                "Can't load config file: a : b",
            ),
            (
                "libvirtd: error: Unable to obtain pidfile. Check\n",
                "Unable to obtain pidfile. Check",
            ),
        ];
        for (said, expected) in table {
            assert_eq!(complaint(said), expected);
        }
    }
}
