//! A source tree as releases before 1.1 had it: one large header, the old notes, other names.

use codegen::annotations::Annotations;
use codegen::check::{Side, Verdict, compare};
use codegen::constants::Constants;
use codegen::functions::Functions;
use codegen::import::import;
use codegen::load::load;
use codegen::project::Project;
use codegen::provenance::{Provenance, sum};

use super::{workspace, write};

const REMOTE: &str = "\
%#include <libvirt/libvirt.h>
%#include \"internal.h\"
%#ifdef SOMETHING
%# define OTHER thing
%#endif

const REMOTE_STRING_MAX = 4194304;
typedef string remote_nonnull_string<REMOTE_STRING_MAX>;
typedef remote_nonnull_string *remote_string;
typedef opaque remote_uuid[VIR_UUID_BUFLEN];

struct remote_nonnull_domain {
    remote_nonnull_string name;
    remote_uuid uuid;
    int id;
};

struct remote_open_args {
    /* A remark about the field. */
    remote_string name;
    unsigned int flags;
};

struct remote_get_type_ret {
    remote_nonnull_string type;
};

struct remote_storage_vol_upload_args {
    remote_nonnull_string vol;
    unsigned hyper offset;
};

struct remote_domain_event_lifecycle_msg {
    remote_nonnull_domain dom;
};

const REMOTE_PROGRAM = 0x20008086;
const REMOTE_PROTOCOL_VERSION = 1;

enum remote_procedure {
    /* Each function must have a comment of words. */
    REMOTE_PROC_OPEN = 1, /* skipgen skipgen priority:high */
    REMOTE_PROC_SUPPORTS_FEATURE = 2, /* skipgen autogen priority:high */
    REMOTE_PROC_GET_TYPE = 3, /* autogen skipgen priority:high */

    REMOTE_PROC_CPU_COMPARE = 4, /* autogen autogen */
    REMOTE_PROC_DOMAIN_EVENT_LIFECYCLE = 107, /* autogen autogen */
    REMOTE_PROC_DOMAIN_UNHEARD_OF = 150, /* autogen autogen */
    REMOTE_PROC_STORAGE_VOL_UPLOAD = 208 /* autogen autogen | writestream@1 */

    /*
     * (readstream|writestream)@<offset> and priority:low are explained here.
     */
};
";

const HEADER: &str = "\
#define VIR_UUID_BUFLEN (16)
#ifndef VIR_DEPRECATED
# error Don't mind the apostrophe
#endif
#define VIR_DOMAIN_SCHEDULER_WEIGHT \"weight\"
#define VIR_DOMAIN_MEMORY_HARD_LIMIT \"hard_limit\"
typedef enum {
     VIR_DOMAIN_NOSTATE = 0,     /* no state */
     VIR_DOMAIN_RUNNING = 1,     /* running */
#ifdef VIR_ENUM_SENTINELS
    /*
     * NB: grows.
     */
     VIR_DOMAIN_LAST
#endif
} virDomainState;
typedef enum {
    VIR_STORAGE_VOL_UPLOAD_FAST = 1 << 0,
} virStorageVolUploadFlags;
@LIBVIRT_VERSION_NUMBER@
";

const SYMBOLS: &str = "\
LIBVIRT_0.0.3 {
    global:
        virConnectOpen;
        virConnectGetType;
};

LIBVIRT_0.7.5 {
    global:
        virConnectCompareCPU;
} LIBVIRT_0.0.3;

LIBVIRT_0.9.0 {
    global:
        virStorageVolUpload;
} LIBVIRT_0.7.5;
";

const FUNCTIONS: &str = "\
#include <config.h>
/**
 * virStorageVolUpload:
 * @vol: pointer to volume
 * @flags: bitwise-OR of
 *         virStorageVolUploadFlags
 *
 * Words that mention VIR_DOMAIN_RUNNING and don't count.
 */
