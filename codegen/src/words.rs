//! `protocol/words/`: what public constants mean, in the project's own words, written by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use crate::error::{Error, Result};

/// The key of a table's own words. Members are in capitals.
pub const ABOUT: &str = "about";

/// The table of the numbers that belong to no set.
pub const NUMBERS: &str = "numbers";

/// The tables of all files, each called like a set in C, like the beginning of the names of a group
/// of typed parameters, or [`NUMBERS`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Words {
    /// Table to member to words.
    pub tables: BTreeMap<String, BTreeMap<String, String>>,
}

impl Words {
    /// Reads all files of the folder `words` in a protocol folder; without one there are no words.
    pub fn load(folder: &Path) -> Result<Self> {
        let folder = folder.join("words");
        let mut all = Self::default();
        if !folder.exists() {
            return Ok(all);
        }
        for entry in std::fs::read_dir(&folder).map_err(Error::io(&folder))? {
            let path = entry.map_err(Error::io(&folder))?.path();
            let text = std::fs::read_to_string(&path).map_err(Error::io(&path))?;
            let fault = |what: &dyn std::fmt::Display| {
                Error::invalid(format!("{}: {what}", path.display()))
            };
            let file: Self = toml::from_str(&text).map_err(|error| fault(&error))?;
            for (table, words) in file.tables {
                if all.tables.contains_key(&table) {
                    return Err(fault(&format!("[{table}] stands in another file too")));
                }
                all.tables.insert(table, words);
            }
        }
        Ok(all)
    }

    /// Returns the words of a member, or of the table itself, which is [`ABOUT`].
    pub fn of(&self, table: &str, member: &str) -> Result<&str> {
        let words = self.tables.get(table).and_then(|words| words.get(member));
        words.map(String::as_str).ok_or_else(|| Error::invalid(missing(table, member)))
    }

    /// Returns what is missing, what is about nothing, and what is no sentence, given all tables
    /// and their members.
    pub fn faults<'n>(&self, names: impl IntoIterator<Item = (&'n str, &'n str)>) -> Vec<String> {
        let names: BTreeSet<(&str, &str)> = names.into_iter().collect();
        let mut faults = Vec::new();
        for (table, member) in &names {
            if self.of(table, member).is_err() {
                faults.push(missing(table, member));
            }
        }
        for (table, members) in &self.tables {
            for (member, words) in members {
                if !names.contains(&(table.as_str(), member.as_str())) {
                    faults.push(format!("words, [{table}]: there is no {member}"));
                }
                if !is_sentence(words) {
                    faults.push(format!("words, [{table}]: {member} is no sentence: {words}"));
                }
            }
        }
        faults
    }
}

fn missing(table: &str, member: &str) -> String {
    format!("no words for {member}: write them into protocol/words, [{table}]")
}

fn is_sentence(words: &str) -> bool {
    // Not `word`, but `Word`, `iSCSI`, or code.
    let first = words.split(' ').next().unwrap_or_default();
    !first.is_empty()
        && !first.chars().all(char::is_lowercase)
        && words.ends_with('.')
        && !words.contains('\n')
        && !words.contains("  ")
}
