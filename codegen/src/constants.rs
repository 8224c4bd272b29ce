//! `protocol/constants.toml`: the constants of the public headers.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;

use crate::error::{Error, Result};

/// All numbers and strings that the public headers define.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constants {
    /// The release of the headers.
    pub release: String,
    /// Numeric macros.
    #[serde(default)]
    pub numbers: Vec<Number>,
    /// String macros, nearly all of them names of typed parameters.
    #[serde(default)]
    pub strings: Vec<Text>,
    /// Enumerations and flag sets.
    #[serde(default)]
    pub sets: Vec<Set>,
    /// The sets that the `flags` argument of a procedure takes.
    #[serde(default)]
    pub flags: BTreeMap<String, Vec<String>>,
}

/// A numeric macro.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Number {
    /// The name.
    pub name: String,
    /// The value.
    pub value: i64,
    /// The release that first had it.
    pub since: Option<String>,
    /// The header that defines it.
    pub header: String,
}

/// A string macro.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
    /// The kind of typed parameter that it names, e.g. `ULLONG`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The release that first had it.
    pub since: Option<String>,
    /// The header that defines it.
    pub header: String,
}

/// The kind of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// One of the members applies.
    Enum,
    /// Any number of the members applies.
    Flags,
}

/// An enumeration or a flag set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// The name.
    pub name: String,
    /// The kind.
    pub kind: Kind,
    /// The release that first had it.
    pub since: Option<String>,
    /// The header that defines it.
    pub header: String,
    /// The members, without the sentinels that only count the others.
    pub members: Vec<Member>,
}

/// A member of a set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// The name.
    pub name: String,
    /// The value.
    pub value: i64,
    /// The release that first had it.
    pub since: Option<String>,
}

impl Constants {
    /// Reads `constants.toml` of a protocol folder.
    pub fn load(folder: &Path) -> Result<Self> {
        let path = folder.join("constants.toml");
        let text = std::fs::read_to_string(&path).map_err(Error::io(&path))?;
        toml::from_str(&text)
            .map_err(|error| Error::invalid(format!("{}: {error}", path.display())))
    }

    /// Returns all numbers by name.
    pub fn by_name(&self) -> BTreeMap<String, i64> {
        let members = self.sets.iter().flat_map(|set| &set.members);
        let members = members.map(|member| (member.name.clone(), member.value));
        let numbers = self.numbers.iter();
        members
            .chain(numbers.map(|number| (number.name.clone(), number.value)))
            .collect()
    }

    /// Returns the file's text, one constant per line.
    pub fn print(&self) -> String {
        let mut out = String::from(
            "# Facts of libvirt's public headers, written by `codegen import`; not edited by hand.\n",
        );
        let mut line = |line: String| {
            let _ = writeln!(out, "{line}");
        };
        line(format!("release = {}", quote(&self.release)));
        line("\nnumbers = [".into());
        for Number { name, value, since, header } in &self.numbers {
            line(format!(
                "    {{ name = {}, value = {value}{}, header = {} }},",
                quote(name),
                optional("since", since.as_ref()),
                quote(header)
            ));
        }
        line("]\n\nstrings = [".into());
        for text in &self.strings {
            line(format!(
                "    {{ name = {}, value = {}{}{}, header = {} }},",
                quote(&text.name),
                quote(&text.value),
                optional("type", text.kind.as_ref()),
                optional("since", text.since.as_ref()),
                quote(&text.header)
            ));
        }
        line("]".into());
        line("\n[flags]".into());
        for (procedure, sets) in &self.flags {
            let sets: Vec<String> = sets.iter().map(|set| quote(set)).collect();
            line(format!("{procedure} = [{}]", sets.join(", ")));
        }
        for set in &self.sets {
            line(format!("\n[[sets]]\nname = {}", quote(&set.name)));
            line(format!(
                "kind = {}",
                quote(match set.kind {
                    Kind::Enum => "enum",
                    Kind::Flags => "flags",
                })
            ));
            if let Some(since) = &set.since {
                line(format!("since = {}", quote(since)));
            }
            line(format!("header = {}\nmembers = [", quote(&set.header)));
            for member in &set.members {
                line(format!(
                    "    {{ name = {}, value = {}{} }},",
                    quote(&member.name),
                    member.value,
                    optional("since", member.since.as_ref())
                ));
            }
            line("]".into());
        }
        out
    }
}

fn optional(key: &str, value: Option<&String>) -> String {
    value.map_or_else(String::new, |value| format!(", {key} = {}", quote(value)))
}

/// Quotes a TOML basic string. The constants have no control characters.
pub(crate) fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
