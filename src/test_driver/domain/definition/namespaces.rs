//! Namespaces of what users keep with a domain.

use crate::test_driver::xml::Element;

/// Copies what users keep, whose namespaces may be named farther out.
pub(super) fn complete(root: &mut Element, given: &Element) {
    let Some(metadata) = root.child_mut("metadata") else {
        return;
    };
    for element in &mut metadata.children {
        let Some((prefix, _)) = element.name.split_once(':') else {
            continue;
        };
        let name = format!("xmlns:{prefix}");
        if element.get(&name).is_none()
            && let Some(uri) = given.get(&name)
        {
            element.attributes.insert(0, (name, uri.to_owned()));
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    metadata
        .children
        .retain(|element| namespace(element).is_none_or(|uri| seen.insert(uri.to_owned())));
    if metadata.children.is_empty() {
        root.remove_children("metadata");
    }
}

/// Returns the namespace that an element is in.
pub(super) fn namespace(element: &Element) -> Option<&str> {
    match element.name.split_once(':') {
        Some((prefix, _)) => element.get(&format!("xmlns:{prefix}")),
        None => element.get("xmlns"),
    }
}
