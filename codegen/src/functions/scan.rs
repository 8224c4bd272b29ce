//! What a Rust source declares: modules, imports, and the items that are documented as counterparts
//! of something in C.

use std::path::Path;

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};

use crate::error::{Error, Result};
use crate::tokens::{braces, inside, is_punct, subject};

/// The declarations of a module.
#[derive(Debug, Default)]
pub(super) struct Declarations {
    pub(super) modules: Vec<Child>,
    pub(super) imports: Vec<Import>,
    pub(super) items: Vec<Item>,
}

/// A module within the module.
#[derive(Debug)]
pub(super) struct Child {
    pub(super) name: String,
    pub(super) public: bool,
    pub(super) features: Vec<String>,
    /// The content, unless that is a file of its own.
    pub(super) content: Option<Declarations>,
}

/// A name that a `use` brings into the module; `*` is all names of the module at its path.
#[derive(Debug)]
pub(super) struct Import {
    pub(super) name: String,
    pub(super) public: bool,
    pub(super) path: Vec<String>,
}

/// A public item with aliases for rustdoc's search.
#[derive(Debug)]
pub(super) struct Item {
    /// The type whose method it is.
    pub(super) of: Option<String>,
    pub(super) name: String,
    pub(super) aliases: Vec<String>,
    pub(super) features: Vec<String>,
}

/// Reads a source.
pub(super) fn declarations(path: &Path, source: &str) -> Result<Declarations> {
    let stream: TokenStream = source
        .parse()
        .map_err(|error| Error::invalid(format!("{}: {error}", path.display())))?;
    let mut out = Declarations::default();
    out.read(&inside(stream), None, &[]);
    Ok(out)
}

/// What stands before an item.
#[derive(Debug, Default)]
struct Before {
    aliases: Vec<String>,
    features: Vec<String>,
    public: bool,
    of_tests: bool,
}

impl Before {
    /// Reads the content of `#[…]`.
    fn attribute(&mut self, group: &Group) {
        let tokens = inside(group.stream());
        let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(arguments))) =
            (tokens.first(), tokens.get(1))
        else {
            return;
        };
        let arguments = arguments.stream();
        if *name == "doc" && starts_with(arguments.clone(), "alias") {
            strings(arguments, &mut self.aliases);
        } else if *name == "cfg" && !starts_with(arguments.clone(), "not") {
            self.of_tests |= starts_with(arguments.clone(), "test");
            strings(arguments, &mut self.features);
        }
    }
}

