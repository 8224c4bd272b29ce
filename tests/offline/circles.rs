//! Checks from the sources that files and folders of a layer do not use each other in a circle.
//!
//! The check sees names: of imports, and of paths in the code. It does not see that a method is
//! implemented in another file. Tests and generated code are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::architecture::{sources, without_comments};

/// The path of a module: `["client", "opening", "dial"]`.
type ModulePath = Vec<String>;

/// The modules of the crate that are neither generated nor tests.
#[derive(Default)]
struct Crate {
    /// The code of each module, in tokens.
    modules: BTreeMap<ModulePath, Vec<String>>,
    /// The names that a module re-exports, with their origin.
    reexports: BTreeMap<(ModulePath, String), ModulePath>,
}

/// A use of another module's item.
struct Use {
    path: ModulePath,
    is_reexport: bool,
}

fn tokens(code: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut is_joined = false;
    for character in code.chars() {
        let is_word = character.is_alphanumeric() || character == '_';
        match tokens.last_mut() {
            Some(last) if is_joined && is_word => last.push(character),
            Some(last) if last == ":" && character == ':' => last.push(character),
            _ if character.is_whitespace() => {}
            _ => tokens.push(character.into()),
        }
        is_joined = is_word;
    }
    tokens
}

/// Expands the path at the start of `tokens`: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn expand<'a>(
    mut tokens: &'a [String],
    prefix: &[String],
    out: &mut Vec<ModulePath>,
) -> &'a [String] {
    let mut path = prefix.to_vec();
    while let [first, rest @ ..] = tokens {
        tokens = rest;
        if first == "{" {
            while tokens.first().is_some_and(|next| next != "}") {
                tokens = expand(tokens, &path, out);
                let end = tokens.iter().position(|next| next == "," || next == "}");
                tokens = &tokens[end.unwrap_or(tokens.len())..];
                tokens = tokens.strip_prefix(&[",".to_owned()][..]).unwrap_or(tokens);
            }
            return tokens.get(1..).unwrap_or_default();
        }
        path.push(first.clone());
        match tokens {
            [colons, rest @ ..] if colons == "::" => tokens = rest,
            _ => break,
        }
    }
    out.push(path);
    tokens
}

impl Crate {
    fn read() -> Self {
        let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let files = sources(&src);
        Self::new(files.iter().map(|file| {
            let path = file.strip_prefix(&src).unwrap().to_str().unwrap();
            (path, fs::read_to_string(file).unwrap())
        }))
    }

    fn new<'a>(files: impl Iterator<Item = (&'a str, String)>) -> Self {
        let mut this = Self::default();
        for (path, text) in files {
            let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
            let module: ModulePath = path.split('/').map(ToOwned::to_owned).collect();
            let is_left_out = |part: &String| part == "generated" || part.ends_with("tests");
            if module == ["lib"] || module.iter().any(is_left_out) {
                continue;
            }
            let code = without_comments(&text);
            let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap();
            this.modules.insert(module, tokens(code));
        }
        for module in this.modules.keys() {
            for Use { path, is_reexport } in this.uses(module) {
                if is_reexport && let Some(name) = path.last().cloned() {
                    this.reexports.insert((module.clone(), name), path);
                }
            }
        }
        this
    }

    /// Returns the crate's items that a module names, by absolute paths.
    fn uses(&self, module: &ModulePath) -> Vec<Use> {
        let tokens = &self.modules[module];
        let mut found = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            let before = |back: usize| at.checked_sub(back).map_or("", |at| &*tokens[at]);
            if tokens.get(at + 1).is_none_or(|next| next != "::") || before(1) == "::" {
                continue;
            }
            let child = [&module[..], std::slice::from_ref(token)].concat();
            if !["crate", "super", "self"].contains(&&**token) && !self.modules.contains_key(&child)
            {
                continue;
            }
            let mut paths = Vec::new();
            expand(&tokens[at..], &[], &mut paths);
            let is_reexport = before(1) == "use" && ["pub", ")"].contains(&before(2));
            for path in paths {
                let mut from = if path[0] == "crate" {
                    Vec::new()
                } else {
                    module.clone()
                };
                let words = path.iter().skip_while(|word| match &***word {
                    "super" => from.pop().is_some(),
                    word => ["crate", "self"].contains(&word),
                });
                let rest: ModulePath = words.cloned().collect();
                from.extend(rest);
                found.push(Use { path: from, is_reexport });
            }
        }
        found
    }

    /// Returns the module that defines the item of a path.
    fn home(&self, path: &[String]) -> Option<ModulePath> {
        let mut modules = (1..=path.len()).rev().map(|length| path.split_at(length));
        let (module, rest) = modules.find(|(module, _)| self.modules.contains_key(*module))?;
        let name = rest.first().cloned().unwrap_or_default();
        match self.reexports.get(&(module.to_vec(), name)) {
            Some(path) => self.home(path),
            None => Some(module.to_vec()),
        }
    }

    /// Returns whether a module itself uses what it re-exports.
    fn mentions(&self, module: &ModulePath, path: &[String]) -> bool {
        let name = path.last().filter(|name| *name != "*");
        self.modules[module].iter().filter(|token| Some(*token) == name).count() > 1
    }

    /// Returns for each folder the uses among its files and folders. `mod` is the folder's own
    /// file, whose re-exports alone are no use.
    fn folders(&self) -> BTreeMap<ModulePath, BTreeSet<(String, String)>> {
        let mut folders: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for module in self.modules.keys() {
            for Use { path, is_reexport } in self.uses(module) {
                let Some(home) = self.home(&path) else {
                    continue;
                };
                if is_reexport && home.starts_with(module) && !self.mentions(module, &path) {
                    continue;
                }
                let shared = module.iter().zip(&home).take_while(|(a, b)| a == b).count();
                let part = |of: &ModulePath| of.get(shared).cloned().unwrap_or("mod".to_owned());
                let (from, to) = (part(module), part(&home));
                if shared > 0 && from != to {
                    folders.entry(home[..shared].to_vec()).or_default().insert((from, to));
                }
            }
        }
        folders
    }

    fn circles(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (folder, arrows) in self.folders() {
            let folder = folder.join("/");
            let arrows = in_circles(arrows);
            found.extend(arrows.iter().map(|(from, to)| format!("src/{folder}: {from} uses {to}")));
        }
        found
    }
}

