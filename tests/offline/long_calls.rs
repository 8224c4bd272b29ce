//! Methods say that they take long, where the protocol's annotations do.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::architecture::sources;
use crate::sources::{Kind, api};

const LINK: &str = "](crate#calls-that-take-long)";

/// The C functions of procedures that wait for a guest or for work of the host.
fn long_functions() -> BTreeSet<String> {
    let generated = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/protocol/generated");
    let mut functions = BTreeSet::new();
    for file in sources(&generated) {
        let text = fs::read_to_string(file).unwrap();
        let procedures = text.split("procedure! {").skip(1);
        for procedure in procedures.filter_map(|rest| rest.split("\n}\n").next()) {
            if procedure.contains("waits for") {
                let documented = procedure.split('`').nth(1).unwrap();
                functions.insert(documented.to_owned());
            }
        }
    }
    assert!(functions.len() > 50, "only {functions:?}");
    functions
}

#[test]
fn methods_say_that_they_take_long() {
    let long = long_functions();
    let mut wrong = Vec::new();
    let mut block_says_so = false;
    for item in api() {
        let docs = item.docs.join(" ");
        match item.kind {
            Kind::Impl => block_says_so = docs.contains(LINK),
            Kind::Method(_) => {
                let says_so = docs.contains(LINK) || block_says_so;
                let is_long = item.functions().iter().any(|function| long.contains(*function));
                let links = docs.matches(&format!("akes long{LINK}")).count();
                let says_otherwise = docs.matches("akes long").count() != links;
                if (is_long && !says_so) || says_otherwise {
                    wrong.push(item.path());
                }
            }
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "`[Takes long{LINK}` is missing:\n{}", wrong.join("\n"));
}
