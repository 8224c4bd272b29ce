//! `protocol/functions.toml`: the public functions of libvirt's libraries.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;

use crate::constants::quote;
use crate::error::{Error, Result};

/// All functions that the libraries export.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Functions {
    /// The release of the libraries.
    pub release: String,
    /// The functions of each library, and the release that first had each.
    #[serde(default)]
    pub libraries: BTreeMap<String, BTreeMap<String, String>>,
}

impl Functions {
    /// Reads `functions.toml` of a protocol folder.
    pub fn load(folder: &Path) -> Result<Self> {
        let path = folder.join("functions.toml");
        let text = std::fs::read_to_string(&path).map_err(Error::io(&path))?;
        toml::from_str(&text)
            .map_err(|error| Error::invalid(format!("{}: {error}", path.display())))
    }

    /// Returns the file's text.
    pub fn print(&self) -> String {
        let mut out = format!(
            "# The public functions of each library and the release that first had it; written by \
             `codegen import`.\n\
             release = {}\n",
            quote(&self.release)
        );
        for (library, functions) in &self.libraries {
            let _ = writeln!(out, "\n[libraries.{library}]");
            for (name, since) in functions {
                let _ = writeln!(out, "{name} = {}", quote(since));
            }
        }
        out
    }

    /// Returns whether any library has a function of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.libraries.values().any(|functions| functions.contains_key(name))
    }
}
