//! The paths of programs and libraries.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// Returns the first program of that name in `PATH`, or in the system directories that the `PATH`
/// of an ordinary user leaves out.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    env::split_paths(&search_path())
        .map(|dir| dir.join(name))
        .find(|path| path.is_file())
}

/// Returns polkit's daemon, which is not in `PATH`.
pub(crate) fn polkitd() -> Option<PathBuf> {
    ["/usr/lib/polkit-1/polkitd", "/usr/libexec/polkitd"]
        .map(PathBuf::from)
        .into_iter()
        .find(|path| path.is_file())
}

/// Returns `PATH` with the directories of system programs.
pub(crate) fn search_path() -> OsString {
    let mut path = env::var_os("PATH").unwrap_or_default();
    if !path.is_empty() {
        path.push(":");
    }
    path.push("/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin");
    path
}

/// Returns `root` itself and the per-architecture directories in it.
pub(crate) fn library_dirs(root: &Path) -> Vec<PathBuf> {
    let mut dirs = vec![root.to_owned()];
    // A directory that cannot be read counts as empty.
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().ends_with("-linux-gnu") {
            dirs.push(entry.path());
        }
    }
    dirs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_programs_are_found() {
        assert!(program("sh").is_some());
        assert!(program("no-such-program").is_none());
    }
}
