//! Debian packages as a source of files: downloaded and unpacked, never installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::command::stdout_of;
use crate::error::{Attempt as _, Error, Result};

const DOWNLOAD_LIMIT: Duration = Duration::from_secs(300);
const UNPACK_LIMIT: Duration = Duration::from_secs(120);

/// Unpacks a package into `into`. Its archive stays in `archives`, so that unpacking it again needs
/// no network; `work` is for incomplete archives.
pub(super) fn unpack(package: &str, archives: &Path, work: &Path, into: &Path) -> Result<()> {
    let archive = match find_archive(package, archives)? {
        Some(archive) => archive,
        None => download(package, archives, work)?,
    };
    stdout_of(Command::new("dpkg-deb").arg("-x").arg(archive).arg(into), UNPACK_LIMIT)?;
    Ok(())
}

/// Returns the package that a meta package such as `linux-image-cloud-amd64` depends on today, or
/// the one that was downloaded before.
pub(super) fn behind_meta_package(meta: &str, prefix: &str, archives: &Path) -> Result<String> {
    let downloaded = archives_in(archives)?;
    if let Some((package, _)) =
        downloaded.into_iter().find(|(package, _)| package.starts_with(prefix))
    {
        return Ok(package);
    }
    let listing = stdout_of(
        Command::new("apt-cache")
            .args(["depends", "--important", meta])
            .env("LC_ALL", "C"),
        UNPACK_LIMIT,
    )?;
    listing
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Depends: "))
        .find(|package| package.starts_with(prefix))
        .map(str::to_owned)
        .ok_or_else(|| {
            Error::Failed(format!(
                "apt knows no package {prefix}* behind {meta}; does `apt-get update` help?\n{listing}"
            ))
        })
}

fn download(package: &str, archives: &Path, work: &Path) -> Result<PathBuf> {
    fs::create_dir_all(archives).attempt(|| format!("creating {}", archives.display()))?;
    stdout_of(
        Command::new("apt-get")
            // apt's own unprivileged user could not write here.
            .args(["-q", "-o", "APT::Sandbox::User=root", "download", package])
            .env("LC_ALL", "C")
            .current_dir(work),
        DOWNLOAD_LIMIT,
    )?;
    let archive = find_archive(package, work)?.ok_or_else(|| {
        Error::Failed(format!("`apt-get download {package}` left no archive behind"))
    })?;
    let kept = archives.join(archive.file_name().unwrap_or_default());
    fs::rename(&archive, &kept).attempt(|| format!("moving {}", archive.display()))?;
    Ok(kept)
}

fn find_archive(package: &str, dir: &Path) -> Result<Option<PathBuf>> {
    let archive = archives_in(dir)?
        .into_iter()
        .find_map(|(name, path)| (name == package).then_some(path));
    Ok(archive)
}

/// Returns the packages whose archives are in a directory. Their files are named
/// `PACKAGE_VERSION_ARCHITECTURE.deb`.
fn archives_in(dir: &Path) -> Result<Vec<(String, PathBuf)>> {
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).attempt(|| format!("reading {}", dir.display()))? {
        let path = entry.attempt(|| format!("reading {}", dir.display()))?.path();
        if path.extension().is_some_and(|extension| extension == "deb")
            && let Some(name) = path.file_name()
            && let Some((package, _)) = name.to_string_lossy().split_once('_')
        {
            found.push((package.to_owned(), path.clone()));
        }
    }
    Ok(found)
}