int virStorageVolUpload(void) { return '\\''; }
#if 0
doesn't compile
#endif
";

const DRIVER: &str = "\
#define TABLE(x) \\
    VIR_DOMAIN_MEMORY_HARD_LIMIT, VIR_TYPED_PARAM_ULLONG, \\
    NULL
static void fill(void)
{
    virTypedParamsAddUInt(&params, &nparams,
                          VIR_DOMAIN_SCHEDULER_WEIGHT, 3);
}
";

fn old_tree() -> tempfile::TempDir {
    let tree = tempfile::tempdir().unwrap();
    write(
        tree.path(),
        &[
            ("configure.ac", "AC_INIT([libvirt], [1.0.0], [list@example.org])\n"),
            ("src/remote/remote_protocol.x", REMOTE),
            ("include/libvirt/libvirt.h.in", HEADER),
            // What configuring makes of it must not count twice.
            ("include/libvirt/libvirt.h", HEADER),
            ("src/libvirt_public.syms", SYMBOLS),
            ("src/libvirt.c", FUNCTIONS),
            ("src/qemu/qemu_driver.c", DRIVER),
            ("tests/remote_protocol.x", "not a definition"),
        ],
    );
    tree
}

#[test]
fn facts_come_out_in_our_own_layout() {
    let (tree, out) = (old_tree(), tempfile::tempdir().unwrap());
    let annotations = Annotations::load(&workspace().join("protocol")).unwrap();
    let warnings = import(tree.path(), &[], out.path(), &annotations).unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("REMOTE_PROC_DOMAIN_UNHEARD_OF"), "{warnings:?}");

    let text = std::fs::read_to_string(out.path().join("remote_protocol.x")).unwrap();
    assert!(!text.contains("remark") && !text.contains("explained"), "{text}");
    for line in [
        "const VIR_UUID_BUFLEN = 16; /* header */",
        "const REMOTE_PROGRAM = 0x20008086;",
        "    REMOTE_PROC_OPEN = 1, /* api=virConnectOpen since=0.0.3 generate=none priority=high */",
        // No function stands for it; the annotations know it under its later name.
        "    REMOTE_PROC_SUPPORTS_FEATURE = 2, /* since=0.3.2 generate=client priority=high */",
        "    REMOTE_PROC_GET_TYPE = 3, /* api=virConnectGetType since=0.0.3 generate=server \
         priority=high */",
        "    REMOTE_PROC_CPU_COMPARE = 4, /* api=virConnectCompareCPU since=0.7.5 generate=both */",
        "    REMOTE_PROC_DOMAIN_EVENT_LIFECYCLE = 107, /* generate=both */",
        "    REMOTE_PROC_STORAGE_VOL_UPLOAD = 208 /* api=virStorageVolUpload since=0.9.0 \
         generate=both writestream=1 */",
    ] {
        assert!(text.lines().any(|found| found == line), "no line {line:?} in\n{text}");
    }
}

#[test]
fn functions_come_with_their_first_releases() {
    let (tree, out) = (old_tree(), tempfile::tempdir().unwrap());
    import(tree.path(), &[], out.path(), &Annotations::default()).unwrap();
    let functions = Functions::load(out.path()).unwrap();
    assert_eq!(functions.release, "1.0.0");
    let listed: Vec<(&str, &str)> = functions.libraries["libvirt"]
        .iter()
        .map(|(name, since)| (name.as_str(), since.as_str()))
        .collect();
    assert_eq!(
        listed,
        [
            ("virConnectCompareCPU", "0.7.5"),
            ("virConnectGetType", "0.0.3"),
            ("virConnectOpen", "0.0.3"),
            ("virStorageVolUpload", "0.9.0"),
        ]
    );
    // This release has no other library.
    assert_eq!(functions.libraries.len(), 1);
}

#[test]
fn constants_come_from_the_one_large_header() {
    let (tree, out) = (old_tree(), tempfile::tempdir().unwrap());
    import(tree.path(), &[], out.path(), &Annotations::default()).unwrap();
    let constants = Constants::load(out.path()).unwrap();
    assert_eq!(constants.release, "1.0.0");
    let sets: Vec<&str> = constants.sets.iter().map(|set| set.name.as_str()).collect();
    assert_eq!(sets, ["virDomainState", "virStorageVolUploadFlags"]);
    assert_eq!(constants.sets[0].members.len(), 2);
    let strings: Vec<(&str, Option<&str>)> = constants
        .strings
        .iter()
        .map(|text| (text.value.as_str(), text.kind.as_deref()))
        .collect();
    assert_eq!(strings, [("weight", Some("UINT")), ("hard_limit", Some("ULLONG"))]);
    assert_eq!(
        constants.flags.into_iter().collect::<Vec<_>>(),
        [(
            "REMOTE_PROC_STORAGE_VOL_UPLOAD".to_owned(),
            vec!["virStorageVolUploadFlags".to_owned()]
        )]
    );
}

#[test]
fn provenance_names_the_files_that_facts_were_taken_from() {
    let (tree, out) = (old_tree(), tempfile::tempdir().unwrap());
    import(tree.path(), &[], out.path(), &Annotations::default()).unwrap();
    let provenance = Provenance::load(out.path()).unwrap();
    assert_eq!(provenance.release, "1.0.0");
    assert_eq!(
        provenance.paths().collect::<Vec<_>>(),
        [
            "include/libvirt/libvirt.h.in",
            "src/libvirt.c",
            "src/libvirt_public.syms",
            "src/qemu/qemu_driver.c",
            "src/remote/remote_protocol.x",
        ]
    );
    let remote = &provenance.inputs["1.0.0"]["src/remote/remote_protocol.x"];
    assert_eq!(*remote, sum(REMOTE.as_bytes()));
}

