//! Each module is about one command or one part of it.

#![allow(missing_docs, clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod check;
mod coverage;
mod functions;
mod generate;
mod headers;
mod old_releases;
mod parser;
mod sample;
mod words;

use std::path::Path;

/// The workspace that this crate is in.
fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Writes files into a folder: path and text.
fn write(folder: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}
