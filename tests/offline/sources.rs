//! What the sources of the public API declare, for tests of its names and documentation.
//!
//! It reads lines as rustfmt leaves them, and knows the macros that declare types.

use std::fs;
use std::path::{Path, PathBuf};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A structure or an enumeration.
    Type,
    /// A type with values that are methods, under the heading that its macro gives them.
    Handle,
    /// A public method or function, with its arguments and result.
    Method(String),
    /// A field of a structure or a value of a handle, with its type.
    Field(String),
    /// A block of methods.
    Impl,
}

#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) file: PathBuf,
    pub(crate) kind: Kind,
    /// The type that has the method or field; the type itself otherwise.
    pub(crate) owner: String,
    pub(crate) name: String,
    /// Documentation, without the slashes.
    pub(crate) docs: Vec<String>,
    /// Attributes, one after the other.
    pub(crate) attributes: String,
}

impl Item {
    pub(crate) fn path(&self) -> String {
        format!("{}: {}::{}", self.file.display(), self.owner, self.name)
    }

    /// The names by which rustdoc's search finds the item, besides its own.
    pub(crate) fn aliases(&self) -> Vec<&str> {
        let aliases = self.attributes.split("#[doc(alias = \"").skip(1);
        aliases.filter_map(|rest| rest.split('"').next()).collect()
    }

    /// The C functions among those.
    pub(crate) fn functions(&self) -> Vec<&str> {
        let aliases = self.aliases();
        aliases.into_iter().filter(|alias| alias.starts_with("vir")).collect()
    }
}

/// The items of the layers that users see, in the order of rustdoc.
pub(crate) fn api() -> Vec<Item> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = modules(&src.join("lib.rs"), &src);
    let layers = [
        "api", "client", "error", "events", "params", "testing", "uri", "waiting", "watch",
    ]
    .map(|layer| src.join(layer));
    let seen = files.iter().filter(|file| layers.iter().any(|layer| file.starts_with(layer)));
    let items: Vec<_> = seen.flat_map(|file| items(file)).collect();
    assert!(items.len() > 1000, "only {} items: does this read the sources?", items.len());
    items
}

/// A module's files: first those of the modules in it, in their order, then its own.
fn modules(file: &Path, folder: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(file).unwrap();
    let mut files = Vec::new();
    let mut is_test = false;
    for line in text.lines() {
        let declared = line.strip_suffix(';').and_then(|line| line.rsplit_once("mod "));
        if let Some((_, name)) = declared.filter(|_| !is_test && !line.starts_with("//")) {
            let inner = folder.join(name);
            let alone = inner.with_extension("rs");
            let file = if alone.exists() {
                alone
            } else {
                inner.join("mod.rs")
            };
            files.extend(modules(&file, &inner));
        }
        is_test = line == "#[cfg(test)]" || (is_test && line.starts_with("#["));
    }
    files.push(file.to_owned());
    files
}

/// The block that contains the current line.
struct Block {
    owner: String,
    indent: usize,
    has_fields: bool,
}

fn items(file: &Path) -> Vec<Item> {
    let text = fs::read_to_string(file).unwrap();
    let mut items = Vec::new();
    let mut blocks: Vec<Block> = Vec::new();
    let (mut docs, mut attributes) = (Vec::new(), String::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let content = line.trim_start();
        let indent = line.len() - content.len();
        if let Some(doc) = content.strip_prefix("///") {
            docs.push(doc.strip_prefix(' ').unwrap_or(doc).to_owned());
            continue;
        }
        if content.starts_with("#[") {
            attributes.push_str(content);
            continue;
        }
        if content.starts_with('}') {
            blocks.retain(|block| block.indent < indent);
        }
        let mut add = |kind, owner: &str, name: &str| {
            items.push(Item {
                file: file.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_owned(),
                kind,
                owner: owner.to_owned(),
                name: name.to_owned(),
                docs: std::mem::take(&mut docs),
                attributes: std::mem::take(&mut attributes),
            });
        };
        if let Some(owner) = impl_of(content) {
            add(Kind::Impl, owner, owner);
            blocks.push(Block { owner: owner.to_owned(), indent, has_fields: false });
        } else if let Some(name) = type_of(content) {
            let is_handle = content[name.len()..].contains(" of ");
            add(if is_handle { Kind::Handle } else { Kind::Type }, name, name);
            let mut last = line;
            while is_handle && !last.ends_with('{') {
                let Some(more) = lines.next() else { break };
                last = more;
            }
            if last.ends_with('{') {
                blocks.push(Block { owner: name.to_owned(), indent, has_fields: true });
            }
        } else if let Some(name) = method(content) {
            let mut signature = content.to_owned();
            while !signature.ends_with(['{', ';']) {
                let Some(more) = lines.next() else { break };
                signature.push(' ');
                signature.push_str(more.trim());
            }
            // Free functions belong to nothing.
            let owner = blocks.last().map_or_else(String::new, |block| block.owner.clone());
            add(Kind::Method(signature), &owner, name);
        } else if let Some(block) = blocks.last().filter(|block| block.has_fields)
            && let Some((name, ty)) = field(content)
        {
            add(Kind::Field(ty.to_owned()), &block.owner.clone(), name);
        }
        docs.clear();
        attributes.clear();
    }
    items
}

fn identifier(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}

fn some_identifier(text: &str) -> Option<&str> {
    Some(identifier(text)).filter(|name| !name.is_empty())
}

/// The type of an inherent `impl`.
fn impl_of(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("impl")?;
    let rest = match rest.strip_prefix('<') {
        Some(generics) => generics.split_once('>')?.1,
        None => rest,
    };
    let is_inherent = rest.ends_with('{') && !rest.contains(" for ");
    some_identifier(rest.strip_prefix(' ')?).filter(|_| is_inherent)
}

fn type_of(line: &str) -> Option<&str> {
    let is_public = line.starts_with("pub ");
    let line = line.strip_prefix("pub ").unwrap_or(line);
    let line = line.strip_prefix("pub(crate) ").unwrap_or(line);
    for keyword in ["struct ", "numbered struct "] {
        if let Some(rest) = line.strip_prefix(keyword) {
            // The macros of statistics say `struct` alone.
            return some_identifier(rest).filter(|_| is_public || rest.ends_with('{'));
        }
    }
    if let Some(rest) = line.strip_prefix("enum ") {
        return some_identifier(rest).filter(|_| is_public);
    }
    // `Name of program::Wire … {` of handles, `Name = ID, Message {` of events.
    let name = some_identifier(line)?;
    let rest = &line[name.len()..];
    let is_handle = rest.starts_with(" of ") && rest.ends_with(['{', ',']);
    let is_event = rest.starts_with(" = ")
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && (rest.ends_with('{') || rest.ends_with("{}"));
    (is_handle || is_event).then_some(name)
}

fn method(line: &str) -> Option<&str> {
    let mut rest = line.strip_prefix("pub ")?;
    for word in ["const ", "async "] {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    some_identifier(rest.strip_prefix("fn ")?)
}

/// The name that users see, and the type.
fn field(line: &str) -> Option<(&str, &str)> {
    let line = line.strip_prefix("pub ").unwrap_or(line);
    let name = some_identifier(line)?;
    let ty = line[name.len()..].strip_prefix(": ")?.trim_end_matches([',', ';']);
    let ty = ty.split_once(" = ").map_or(ty, |(ty, _)| ty);
    Some(match ty.split_once(" as ") {
        Some((ty, shown)) => (shown, ty),
        None => (name, ty),
    })
}
