//! Enumerations and macros of the public C headers.

use std::collections::BTreeMap;

use super::expression::Expression;
use crate::constants::{Kind, Member, Number, Set, Text};
use crate::error::{Error, Result};
use crate::xdr::lexer::{Language, Lexeme, Token, lex};

/// The definitions of the headers, before names are resolved.
#[derive(Debug, Default)]
pub struct Headers {
    sets: Vec<RawSet>,
    numbers: Vec<RawNumber>,
    /// String macros, each with the comment before it.
    pub strings: Vec<(Text, String)>,
}

#[derive(Debug)]
struct RawSet {
    name: String,
    header: String,
    since: Option<String>,
    members: Vec<RawMember>,
}

#[derive(Debug)]
struct RawMember {
    name: String,
    /// `None`: one more than the member before.
    value: Option<Expression>,
    since: Option<String>,
    sentinel: bool,
}

#[derive(Debug)]
struct RawNumber {
    name: String,
    header: String,
    value: Expression,
    since: Option<String>,
}

/// The resolved constants of all headers.
#[derive(Debug)]
pub struct Facts {
    /// Enumerations and flag sets.
    pub sets: Vec<Set>,
    /// Numeric macros.
    pub numbers: Vec<Number>,
    /// All numbers by name, sentinels included.
    pub by_name: BTreeMap<String, i64>,
}

impl Headers {
    /// Adds a header. `path` names it in errors, `name` in the results.
    pub fn add(&mut self, path: &str, name: &str, source: &str) -> Result<()> {
        let lexemes = lex(path, source, Language::C)?;
        let mut at = 0;
        let mut comment = "";
        while let Some(lexeme) = lexemes.get(at) {
            match lexeme.token {
                Token::Comment(text) => comment = text,
                Token::Directive(text) => {
                    self.directive(text, name, comment)?;
                    comment = "";
                }
                // An enumeration may be defined with or without a typedef.
                Token::Word("typedef") => {}
                Token::Word("enum") => {
                    let rest = lexemes.get(at + 1..).unwrap_or_default();
                    if let Some((set, used)) = enumeration(path, name, since(comment), rest)? {
                        self.sets.push(set);
                        at += used;
                    }
                    comment = "";
                }
                _ => comment = "",
            }
            at += 1;
        }
        Ok(())
    }

    fn directive(&mut self, text: &str, header: &str, comment: &str) -> Result<()> {
        // Other directives are ignored.
        if text.split_whitespace().next() != Some("define") {
            return Ok(());
        }
        let lexemes = lex("a directive", text, Language::C)?;
        let tokens: Vec<Token<'_>> = lexemes
            .iter()
            .map(|lexeme| lexeme.token)
            .filter(|token| !matches!(token, Token::Comment(_) | Token::End))
            .collect();
        let [Token::Word("define"), Token::Word(macro_name), value @ ..] = &tokens[..] else {
            return Ok(());
        };
        if !macro_name.starts_with("VIR_") {
            return Ok(());
        }
        if let [Token::Text(value)] = value {
            let text = Text {
                name: (*macro_name).to_owned(),
                value: (*value).to_owned(),
                kind: None,
                since: since(comment),
                header: header.to_owned(),
            };
            self.strings.push((text, comment.to_owned()));
        } else if let Some((expression, used)) = Expression::parse(value)
            && used == value.len()
        {
            self.numbers.push(RawNumber {
                name: (*macro_name).to_owned(),
                header: header.to_owned(),
                value: expression,
                since: since(comment),
            });
        }
        Ok(())
    }

    /// Resolves all names. Macros that turn out not to be numbers are left out.
    pub fn resolve(&self) -> Result<Facts> {
        let mut by_name = BTreeMap::new();
        loop {
            let known = by_name.len();
            for set in &self.sets {
                let mut next = Some(0);
                for member in &set.members {
                    let value = match &member.value {
                        Some(expression) => expression.value(&by_name),
                        None => next,
                    };
                    if let Some(value) = value {
                        by_name.insert(member.name.clone(), value);
                    }
                    next = value.map(|value| value + 1);
                }
            }
            for number in &self.numbers {
                if let Some(value) = number.value.value(&by_name) {
                    by_name.insert(number.name.clone(), value);
                }
            }
            if by_name.len() == known {
                break;
            }
        }
        let mut sets = Vec::new();
        // Anonymous enumerations only contribute their numbers.
        for set in self.sets.iter().filter(|set| !set.name.is_empty()) {
            let mut members = Vec::new();
            for member in set.members.iter().filter(|member| !member.sentinel) {
                let value = by_name.get(&member.name).copied().ok_or_else(|| {
                    Error::invalid(format!(
                        "{}: the value of {} is made of unknown names",
                        set.header, member.name
                    ))
                })?;
                members.push(Member {
                    name: member.name.clone(),
                    value,
                    since: member.since.clone(),
                });
            }
            sets.push(Set {
                name: set.name.clone(),
                kind: set.kind(),
                since: set.since.clone(),
                header: set.header.clone(),
                members,
            });
        }
        let numbers = self.numbers.iter().filter_map(|number| {
            Some(Number {
                name: number.name.clone(),
                value: *by_name.get(&number.name)?,
                since: number.since.clone(),
                header: number.header.clone(),
            })
        });
        Ok(Facts { sets, numbers: numbers.collect(), by_name })
    }
}