impl Declarations {
    /// Reads the items of a module, or of an `impl` of the type `of`.
    fn read(&mut self, tokens: &[TokenTree], of: Option<&str>, features: &[String]) {
        let mut before = Before::default();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            let rest = tokens.get(at..).unwrap_or_default();
            let word = match token {
                TokenTree::Ident(word) => word.to_string(),
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    if let Some(TokenTree::Group(group)) = rest.first() {
                        before.attribute(group);
                        at += 1;
                    }
                    continue;
                }
                _ => {
                    before = Before::default();
                    continue;
                }
            };
            at += match (word.as_str(), rest) {
                ("pub", [TokenTree::Group(group), ..])
                    if group.delimiter() == Delimiter::Parenthesis =>
                {
                    1
                }
                ("pub", _) => {
                    before.public = true;
                    0
                }
                ("async" | "unsafe", _)
                | ("const", [TokenTree::Ident(_), TokenTree::Ident(_), ..]) => 0,
                (keyword, _) => {
                    let before = std::mem::take(&mut before);
                    self.item(keyword, rest, &before, of, features)
                }
            };
        }
    }

    /// Reads what a keyword or a macro begins. Returns the number of tokens after it that belong to
    /// it.
    fn item(
        &mut self,
        keyword: &str,
        rest: &[TokenTree],
        before: &Before,
        of: Option<&str>,
        outer: &[String],
    ) -> usize {
        let features = [outer, &before.features].concat();
        match (keyword, rest) {
            ("mod", [TokenTree::Ident(name), ..]) if !before.of_tests => {
                let content = braces(rest.get(1..).unwrap_or_default()).map(|(_, inner)| {
                    let mut content = Self::default();
                    content.read(&inner, None, &[]);
                    content
                });
                self.modules.push(Child {
                    name: name.to_string(),
                    public: before.public,
                    features,
                    content,
                });
            }
            ("use", _) => imports(up_to_semicolon(rest), &[], before.public, &mut self.imports),
            ("impl", _) => {
                if let Some((len, inner)) = braces(rest) {
                    let header = rest.get(..len - 1).unwrap_or_default();
                    let of_trait = header.iter().any(|token| is_word(token, "for"));
                    if let Some(of) = subject(header).filter(|_| !of_trait) {
                        self.read(&inner, Some(&of), &features);
                    }
                }
            }
            ("fn" | "struct" | "enum" | "trait" | "type", [TokenTree::Ident(name), ..]) => {
                self.aliased(before, of, name, features);
            }
            ("macro_rules", _) => {}
            ("handle", [bang, TokenTree::Group(group), ..]) if is_punct(Some(bang), '!') => {
                self.handle(&inside(group.stream()), &features);
            }
            (_, [bang, TokenTree::Group(group), ..]) if is_punct(Some(bang), '!') => {
                self.read(&inside(group.stream()), None, &features);
                return 2;
            }
            // Within a macro, something of its own.
            _ => return 0,
        }
        braces(rest).map_or_else(|| up_to_semicolon(rest).len(), |(len, _)| len)
    }

    fn aliased(&mut self, before: &Before, of: Option<&str>, name: &Ident, features: Vec<String>) {
        if before.public && !before.aliases.is_empty() {
            self.items.push(Item {
                of: of.map(str::to_owned),
                name: name.to_string(),
                aliases: before.aliases.clone(),
                features,
            });
        }
    }

    /// Reads the definition of a handle: its name, `connect` if that has aliases, and in braces its
    /// fields, each of which is a public method, which may have another name than the field.
    fn handle(&mut self, tokens: &[TokenTree], features: &[String]) {
        let name = tokens.windows(2).find_map(|pair| match pair {
            [TokenTree::Ident(name), of] if is_word(of, "of") => Some(name),
            _ => None,
        });
        let Some(name) = name else {
            return;
        };
        let of = name.to_string();
        let mut before = Before { public: true, ..Before::default() };
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match (token, tokens.get(at)) {
                (token, Some(TokenTree::Group(group))) if is_punct(Some(token), '#') => {
                    before.attribute(group);
                    at += 1;
                }
                (TokenTree::Ident(word), _) if word == name => {
                    self.aliased(&before, None, word, features.to_vec());
                    before.aliases.clear();
                }
                (TokenTree::Ident(word), _) if *word == "connect" => {
                    self.aliased(&before, Some(&of), word, features.to_vec());
                    before.aliases.clear();
                }
                (TokenTree::Group(group), _) if group.delimiter() == Delimiter::Brace => {
                    self.fields(&inside(group.stream()), &of, features);
                }
                _ => {}
            }
        }
    }

    fn fields(&mut self, tokens: &[TokenTree], of: &str, features: &[String]) {
        let ends = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if matches!(punct.as_char(), ',' | ';'));
        for field in tokens.split(ends) {
            let mut before = Before { public: true, ..Before::default() };
            let mut name = None;
            for pair in field.windows(2) {
                match pair {
                    [hash, TokenTree::Group(group)] if is_punct(Some(hash), '#') => {
                        before.attribute(group);
                    }
                    [TokenTree::Ident(field), colon] if is_punct(Some(colon), ':') => {
                        name = name.or(Some(field));
                    }
                    [other, TokenTree::Ident(shown)] if is_word(other, "as") => name = Some(shown),
                    _ => {}
                }
            }
            if let Some(name) = name {
                self.aliased(&before, Some(of), name, features.to_vec());
            }
        }
    }
}

/// Reads the tree of names of a `use`, behind the path `before`.
fn imports(tokens: &[TokenTree], before: &[String], public: bool, out: &mut Vec<Import>) {
    for tree in tokens.split(|token| is_punct(Some(token), ',')) {
        let mut path = before.to_vec();
        let mut name = None;
        let mut renamed = false;
        for token in tree {
            match token {
                TokenTree::Ident(word) if *word == "as" => renamed = true,
                TokenTree::Ident(word) if renamed => name = Some(word.to_string()),
                TokenTree::Ident(word) => path.push(word.to_string()),
                TokenTree::Group(group) => {
                    imports(&inside(group.stream()), &path, public, out);
                    path.clear();
                }
                TokenTree::Punct(punct) if punct.as_char() == '*' => name = Some("*".to_owned()),
                _ => {}
            }
        }
        // `module::{self, …}` brings the module.
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        if let Some(last) = path.last() {
            let name = name.unwrap_or_else(|| last.clone());
            out.push(Import { name, public, path });
        }
    }
}

fn up_to_semicolon(tokens: &[TokenTree]) -> &[TokenTree] {
    let end = tokens.iter().position(|token| is_punct(Some(token), ';'));
    tokens.get(..end.unwrap_or(0)).unwrap_or_default()
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

fn starts_with(stream: TokenStream, word: &str) -> bool {
    stream.into_iter().next().is_some_and(|token| is_word(&token, word))
}

/// Collects the texts in quotes.
fn strings(stream: TokenStream, out: &mut Vec<String>) {
    for token in stream {
        match token {
            TokenTree::Literal(literal) => {
                out.push(literal.to_string().trim_matches('"').to_owned());
            }
            TokenTree::Group(group) => strings(group.stream(), out),
            _ => {}
        }
    }
}
