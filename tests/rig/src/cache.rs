//! A cache of what takes long to make, per machine and user.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::error::{Attempt as _, Error, Result};

/// The variable with the directory for the guest image and other entries, in place of the user's
/// cache directory.
pub const CACHE: &str = "RIG_CACHE";

/// The prefix of directories that are used only while an entry is made.
const BUILD: &str = "build-";

/// Returns whether there is an entry of that name.
pub(crate) fn has(name: &str) -> bool {
    dir().is_ok_and(|cache| cache.join(name).is_dir())
}

/// Returns the directory of an entry. If there is none, calls `make` with a directory to work in
/// and one to fill.
pub(crate) fn entry(name: &str, make: impl FnOnce(&Path, &Path) -> Result<()>) -> Result<PathBuf> {
    let cache = dir()?;
    let entry = cache.join(name);
    if entry.is_dir() {
        return Ok(entry);
    }
    fs::create_dir_all(&cache).attempt(|| format!("creating {}", cache.display()))?;
    let path = cache.join("lock");
    let lock = File::create(&path).attempt(|| format!("creating {}", path.display()))?;
    flock(&lock, FlockOperation::LockExclusive)
        .attempt(|| format!("locking {}", path.display()))?;
    // Another process may have made it while this one waited.
    if !entry.is_dir() {
        remove_starting_with(&cache, BUILD)?;
        let work = tempfile::Builder::new()
            .prefix(BUILD)
            .tempdir_in(&cache)
            .attempt(|| format!("creating a directory in {}", cache.display()))?;
        let finished = work.path().join("finished");
        fs::create_dir(&finished).attempt(|| format!("creating {}", finished.display()))?;
        make(work.path(), &finished)?;
        // The entry gets its final name only when it is complete.
        fs::rename(&finished, &entry).attempt(|| format!("moving {}", finished.display()))?;
    }
    Ok(entry)
}

/// Removes the entries whose names begin with `start`.
pub(crate) fn remove(start: &str) -> Result<()> {
    let cache = dir()?;
    if cache.is_dir() {
        remove_starting_with(&cache, start)?;
    }
    Ok(())
}

/// Returns the directory of all entries.
pub(crate) fn dir() -> Result<PathBuf> {
    if let Some(dir) = env::var_os(CACHE) {
        return Ok(dir.into());
    }
    let user_cache = match env::var_os("XDG_CACHE_HOME") {
        Some(dir) => PathBuf::from(dir),
        None => PathBuf::from(env::var_os("HOME").ok_or_else(|| {
            Error::Failed(format!(
                "neither {CACHE} nor XDG_CACHE_HOME nor HOME says where to keep what is built"
            ))
        })?)
        .join(".cache"),
    };
    Ok(user_cache.join("libvirt-client-rig"))
}

/// Removes what killed processes left behind, which only the holder of the lock may do.
fn remove_starting_with(cache: &Path, start: &str) -> Result<()> {
    for entry in fs::read_dir(cache).attempt(|| format!("reading {}", cache.display()))? {
        let entry = entry.attempt(|| format!("reading {}", cache.display()))?;
        if entry.file_name().to_string_lossy().starts_with(start) {
            fs::remove_dir_all(entry.path())
                .attempt(|| format!("removing {}", entry.path().display()))?;
        }
    }
    Ok(())
}
