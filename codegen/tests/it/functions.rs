//! The page of all functions of C: each has an item of the library, or a reason.

use std::collections::BTreeMap;
use std::path::Path;

use codegen::annotations::{FunctionNotes, Without};
use codegen::check::consistency;
use codegen::emit::{generate, write as write_all};
use codegen::functions::{Functions, page};
use codegen::project::Project;

use super::{workspace, write};

const LIB: &str = "\
mod api;
#[cfg(test)]
mod not_there;

pub use api::{domain, network};
";

const API: &str = "\
pub mod domain;
pub mod network {
    pub use super::lower::all::*;
    pub use super::lower::list as list_all;
}
mod lower {
    /// Free functions are found too.
    #[doc(alias = \"virConnectListAllNetworks\")]
    pub fn list() {}

    pub mod all {
        #[doc(alias = \"virNetwork\")]
        pub struct Network;

        impl<T: Into<u8>> Network
        where
            T: Copy,
        {
            #[doc(alias = \"virNetworkDestroy\")]
            pub fn destroy(&self) {}
        }
    }
}
";

const DOMAIN: &str = "\
mod lifecycle;
#[cfg(feature = \"qemu\")]
mod qemu;
mod state;

use crate::api::handle::handle;
pub use state::{DomainInfo as Info, Hidden as Shown};

handle! {
    /// A handle.
    #[doc(alias = \"virDomain\")]
    pub(crate) Domain of remote::NonnullDomain, known by uuid,
    #[doc(alias = \"virDomainGetConnect\")] connect {
        /// Returns the name.
        #[doc(alias = \"virDomainGetName\")]
        dom: text as name;
        #[doc(alias = \"virDomainGetUUID\")]
        #[doc(alias = \"virDomainGetUUIDString\")]
        uuid: Uuid;
    }
}
";

const LIFECYCLE: &str = "\
use super::Domain;
use crate::protocol::remote;

impl Domain {
    /// Shuts down.
    #[doc(alias = \"virDomainShutdown\")]
    #[must_use]
    pub async fn shutdown(&self) -> Result<()> {
        self.run(remote::DomainShutdownFlags { dom: self.wire() }).await
    }

    /// Not public, so not found.
    #[doc(alias = \"virDomainReset\")]
    pub(crate) fn reset(&self) {}

    #[doc(alias(\"virDomainCreate\", \"virDomainCreateWithFlags\"))]
    pub const fn create(&self) {}
}

impl Clone for Domain {
    #[doc(alias = \"virDomainRef\")]
    fn clone(&self) {}
}

#[cfg(test)]
mod tests {
    #[doc(alias = \"virDomainReboot\")]
    pub fn reboot() {}
}
";

const QEMU: &str = "\
use super::Domain;

impl Domain {
    #[doc(alias = \"virDomainQemuMonitorCommand\")]
    pub async fn qemu_monitor_command(&self) {}
}
";

const STATE: &str = "\
/// A type that a function returns.
#[doc(alias = \"virDomainGetInfo\")]
#[derive(Debug)]
pub struct DomainInfo {
    /// State.
    pub state: u32,
}

impl DomainInfo {
    #[doc(alias = \"virDomainGetInfo\")]
    pub fn get(&self) {}
}
";

/// A workspace with the facts of this one, and few functions.
struct Workspace {
    root: tempfile::TempDir,
    project: Project,
}

