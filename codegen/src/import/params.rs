//! The value kinds of typed parameters.
//!
//! Upstream has no table of them. The daemon's sources show the kind wherever they validate, fill
//! in or look up a parameter; the comments of the headers have it for most of the rest.

use std::collections::BTreeMap;

use super::tree::Tree;
use crate::constants::Text;
use crate::error::Result;
use crate::xdr::lexer::{Language, Token, lex};

/// The kinds in the spelling of upstream's constants and of its functions.
const KINDS: [(&str, &str); 7] = [
    ("INT", "Int"),
    ("UINT", "UInt"),
    ("LLONG", "LLong"),
    ("ULLONG", "ULLong"),
    ("DOUBLE", "Double"),
    ("BOOLEAN", "Boolean"),
    ("STRING", "String"),
];

/// Fills in the kinds; `known` has those that no source tells. Each macro comes with the comment
/// before it.
pub fn with_kinds(
    tree: &Tree,
    macros: Vec<(Text, String)>,
    known: &BTreeMap<String, String>,
) -> Result<Vec<Text>> {
    let mut votes: Votes =
        macros.iter().map(|(text, _)| (text.name.clone(), BTreeMap::new())).collect();
    for path in tree.sources() {
        let text = tree.peek(path)?;
        if !text.contains("VIR_TYPED_PARAM_") && !text.contains("virTypedParam") {
            continue;
        }
        if count(path, &text, &mut votes)? {
            tree.mark(path)?;
        }
    }
    let texts = macros.into_iter().map(|(mut text, comment)| {
        let votes = votes.get(&text.name).into_iter().flatten();
        // The most votes win; of equal ones the first by name, so that the result is stable.
        let elected = votes.max_by_key(|(kind, count)| (**count, std::cmp::Reverse(**kind)));
        // A prefix alone names no parameter: its comment is about the number that follows.
        let whole = !text.value.ends_with('.');
        let kind = elected
            .map(|(kind, _)| *kind)
            .or_else(|| documented(&comment).filter(|_| whole));
        text.kind = kind.map(str::to_owned).or_else(|| known.get(&text.name).cloned());
        text
    });
    Ok(texts.collect())
}

/// Macro name to votes for each kind.
type Votes = BTreeMap<String, BTreeMap<&'static str, u32>>;

/// Counts the votes of a C source, or of the body of a macro in it. Returns whether there were any.
fn count(path: &str, source: &str, votes: &mut Votes) -> Result<bool> {
    let mut found = false;
    let mut tokens = Vec::new();
    for lexeme in lex(path, source, Language::C)? {
        match lexeme.token {
            // Tables of parameters are often macros.
            Token::Directive(text) if text.contains("VIR_TYPED_PARAM_") => {
                let body = text.replace("\\\n", " ");
                found |= count(path, &body, votes)?;
            }
            Token::Comment(_) | Token::Directive(_) => {}
            token => tokens.push(token),
        }
    }
    for at in 0..tokens.len() {
        let rest = tokens.get(at..).unwrap_or_default();
        if let Some((name, kind)) = pair(rest).or_else(|| call(rest, votes))
            && let Some(votes) = votes.get_mut(name)
        {
            *votes.entry(kind).or_default() += 1;
            found = true;
        }
    }
    Ok(found)
}

/// Parses `NAME, VIR_TYPED_PARAM_KIND`.
fn pair<'s>(tokens: &[Token<'s>]) -> Option<(&'s str, &'static str)> {
    let [Token::Word(name), Token::Symbol(','), Token::Word(kind), ..] = tokens else {
        return None;
    };
    Some((name, constant(kind)?))
}

fn constant(word: &str) -> Option<&'static str> {
    let kind = word.strip_prefix("VIR_TYPED_PARAM_")?;
    KINDS.iter().map(|(constant, _)| *constant).find(|constant| *constant == kind)
}

/// Parses `virTypedParamsAddKind(…, NAME, …)` and its relatives. Where several names form one, as
/// in `PREFIX "%u" SUFFIX`, the last is the parameter's own.
fn call<'s>(tokens: &[Token<'s>], known: &Votes) -> Option<(&'s str, &'static str)> {
    let [Token::Word(function), Token::Symbol('('), arguments @ ..] = tokens else {
        return None;
    };
    let verb = function
        .strip_prefix("virTypedParams")
        .or(function.strip_prefix("virTypedParamList"))?;
    let spelling = verb.strip_prefix("Add").or(verb.strip_prefix("Get"))?;
    let spelling = spelling
        .strip_suffix("List")
        .or(spelling.strip_suffix("Unchecked"))
        .unwrap_or(spelling);
    let (kind, _) = KINDS.iter().find(|(_, function)| *function == spelling)?;
    let mut depth = 1;
    let mut name = None;
    for (at, token) in arguments.iter().enumerate() {
        match token {
            Token::Symbol('(') => depth += 1,
            Token::Symbol(')') => depth -= 1,
            Token::Word(word) if known.contains_key(*word) => {
                let ends = [Some(&Token::Symbol(',')), Some(&Token::Symbol(')'))];
                if ends.contains(&arguments.get(at + 1)) {
                    name = Some(*word);
                }
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    Some((name?, kind))
}

/// Parses a header's comment: `… as an unsigned int`, `… as VIR_TYPED_PARAM_STRING`,
/// `type is VIR_TYPED_PARAM_UINT`.
fn documented(comment: &str) -> Option<&'static str> {
    let words: Vec<&str> = comment
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .collect();
    words.iter().enumerate().find_map(|(at, word)| {
        // "formatted as an unsigned integer" is about an index in a name.
        let before = at.checked_sub(1).and_then(|at| words.get(at));
        if (before, *word) == (Some(&"type"), "is") {
            return words.get(at + 1).and_then(|word| constant(word));
        }
        if *word != "as" || before == Some(&"formatted") {
            return None;
        }
        let mut rest = words.get(at + 1..)?;
        if let ["a" | "an" | "the", more @ ..] = rest {
            rest = more;
        }
        match rest {
            ["unsigned", "long", ..] | ["ullong", ..] => Some("ULLONG"),
            ["long", "long", ..] | ["llong", ..] => Some("LLONG"),
            ["unsigned" | "uint", ..] => Some("UINT"),
            ["int" | "integer", ..] => Some("INT"),
            ["string", ..] => Some("STRING"),
            ["double", ..] => Some("DOUBLE"),
            ["boolean" | "bool", ..] => Some("BOOLEAN"),
            // One comment has the constant in the plural.
            [constant_word, ..] => constant(&constant_word.replace("PARAMS_", "PARAM_")),
            [] => None,
        }
    })
}
