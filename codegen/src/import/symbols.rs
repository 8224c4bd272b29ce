//! Public functions and the releases that first exported them.

use std::collections::BTreeMap;

use super::tree::Tree;
use crate::error::Result;

/// The libraries, with the definition of the procedures that stand for their functions, and the file
/// that lists these.
const LIBRARIES: [(&str, &str, &str); 4] = [
    ("libvirt", "remote_protocol", "libvirt_public.syms"),
    ("libvirt-admin", "admin_protocol", "libvirt_admin_public.syms"),
    ("libvirt-lxc", "lxc_protocol", "libvirt_lxc.syms"),
    ("libvirt-qemu", "qemu_protocol", "libvirt_qemu.syms"),
];

/// A public function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// The name.
    pub name: String,
    /// The release that first exported it.
    pub since: String,
}

/// Procedures whose names differed from their functions' before release 1.1.
const RENAMED: [(&str, &str); 6] = [
    ("cpu_baseline", "connect_baseline_cpu"),
    ("cpu_compare", "connect_compare_cpu"),
    ("domain_events_deregister", "connect_domain_event_deregister"),
    ("domain_events_deregister_any", "connect_domain_event_deregister_any"),
    ("domain_events_register", "connect_domain_event_register"),
    ("domain_events_register_any", "connect_domain_event_register_any"),
];

/// The functions of one library.
#[derive(Debug, Default)]
pub struct Symbols {
    /// All of them.
    pub list: Vec<Symbol>,
    /// By the part of their names that procedures share.
    by_key: BTreeMap<String, Symbol>,
}

/// Reads the functions of each library that the tree has, by the names of library and definition.
pub fn libraries(tree: &Tree) -> Result<BTreeMap<(&'static str, &'static str), Symbols>> {
    let mut out = BTreeMap::new();
    for (library, definition, file) in LIBRARIES {
        if let Some(path) = tree.named(file) {
            out.insert((library, definition), Symbols::parse(&tree.read(path)?));
        }
    }
    Ok(out)
}

impl Symbols {
    /// Reads a version script: `LIBVIRT_0.1.0 { global: name; … } LIBVIRT_0.0.5;`.
    pub fn parse(text: &str) -> Self {
        let mut list = Vec::new();
        let mut by_key = BTreeMap::new();
        let mut version = "";
        for line in text.lines().map(str::trim) {
            if let Some(node) = line.strip_suffix('{') {
                version = node.trim().rsplit('_').next().unwrap_or_default();
            } else if let Some(name) = line.strip_suffix(';')
                && name.starts_with("vir")
                && name.chars().all(|c| c.is_ascii_alphanumeric())
            {
                let symbol = Symbol { name: name.to_owned(), since: version.to_owned() };
                by_key.entry(key(name)).or_insert_with(|| symbol.clone());
                list.push(symbol);
            }
        }
        Self { list, by_key }
    }

    /// Returns the function of a procedure; `topic` is e.g. `domain_get_info`.
    pub fn of_procedure(&self, topic: &str) -> Option<&Symbol> {
        let renamed = RENAMED.iter().find(|(old, _)| *old == topic);
        let words = renamed.map_or(topic, |(_, new)| new).replace('_', "");
        // Releases before 1.1 left the first word out of procedures about the connection.
        self.by_key.get(&words).or_else(|| self.by_key.get(&format!("connect{words}")))
    }
}

/// Returns a function's name without the names of library and program.
fn key(name: &str) -> String {
    let name = name.strip_prefix("virAdm").unwrap_or(name);
    let name = name.strip_prefix("vir").unwrap_or(name);
    name.replacen("Qemu", "", 1).replacen("Lxc", "", 1).to_lowercase()
}
