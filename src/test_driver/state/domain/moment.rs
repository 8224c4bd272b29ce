//! Moments in a domain's life: what snapshots and checkpoints have in common.

use std::collections::BTreeMap;

use super::definition::Definition;
use crate::test_driver::xml::Element;
use crate::types::domain::XmlFlags;

/// A snapshot or a checkpoint.
#[derive(Debug, Clone)]
pub(crate) struct Moment {
    pub(crate) parent: Option<String>,
    /// Its document, without parent and definition.
    pub(crate) document: Element,
    /// The domain's definition at that time, if it is known.
    pub(crate) definition: Option<Definition>,
}

impl Moment {
    /// Returns the document with the parent in its place, and if wanted the definition at the end, with
    /// its secrets or without.
    pub(crate) fn to_xml(&self, with_definition: bool, with_secrets: bool) -> String {
        let mut root = self.document.clone();
        if let Some(parent) = &self.parent {
            let name = Element::new("name").with_text(parent);
            let parent = Element::new("parent").with_child(name);
            let before = ["name", "description", "state"];
            let at = root.children.iter().take_while(|child| before.contains(&&*child.name));
            let at = at.count();
            root.children.insert(at, parent);
        }
        let text = root.to_string();
        let Some(definition) = self.definition.as_ref().filter(|_| with_definition) else {
            return text;
        };
        let flags = if with_secrets {
            XmlFlags::SECURE
        } else {
            XmlFlags::empty()
        };
        let definition = definition.to_xml_within(2, flags);
        // Before the end of the root, which has children.
        let (begin, end) = text.split_at(text.rfind("</").unwrap_or(text.len()));
        format!("{begin}{definition}{end}")
    }
}

/// The bits that the lists' flags share.
pub(crate) mod list {
    /// Roots of a domain, or all descendants of a moment.
    pub(crate) const DEEP: u32 = 1;
    pub(crate) const TOPOLOGICAL: u32 = 1 << 10;
    pub(crate) const LEAVES: u32 = 1 << 2;
    pub(crate) const NO_LEAVES: u32 = 1 << 3;
}

/// A domain's moments of one kind, which form a tree.
#[derive(Debug, Default)]
pub(crate) struct Moments {
    all: BTreeMap<String, Moment>,
    pub(crate) current: Option<String>,
}

impl Moments {
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Moment> {
        self.all.get(name)
    }

    pub(crate) fn insert(&mut self, name: &str, moment: Moment) {
        self.all.insert(name.to_owned(), moment);
    }

    fn children<'a>(&'a self, parent: Option<&'a str>) -> impl Iterator<Item = &'a str> {
        let is_child = move |moment: &Moment| moment.parent.as_deref() == parent;
        let children = self.all.iter().filter(move |(_, moment)| is_child(moment));
        children.map(|(name, _)| name.as_str())
    }

    /// Returns all that descend from a moment, or all there are: parents before their children.
    pub(crate) fn descendants(&self, from: Option<&str>) -> Vec<String> {
        let mut found: Vec<String> = self.children(from).map(str::to_owned).collect();
        let mut at = 0;
        while let Some(parent) = found.get(at).cloned() {
            found.extend(self.children(Some(&parent)).map(str::to_owned));
            at += 1;
        }
        found
    }

    /// Lists the moments of a domain, or those below one of them.
    pub(crate) fn list(
        &self,
        from: Option<&str>,
        flags: u32,
        is_wanted: impl Fn(&Moment) -> bool,
    ) -> Vec<String> {
        // The bit means the roots alone for a domain, but all descendants for a moment.
        let is_deep = (flags & list::DEEP == 0) == from.is_none();
        let mut found = if is_deep {
            self.descendants(from)
        } else {
            self.children(from).map(str::to_owned).collect()
        };
        if flags & list::TOPOLOGICAL == 0 {
            found.sort();
        }
        let leaves = flags & (list::LEAVES | list::NO_LEAVES);
        found.retain(|name| {
            let is_leaf = self.children(Some(name)).next().is_none();
            let is_right = match leaves {
                list::LEAVES => is_leaf,
                list::NO_LEAVES => !is_leaf,
                _ => true,
            };
            is_right && self.get(name).is_some_and(&is_wanted)
        });
        found
    }

    /// Removes a moment, its descendants, or both.
    pub(crate) fn delete(&mut self, name: &str, itself: bool, descendants: bool) {
        if descendants {
            for name in self.descendants(Some(name)) {
                self.all.remove(&name);
            }
            if self.current.as_ref().is_some_and(|current| !self.all.contains_key(current)) {
                self.current = Some(name.to_owned());
            }
        }
        if !itself {
            return;
        }
        let parent = self.all.remove(name).and_then(|moment| moment.parent);
        for moment in self.all.values_mut().filter(|it| it.parent.as_deref() == Some(name)) {
            moment.parent.clone_from(&parent);
        }
        if self.current.as_deref() == Some(name) {
            self.current = parent;
        }
    }
}

/// Returns the name that a document gives, or one from the time.
pub(crate) fn name_of(document: &Element, time: i64) -> String {
    document
        .text_of("name")
        .filter(|name| !name.is_empty())
        .map_or_else(|| time.to_string(), str::to_owned)
}