impl Workspace {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("protocol")).unwrap();
        for entry in std::fs::read_dir(workspace().join("protocol")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                std::os::unix::fs::symlink(&path, root.path().join("protocol").join(name)).unwrap();
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            write(root.path(), &[(&format!("protocol/{name}"), &text)]);
        }
        write(
            root.path(),
            &[
                ("src/lib.rs", LIB),
                ("src/not_there.rs", ""),
                ("src/api/mod.rs", API),
                ("src/api/domain/mod.rs", DOMAIN),
                ("src/api/domain/lifecycle.rs", LIFECYCLE),
                ("src/api/domain/qemu.rs", QEMU),
                ("src/api/domain/state.rs", STATE),
            ],
        );
        let mut project = Project::open(root.path()).unwrap();
        let functions = |names: &[&str]| -> BTreeMap<String, String> {
            names.iter().map(|name| ((*name).to_owned(), "1.0.0".to_owned())).collect()
        };
        let libvirt = [
            "virConnectListAllNetworks",
            "virConnectNumOfNetworks",
            "virDomainCreate",
            "virDomainCreateLinux",
            "virDomainCreateWithFlags",
            "virDomainFree",
            "virDomainGetConnect",
            "virDomainGetInfo",
            "virDomainGetName",
            "virDomainGetUUID",
            "virDomainGetUUIDString",
            "virDomainRef",
            "virDomainReset",
            "virDomainShutdown",
            "virNetworkDestroy",
        ];
        project.functions = Functions {
            release: project.functions.release,
            libraries: BTreeMap::from([
                ("libvirt".to_owned(), functions(&libvirt)),
                ("libvirt-qemu".to_owned(), functions(&["virDomainQemuMonitorCommand"])),
            ]),
        };
        let pairs = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs
                .iter()
                .map(|(name, what)| ((*name).to_owned(), (*what).to_owned()))
                .collect()
        };
        project.annotations.functions = FunctionNotes {
            obsolete: pairs(&[
                ("virConnectNumOfNetworks", "virConnectListAllNetworks"),
                ("virDomainCreateLinux", "virDomainReset"),
            ]),
            not_yet: pairs(&[("virDomainReset", "DOMAIN_RESET")]),
            without: vec![Without {
                why: "as {virDomainGetName} and {virDomainReset}".to_owned(),
                names: ["virDomainFree", "virDomainRef"].map(str::to_owned).into(),
            }],
            python: pairs(&[("virDomainShutdown", "virDomain.powerOff")]),
        };
        Self { root, project }
    }

    fn change(&self, file: &str, from: &str, to: &str) {
        let path = self.root.path().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from}");
        std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
    }

    fn fault(&self) -> String {
        page(&self.project).unwrap_err().to_string()
    }
}

/// Asserts that each of these is a line of a file of the page.
fn assert_lines(files: &BTreeMap<String, String>, path: &str, lines: &[&str]) {
    let text = &files[path];
    for line in lines {
        assert!(text.lines().any(|found| found == *line), "no line {line:?} in\n{text}");
    }
}

#[test]
fn functions_are_listed_with_what_stands_for_them() {
    let files = page(&Workspace::new().project).unwrap();
    assert_lines(
        &files,
        "src/c_functions/libvirt.md",
        &[
            "The functions are those of libvirt 12.8.0:",
            "# `virDomain…`: domains",
            "`virDomainPtr` is [`Domain`](crate::domain::Domain).",
            "| C | Python | here | since |",
            // A method of another file of the object, by the way that users reach the type.
            "| `virDomainShutdown` | `virDomain.powerOff` | \
             [`Domain::shutdown`](crate::domain::Domain::shutdown) | 1.0.0 |",
            "| `virDomainCreate` | `virDomain.create` | \
             [`Domain::create`](crate::domain::Domain::create) | 1.0.0 |",
            // The methods that handles have by themselves.
            "| `virDomainGetName` | `virDomain.name` | \
             [`Domain::name`](crate::domain::Domain::name) | 1.0.0 |",
            "| `virDomainGetUUIDString` | `virDomain.UUIDString` | \
             [`Domain::uuid`](crate::domain::Domain::uuid) | 1.0.0 |",
            "| `virDomainGetConnect` | `virDomain.connect` | \
             [`Domain::connect`](crate::domain::Domain::connect) | 1.0.0 |",
            // A type that is exported by another name; the method comes first.
            "| `virDomainGetInfo` | `virDomain.info` | \
             [`Info::get`](crate::domain::Info::get), [`Info`](crate::domain::Info) | 1.0.0 |",
            // A type of a module that is exported as a whole, though users do not see it.
            "| `virNetworkDestroy` | `virNetwork.destroy` | \
             [`Network::destroy`](crate::network::Network::destroy) | 1.0.0 |",
            // A function of a module that users do not see.
            "| `virConnectListAllNetworks` | `virConnect.listAllNetworks` | \
             [`network::list_all`](crate::network::list_all) | 1.0.0 |",
            "| `virConnectNumOfNetworks` | `virConnect.numOfNetworks` | \
             obsolete: [`network::list_all`](crate::network::list_all) | 1.0.0 |",
            "| `virDomainCreateLinux` | `virDomain.createLinux` | \
             obsolete: see `virDomainReset` | 1.0.0 |",
            "| `virDomainFree` | | \
             as [`Domain::name`](crate::domain::Domain::name) and see `virDomainReset` | 1.0.0 |",
            "| `virDomainReset` | `virDomain.reset` | not yet | 1.0.0 |",
        ],
    );
    assert_lines(
        &files,
        "src/c_functions/libvirt-qemu.md",
        &[
            "Needs the feature `qemu`.",
            "| `virDomainQemuMonitorCommand` | `libvirt_qemu.qemuMonitorCommand` | \
             [`Domain::qemu_monitor_command`](crate::domain::Domain::qemu_monitor_command) \
             | 1.0.0 |",
        ],
    );
    assert_lines(
        &files,
        "src/c_functions/mod.rs",
        &[
            "#![doc = include_str!(\"libvirt.md\")]",
            "#![cfg_attr(feature = \"qemu\", doc = include_str!(\"libvirt-qemu.md\"))]",
            // Without an item, and by a name that the item does not end with.
            "#![doc(alias = \"virDomainFree\")]",
            "#![doc(alias = \"powerOff\")]",
            "#![doc(alias = \"UUIDString\")]",
        ],
    );
    let module = &files["src/c_functions/mod.rs"];
    for found_anyway in ["virDomainShutdown", "create", "virDomainGetInfo"] {
        assert!(!module.contains(&format!("\"{found_anyway}\"")), "{module}");
    }
}

