//! Prometheus's text format, version 0.0.4, to the letter.

use std::collections::{BTreeMap, BTreeSet};

type Labels = BTreeMap<String, String>;

/// All that a scrape says.
#[derive(Debug, Default)]
pub struct Exposition {
    values: BTreeMap<(String, Labels), f64>,
}

impl Exposition {
    pub fn get(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        self.values.get(&(name.to_owned(), own(labels))).copied()
    }

    /// Whether anything has these labels among others.
    pub fn has(&self, labels: &[(&str, &str)]) -> bool {
        let wanted = own(labels);
        let all = |labels: &Labels| wanted.iter().all(|(name, it)| labels.get(name) == Some(it));
        self.values.keys().any(|(_, labels)| all(labels))
    }

    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.strip_suffix('\n').ok_or("the last line has no end")?;
        let mut parsed = Self::default();
        let mut families = BTreeSet::new();
        let mut lines = text.split('\n').peekable();
        while let Some(line) = lines.next() {
            let help = line.strip_prefix("# HELP ").ok_or_else(|| format!("no help: {line}"))?;
            let (family, help) = help.split_once(' ').ok_or_else(|| format!("no text: {line}"))?;
            let is_first = families.insert(family);
            if !is_name(family, true) || help.is_empty() || !is_first {
                return Err(format!("bad or again: {line}"));
            }
            let kind =
                lines.next().and_then(|line| line.strip_prefix(&format!("# TYPE {family} ")));
            match (kind, family.ends_with("_total")) {
                (Some("counter"), true) | (Some("gauge"), false) => {}
                _ => return Err(format!("{family} is {kind:?}")),
            }
            while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
                let (labels, value) = sample(family, line).ok_or_else(|| format!("bad: {line}"))?;
                if kind == Some("counter") && value < 0.0 {
                    return Err(format!("negative: {line}"));
                }
                if parsed.values.insert((family.to_owned(), labels), value).is_some() {
                    return Err(format!("twice: {line}"));
                }
            }
        }
        Ok(parsed)
    }
}

fn own(labels: &[(&str, &str)]) -> Labels {
    let owned = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    owned.collect()
}

fn is_name(name: &str, may_have_colons: bool) -> bool {
    let is_first = |c: char| c.is_ascii_alphabetic() || c == '_' || (may_have_colons && c == ':');
    name.starts_with(is_first) && name.chars().all(|c| is_first(c) || c.is_ascii_digit())
}

/// Reads `family{label="value",…} number`.
fn sample(family: &str, line: &str) -> Option<(Labels, f64)> {
    let mut rest = line.strip_prefix(family)?.strip_prefix('{')?;
    let mut labels = Labels::new();
    loop {
        let (name, more) = rest.split_once("=\"")?;
        let (value, more) = label_value(more)?;
        if !is_name(name, false) || labels.insert(name.to_owned(), value).is_some() {
            return None;
        }
        let Some(more) = more.strip_prefix(',') else {
            let value: f64 = more.strip_prefix("} ")?.parse().ok()?;
            return value.is_finite().then_some((labels, value));
        };
        rest = more;
    }
}

/// Reads up to the closing quotation mark.
fn label_value(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next()? {
            '"' => return Some((value, chars.as_str())),
            '\\' => value.push(match chars.next()? {
                'n' => '\n',
                c @ ('"' | '\\') => c,
                _ => return None,
            }),
            c => value.push(c),
        }
    }
}
