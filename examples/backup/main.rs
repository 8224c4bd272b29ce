//! Backs up a disk of a running domain to a local file, whole or only what has changed.
//!
//! ```text
//! backup URI DOMAIN DISK FILE
//! backup URI DOMAIN DISK FILE --incremental CHECKPOINT
//! ```
//!
//! The first makes FILE, the disk's content as it is now, with holes where the disk is empty, and
//! says which checkpoint remembers from then on what changes. The second brings that FILE up to
//! date: it reads only what has changed since the checkpoint, and has a new one take its place. An
//! update that fails is to be repeated, with the same checkpoint; FILE is then neither the old nor
//! the new content, so copy it before (`cp --reflink`) if the old one is worth something.
//!
//! DISK is such as `vda`, and must be a qcow2 image. Meanwhile QEMU serves its content at the socket
//! `FILE.nbd`, and keeps what the guest overwrites in `FILE.scratch`. So this runs on the daemon's
//! host, and QEMU must be allowed to write in the directory of FILE.

mod nbd;

use std::env;
use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::future::Future;
use std::io::{self, IsTerminal as _};
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use libvirt_client::Connect;
use libvirt_client::domain::checkpoint::DeleteFlags;
use libvirt_client::domain::{BackupBeginFlags, Domain};
use libvirt_client::events::Subscription;
use libvirt_client::events::domain::JobCompleted;
use nbd::{Export, MAX_READ, Parts};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

const USAGE: &str = "usage: backup URI DOMAIN DISK FILE [--incremental CHECKPOINT]";

/// The name of the bitmap that tells what has changed.
const BITMAP: &str = "changes";

/// The time for QEMU to end a backup.
const PATIENCE: Duration = Duration::from_secs(60);

type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        [uri, domain, disk, file] => run(uri, domain, disk, file, None).await,
        [uri, domain, disk, file, "--incremental", checkpoint] => {
            run(uri, domain, disk, file, Some(checkpoint)).await
        }
        _ => Err(USAGE.into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Some of the daemon's messages have several lines.
            eprintln!("backup: {}", error.to_string().replace('\n', " "));
            ExitCode::FAILURE
        }
    }
}

async fn run(uri: &str, domain: &str, disk: &str, path: &str, since: Option<&str>) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(domain).await?;
    let named = |error| format!("{path}: {error}");
    // Whatever is wrong with the file is known before anything is begun.
    let file = match since {
        None => OpenOptions::new().write(true).create_new(true).open(path),
        Some(_) => OpenOptions::new().write(true).open(path),
    };
    let file = file.map_err(named)?;
    let millis = SystemTime::UNIX_EPOCH.elapsed()?.as_millis();
    let backup = Backup {
        domain: &domain,
        disk,
        since,
        checkpoint: &format!("backup-{millis}"),
        file: &std::path::absolute(path)?,
    };
    let result = backup.pull(file).await;
    if result.is_err() && since.is_none() {
        fs::remove_file(path).map_err(named)?;
    }
    result?;
    println!("to be continued with --incremental {}", backup.checkpoint);
    if let Some(since) = since {
        delete_checkpoint(&domain, since).await?;
    }
    conn.close().await;
    Ok(())
}

struct Backup<'a> {
    domain: &'a Domain,
    disk: &'a str,
    since: Option<&'a str>,
    /// The name of the checkpoint that is made at the same time.
    checkpoint: &'a str,
    file: &'a Path,
}