#[test]
fn a_feature_that_only_one_item_needs_is_named() {
    let workspace = Workspace::new();
    workspace.change(
        "src/api/domain/mod.rs",
        "mod lifecycle;",
        "#[cfg(feature = \"rare\")]\nmod lifecycle;",
    );
    let files = page(&workspace.project).unwrap();
    assert_lines(
        &files,
        "src/c_functions/libvirt.md",
        &["| `virDomainShutdown` | `virDomain.powerOff` | \
           [`Domain::shutdown`](crate::domain::Domain::shutdown) (feature `rare`) | 1.0.0 |"],
    );
}

#[test]
fn a_function_without_an_item_and_a_reason_is_a_fault() {
    let workspace = Workspace::new();
    workspace.change("src/api/domain/lifecycle.rs", "#[doc(alias = \"virDomainShutdown\")]", "");
    assert_eq!(
        workspace.fault(),
        "nothing stands for virDomainShutdown: give the method that does #[doc(alias = \
         \"virDomainShutdown\")], or say in annotations.toml, [functions], why there is none"
    );
}

#[test]
fn a_function_with_both_is_a_fault() {
    let mut workspace = Workspace::new();
    let names = &mut workspace.project.annotations.functions.without[0].names;
    names.insert("virDomainShutdown".to_owned());
    assert_eq!(
        workspace.fault(),
        "annotations.toml, [functions]: virDomainShutdown has Domain::shutdown now; take it out"
    );

    let mut workspace = Workspace::new();
    let names = &mut workspace.project.annotations.functions.without[0].names;
    names.insert("virDomainReset".to_owned());
    assert_eq!(
        workspace.fault(),
        "annotations.toml, [functions]: virDomainReset stands there twice"
    );
}

#[test]
fn what_is_not_there_yet_must_be_missing() {
    let workspace = Workspace::new();
    let reset =
        "pub fn now(&self) { self.run(remote::DomainReset { dom, flags: 0 }) }\n\n    /// Not";
    workspace.change("src/api/domain/lifecycle.rs", "/// Not", reset);
    assert_eq!(
        workspace.fault(),
        "annotations.toml, [functions.not_yet]: Domain::now makes the call of virDomainReset, \
         DOMAIN_RESET; give the method #[doc(alias = \"virDomainReset\")]"
    );

    for procedure in ["DOMAIN_NOTHING", "DOMAIN_SHUTDOWN"] {
        let mut workspace = Workspace::new();
        let not_yet = &mut workspace.project.annotations.functions.not_yet;
        not_yet.insert("virDomainReset".to_owned(), procedure.to_owned());
        assert_eq!(
            workspace.fault(),
            format!(
                "annotations.toml, [functions.not_yet]: no method of virDomainReset will call \
                 {procedure}"
            )
        );
    }
}

#[test]
fn notes_must_be_about_functions() {
    let unknown = "annotations.toml, [functions]: there is no function virNothing";
    for place in 0..5 {
        let mut workspace = Workspace::new();
        let notes = &mut workspace.project.annotations.functions;
        let (name, other) = ("virNothing".to_owned(), "virDomainShutdown".to_owned());
        match place {
            0 => drop(notes.obsolete.insert(name, other)),
            1 => drop(notes.obsolete.insert("virDomainCreateLinux".to_owned(), name)),
            2 => drop(notes.python.insert(name, other)),
            3 => drop(notes.without[0].names.insert(name)),
            _ => notes.without[0].why = "as {virNothing}".to_owned(),
        }
        let fault = workspace.fault();
        if place < 4 {
            assert_eq!(fault, unknown);
        } else {
            assert!(fault.contains("no function in the braces"), "{fault}");
        }
    }
}

