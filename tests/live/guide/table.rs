//! The table of programs against its documentation, and against these tests.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::programs::built;

/// A program, as the table has it and as the documentation does.
#[derive(Debug, PartialEq)]
struct Row {
    number: String,
    file: String,
    title: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The table, of which the example prints two lines for each program.
fn table() -> Vec<Row> {
    let output = Command::new(built("guide")).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let rows = lines.chunks(2).map(|lines| {
        let (number, title) = lines[0].split_once(' ').unwrap();
        let file = lines[1].split_whitespace().next().unwrap();
        Row {
            number: number.to_owned(),
            file: file.to_owned(),
            title: title.trim().to_owned(),
        }
    });
    rows.collect()
}

/// The cells of each row of the documentation's table.
fn documented() -> Vec<Vec<String>> {
    let readme = fs::read_to_string(root().join("examples/guide/README.md")).unwrap();
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| [")?.strip_suffix(" |"));
    rows.map(|row| row.split(" | ").map(str::to_owned).collect()).collect()
}

fn sources(dir: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(dir)).unwrap();
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            let below = path.strip_prefix(root()).unwrap();
            found.extend(sources(below.to_str().unwrap()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn the_documentation_has_the_same_programs() {
    let documented = documented().into_iter().map(|cells| {
        let (number, file) = cells[0].split_once("](").unwrap();
        Row {
            number: number.to_owned(),
            file: file.strip_suffix(')').unwrap().to_owned(),
            title: cells[2].clone(),
        }
    });
    let documented: Vec<_> = documented.collect();
    let table = table();
    for (documented, row) in documented.iter().zip(&table) {
        assert_eq!(documented, row);
    }
    assert_eq!(documented.len(), table.len());

    // In folders, beside which there is what several programs need.
    let programs = root().join("examples/guide");
    let files = sources("examples/guide").into_iter().filter_map(|path| {
        let path = path.strip_prefix(&programs).unwrap().to_str().unwrap().to_owned();
        path.contains('/').then_some(path)
    });
    let files: BTreeSet<_> = files.collect();
    assert_eq!(files, table.into_iter().map(|row| row.file).collect());
}

#[test]
fn the_names_in_the_documentation_belong_together() {
    let known = fs::read_to_string(root().join("src/c_functions/libvirt.md")).unwrap();
    for cells in documented() {
        let [python, rust] = [3, 4].map(|cell| cells[cell].split(", ").collect::<Vec<_>>());
        // Which of the one stand beside which of the other on the page of all C functions.
        let are_beside = |python: &str, rust: &str| {
            let mut rows = known.lines().filter(|row| row.contains(&format!("| {python} |")));
            rows.any(|row| row.contains(&format!("[{rust}]")))
        };
        for python in &python {
            assert!(rust.iter().any(|rust| are_beside(python, rust)), "{python} in {cells:?}");
        }
        for rust in &rust {
            assert!(python.iter().any(|python| are_beside(python, rust)), "{rust} in {cells:?}");
        }
    }
}

#[test]
fn each_program_is_run_by_a_test() {
    let text: String = sources("tests/live/guide").iter().map(without_space).collect();
    for Row { number, .. } in table() {
        let calls = ["run", "command"].map(|method| format!(".{method}(\"{number}\","));
        assert!(calls.iter().any(|call| text.contains(call)), "nothing runs {number}");
    }
}

fn without_space(path: impl AsRef<Path>) -> String {
    let text = fs::read_to_string(path).unwrap();
    text.split_whitespace().collect()
}

/// `cargo fmt` does not see the modules that the macro of the table declares.
#[test]
fn the_programs_are_formatted() {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["fmt", "--package", "libvirt-client", "--", "--check"]);
    let output = cargo.args(sources("examples/guide")).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn wrong_use_is_one_line() {
    use crate::programs::assert_fails;

    let run = |arguments: &[&str]| Command::new(built("guide")).args(arguments).output().unwrap();
    assert_fails(&run(&["4.0"]), "guide: there is no program 4.0");
    assert_fails(&run(&["4.1b", "qemu:///system"]), "usage: guide 4.1b URI NAME");
    assert_fails(&run(&["4.2a", "a", "b"]), "usage: guide 4.2a URI");
    let nowhere = "qemu+unix:///system?socket=/nowhere";
    assert_fails(&run(&["4.2a", nowhere]), "/nowhere");
}
