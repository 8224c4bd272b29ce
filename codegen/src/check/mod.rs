//! Comparison of two definitions of the wire, and checks of the project.

mod consistency;
mod public;
mod wire;

use std::fmt;
use std::path::Path;

use crate::annotations::Annotations;
use crate::constants::Constants;
use crate::error::Result;
use crate::import::headers::Headers;
use crate::import::tree::Tree;
use crate::load::load;
use crate::xdr::Definition;

pub use consistency::{consistency, provenance};

/// The effect of a difference on peers that use the older definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// None: a name differs, the bytes do not.
    Renamed,
    /// None, as long as the addition is not used.
    Added,
    /// Messages would be misunderstood.
    Changed,
    /// Messages would not be understood.
    Removed,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Renamed => "renamed",
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
        })
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The effect.
    pub kind: Kind,
    /// The thing that differs, and the difference.
    pub what: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.what)
    }
}

/// All differences.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The differences.
    pub differences: Vec<Difference>,
}

/// The result of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The same wire.
    Identical,
    /// The newer definition has everything of the older one, and more.
    OnlyAdditions,
    /// Peers would not understand each other.
    Incompatible,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identical => "identical",
            Self::OnlyAdditions => "only additions",
            Self::Incompatible => "incompatible",
        })
    }
}

impl Report {
    fn push(&mut self, kind: Kind, what: impl Into<String>) {
        let what = what.into();
        self.differences.push(Difference { kind, what });
    }

    /// Returns the result of the comparison.
    pub fn verdict(&self) -> Verdict {
        let any = |kinds: &[Kind]| self.differences.iter().any(|one| kinds.contains(&one.kind));
        if any(&[Kind::Changed, Kind::Removed]) {
            Verdict::Incompatible
        } else if any(&[Kind::Added]) {
            Verdict::OnlyAdditions
        } else {
            Verdict::Identical
        }
    }
}

/// One of two definitions to compare.
#[derive(Debug)]
pub struct Side {
    /// The wire.
    pub definition: Definition,
    /// The public constants, where there are any.
    pub constants: Option<Constants>,
}

impl Side {
    /// Reads a `.x` file, a folder like `protocol/`, or an upstream source tree.
    pub fn load(path: &Path, annotations: &Annotations) -> Result<Self> {
        let constants = if Tree::is_tree(path) {
            let tree = Tree::open(path)?;
            let mut headers = Headers::default();
            for (path, name) in tree.headers() {
                headers.add(path, name, &tree.peek(path)?)?;
            }
            let facts = headers.resolve()?;
            let mut constants = Constants {
                release: tree.release().unwrap_or_default(),
                numbers: facts.numbers,
                strings: headers.strings.into_iter().map(|(text, _)| text).collect(),
                sets: facts.sets,
                ..Constants::default()
            };
            for set in &mut constants.sets {
                set.members.retain(|member| !annotations.sets.sentinels.contains(&member.name));
            }
            Some(constants)
        } else if path.join("constants.toml").exists() {
            Some(Constants::load(path)?)
        } else {
            None
        };
        Ok(Self { definition: load(path)?, constants })
    }
}

/// Compares two definitions, the older one first.
pub fn compare(old: &Side, new: &Side) -> Result<Report> {
    let mut report = Report::default();
    wire::compare(&old.definition, &new.definition, &mut report)?;
    if let (Some(old), Some(new)) = (&old.constants, &new.constants) {
        public::compare(old, new, &mut report);
    }
    Ok(report)
}
