//! The pages of types with many methods have headings, and contents that name them.

use std::collections::{BTreeMap, BTreeSet};

use crate::sources::{Item, Kind, api};

/// A page of so many methods needs an order.
const MANY: usize = 15;

/// The heading that the macro of handles gives their first block.
const IDENTITY: &str = "Identity";

/// The anchor that rustdoc gives a heading.
fn anchor(heading: &str) -> String {
    let heading = heading.to_lowercase().replace(' ', "-");
    heading
        .chars()
        .filter(|c| c.is_alphanumeric() || ['-', '_'].contains(c))
        .collect()
}

/// The links to the page itself, as texts and anchors.
fn contents(docs: &[String]) -> Vec<(String, String)> {
    let docs = docs.join(" ");
    let Some((_, contents)) = docs.split_once("# Contents") else {
        return Vec::new();
    };
    let ends = contents.split("](#").collect::<Vec<_>>();
    let pairs = ends.windows(2).map(|pair| {
        let text = pair[0].rsplit('[').next().unwrap();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let anchor = pair[1].split(')').next().unwrap();
        (text, anchor.to_owned())
    });
    pairs.collect()
}

/// Blocks of methods that users see: each with its type and, if it has one, its heading.
fn blocks(items: &[Item]) -> Vec<(&str, Option<String>)> {
    let mut blocks = Vec::new();
    let mut current: Option<&Item> = None;
    for item in items {
        match item.kind {
            Kind::Handle => blocks.push((item.owner.as_str(), Some(IDENTITY.to_owned()))),
            Kind::Impl => current = Some(item),
            Kind::Method(_) => {
                if let Some(block) = current.take().filter(|block| block.owner == item.owner) {
                    let first = block.docs.first();
                    let heading = first.and_then(|line| line.strip_prefix("# "));
                    blocks.push((&block.owner, heading.map(str::to_owned)));
                }
            }
            Kind::Type | Kind::Field(_) => {}
        }
    }
    blocks
}

#[test]
fn pages_of_many_methods_have_headings_and_contents() {
    let items = api();
    let mut methods = BTreeMap::<&str, usize>::new();
    for item in items.iter().filter(|item| matches!(item.kind, Kind::Method(_))) {
        *methods.entry(&item.owner).or_default() += 1;
    }
    assert!(include_str!("../../src/api/handle.rs").contains(&format!("/// # {IDENTITY}\n")));
    let mut wrong = Vec::new();
    let blocks = blocks(&items);
    let types = items.iter().filter(|item| matches!(item.kind, Kind::Type | Kind::Handle));
    let mut pages = BTreeSet::new();
    for item in types {
        let own = blocks.iter().filter(|(owner, _)| *owner == item.owner);
        let headings: Option<Vec<_>> = own.map(|(_, heading)| heading.clone()).collect();
        let many = methods.get(item.owner.as_str()).is_some_and(|methods| *methods > MANY);
        let named = contents(&item.docs);
        if !many && named.is_empty() {
            continue;
        }
        pages.insert(item.owner.as_str());
        let Some(headings) = headings else {
            wrong.push(format!("{}: a block of methods without `/// # Heading`", item.path()));
            continue;
        };
        let expected: Vec<_> = headings
            .into_iter()
            .map(|heading| (heading.clone(), anchor(&heading)))
            .collect();
        if named != expected {
            wrong.push(format!(
                "{}:\nthe contents {named:?}\nthe page     {expected:?}",
                item.path()
            ));
        }
        let anchors: BTreeSet<_> = expected.iter().map(|(_, anchor)| anchor).collect();
        if anchors.len() != expected.len() {
            wrong.push(format!("{}: two headings have one anchor", item.path()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for expected in ["Connect", "Domain", "Network", "StoragePool"] {
        assert!(pages.contains(expected), "{expected} is not among {pages:?}");
    }
}
