//! Namespaces of what users keep with a domain.

use std::collections::BTreeSet;

use crate::test_driver::xml::Element;

/// Completes what users keep, of which namespaces may be named farther out; what is in none of its
/// own is not kept.
pub(super) fn complete(root: &mut Element, given: &Element) {
    let Some(metadata) = root.child_mut("metadata") else {
        return;
    };
    let mut outer = Vec::new();
    for element in &metadata.children {
        let name = declaration(element);
        if element.get(&name).is_none()
            && let Some(uri) = given.get(&name)
        {
            outer.push((name, uri.to_owned()));
        }
    }
    for (name, uri) in outer {
        metadata.set(&name, uri);
    }
    let mut seen = BTreeSet::new();
    let mut kept = Vec::new();
    for element in &metadata.children {
        if namespace(metadata, element).is_some_and(|uri| seen.insert(uri.to_owned())) {
            kept.push(element.clone());
        }
    }
    metadata.children = kept;
    if metadata.children.is_empty() {
        root.remove_children("metadata");
    }
}

/// Returns the namespace that an element of the metadata is in.
pub(super) fn namespace<'a>(metadata: &'a Element, element: &'a Element) -> Option<&'a str> {
    let name = declaration(element);
    element.get(&name).or_else(|| metadata.get(&name))
}

/// Returns the attribute that names an element's namespace.
fn declaration(element: &Element) -> String {
    match element.name.split_once(':') {
        Some((prefix, _)) => format!("xmlns:{prefix}"),
        None => "xmlns".to_owned(),
    }
}
