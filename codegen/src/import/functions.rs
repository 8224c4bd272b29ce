//! The flag sets of the `flags` arguments of public functions.

use std::collections::BTreeMap;

use super::tree::Tree;
use crate::constants::Set;
use crate::error::Result;
use crate::xdr::lexer::{Language, Token, lex};

/// Reads the comments before the public functions: function to names of sets.
pub fn flags(tree: &Tree, sets: &[Set]) -> Result<BTreeMap<String, Vec<String>>> {
    let mut out = BTreeMap::new();
    let paths: Vec<&str> = tree.sources().filter(|path| is_public(path)).collect();
    for path in paths {
        let text = tree.peek(path)?;
        let before = out.len();
        for lexeme in lex(path, &text, Language::C)? {
            if let Token::Comment(comment) = lexeme.token
                && let Some((function, found)) = documented(comment, sets)
            {
                out.insert(function, found);
            }
        }
        if out.len() > before {
            tree.mark(path)?;
        }
    }
    Ok(out)
}

/// Returns whether a file defines public functions.
fn is_public(path: &str) -> bool {
    let name = path.strip_prefix("src/admin/").or(path.strip_prefix("src/")).unwrap_or(path);
    name.starts_with("libvirt") && !name.contains('/')
}

/// Returns the function that a comment documents and the sets it names for `@flags`, if any.
fn documented(comment: &str, sets: &[Set]) -> Option<(String, Vec<String>)> {
    let mut lines = comment.lines().map(|line| line.trim_start_matches([' ', '\t', '*']).trim());
    let function = lines.find(|line| !line.is_empty())?.strip_suffix(':')?;
    if !function.starts_with("vir") || !function.chars().all(|c| c.is_ascii_alphanumeric()) {
        return None;
    }
    let mut about = lines.skip_while(|line| !line.starts_with("@flags:"));
    let first = about.next()?;
    let rest = about.take_while(|line| !line.is_empty() && !line.starts_with('@'));
    let mut found = Vec::new();
    for word in std::iter::once(first)
        .chain(rest)
        .flat_map(|line| line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')))
    {
        // A comment may name the set, or a few of its members.
        let set = sets
            .iter()
            .find(|set| set.name == word || set.members.iter().any(|member| member.name == word));
        if let Some(set) = set
            && !found.contains(&set.name)
        {
            found.push(set.name.clone());
        }
    }
    (!found.is_empty()).then(|| (function.to_owned(), found))
}
