//! The user's files. A path may lead to any kind of file, and a file system may be slow.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;
use tokio::task::spawn_blocking;

use crate::error::{CloseReason, Error, Result};

/// The limit on the size of configuration files, keys and certificates.
const SIZE_MAX: u64 = 16 * 1024 * 1024;

/// Runs work that may block, such as reading files, on a thread for that. Must be called in a
/// runtime.
///
/// Dropping the future does not stop the work, and the runtime waits for it when it shuts down. So
/// nothing that could block forever may be run here: see [`read`].
pub(crate) async fn on_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    match spawn_blocking(work).await {
        Ok(done) => Ok(done),
        Err(error) => match error.try_into_panic() {
            // The panic continues in the caller.
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Error::Closed(CloseReason::RuntimeGone)),
        },
    }
}

/// Reads a whole file; for [`on_thread`].
///
/// Refuses files whose reading may never end or never begin, such as pipes, at whose other end
/// nobody may ever write. `/dev/null` is allowed.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    // A pipe without a writer must not block the opening, nor a terminal become this process's.
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = File::options().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    let metadata = file.metadata()?;
    let kind = metadata.file_type();
    if kind.is_fifo() || kind.is_socket() || kind.is_block_device() {
        let reason = "it is not a regular file";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
    }
    // Allocated at once, so that growing leaves no copies of secrets in memory.
    let size = usize::try_from(metadata.len().min(SIZE_MAX)).unwrap_or_default();
    let mut bytes = Vec::with_capacity(size + 1);
    file.take(SIZE_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > SIZE_MAX {
        let reason = format!("it is larger than {SIZE_MAX} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
    }
    Ok(bytes)
}

/// Returns whether a file exists, as far as this user can tell. One that cannot be checked for
/// other reasons counts as existing, so that reading it reports the error.
pub(crate) fn exists(path: &Path) -> bool {
    match path.try_exists() {
        Ok(exists) => exists,
        Err(error) => {
            !matches!(error.kind(), io::ErrorKind::NotADirectory | io::ErrorKind::PermissionDenied)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::net::UnixListener;
    use std::sync::mpsc;
    use std::time::Duration;

    use rustix::fs::{CWD, FileType, Mode, mknodat};
    use tokio::time::timeout;

    use super::*;

    #[test]
    fn what_can_be_read() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        let file = dir.path().join("file");
        fs::write(&file, "text")?;
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&file, &link)?;
        assert_eq!(read(&file)?, b"text");
        assert_eq!(read(&link)?, b"text");
        assert_eq!(read(Path::new("/dev/null"))?, b"");
        // Its reported size is zero.
        assert!(!read(Path::new("/proc/self/status"))?.is_empty());

        let largest = File::create(&file)?;
        largest.set_len(SIZE_MAX)?;
        assert_eq!(read(&file)?.len() as u64, SIZE_MAX);
        largest.set_len(SIZE_MAX + 1)?;
        for endless in [&*file, Path::new("/dev/zero")] {
            let error = read(endless).err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), Some("it is larger than 16777216 bytes"));
        }
        Ok(())
    }

    #[test]
    fn what_can_not() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        let pipe = dir.path().join("pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR, 0)?;
        let refused = read(&pipe).err().map(|error| error.to_string());
        assert_eq!(refused.as_deref(), Some("it is not a regular file"));
        for (path, kind) in [
            (dir.path().to_owned(), io::ErrorKind::IsADirectory),
            (dir.path().join("none"), io::ErrorKind::NotFound),
            (pipe.join("none"), io::ErrorKind::NotADirectory),
        ] {
            assert_eq!(read(&path).err().map(|error| error.kind()), Some(kind));
        }
        let socket = dir.path().join("socket");
        let _listener = UnixListener::bind(&socket)?;
        assert!(read(&socket).is_err());
        Ok(())
    }

    #[test]
    fn what_is_there() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        let loops = dir.path().join("loops");
        std::os::unix::fs::symlink("loops", &loops)?;
        assert!(exists(dir.path()) && exists(&loops));
        assert!(!exists(&dir.path().join("none")) && !exists(Path::new("/dev/null/none")));
        Ok(())
    }

    /// Needs the real clock: a paused one does not advance while a blocking thread is busy.
    #[tokio::test]
    async fn threads_that_take_long_hold_up_nobody_else() -> Result<()> {
        let (sender, receiver) = mpsc::channel();
        let mut slow = std::pin::pin!(on_thread(move || receiver.recv().is_ok()));
        let waited = timeout(Duration::from_millis(1), &mut slow).await;
        assert!(waited.is_err());
        let sent = sender.send(());
        assert!(sent.is_ok() && slow.await?);
        Ok(())
    }
}