#[test]
fn an_item_that_users_cannot_reach_is_a_fault() {
    let workspace = Workspace::new();
    workspace.change("src/api/mod.rs", "pub use super::lower::list as list_all;", "");
    let fault = workspace.fault();
    let (first, rest) = fault.split_once('\n').unwrap();
    assert_eq!(first, "users cannot reach api::lower::list, which has an alias");
    assert!(rest.starts_with("nothing stands for virConnectListAllNetworks"), "{rest}");
}

#[test]
fn a_page_that_is_stale_fails_the_check() {
    let workspace = Workspace::new();
    let files = generate(&workspace.project).unwrap();
    write_all(workspace.root.path(), &files).unwrap();
    assert_eq!(consistency(&workspace.project).unwrap(), [""; 0]);
    workspace.change("src/api/domain/lifecycle.rs", "fn shutdown", "fn power_off");
    let stale = |path: &str| format!("{path} is not what would be generated");
    assert_eq!(
        consistency(&workspace.project).unwrap(),
        [
            stale("src/c_functions/libvirt.md"),
            stale("src/c_functions/mod.rs")
        ]
    );
}

/// What libvirt-python's own modules have; one for each rule.
#[test]
fn names_in_python_follow_its_rules() {
    let files = page(&Project::open(workspace()).unwrap()).unwrap();
    let rows: BTreeMap<&str, &str> = files
        .values()
        .flat_map(|text| text.lines())
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|row| row.split_once("` | "))
        .collect();
    for (function, python) in [
        ("virConnectGetCapabilities", "virConnect.getCapabilities"),
        ("virConnectOpen", "libvirt.open"),
        ("virDomainCreate", "virDomain.create"),
        ("virDomainCreateXML", "virConnect.createXML"),
        ("virDomainFSFreeze", "virDomain.fsFreeze"),
        ("virDomainGetID", "virDomain.ID"),
        ("virDomainGetIOThreadInfo", "virDomain.ioThreadInfo"),
        ("virDomainGetOSType", "virDomain.OSType"),
        ("virDomainLookupByName", "virConnect.lookupByName"),
        ("virDomainQemuAgentCommand", "libvirt_qemu.qemuAgentCommand"),
        ("virDomainSnapshotLookupByName", "virDomain.snapshotLookupByName"),
        ("virEventAddHandle", "libvirt.virEventAddHandle"),
        ("virNWFilterBindingGetPortDev", "virNWFilterBinding.portDev"),
        ("virNWFilterDefineXML", "virConnect.nwfilterDefineXML"),
        ("virNetworkGetDHCPLeases", "virNetwork.DHCPLeases"),
        ("virNetworkPortCreateXML", "virNetwork.portCreateXML"),
        ("virNodeDeviceLookupByName", "virConnect.nodeDeviceLookupByName"),
        ("virNodeGetInfo", "virConnect.getInfo"),
        ("virStorageVolLookupByName", "virStoragePool.storageVolLookupByName"),
    ] {
        assert!(rows[function].starts_with(&format!("`{python}` |")), "{}", rows[function]);
    }
    for function in ["virDomainRef", "virSecretFree"] {
        assert!(rows[function].starts_with('|'), "{}", rows[function]);
    }
    // No column where no function has one.
    assert!(rows["virAdmServerGetName"].starts_with("[`Server::name`]"));
    assert!(rows["virTypedParamsAddInt"].starts_with("[`TypedParams::push`]"));
}

#[test]
fn every_function_of_every_library_is_on_the_page() {
    let project = Project::open(workspace()).unwrap();
    let page = page(&project).unwrap().into_values().collect::<String>();
    let names: Vec<&String> =
        project.functions.libraries.values().flat_map(BTreeMap::keys).collect();
    assert!(names.len() > 560, "{}", names.len());
    for name in names {
        assert_eq!(page.matches(&format!("\n| `{name}` |")).count(), 1, "{name}");
    }
    assert!(Path::new(workspace()).join("src/c_functions/libvirt-admin.md").exists());
}
