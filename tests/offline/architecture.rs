//! The layers of ARCHITECTURE.md, read off the sources: each uses only those below it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Lowest first.
const LAYERS: [&str; 12] = [
    "xdr",
    "protocol",
    "rpc",
    "auth",
    "test_driver",
    "transport",
    "client",
    "api",
    "events",
    "waiting",
    "watch",
    "testing",
];
/// Used by any layer; each uses only what is named here.
const FOUNDATIONS: [(&str, &[&str]); 6] = [
    ("types", &["xdr"]),
    ("error", &["protocol", "types", "xdr"]),
    ("files", &["error"]),
    ("uri", &["error", "types"]),
    ("config", &["error", "files", "types", "uri"]),
    ("params", &["error", "types"]),
];
/// The only layers that know tokio.
const ASYNC: [&str; 9] = [
    "files",
    "test_driver",
    "transport",
    "client",
    "api",
    "events",
    "waiting",
    "watch",
    "testing",
];

pub(crate) fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

pub(crate) fn without_comments(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Module of a file, and what it names of the crate and of others.
fn uses(file: &Path) -> (String, BTreeSet<String>, String) {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let first = file.strip_prefix(&src).unwrap().components().next().unwrap();
    let module = first.as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned();
    let text = fs::read_to_string(file).unwrap();
    let code = without_comments(&text);
    let mut named = BTreeSet::new();
    for part in code.split("crate::").skip(1) {
        let word = |text: &str| -> String {
            text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
        };
        if let Some(group) = part.strip_prefix('{') {
            // `use crate::{a::B, c};`
            let group = group.split_once("};").map_or(group, |(group, _)| group);
            named.extend(group.split(',').map(|item| word(item.trim_start())));
        } else {
            named.insert(word(part));
        }
    }
    (module, named, code)
}

fn allowed(module: &str) -> Option<BTreeSet<&'static str>> {
    if let Some((_, below)) = FOUNDATIONS.iter().find(|(other, _)| *other == module) {
        return Some(below.iter().copied().collect());
    }
    let position = LAYERS.iter().position(|layer| *layer == module)?;
    let mut below: BTreeSet<_> = LAYERS[..position].iter().copied().collect();
    below.extend(FOUNDATIONS.iter().map(|(other, _)| *other));
    Some(below)
}

#[test]
fn layers_look_downward_only() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for file in sources(&src) {
        let (module, named, code) = uses(&file);
        // What puts the layers together, what tests them from above, and pages of the documentation.
        if ["lib", "fuzzing", "simulation", "c_functions", "guide"].contains(&&*module) {
            continue;
        }
        let shown = file.strip_prefix(&src).unwrap().display();
        let Some(allowed) = allowed(&module) else {
            panic!("{shown}: there is no layer {module:?}; give it a place in this test");
        };
        for name in &named {
            let is_layer =
                LAYERS.contains(&&**name) || FOUNDATIONS.iter().any(|(other, _)| *other == *name);
            // What the crate re-exports at its root is reached by its own path inside.
            assert!(
                is_layer || name.is_empty(),
                "{shown}: crate::{name} is not a layer; name the module that it stands in"
            );
            if *name != module && !name.is_empty() && !allowed.contains(&**name) {
                wrong.push(format!("{shown} uses crate::{name}"));
            }
        }
        let opens = shown.to_string() == "client/opening/dial.rs";
        if named.contains("test_driver")
            && !opens
            && !["test_driver", "testing"].contains(&&*module)
        {
            wrong.push(format!("{shown} knows of the test driver"));
        }
        if !ASYNC.contains(&&*module) && code.contains("tokio") {
            wrong.push(format!("{shown} uses tokio"));
        }
        if module != "xdr" && code.contains("xdr_codec") {
            wrong.push(format!("{shown} uses xdr_codec"));
        }
    }
    assert!(wrong.is_empty(), "the wrong way:\n{}", wrong.join("\n"));
}
