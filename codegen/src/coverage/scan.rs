//! Names of procedures in Rust sources, and the functions that contain them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::error::{Error, Result};
use crate::tokens::{braces, inside, is_punct, subject};

/// The procedures to look for: name to programs that have one of that name.
#[derive(Debug, Default)]
pub(super) struct Known {
    programs: BTreeSet<String>,
    names: BTreeMap<String, Vec<String>>,
    /// Program and name of what daemons send by themselves.
    events: BTreeSet<(String, String)>,
}

impl Known {
    pub(super) fn add(&mut self, program: &str, name: String, is_event: bool) {
        self.programs.insert(program.to_owned());
        if is_event {
            self.events.insert((program.to_owned(), name.clone()));
        }
        self.names.entry(name).or_default().push(program.to_owned());
    }
}

/// A place where a procedure is used.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) program: String,
    pub(super) name: String,
    /// `Type::method`, `module::function` or `macro! First`.
    pub(super) by: String,
}

/// Finds the procedures that a source uses outside of its tests.
pub(super) fn scan(path: &Path, module: &str, source: &str, known: &Known) -> Result<Vec<Hit>> {
    let stream: TokenStream = source
        .parse()
        .map_err(|error| Error::invalid(format!("{}: {error}", path.display())))?;
    let tokens = inside(stream);
    let mut scanner = Scanner { module, known, imported: BTreeMap::new(), hits: Vec::new() };
    scanner.imports(&tokens, false, None);
    scanner.walk(&tokens, &Context::default());
    Ok(scanner.hits)
}

struct Scanner<'k> {
    module: &'k str,
    known: &'k Known,
    /// Names that a `use` imports from a program's module.
    imported: BTreeMap<String, String>,
    hits: Vec<Hit>,
}

/// The item that contains the current tokens.
#[derive(Clone, Default)]
struct Context {
    /// The type of an `impl` or `trait`.
    of: Option<String>,
    /// The function or item-like macro.
    by: Option<String>,
    in_macro: bool,
}

