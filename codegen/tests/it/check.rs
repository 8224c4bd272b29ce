use std::path::Path;

use codegen::annotations::Annotations;
use codegen::check::{Side, Verdict, compare};

use super::{workspace, write};

const BASE: &str = "\
const TEST_LIMIT = 16;
const TEST_PROGRAM = 0x20000001;
const TEST_PROTOCOL_VERSION = 1;
typedef string name<TEST_LIMIT>;
typedef opaque test_uuid[16];
enum test_colour { TEST_RED = 0, TEST_BLUE = 1 };
union test_value switch (int type) {
case 1:
    int number;
case 2:
    name text;
};
struct test_inner { int a; name b; };
struct test_get_args { test_uuid id; test_inner inner<TEST_LIMIT>; unsigned int flags; };
struct test_get_ret { test_value value; test_colour colour; };
struct test_lone { int a; };
enum test_procedure { TEST_PROC_GET = 1, TEST_PROC_PUT = 2 };
";

/// The verdict and the lines that lead to it, when `BASE` is changed.
fn change(from: &str, to: &str) -> (Verdict, Vec<String>) {
    assert!(BASE.contains(from), "{from}");
    differences(BASE, &BASE.replacen(from, to, 1))
}

fn differences(old: &str, new: &str) -> (Verdict, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("old/test.x", old), ("new/test.x", new)]);
    let side = |name: &str| {
        let path = folder.path().join(name).join("test.x");
        Side::load(&path, &Annotations::default()).unwrap()
    };
    let report = compare(&side("old"), &side("new")).unwrap();
    let lines = report.differences.iter().map(ToString::to_string).collect();
    (report.verdict(), lines)
}

#[test]
fn what_does_not_reach_the_wire_does_not_count() {
    for (from, to) in [
        ("int number;", "int count;"),
        ("typedef opaque test_uuid[16];", "typedef opaque test_uuid[16]; /* why */"),
        ("const TEST_LIMIT = 16;", "const TEST_LIMIT = 0x10;"),
        ("test_inner inner<TEST_LIMIT>", "test_inner inner<16>"),
        ("test_uuid id;", "opaque id[16];"),
        ("TEST_PROC_PUT = 2 }", "TEST_PROC_PUT = 2 /* priority=high */ }"),
    ] {
        assert_eq!(change(from, to), (Verdict::Identical, vec![]), "{to}");
    }
}

#[test]
fn names_may_change_where_the_bytes_stay() {
    let new = BASE.replace("test_inner", "test_part");
    let (verdict, lines) = differences(BASE, &new);
    assert_eq!(lines, ["added: type test_part"]);
    assert_eq!(verdict, Verdict::OnlyAdditions);
    let new = BASE.replace("TEST_PROC_PUT", "TEST_PROC_STORE");
    let (verdict, lines) = differences(BASE, &new);
    assert_eq!(lines, ["renamed: procedure 2 TEST_PROC_PUT, now TEST_PROC_STORE"]);
    assert_eq!(verdict, Verdict::Identical);
}

#[test]
fn what_is_new_is_an_addition() {
    for (from, to, line) in [
        (
            "TEST_PROC_PUT = 2",
            "TEST_PROC_PUT = 2, TEST_PROC_MORE = 3",
            "added: procedure 3 TEST_PROC_MORE",
        ),
        (
            "struct test_lone",
            "struct test_new { int a; };\nstruct test_lone",
            "added: type test_new",
        ),
        (
            "const TEST_LIMIT",
            "const TEST_NEW = 1;\nconst TEST_LIMIT",
            "added: const TEST_NEW = 1",
        ),
        (
            "TEST_BLUE = 1",
            "TEST_BLUE = 1, TEST_GREEN = 2",
            "added: members of test_colour",
        ),
        ("case 2:", "case 3:\n    int other;\ncase 2:", "added: arms of test_value"),
    ] {
        let (verdict, lines) = change(from, to);
        assert_eq!(lines, [line]);
        assert_eq!(verdict, Verdict::OnlyAdditions, "{line}");
    }
}