/// Where a release's sources cannot be had, its published headers and the sources before it can be
/// put together.
#[test]
fn provenance_tells_the_parts_of_a_tree_and_what_was_edited() {
    let (older, newer, tree, out) = (
        old_tree(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    let headers = [
        ("include/libvirt/libvirt-common.h", "# define LIBVIR_VERSION_NUMBER 12008000\n"),
        ("include/libvirt/libvirt.h", HEADER),
    ];
    write(newer.path(), &headers);
    write(tree.path(), &headers);
    let remote = REMOTE.replace("remote_string name;", "remote_string uri;");
    write(
        tree.path(),
        &[
            ("src/remote/remote_protocol.x", &remote),
            ("src/libvirt_public.syms", SYMBOLS),
        ],
    );
    let parts = [newer.path().to_owned(), older.path().to_owned()];
    import(tree.path(), &parts, out.path(), &Annotations::default()).unwrap();
    let provenance = Provenance::load(out.path()).unwrap();
    assert_eq!(provenance.release, "12.8.0");
    let paths = |origin: &str| -> Vec<&str> {
        let files = provenance.inputs[origin].keys();
        files.map(String::as_str).collect()
    };
    let of_newer = [headers[0].0, headers[1].0];
    assert_eq!(paths("12.8.0"), of_newer);
    assert_eq!(paths("1.0.0"), ["src/libvirt_public.syms"]);
    assert_eq!(paths("edited"), ["src/remote/remote_protocol.x"]);
}

#[test]
fn kinds_that_no_source_tells_are_annotated() {
    const HEADERS: &str = "
        /**
         * Accepted type is VIR_TYPED_PARAM_UINT.
         */
        # define VIR_DOMAIN_IOTHREAD_POLL_WEIGHT \"poll_weight\"
        /**
         * Concatenate with a number as unsigned int.
         */
        # define VIR_DOMAIN_STATS_BIN_PREFIX \"bin.\"
        # define VIR_DOMAIN_STATS_SILENT \"silent\"
        # define VIR_DOMAIN_STATS_ANNOTATED \"annotated\"
    ";
    let (tree, out) = (old_tree(), tempfile::tempdir().unwrap());
    write(tree.path(), &[("include/libvirt/more.h", HEADERS)]);
    let mut annotations = Annotations::default();
    let kinds = &mut annotations.kinds;
    kinds.insert("VIR_DOMAIN_STATS_ANNOTATED".to_owned(), "INT".to_owned());
    import(tree.path(), &[], out.path(), &annotations).unwrap();
    let constants = Constants::load(out.path()).unwrap();
    let kinds: Vec<(&str, Option<&str>)> = constants
        .strings
        .iter()
        .filter(|text| text.header == "more.h")
        .map(|text| (text.value.as_str(), text.kind.as_deref()))
        .collect();
    let expected = [
        ("poll_weight", Some("UINT")),
        ("bin.", None),
        ("silent", None),
        ("annotated", Some("INT")),
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn an_import_describes_the_same_wire_as_its_source() {
    let (tree, out) = (old_tree(), tempfile::tempdir().unwrap());
    import(tree.path(), &[], out.path(), &Annotations::default()).unwrap();
    let old = Side::load(tree.path(), &Annotations::default()).unwrap();
    let new = Side::load(out.path(), &Annotations::default()).unwrap();
    let report = compare(&old, &new).unwrap();
    assert_eq!(report.verdict(), Verdict::Identical, "{report:?}");
    // Importing again changes nothing.
    let text = || std::fs::read_to_string(out.path().join("remote_protocol.x")).unwrap();
    let before = text();
    import(tree.path(), &[], out.path(), &Annotations::default()).unwrap();
    assert_eq!(text(), before);
}

#[test]
fn a_file_in_a_tree_finds_the_headers_of_the_tree() {
    let tree = old_tree();
    load(&tree.path().join("src/remote/remote_protocol.x"))
        .unwrap()
        .verify()
        .unwrap();
    let alone = tempfile::tempdir().unwrap();
    write(alone.path(), &[("remote_protocol.x", REMOTE)]);
    let definition = load(&alone.path().join("remote_protocol.x")).unwrap();
    let error = definition.verify().unwrap_err().to_string();
    assert!(error.contains("VIR_UUID_BUFLEN"), "{error}");
}

#[test]
fn a_folder_that_is_no_tree_is_named() {
    let empty = tempfile::tempdir().unwrap();
    let error = import(empty.path(), &[], empty.path(), &Annotations::default()).unwrap_err();
    assert!(error.to_string().contains("include/libvirt"), "{error}");
}

/// A definition that leaves something open is imported, but nothing is generated from it.
#[test]
fn generating_needs_the_first_release_of_every_procedure() {
    let (tree, root) = (old_tree(), tempfile::tempdir().unwrap());
    let annotations = Annotations::load(&workspace().join("protocol")).unwrap();
    import(tree.path(), &[], &root.path().join("protocol"), &annotations).unwrap();
    let project = Project::open(root.path()).unwrap();
    let error = codegen::emit::generate(&project).unwrap_err().to_string();
    assert!(error.contains("first release"), "{error}");
}
