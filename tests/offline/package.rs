//! What `cargo package` takes, and whether that is whole.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

fn packaged() -> BTreeSet<PathBuf> {
    let output = Command::new(env!("CARGO"))
        .args(["package", "--list", "--allow-dirty", "--offline", "--quiet"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(PathBuf::from).collect()
}

/// Returns the targets of a page's links to other files, from the package's root.
fn links(page: &Path, text: &str) -> Vec<PathBuf> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    let relative = targets.filter(|target| !target.is_empty() && !target.contains("://"));
    let from_root = relative.map(|target| page.parent().unwrap().join(target));
    let normal = |path: PathBuf| {
        let mut normal = PathBuf::new();
        for part in path.components() {
            match part {
                Component::ParentDir => assert!(normal.pop(), "{} leaves", path.display()),
                part => normal.push(part),
            }
        }
        normal
    };
    from_root.map(normal).collect()
}

#[test]
fn pages_link_to_files_of_the_package_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = packaged();
    let is_there = |path: &Path| files.iter().any(|file| file.starts_with(path));
    let mut found = 0;
    // The pages within the sources are rustdoc's, which checks their links.
    let is_page = |file: &&PathBuf| {
        file.extension().is_some_and(|extension| extension == "md") && !file.starts_with("src")
    };
    for page in files.iter().filter(is_page) {
        for target in links(page, &fs::read_to_string(root.join(page)).unwrap()) {
            found += 1;
            assert!(is_there(&target), "{}: {}", page.display(), target.display());
        }
    }
    assert!(found > 15, "only {found} links were found: does this read the pages?");
}

#[test]
fn nothing_needs_what_is_left_out() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = packaged();
    assert!(files.contains(Path::new("LICENSE-MIT")) && files.contains(Path::new("src/lib.rs")));
    for file in &files {
        let first = file.components().next().unwrap().as_os_str().to_str().unwrap();
        assert!(
            !["benches", "codegen", "fuzz", "scripts", "tests"].contains(&first),
            "{}",
            file.display()
        );
        if file.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        // Members of the workspace are no dependencies of the package.
        let source = fs::read_to_string(root.join(file)).unwrap();
        for name in ["bench_support::", "codegen::", "rig::"] {
            let is_used = source.match_indices(name).any(|(at, _)| {
                let before = source[..at].chars().next_back();
                before.is_none_or(|before| !before.is_alphanumeric() && before != '_')
            });
            assert!(!is_used, "{} uses {name}", file.display());
        }
    }
}

/// What README says of other languages: without `tls` and `ssh-native` there are none, and so no need of
/// a compiler for them, or of libraries for another platform.
#[test]
fn only_tls_and_ssh_within_the_process_build_anything_but_rust() {
    let tools = |features: &str| {
        let output = Command::new(env!("CARGO"))
            .args([
                "tree",
                "--offline",
                "--quiet",
                "--package",
                "libvirt-client",
                "--prefix",
                "none",
            ])
            .args([
                "--edges",
                "normal,build",
                "--no-default-features",
                "--features",
                features,
            ])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.lines().any(|line| line.starts_with("tokio ")), "{text}");
        let names = text.lines().filter_map(|line| line.split(' ').next());
        let builds = ["bindgen", "cc", "cmake", "pkg-config", "vcpkg"];
        names
            .filter(|name| builds.contains(name))
            .map(str::to_owned)
            .collect::<BTreeSet<_>>()
    };
    assert!(tools("ssh,sasl,qemu,lxc,admin,test-driver").is_empty());
    assert!(tools("tls").contains("cc") && tools("ssh-native").contains("cc"));
}