impl Scanner<'_> {
    /// Looks for `use …::remote::{Name, …};`. Within its braces, `before` is the program in front
    /// of them, if there is one.
    fn imports(&mut self, tokens: &[TokenTree], inside_use: bool, before: Option<&str>) {
        let mut in_use = inside_use;
        let mut program = before.map(str::to_owned);
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    let word = ident.to_string();
                    if word == "use" {
                        in_use = true;
                    } else if in_use && self.known.programs.contains(&word) {
                        program = Some(word);
                    } else if let Some(program) = &program
                        && self.known.names.contains_key(&word)
                    {
                        self.imported.insert(word, program.clone());
                    }
                }
                TokenTree::Punct(punct) if matches!(punct.as_char(), ';' | ',') => {
                    in_use = inside_use;
                    program = before.map(str::to_owned);
                }
                TokenTree::Group(group) if in_use => {
                    self.imports(&inside(group.stream()), true, program.as_deref());
                }
                _ => {}
            }
        }
    }

    fn walk(&mut self, tokens: &[TokenTree], context: &Context) {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let rest = tokens.get(at + 1..).unwrap_or_default();
            at += 1 + match token {
                TokenTree::Group(group) => {
                    self.walk(&inside(group.stream()), context);
                    0
                }
                TokenTree::Ident(ident) => {
                    let word = ident.to_string();
                    if let Some(skipped) = self.skipped(&word, rest, context) {
                        skipped
                    } else {
                        self.name(&word, tokens, at, context);
                        0
                    }
                }
                _ => 0,
            };
        }
    }

    /// Handles the item that a keyword or a macro begins. Returns the number of tokens after it
    /// that are done, or `None` if the word begins nothing.
    fn skipped(&mut self, word: &str, rest: &[TokenTree], context: &Context) -> Option<usize> {
        match (word, rest.first()) {
            ("use", _) => Some(
                rest.iter()
                    .position(|token| is_punct(Some(token), ';'))
                    .map_or(0, |end| end + 1),
            ),
            ("macro_rules", _) => Some(braces(rest).map_or(0, |(len, _)| len)),
            ("mod", Some(TokenTree::Ident(name))) if *name == "tests" => {
                Some(braces(rest).map_or(0, |(len, _)| len))
            }
            ("impl" | "trait", _) if context.by.is_none() => {
                let (len, inner) = braces(rest)?;
                let of = subject(rest.get(..len - 1).unwrap_or_default());
                let context = Context { of, ..context.clone() };
                self.walk(&inner, &context);
                Some(len)
            }
            ("fn", Some(TokenTree::Ident(name))) => {
                let (len, inner) = braces(rest)?;
                let of = context.of.as_deref().unwrap_or(self.module);
                let context = Context { by: Some(format!("{of}::{name}")), ..context.clone() };
                self.walk(&inner, &context);
                Some(len)
            }
            (_, bang) if is_punct(bang, '!') => {
                let Some(TokenTree::Group(group)) = rest.get(1) else {
                    return None;
                };
                let inner = inside(group.stream());
                let alone = || match first_name(&inner) {
                    Some(first) => format!("{word}! {first}"),
                    None => format!("{word}!"),
                };
                let context = Context {
                    by: context.by.clone().or_else(|| Some(alone())),
                    of: context.of.clone(),
                    in_macro: true,
                };
                self.walk(&inner, &context);
                Some(2)
            }
            _ => None,
        }
    }

    /// Records a procedure's name: that of an event wherever it stands, that of a call where its
    /// request is made. A bare one counts where it was imported, or in a macro, which may put a path
    /// before it.
    fn name(&mut self, name: &str, tokens: &[TokenTree], at: usize, context: &Context) {
        let Some(programs) = self.known.names.get(name) else {
            return;
        };
        let qualified = qualifier(tokens, at);
        let program = match &qualified {
            Some(path) => programs.iter().find(|program| *program == path).cloned(),
            None => self
                .imported
                .get(name)
                .cloned()
                .or_else(|| context.in_macro.then(|| self.likely(programs)).flatten()),
        };
        if let Some(program) = program
            && (self.known.events.contains(&(program.clone(), name.to_owned()))
                || makes_request(tokens.get(at + 1..).unwrap_or_default()))
        {
            let by = context.by.as_ref().or(context.of.as_ref());
            self.hits.push(Hit {
                program,
                name: name.to_owned(),
                by: by.cloned().unwrap_or_else(|| self.module.to_owned()),
            });
        }
    }

    /// Chooses the program that the module is about among several with a procedure of the same
    /// name.
    fn likely(&self, programs: &[String]) -> Option<String> {
        programs
            .iter()
            .find(|program| self.module.split("::").any(|part| part == **program))
            .or(programs.first())
            .cloned()
    }
}

/// Returns `x` of `x::Name`, where `Name` is at `at`.
fn qualifier(tokens: &[TokenTree], at: usize) -> Option<String> {
    let before = |back: usize| at.checked_sub(back).and_then(|at| tokens.get(at));
    if !is_punct(before(1), ':') || !is_punct(before(2), ':') {
        return None;
    }
    Some(match before(3) {
        Some(TokenTree::Ident(path)) => path.to_string(),
        _ => String::new(),
    })
}

/// Returns whether a request is made of the type whose name these tokens follow. Of one that takes
/// something back later, the registration keeps the number.
fn makes_request(after: &[TokenTree]) -> bool {
    match after {
        [] => true,
        [TokenTree::Group(group), ..] => group.delimiter() == Delimiter::Brace,
        [
            TokenTree::Punct(first),
            TokenTree::Punct(second),
            TokenTree::Ident(name),
            after @ ..,
        ] if first.as_char() == ':' && second.as_char() == ':' => {
            *name == "INFO" && !is_punct(after.first(), '.')
        }
        [TokenTree::Punct(punct), ..] => matches!(punct.as_char(), ',' | ';'),
        _ => false,
    }
}

/// Returns the first name among the arguments of a macro that is no attribute and no keyword.
fn first_name(tokens: &[TokenTree]) -> Option<String> {
    tokens.iter().find_map(|token| match token {
        TokenTree::Ident(name) => {
            let name = name.to_string();
            (!matches!(name.as_str(), "pub" | "async" | "fn")).then_some(name)
        }
        _ => None,
    })
}
