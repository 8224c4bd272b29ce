//! Whoever knows a C function finds its counterpart by rustdoc's search.

use std::fs;
use std::path::Path;

use crate::architecture::sources;

/// The C functions that the first paragraph of a documentation names in parentheses.
fn functions(paragraph: &str) -> impl Iterator<Item = &str> {
    let in_parentheses = paragraph.split('(').skip(1).filter_map(|rest| rest.split(')').next());
    let named = in_parentheses.filter(|text| text.starts_with("`vir"));
    let words = named.flat_map(|text| text.split('`'));
    words.filter(|word| word.starts_with("vir") && word.chars().all(char::is_alphanumeric))
}

#[test]
fn methods_are_found_by_the_names_of_c_functions() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut missing = Vec::new();
    let mut found = 0;
    for file in ["api", "client", "events"].iter().flat_map(|layer| sources(&src.join(layer))) {
        let text = fs::read_to_string(&file).unwrap();
        let mut lines = text.lines().map(str::trim).peekable();
        while let Some(line) = lines.next() {
            let Some(first) = line.strip_prefix("///") else {
                continue;
            };
            let mut paragraph = first.to_owned();
            let mut in_first = true;
            while let Some(more) = lines.next_if(|line| line.starts_with("///")) {
                in_first &= more != "///";
                if in_first {
                    paragraph.push_str(&more[3..]);
                }
            }
            let mut attributes = String::new();
            while let Some(attribute) = lines.next_if(|line| line.starts_with("#[")) {
                attributes.push_str(attribute);
            }
            let item = lines.peek().copied().unwrap_or_default();
            if !item.starts_with("pub fn ") && !item.starts_with("pub async fn ") {
                continue;
            }
            for function in functions(&paragraph) {
                found += 1;
                if !attributes.contains(&format!("#[doc(alias = \"{function}\")]")) {
                    missing.push(format!("{}: {item}: {function}", file.display()));
                }
            }
        }
    }
    assert!(
        found > 300,
        "only {found} functions were found: is this test reading the sources?"
    );
    assert!(missing.is_empty(), "#[doc(alias)] is missing:\n{}", missing.join("\n"));
}