#[test]
fn what_peers_would_misunderstand_is_named() {
    for (from, to, line) in [
        (
            "const TEST_LIMIT = 16",
            "const TEST_LIMIT = 17",
            "changed: const TEST_LIMIT: 16, now 17",
        ),
        (
            "0x20000001",
            "0x20000002",
            "changed: const TEST_PROGRAM: 536870913, now 536870914",
        ),
        (
            "struct test_inner { int a; name b; }",
            "struct test_inner { name b; int a; }",
            "changed: test_inner: field a: `int a`, now `name b`",
        ),
        (
            "test_uuid id; ",
            "",
            "changed: test_get_args: field id: `test_uuid id`, now \
             `test_inner inner<TEST_LIMIT>`",
        ),
        (
            "unsigned int flags; }",
            "unsigned int flags; int more; }",
            "changed: test_get_args: 3 fields, now 4",
        ),
        (
            "unsigned int flags",
            "unsigned hyper flags",
            "changed: test_get_args: field flags: `unsigned int flags`, now \
             `unsigned hyper flags`",
        ),
        (
            "inner<TEST_LIMIT>",
            "inner<8>",
            "changed: test_get_args: field inner: at most 16, now 8",
        ),
        (
            "test_uuid[16]",
            "test_uuid[20]",
            "changed: test_uuid: `opaque test_uuid[16]`, now `opaque test_uuid[20]`",
        ),
        ("TEST_BLUE = 1", "TEST_BLUE = 2", "changed: test_colour: TEST_BLUE: 1, now 2"),
        ("case 2:", "case 5:", "changed: test_value: no arm 2 any more"),
        (
            "{ test_value value;",
            "{ test_value *value;",
            "changed: test_get_ret: field value: `test_value value`, now `test_value *value`",
        ),
        ("struct test_lone { int a; };\n", "", "removed: type test_lone"),
        (", TEST_PROC_PUT = 2", "", "removed: procedure 2 TEST_PROC_PUT"),
    ] {
        let (verdict, lines) = change(from, to);
        assert!(lines.iter().any(|found| found == line), "no {line:?} in {lines:?}");
        assert_eq!(verdict, Verdict::Incompatible, "{line}");
    }
}

#[test]
fn results_that_come_or_go_are_named() {
    let (verdict, lines) =
        change("struct test_lone", "struct test_put_ret { int a; };\nstruct test_lone");
    assert_eq!(
        lines,
        [
            "added: type test_put_ret",
            "changed: procedure 2 TEST_PROC_PUT: results: void, now test_put_ret"
        ]
    );
    assert_eq!(verdict, Verdict::Incompatible);
}

#[test]
fn the_other_way_round_additions_are_removals() {
    let new = BASE.replace("TEST_PROC_PUT = 2", "TEST_PROC_PUT = 2, TEST_PROC_MORE = 3");
    let (verdict, lines) = differences(&new, BASE);
    assert_eq!(lines, ["removed: procedure 3 TEST_PROC_MORE"]);
    assert_eq!(verdict, Verdict::Incompatible);
}

#[test]
fn an_undefined_name_is_a_fault() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("a.x", "struct a { nobody b; };")]);
    let side = Side::load(&folder.path().join("a.x"), &Annotations::default()).unwrap();
    let error = compare(&side, &side).unwrap_err().to_string();
    assert_eq!(error, "the type nobody is not defined");
}

/// Set `LIBVIRT_SOURCE` to a source tree of the release that `protocol/` was imported from.
#[test]
fn the_project_matches_its_source() {
    let Some(source) = std::env::var_os("LIBVIRT_SOURCE") else {
        return;
    };
    let protocol = workspace().join("protocol");
    let annotations = Annotations::load(&protocol).unwrap();
    let upstream = Side::load(Path::new(&source), &annotations).unwrap();
    let report = compare(&upstream, &Side::load(&protocol, &annotations).unwrap()).unwrap();
    assert_eq!(report.differences, []);
}