impl Backup<'_> {
    /// Copies the disk to the file. The checkpoint stays only if that succeeds.
    async fn pull(&self, file: File) -> Result<()> {
        // Before there is anything to clean up, or to be told of.
        let interrupted = interrupts()?;
        let ends = self.domain.connect().subscribe::<JobCompleted>(Some(self.domain)).await?;
        let (backup, checkpoint) = self.xml();
        let flags = BackupBeginFlags::empty();
        self.domain.backup_begin(&backup, Some(&checkpoint), flags).await?;
        let Err(error) = self.copy(file, interrupted, ends).await else {
            return Ok(());
        };
        // What it remembers becomes its parent's, as if it had never been.
        match delete_checkpoint(self.domain, self.checkpoint).await {
            Ok(()) => Err(error),
            Err(second) => Err(format!("{error}; {} stays: {second}", self.checkpoint).into()),
        }
    }

    async fn copy(
        &self,
        file: File,
        interrupted: impl Future<Output = ()>,
        ends: Subscription<JobCompleted>,
    ) -> Result<()> {
        let (socket, disk) = (self.beside("nbd"), self.disk.to_owned());
        let is_whole = self.since.is_none();
        let mut copying = spawn_blocking(move || copy(socket.as_ref(), &disk, is_whole, &file));
        let done = tokio::select! {
            done = &mut copying => Some(done),
            () = interrupted => None,
        };
        // This takes the server away, and so ends the copying, too.
        let ended = self.end(ends).await;
        match done {
            Some(copied) => copied?.and(ended),
            None => copying.await?.and(ended).and(Err("interrupted".into())),
        }
    }

    /// Ends the backup, which does not end by itself.
    async fn end(&self, mut ends: Subscription<JobCompleted>) -> Result<()> {
        self.domain.abort_job().await?;
        let end = timeout(PATIENCE, ends.next()).await?;
        end.ok_or("the connection has ended")??;
        Ok(())
    }

    /// Returns a path that is the file's, with more behind.
    fn beside(&self, name: &str) -> String {
        format!("{}.{name}", self.file.display())
    }

    /// Returns the XML of the backup and of the checkpoint.
    fn xml(&self) -> (String, String) {
        let since = self.since.map_or_else(String::new, |since| {
            format!("<incremental>{}</incremental>", escape(since))
        });
        let (disk, checkpoint) = (escape(self.disk), self.checkpoint);
        let [socket, scratch] = ["nbd", "scratch"].map(|name| escape(&self.beside(name)));
        let backup = format!(
            "<domainbackup mode='pull'>{since}
  <server transport='unix' socket='{socket}'/>
  <disks>
    <disk name='{disk}' type='file' exportname='{disk}' exportbitmap='{BITMAP}'>
      <scratch file='{scratch}'/>
    </disk>
  </disks>
</domainbackup>"
        );
        let checkpoint = format!(
            "<domaincheckpoint>
  <name>{checkpoint}</name>
  <disks><disk name='{disk}'/></disks>
</domaincheckpoint>"
        );
        (backup, checkpoint)
    }
}

async fn delete_checkpoint(domain: &Domain, name: &str) -> libvirt_client::Result<()> {
    domain.checkpoint_lookup_by_name(name).await?.delete(DeleteFlags::empty()).await
}

/// Catches signals from now on; the future that it returns waits for one.
fn interrupts() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Copies from the server at the socket to the file: all that is not zero, or what has changed.
fn copy(socket: &Path, disk: &str, is_whole: bool, file: &File) -> Result<()> {
    let wanted = if is_whole {
        Parts::Data
    } else {
        Parts::Marked(BITMAP)
    };
    let mut export = Export::open(socket, disk, wanted)?;
    let size = export.size();
    if is_whole {
        file.set_len(size)?;
    } else if file.metadata()?.len() != size {
        return Err("the file is not as large as the disk".into());
    }
    let parts = export.parts()?;
    let total: u64 = parts.iter().map(|part| part.end - part.start).sum();
    println!("{total} of {size} bytes are to be read");
    let is_shown = io::stderr().is_terminal();
    let mut copied = 0;
    for Range { start: mut at, end } in parts {
        while at < end {
            let length = u64::from(MAX_READ).min(end - at);
            file.write_all_at(&export.read(at, length as u32)?, at)?;
            at += length;
            copied += length;
            if is_shown {
                eprint!("\r{} of {} MiB", copied >> 20, total >> 20);
            }
        }
    }
    if is_shown {
        eprintln!();
    }
    file.sync_all()?;
    Ok(())
}

/// Makes XML text of a name or path.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('\'', "&apos;")
}
