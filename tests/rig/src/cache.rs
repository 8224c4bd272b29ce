//! What takes long to make, made once per machine and user.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::error::{Attempt as _, Error, Result};

/// Names the directory that holds the guest image and the like, in place of the user's cache
/// directory.
pub const CACHE: &str = "RIG_CACHE";

/// How the names of directories start that are in use only while something is made.
const BUILD: &str = "build-";

/// Whether there is an entry of that name.
pub(crate) fn has(name: &str) -> bool {
    dir().is_ok_and(|cache| cache.join(name).is_dir())
}

/// The entry of that name, a directory. If there is none, `make` gets a directory to work in, and
/// one to fill.
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
        // It appears under its final name only when all that belongs in it is there.
        fs::rename(&finished, &entry).attempt(|| format!("moving {}", finished.display()))?;
    }
    Ok(entry)
}

/// Removes entries whose names start like this.
pub(crate) fn remove(start: &str) -> Result<()> {
    let cache = dir()?;
    if cache.is_dir() {
        remove_starting_with(&cache, start)?;
    }
    Ok(())
}

/// The directory of all entries.
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

/// What builders left that were killed only who holds the lock may remove.
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
