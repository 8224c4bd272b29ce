//! Whoever knows a C function, a C structure, an event's number or a method of libvirt-python finds
//! its counterpart by rustdoc's search.

use crate::sources::{Item, Kind, api};

/// The C names that the first paragraph of a documentation has in parentheses.
fn c_names(docs: &[String]) -> Vec<String> {
    let first: Vec<_> = docs.iter().take_while(|line| !line.is_empty()).cloned().collect();
    let first = first.join(" ");
    let in_parentheses = first.split('(').skip(1).filter_map(|rest| rest.split(')').next());
    let named = in_parentheses.filter(|text| text.starts_with("`vir") || text.starts_with("`VIR_"));
    let words = named.flat_map(|text| text.split('`'));
    let kept = words.filter(|word| {
        let is_name = word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        is_name && (word.starts_with("vir") || word.starts_with("VIR_"))
    });
    kept.map(str::to_owned).collect()
}

fn is_method(item: &Item) -> bool {
    matches!(item.kind, Kind::Method(_) | Kind::Field(_))
}

#[test]
fn items_are_found_by_their_c_names() {
    let mut missing = Vec::new();
    let mut found = 0;
    for item in api().iter().filter(|item| item.kind != Kind::Impl) {
        for name in c_names(&item.docs) {
            found += 1;
            if !item.aliases().contains(&name.as_str()) {
                missing.push(format!("{}: {name}", item.path()));
            }
        }
    }
    assert!(found > 450, "only {found} names were found: is this test reading the sources?");
    assert!(missing.is_empty(), "#[doc(alias)] is missing:\n{}", missing.join("\n"));
}

/// The end of the name that libvirt-python has for a function, by the rules of its generator; what
/// stands before it there is the name of the object.
fn python_name(function: &str) -> Option<&str> {
    // Those for which the generator keeps `get`.
    const KEEP: [&str; 4] = ["DomainSnapshot", "DomainCheckpoint", "Node", "Connect"];
    // What begins like another comes before it.
    const OBJECTS: [&str; 15] = [
        "DomainSnapshot",
        "DomainCheckpoint",
        "Domain",
        "NetworkPort",
        "Network",
        "StoragePool",
        "StorageVol",
        "NodeDevice",
        "Node",
        "Secret",
        "Interface",
        "NWFilterBinding",
        "NWFilter",
        "Stream",
        "Connect",
    ];
    let name = function.strip_prefix("vir")?;
    let (object, rest) =
        OBJECTS.iter().find_map(|object| Some((object, name.strip_prefix(object)?)))?;
    Some(match rest.strip_prefix("Get") {
        Some(rest) if !KEEP.contains(object) => rest,
        _ => rest,
    })
}

/// A name as rustdoc's search compares it.
fn searched(name: &str) -> String {
    name.replace('_', "").to_lowercase()
}

#[test]
fn methods_are_found_by_the_names_of_libvirt_python() {
    let mut missing = Vec::new();
    let mut found = 0;
    for item in api().iter().filter(|item| is_method(item)) {
        for name in item.aliases().into_iter().filter_map(python_name) {
            found += 1;
            let expected = searched(name);
            let is_found =
                |name: &str| !name.starts_with("vir") && searched(name).contains(&expected);
            if !is_found(&item.name) && !item.aliases().into_iter().any(is_found) {
                missing.push(format!("{}: {name}", item.path()));
            }
        }
    }
    assert!(found > 350, "only {found} names were found: is this test reading the sources?");
    assert!(missing.is_empty(), "#[doc(alias)] is missing:\n{}", missing.join("\n"));
}