impl RawSet {
    /// Returns the kind: flags are named so, or their values are written as bits.
    fn kind(&self) -> Kind {
        let called = self.name.contains("Flags") || self.name.contains("FlagValues");
        let bits = self
            .members
            .iter()
            .any(|member| member.value.as_ref().is_some_and(Expression::is_bits));
        if called || bits {
            Kind::Flags
        } else {
            Kind::Enum
        }
    }
}

/// Parses what follows the word `enum`: `{ … } name;` or `name { … };`. Returns the number of
/// tokens, or `None` if this is no definition.
fn enumeration(
    path: &str,
    header: &str,
    set_since: Option<String>,
    lexemes: &[Lexeme<'_>],
) -> Result<Option<(RawSet, usize)>> {
    let word = |at: usize| match lexemes.get(at).map(|lexeme| lexeme.token) {
        Some(Token::Word(word)) => Some(word.to_owned()),
        _ => None,
    };
    let tag = word(0);
    let open = usize::from(tag.is_some());
    if lexemes.get(open).map(|lexeme| lexeme.token) != Some(Token::Symbol('{')) {
        return Ok(None);
    }
    let Some(length) = lexemes.iter().position(|lexeme| lexeme.token == Token::Symbol('}')) else {
        return Ok(None);
    };
    let body = lexemes.get(open + 1..length).unwrap_or_default();
    let members = members(path, body)?;
    // A name after the braces is the type's; before them it is only a tag.
    let name = word(length + 1).or(tag).unwrap_or_default();
    let set = RawSet { name, header: header.to_owned(), since: set_since, members };
    Ok(Some((set, length)))
}

fn members(path: &str, body: &[Lexeme<'_>]) -> Result<Vec<RawMember>> {
    let mut members: Vec<RawMember> = Vec::new();
    let mut sentinels = false;
    let mut before = None;
    let mut last_line = 0;
    let mut at = 0;
    while let Some(lexeme) = body.get(at) {
        at += 1;
        match lexeme.token {
            Token::Directive(text) => match text.split_whitespace().collect::<Vec<_>>()[..] {
                ["ifdef", "VIR_ENUM_SENTINELS"] => sentinels = true,
                ["endif", ..] => sentinels = false,
                _ => {}
            },
            // A comment belongs to the member whose line it starts on, else to the next.
            Token::Comment(text) if lexeme.line == last_line => {
                if let Some(member) = members.last_mut() {
                    member.since = member.since.take().or(since(text));
                }
            }
            Token::Comment(text) => before = since(text),
            Token::Word(name) => {
                let rest: Vec<Token<'_>> = body
                    .get(at..)
                    .unwrap_or_default()
                    .iter()
                    .map(|lexeme| lexeme.token)
                    .take_while(|token| !matches!(token, Token::Comment(_) | Token::Directive(_)))
                    .collect();
                let (value, used) = match rest.split_first() {
                    Some((Token::Symbol('='), rest)) => match Expression::parse(rest) {
                        Some((expression, used)) => (Some(expression), used + 1),
                        None => (None, 0),
                    },
                    _ => (None, 0),
                };
                if let Some(token) = rest.get(used)
                    && *token != Token::Symbol(',')
                {
                    let found = body.get(at + used).unwrap_or(lexeme);
                    return Err(Error::Syntax {
                        file: path.to_owned(),
                        line: found.line,
                        column: found.column,
                        expected: format!("a constant expression for {name}"),
                        found: token.describe(),
                    });
                }
                at += used;
                last_line = at
                    .checked_sub(1)
                    .and_then(|at| body.get(at))
                    .map_or(0, |lexeme| lexeme.end_line);
                members.push(RawMember {
                    name: name.to_owned(),
                    // Old releases have no condition around sentinels, which are then known by
                    // their name.
                    sentinel: sentinels || (name.ends_with("_LAST") && value.is_none()),
                    value,
                    since: before.take(),
                });
            }
            _ => {}
        }
    }
    Ok(members)
}

/// Returns the release at the end of a comment: `Since: 0.9.2`, alone on a line or in parentheses.
fn since(comment: &str) -> Option<String> {
    let (_, after) = comment.rsplit_once("Since:")?;
    let version: String = after
        .trim_start()
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    let version = version.trim_end_matches('.');
    (!version.is_empty()).then(|| version.to_owned())
}
