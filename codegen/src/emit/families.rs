//! The files of the remote program, and the types and procedures in each.

/// Prefixes of names to modules; the first that fits counts.
const FAMILIES: [(&str, &str); 34] = [
    ("auth", "auth"),
    ("connect_list", "connect_list"),
    ("connect_num", "connect_list"),
    ("connect", "connect"),
    ("domain_snapshot", "domain_snapshot"),
    ("domain_checkpoint", "domain_checkpoint"),
    ("domain_event", "domain_event"),
    ("domain_migrate", "domain_migrate"),
    ("domain_block", "domain_block"),
    ("domain_get", "domain_get"),
    ("domain_set", "domain_set"),
    ("domain_create", "domain_lifecycle"),
    ("domain_define", "domain_lifecycle"),
    ("domain_destroy", "domain_lifecycle"),
    ("domain_managed_save", "domain_lifecycle"),
    ("domain_reboot", "domain_lifecycle"),
    ("domain_reset", "domain_lifecycle"),
    ("domain_restore", "domain_lifecycle"),
    ("domain_resume", "domain_lifecycle"),
    ("domain_save", "domain_lifecycle"),
    ("domain_shutdown", "domain_lifecycle"),
    ("domain_suspend", "domain_lifecycle"),
    ("domain_undefine", "domain_lifecycle"),
    ("domain", "domain"),
    ("network_port", "network_port"),
    ("network", "network"),
    ("storage_pool", "storage_pool"),
    ("storage_vol", "storage_vol"),
    ("node_device", "node_device"),
    ("node", "node"),
    ("interface", "interface"),
    ("nwfilter", "nwfilter"),
    ("secret", "secret"),
    ("", COMMON),
];

/// The module of types that several families use.
pub const COMMON: &str = "common";

/// Returns the module of `domain_get_info` or `domain_get_info_args`.
pub fn family(topic: &str) -> &'static str {
    FAMILIES
        .iter()
        .find(|(prefix, _)| {
            topic
                .strip_prefix(prefix)
                .is_some_and(|rest| prefix.is_empty() || rest.is_empty() || rest.starts_with('_'))
        })
        .map_or(COMMON, |(_, module)| module)
}

/// Returns what the documentation of a module says that it holds.
pub fn about(module: &str) -> &'static str {
    match module {
        "auth" => "Authentication.",
        COMMON => "Limits, and types that several families use.",
        "connect" => {
            "Calls about the daemon, its hypervisor and its host, and the registration of events."
        }
        "connect_list" => "Lists of all objects of a kind, and their numbers.",
        "domain" => "Calls about domains that are in no other family, such as looking them up.",
        "domain_block" => "Disks of domains: sizes, statistics, jobs.",
        "domain_checkpoint" => "Checkpoints of domains.",
        "domain_event" => "Events of domains.",
        "domain_get" => "What domains are asked for.",
        "domain_lifecycle" => "Starting, ending, saving and defining domains.",
        "domain_migrate" => "Migration of domains.",
        "domain_set" => "What is set of domains.",
        "domain_snapshot" => "Snapshots of domains.",
        "interface" => "Interfaces of the host.",
        "network" => "Virtual networks.",
        "network_port" => "Ports of virtual networks.",
        "node" => "The host: processors, memory, devices' names.",
        "node_device" => "Devices of the host.",
        "nwfilter" => "Network filters and their bindings.",
        "secret" => "Secrets.",
        "storage_pool" => "Storage pools.",
        "storage_vol" => "Storage volumes.",
        _ => "A family of the remote program.",
    }
}
