//! The library's modules, and the paths by which users reach what is in them.

use std::collections::BTreeMap;
use std::path::Path;

use super::scan::{Declarations, declarations};
use crate::error::{Error, Result};

/// A path from the crate's root.
type Names = Vec<String>;

/// All modules of the library.
#[derive(Debug, Default)]
pub(super) struct Modules {
    by_path: BTreeMap<Names, Module>,
}

#[derive(Debug)]
struct Module {
    declarations: Declarations,
    /// The features without which it is not there.
    features: Vec<String>,
}

/// A public item with aliases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// The name to show: `Domain::shutdown`, or a type's alone.
    pub(super) name: String,
    /// The path to link to: `crate::domain::Domain::shutdown`.
    pub(super) path: String,
    /// The aliases.
    pub(super) aliases: Vec<String>,
    /// The features without which it is not there.
    pub(super) features: Vec<String>,
    /// Set for types; the others are methods and functions.
    pub(super) is_type: bool,
}

impl Modules {
    /// Reads the sources of a workspace.
    pub(super) fn load(root: &Path) -> Result<Self> {
        let src = root.join("src");
        let mut modules = Self::default();
        modules.file(&src, Names::new(), &src.join("lib.rs"), Vec::new())?;
        Ok(modules)
    }

    fn file(
        &mut self,
        folder: &Path,
        path: Names,
        file: &Path,
        features: Vec<String>,
    ) -> Result<()> {
        let text = std::fs::read_to_string(file).map_err(Error::io(file))?;
        self.module(folder, path, declarations(file, &text)?, features)
    }

    /// Adds a module whose children have their files in `folder`.
    fn module(
        &mut self,
        folder: &Path,
        path: Names,
        mut declarations: Declarations,
        features: Vec<String>,
    ) -> Result<()> {
        for child in &mut declarations.modules {
            let path = joined(&path, &child.name);
            let features = [&features[..], &child.features].concat();
            let inner = folder.join(&child.name);
            if let Some(content) = child.content.take() {
                self.module(&inner, path, content, features)?;
                continue;
            }
            let beside = folder.join(format!("{}.rs", child.name));
            let file = if beside.exists() {
                beside
            } else {
                inner.join("mod.rs")
            };
            self.file(&inner, path, &file, features)?;
        }
        self.by_path.insert(path, Module { declarations, features });
        Ok(())
    }

    /// Returns the public items with aliases; in the second list those that users cannot reach.
    pub(super) fn items(&self) -> (Vec<Item>, Vec<Names>) {
        let public = self.public();
        let (mut reached, mut hidden) = (Vec::new(), Vec::new());
        for (path, module) in &self.by_path {
            for item in &module.declarations.items {
                let outer = item.of.as_ref().unwrap_or(&item.name);
                let origin = self.origin(path, outer, 0);
                let Some(mut link) = shortest(&origin, &public) else {
                    hidden.push(joined(path, &item.name));
                    continue;
                };
                if item.of.is_some() {
                    link.push(item.name.clone());
                }
                let is_type = item.name.starts_with(|first: char| first.is_ascii_uppercase());
                let shown = link.len().saturating_sub(if is_type { 1 } else { 2 });
                let mut features = [&module.features[..], &item.features].concat();
                features.dedup();
                reached.push(Item {
                    name: link.get(shown..).unwrap_or_default().join("::"),
                    path: format!("crate::{}", link.join("::")),
                    aliases: item.aliases.clone(),
                    features,
                    is_type,
                });
            }
        }
        (reached, hidden)
    }

    /// Follows a name through imports to the path where the item is defined.
    fn origin(&self, module: &[String], name: &str, depth: u32) -> Names {
        let path = joined(module, name);
        let Some(declarations) = self.by_path.get(module).map(|module| &module.declarations) else {
            return path;
        };
        let import = declarations.imports.iter().find(|import| import.name == name);
        // Modules may import from each other in circles; names cannot, in what compiles.
        match import {
            Some(import) if depth < 16 => self.resolve(module, &import.path, depth + 1),
            _ => path,
        }
    }

    /// Follows a path that stands in a module.
    fn resolve(&self, module: &[String], path: &[String], depth: u32) -> Names {
        let mut at = match path.first().map(String::as_str) {
            Some("crate") => Names::new(),
            Some("self" | "super") => module.to_vec(),
            Some(first) => self.origin(module, first, depth),
            None => return module.to_vec(),
        };
        if path.first().is_some_and(|first| first == "super") {
            at.pop();
        }
        for name in path.get(1..).unwrap_or_default() {
            if name == "super" {
                at.pop();
            } else {
                at = self.origin(&at, name, depth);
            }
        }
        at
    }

    /// Returns the public paths of modules, and of items that are exported again, by the path of
    /// their definition.
    fn public(&self) -> BTreeMap<Names, Vec<Names>> {
        let mut public: BTreeMap<Names, Vec<Names>> = BTreeMap::new();
        let mut open = vec![(Names::new(), Names::new())];
        while let Some((path, shown)) = open.pop() {
            let known = public.entry(path.clone()).or_default();
            if known.contains(&shown) {
                continue;
            }
            known.push(shown.clone());
            let Some(module) = self.by_path.get(&path) else {
                continue;
            };
            for child in module.declarations.modules.iter().filter(|child| child.public) {
                open.push((joined(&path, &child.name), joined(&shown, &child.name)));
            }
            for import in module.declarations.imports.iter().filter(|import| import.public) {
                let shown = match import.name.as_str() {
                    "*" => shown.clone(),
                    name => joined(&shown, name),
                };
                open.push((self.resolve(&path, &import.path, 0), shown));
            }
        }
        public
    }
}

/// Returns the shortest public path of an item.
fn shortest(origin: &[String], public: &BTreeMap<Names, Vec<Names>>) -> Option<Names> {
    let (name, module) = origin.split_last()?;
    let exported = public.get(origin).into_iter().flatten().cloned();
    let of_module = public.get(module).into_iter().flatten().map(|shown| joined(shown, name));
    exported.chain(of_module).min_by_key(|path| (path.len(), path.clone()))
}

fn joined(path: &[String], name: &str) -> Names {
    let mut path = path.to_vec();
    path.push(name.to_owned());
    path
}
