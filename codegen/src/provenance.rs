//! `protocol/provenance.toml`: the upstream files that the facts were taken from.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::constants::quote;
use crate::error::{Error, Result};

/// The release and its files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// The libvirt release.
    pub release: String,
    /// The SHA-256 of each file that a fact was taken from, under the release that published it, or
    /// under [`EDITED`].
    pub inputs: BTreeMap<String, BTreeMap<String, String>>,
}

/// The heading of files that no release published in this form.
pub const EDITED: &str = "edited";

impl Provenance {
    /// Reads `provenance.toml` of a protocol folder.
    pub fn load(folder: &Path) -> Result<Self> {
        let path = folder.join("provenance.toml");
        let text = std::fs::read_to_string(&path).map_err(Error::io(&path))?;
        toml::from_str(&text)
            .map_err(|error| Error::invalid(format!("{}: {error}", path.display())))
    }

    /// Returns the file's text.
    pub fn print(&self) -> String {
        let mut out = format!(
            "# Where the facts in this folder were taken from; written by `codegen import`.\n\
             release = {}\n",
            quote(&self.release)
        );
        for (origin, files) in &self.inputs {
            let _ = writeln!(out, "\n[inputs.{}]", quote(origin));
            for (path, sum) in files {
                let _ = writeln!(out, "{} = {}", quote(path), quote(sum));
            }
        }
        out
    }

    /// Returns the paths of all files.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.inputs.values().flat_map(|files| files.keys().map(String::as_str))
    }
}

/// Returns the SHA-256 of bytes in hexadecimal.
pub fn sum(bytes: &[u8]) -> String {
    let mut out = String::new();
    for byte in Sha256::digest(bytes) {
        let _ = write!(out, "{byte:02x}");
    }
    out
}
