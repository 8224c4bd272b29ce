//! `protocol/annotations.toml`: the project's own annotations of the protocol, written by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use crate::constants::Kind;
use crate::error::{Error, Result};

/// Lists by program name (`remote`, `qemu`, …); procedures are named without program and `PROC`.
type PerProgram<T> = BTreeMap<String, T>;

/// The whole file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Annotations {
    /// Procedures whose reply may take minutes by nature.
    #[serde(default)]
    pub long: Long,
    /// Structures whose values `Debug` must not show.
    #[serde(default)]
    pub secret: BTreeSet<String>,
    /// Procedures that the API does not offer, and the reasons.
    #[serde(default)]
    pub internal: PerProgram<BTreeMap<String, String>>,
    /// First releases of procedures without a public function.
    #[serde(default)]
    pub since: PerProgram<BTreeMap<String, String>>,
    /// Streams that upstream's notes do not mention: `read` or `write`.
    #[serde(default)]
    pub stream: PerProgram<BTreeMap<String, String>>,
    /// Structures and fields in C to the public set that the field is a member of, where no
    /// documentation of `flags` says it.
    #[serde(default)]
    pub fields: BTreeMap<String, BTreeMap<String, String>>,
    /// Procedures that send or return file descriptors.
    #[serde(default)]
    pub descriptors: PerProgram<BTreeSet<String>>,
    /// The Rust names of public sets.
    #[serde(default)]
    pub sets: Sets,
    /// The groups of names of typed parameters: prefix of the C name to Rust module.
    #[serde(default)]
    pub params: BTreeMap<String, String>,
    /// Kinds of typed parameters that no source tells: C name to `UINT`, `STRING`, ….
    #[serde(default)]
    pub kinds: BTreeMap<String, String>,
    /// Public functions of C that no item of the library names as its alias.
    #[serde(default)]
    pub functions: FunctionNotes,
}

/// What is said of public functions of C; each has an item of the library, or stands in one of the
/// first three.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FunctionNotes {
    /// Functions that C itself has replaced, and the one that each was replaced by.
    #[serde(default)]
    pub obsolete: BTreeMap<String, String>,
    /// Functions that will have a method, and the procedure that this will call.
    #[serde(default)]
    pub not_yet: BTreeMap<String, String>,
    /// Functions that need no counterpart, by reason.
    #[serde(default)]
    pub without: Vec<Without>,
    /// Names in libvirt-python that follow no rule; an empty one is none.
    #[serde(default)]
    pub python: BTreeMap<String, String>,
}

/// Functions that need no counterpart, for one reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Without {
    /// The reason, as Markdown for the documentation; `{virFunction}` becomes a link to the item
    /// that stands for that function.
    pub why: String,
    /// The functions.
    pub names: BTreeSet<String>,
}

/// Procedures whose reply may take minutes, by the party that the daemon waits for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Long {
    /// A guest, which may never answer.
    #[serde(default)]
    pub guest: PerProgram<BTreeSet<String>>,
    /// Work of the host.
    #[serde(default)]
    pub host: PerProgram<BTreeSet<String>>,
}

/// The Rust names of public sets that differ from the general rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sets {
    /// `module::Name` of a set.
    #[serde(default)]
    pub rename: BTreeMap<String, String>,
    /// The prefixes removed from the names of a set's members: the first that fits.
    #[serde(default)]
    pub prefixes: BTreeMap<String, Vec<String>>,
    /// The kinds of sets that do not look like what they are.
    #[serde(default)]
    pub kinds: BTreeMap<String, Kind>,
    /// Members that only count the others, without being marked as such.
    #[serde(default)]
    pub sentinels: BTreeSet<String>,
}

impl Annotations {
    /// Reads `annotations.toml` of a protocol folder; a folder without one has no annotations.
    pub fn load(folder: &Path) -> Result<Self> {
        let path = folder.join("annotations.toml");
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = std::fs::read_to_string(&path).map_err(Error::io(&path))?;
        toml::from_str(&text)
            .map_err(|error| Error::invalid(format!("{}: {error}", path.display())))
    }

    /// Returns the variant of `WaitsFor` of a procedure whose reply may take minutes.
    pub fn waits_for(&self, program: &str, topic: &str) -> Option<&'static str> {
        let topic = topic.to_uppercase();
        let is_in = |lists: &PerProgram<BTreeSet<String>>| {
            lists.get(program).is_some_and(|list| list.contains(&topic))
        };
        match () {
            () if is_in(&self.long.guest) => Some("Guest"),
            () if is_in(&self.long.host) => Some("Host"),
            () => None,
        }
    }

    /// Returns whether a procedure sends or returns file descriptors.
    pub fn carries_descriptors(&self, program: &str, topic: &str) -> bool {
        let list = self.descriptors.get(program);
        list.is_some_and(|list| list.contains(&topic.to_uppercase()))
    }

    /// Returns the reason why the API does not offer a procedure, if it does not.
    pub fn internal(&self, program: &str, topic: &str) -> Option<&str> {
        lookup(&self.internal, program, topic)
    }

    /// Returns the first release of a procedure without a public function.
    pub fn since(&self, program: &str, topic: &str) -> Option<&str> {
        lookup(&self.since, program, topic)
    }

    /// Returns the stream of a procedure that upstream's notes do not mention.
    pub fn stream(&self, program: &str, topic: &str) -> Option<&str> {
        lookup(&self.stream, program, topic)
    }
}

fn lookup<'a>(
    map: &'a PerProgram<BTreeMap<String, String>>,
    program: &str,
    topic: &str,
) -> Option<&'a str> {
    Some(map.get(program)?.get(&topic.to_uppercase())?.as_str())
}
