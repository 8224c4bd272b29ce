//! Whoever knows a C function finds its counterpart by rustdoc's search.

use crate::sources::{Kind, api};

/// The C functions that the first paragraph of a documentation names in parentheses.
fn functions(docs: &[String]) -> Vec<String> {
    let first: Vec<_> = docs.iter().take_while(|line| !line.is_empty()).cloned().collect();
    let first = first.join(" ");
    let in_parentheses = first.split('(').skip(1).filter_map(|rest| rest.split(')').next());
    let named = in_parentheses.filter(|text| text.starts_with("`vir"));
    let words = named.flat_map(|text| text.split('`'));
    let functions =
        words.filter(|word| word.starts_with("vir") && word.chars().all(char::is_alphanumeric));
    functions.map(str::to_owned).collect()
}

#[test]
fn methods_are_found_by_the_names_of_c_functions() {
    let mut missing = Vec::new();
    let mut found = 0;
    for item in api() {
        if !matches!(item.kind, Kind::Method(_)) {
            continue;
        }
        for function in functions(&item.docs) {
            found += 1;
            if !item.functions().contains(&function.as_str()) {
                missing.push(format!("{}: {function}", item.path()));
            }
        }
    }
    assert!(
        found > 300,
        "only {found} functions were found: is this test reading the sources?"
    );
    assert!(missing.is_empty(), "#[doc(alias)] is missing:\n{}", missing.join("\n"));
}
