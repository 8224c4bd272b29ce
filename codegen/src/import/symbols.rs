//! Public functions and the releases that first exported them.

use std::collections::BTreeMap;

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

/// The functions of one library, by the part of their names that procedures share.
#[derive(Debug, Default)]
pub struct Symbols {
    by_key: BTreeMap<String, Symbol>,
}

impl Symbols {
    /// Reads a version script: `LIBVIRT_0.1.0 { global: name; … } LIBVIRT_0.0.5;`.
    pub fn parse(text: &str) -> Self {
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
                by_key.entry(key(name)).or_insert(symbol);
            }
        }
        Self { by_key }
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
