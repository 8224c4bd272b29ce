//! Names of typed parameters.

use std::collections::BTreeMap;

use super::text::Text;
use crate::annotations::Annotations;
use crate::constants::{Constants, Text as Name};
use crate::error::{Error, Result};
use crate::words::{ABOUT, Words};

/// The prefix of a module's C names, and the names with the rest of each.
type Group<'c> = (&'c str, Vec<(&'c Name, &'c str)>);

/// Returns the names by module.
fn groups<'c>(
    constants: &'c Constants,
    annotations: &'c Annotations,
) -> Result<BTreeMap<&'c str, Group<'c>>> {
    let mut modules: BTreeMap<&str, Group<'_>> = BTreeMap::new();
    for name in &constants.strings {
        // The longer of two prefixes that fit.
        let group = annotations
            .params
            .iter()
            .filter(|(prefix, _)| name.name.starts_with(prefix.as_str()))
            .max_by_key(|(prefix, _)| prefix.len());
        let Some((prefix, module)) = group else {
            return Err(Error::invalid(format!(
                "no group for the parameter {}: write one into annotations.toml, [params]",
                name.name
            )));
        };
        let rest = name.name.strip_prefix(prefix.as_str()).unwrap_or_default();
        let (_, list) = modules.entry(module).or_insert((prefix, Vec::new()));
        list.push((name, rest));
    }
    Ok(modules)
}

/// Returns what needs words: the groups, by the beginning of their names, and the rests of these.
pub fn named<'c>(
    constants: &'c Constants,
    annotations: &'c Annotations,
) -> Result<Vec<(&'c str, &'c str)>> {
    let mut all = Vec::new();
    for (prefix, names) in groups(constants, annotations)?.into_values() {
        all.push((prefix, ABOUT));
        all.extend(names.into_iter().map(|(_, rest)| (prefix, rest)));
    }
    Ok(all)
}

/// Generates the file `names.rs`.
pub fn names(constants: &Constants, annotations: &Annotations, words: &Words) -> Result<String> {
    let mut text = Text::default();
    for (module, (prefix, names)) in groups(constants, annotations)? {
        text.gap();
        text.document("", words.of(prefix, ABOUT)?);
        text.line("///");
        text.line(format!("/// C calls them `{prefix}…`."));
        text.line(format!("pub mod {module} {{"));
        for (at, (name, rest)) in names.into_iter().enumerate() {
            if at > 0 {
                text.line("");
            }
            text.document("    ", words.of(prefix, rest)?);
            text.line("    ///");
            text.line(format!("    /// `{}`", name.name));
            let kind = name.kind.as_ref().map(|kind| format!("`{kind}`"));
            let since = name.since.as_ref().map(|since| format!("since {since}"));
            let facts: Vec<String> = kind.into_iter().chain(since).collect();
            if !facts.is_empty() {
                text.line(format!("    /// ({})", facts.join(", ")));
            }
            let start = format!("    pub const {}: &str =", starting_with_letter(rest));
            let value = format!("\"{}\";", name.value);
            if start.len() + 1 + value.len() > 100 {
                text.line(start);
                text.line(format!("        {value}"));
            } else {
                text.line(format!("{start} {value}"));
            }
        }
        text.line("}");
    }
    Ok(text.finish(&["Names of typed parameters, grouped by what they are about."]))
}

fn starting_with_letter(name: &str) -> String {
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        format!("N{name}")
    } else {
        name.to_owned()
    }
}
