//! What stands for each public function of C.

use std::collections::BTreeMap;

use super::modules::{Item, Modules};
use crate::coverage::{Status, coverage};
use crate::emit::names::camel;
use crate::error::{Error, Result};
use crate::project::Project;

/// What stands for a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Counterpart {
    /// These items of the library.
    Items(Vec<Item>),
    /// What stands for the function that has replaced it.
    Obsolete(String),
    /// Nothing yet.
    NotYet,
    /// Nothing, for this reason.
    Without(String),
}

/// All functions, and the types that are named like C's.
#[derive(Debug)]
pub(super) struct Counterparts {
    /// What stands for each function.
    pub(super) of: BTreeMap<String, Counterpart>,
    /// The types, by their names in C.
    pub(super) types: BTreeMap<String, Item>,
}

impl Counterparts {
    /// Finds them in the sources and the annotations. Each function must be in exactly one place.
    pub(super) fn find(project: &Project) -> Result<Self> {
        let (items, hidden) = Modules::load(&project.root)?.items();
        let mut faults: Vec<String> = hidden
            .iter()
            .map(|path| format!("users cannot reach {}, which has an alias", path.join("::")))
            .collect();
        let mut aliased: BTreeMap<String, Vec<Item>> = BTreeMap::new();
        for item in items {
            for alias in &item.aliases {
                aliased.entry(alias.clone()).or_default().push(item.clone());
            }
        }
        let noted = notes(project, &mut faults)?;
        let mut of = BTreeMap::new();
        for name in project.functions.libraries.values().flat_map(BTreeMap::keys) {
            match (aliased.remove(name), noted.get(name)) {
                (Some(mut items), None) => {
                    // A method does what the function does; a type only has to do with it.
                    items.sort_by_key(|item| item.is_type);
                    of.insert(name.clone(), Counterpart::Items(items));
                }
                (None, Some(counterpart)) => {
                    of.insert(name.clone(), counterpart.clone());
                }
                (Some(items), Some(_)) => faults.push(format!(
                    "annotations.toml, [functions]: {name} has {} now; take it out",
                    items.iter().map(|item| item.name.as_str()).collect::<Vec<_>>().join(", ")
                )),
                (None, None) => faults.push(format!(
                    "nothing stands for {name}: give the method that does #[doc(alias = \
                     \"{name}\")], or say in annotations.toml, [functions], why there is none"
                )),
            }
        }
        if !faults.is_empty() {
            return Err(Error::invalid(faults.join("\n")));
        }
        let types = aliased
            .into_iter()
            .filter_map(|(name, items)| Some((name, items.into_iter().find(|item| item.is_type)?)));
        Ok(Self { of, types: types.collect() })
    }
}

/// Reads the annotations: what they say of each function.
fn notes(project: &Project, faults: &mut Vec<String>) -> Result<BTreeMap<String, Counterpart>> {
    let notes = &project.annotations.functions;
    let functions = &project.functions;
    let mut out = BTreeMap::new();
    let mut note = |name: &String, counterpart| {
        if !functions.contains(name) {
            faults.push(format!("annotations.toml, [functions]: there is no function {name}"));
        } else if out.insert(name.clone(), counterpart).is_some() {
            faults.push(format!("annotations.toml, [functions]: {name} stands there twice"));
        }
    };
    for (name, by) in &notes.obsolete {
        note(name, Counterpart::Obsolete(by.clone()));
    }
    for name in notes.not_yet.keys() {
        note(name, Counterpart::NotYet);
    }
    for without in &notes.without {
        for name in &without.names {
            note(name, Counterpart::Without(without.why.clone()));
        }
    }
    for name in notes.obsolete.values().chain(notes.python.keys()) {
        if !functions.contains(name) {
            faults.push(format!("annotations.toml, [functions]: there is no function {name}"));
        }
    }
    let entries = coverage(project)?;
    for (name, procedure) in &notes.not_yet {
        let called = camel(&procedure.to_lowercase());
        let entry = entries.iter().find(|entry| entry.program == "remote" && entry.name == called);
        match entry.map(|entry| &entry.status) {
            Some(Status::Missing) => {}
            Some(Status::Api(by)) => faults.push(format!(
                "annotations.toml, [functions.not_yet]: {} makes the call of {name}, {procedure}; \
                 give the method #[doc(alias = \"{name}\")]",
                by.join(", ")
            )),
            Some(Status::Internal(_)) | None => faults.push(format!(
                "annotations.toml, [functions.not_yet]: no method of {name} will call {procedure}"
            )),
        }
    }
    Ok(out)
}