/// Returns the arrows that are left when those that cannot be part of a circle are removed.
fn in_circles(mut arrows: BTreeSet<(String, String)>) -> BTreeSet<(String, String)> {
    loop {
        let count = arrows.len();
        let all = arrows.clone();
        arrows.retain(|(from, to)| {
            all.iter().any(|(other, _)| other == to) && all.iter().any(|(_, other)| other == from)
        });
        if arrows.len() == count {
            return arrows;
        }
    }
}

#[test]
fn files_of_a_folder_use_each_other_in_no_circle() {
    let wrong = Crate::read().circles();
    assert!(wrong.is_empty(), "circles, or what lies between two:\n{}", wrong.join("\n"));
}

#[test]
fn circles_are_found() {
    let found = |files: &[(&'static str, &str)]| {
        Crate::new(files.iter().map(|(path, text)| (*path, (*text).to_owned()))).circles()
    };
    let reexports = ("a/mod.rs", "mod b;\nmod c;\npub use b::B;\npub(crate) use c::{C, D};");
    let c = ("a/c.rs", "/// Not super::B.\npub struct C; pub struct D;");
    assert!(found(&[reexports, c, ("a/b.rs", "use super::C;")]).is_empty());
    // By the name that the folder re-exports, and by a path in the middle of the code.
    for text in [
        "use super::{D, B};",
        "fn f() { super::b::g() }",
        "use crate::a::B;",
    ] {
        let wrong = found(&[
            reexports,
            ("a/c.rs", text),
            ("a/b.rs", "use super::{x::{Y}, C};"),
        ]);
        assert_eq!(wrong, ["src/a: b uses c", "src/a: c uses b"], "{text}");
    }
    // Files of two folders that use each other as wholes.
    let wrong = found(&[
        ("a/b/x.rs", "use super::super::c::Z;"),
        ("a/c/y.rs", "use crate::a::b::x::X;"),
        ("a/b/mod.rs", "mod x;"),
        ("a/c/mod.rs", "mod y;"),
        ("a/mod.rs", ""),
    ]);
    assert_eq!(wrong, ["src/a: b uses c", "src/a: c uses b"]);
    // An item that a folder's own file defines, while it uses the child.
    let own = "mod b;\npub struct A;\nfn f() { b::g() }";
    assert_eq!(found(&[("a/mod.rs", own), ("a/b.rs", "use super::A;")]).len(), 2);
    let own = "mod b;\npub use b::B;\npub struct A(B);";
    assert_eq!(found(&[("a/mod.rs", own), ("a/b.rs", "use super::A;")]).len(), 2);
    let own = "mod b;\npub use b::B;\npub struct A;";
    assert!(found(&[("a/mod.rs", own), ("a/b.rs", "use super::A;")]).is_empty());
}
