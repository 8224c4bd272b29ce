//! The programs in the documentation that are not run when it is tested, each with what it needs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A file, and why so many programs in it cannot run on a host within the process.
const NOT_RUN: &[(&str, usize, &str)] = &[
    (
        "README.md",
        1,
        "a host by ssh; `examples/readme.rs` is the same program, and is run",
    ),
    ("src/api/admin/mod.rs", 1, "a daemon's administration"),
    ("src/api/domain/agent.rs", 1, "an agent that tells of the guest"),
    ("src/api/domain/backup.rs", 1, "backups, which only QEMU makes"),
    ("src/api/domain/migrate/builder.rs", 2, "another host to migrate to"),
    ("src/api/domain/scheduler.rs", 1, "parameters of QEMU's scheduler"),
    ("src/api/network/mod.rs", 1, "a DHCP server"),
    ("src/api/nwfilter.rs", 1, "network filters"),
    ("src/api/secret.rs", 1, "secrets"),
    ("src/api/storage/pool/identity.rs", 1, "a pool that is built when it starts"),
    ("src/api/storage/transfer/mod.rs", 1, "volumes with content"),
    ("src/client/opening/builder.rs", 1, "a host by TLS that asks for a password"),
    ("src/guide/opening.md", 1, "a host by ssh"),
    (
        "src/guide/snapshots.md",
        3,
        "backups, block jobs and migrations, which only QEMU has",
    ),
    ("src/guide/streams.md", 3, "a guest's console, and volumes with content"),
    ("src/transport/tls/options.rs", 1, "a host by TLS, and certificates"),
    ("src/waiting/block_job.rs", 1, "a block job, which only QEMU has"),
];

/// Returns the attributes of each block of code that begins in the text.
fn fences(text: &str) -> Vec<&str> {
    let mut is_open = false;
    let mut found = Vec::new();
    for line in text.lines() {
        let line = line.trim_start().trim_start_matches(['/', '!', ' ']);
        if let Some(attributes) = line.strip_prefix("```") {
            is_open = !is_open;
            if is_open {
                found.push(attributes);
            }
        }
    }
    assert!(!is_open, "a block of code does not end");
    found
}

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let is_text = path.extension().is_some_and(|it| it == "rs" || it == "md");
        if path.is_dir() {
            sources(&path, found);
        } else if is_text {
            found.push(path);
        }
    }
}

#[test]
fn programs_are_run_but_for_those_that_cannot() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![root.join("README.md")];
    sources(&root.join("src"), &mut files);
    let mut run = 0;
    let mut not_run: BTreeMap<String, usize> = BTreeMap::new();
    for file in files {
        let name = file.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        for attributes in fences(&fs::read_to_string(&file).unwrap()) {
            let mut words = attributes.split(',').map(str::trim);
            assert!(
                words.clone().all(|word| word != "ignore"),
                "{name}: `ignore` is not even built"
            );
            if words.any(|word| word == "no_run") {
                *not_run.entry(name.clone()).or_default() += 1;
            } else if attributes.is_empty() {
                run += 1;
            }
        }
    }
    let listed: BTreeMap<_, _> =
        NOT_RUN.iter().map(|(file, count, _)| (String::from(*file), *count)).collect();
    assert_eq!(listed.len(), NOT_RUN.len(), "a file is listed twice");
    assert_eq!(
        not_run, listed,
        "a program runs on `test:///default` or a `TestHost`, or the list says what it needs"
    );
    assert!(run > 40, "only {run} programs are run");
}
