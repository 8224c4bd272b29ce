//! The configuration files of a daemon: the settings of all private daemons, and a test's own.

use std::path::Path;

/// Returns the libvirtd.conf of a system daemon.
pub(super) fn system(sockets: &Path, log: &Path, own: &[String]) -> String {
    let mut lines = common(log);
    lines.push(format!("unix_sock_dir = \"{}\"", sockets.display()));
    merged(lines, own)
}

/// Returns the libvirtd.conf of a session daemon.
pub(super) fn session(log: &Path, own: &[String]) -> String {
    merged(common(log), own)
}

fn common(log: &Path) -> Vec<String> {
    vec![
        String::from("auth_unix_ro = \"none\""),
        String::from("auth_unix_rw = \"none\""),
        format!("log_outputs = \"3:file:{}\"", log.display()),
    ]
}

/// Returns the qemu.conf of a system daemon.
pub(super) fn qemu_system(own: &[String]) -> String {
    let lines = [
        // There is no virtlogd beside a private daemon.
        "stdio_handler = \"file\"",
        "security_driver = \"none\"",
        // Guests need no protection from files of the user who runs the tests.
        "user = \"root\"",
        "group = \"root\"",
        "remember_owner = 0",
        // Daemons with guests of one name must not share a control group.
        "cgroup_controllers = []",
        "namespaces = []",
    ];
    merged(lines.map(String::from).to_vec(), own)
}

/// network.conf, with the only backend of libvirt 9.0.0. nftables, which later releases prefer,
/// needs kernel features that not every kernel has.
pub(super) const NETWORK: &str = "firewall_backend = \"iptables\"\n";

/// Returns the qemu.conf of a session daemon.
pub(super) fn qemu_session(own: &[String]) -> String {
    let lines = ["stdio_handler = \"file\"", "security_driver = \"none\""];
    merged(lines.map(String::from).to_vec(), own)
}

/// Merges settings: one of `own` replaces the default of the same name, and earlier ones of its
/// own.
fn merged(defaults: Vec<String>, own: &[String]) -> String {
    let mut lines = defaults;
    for line in own {
        lines.retain(|other| name(other) != name(line));
        lines.push(line.clone());
    }
    lines.join("\n") + "\n"
}

fn name(line: &str) -> &str {
    line.split('=').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_settings_replace_defaults() {
        let text = session(
            Path::new("/x/log"),
            &[
                String::from("max_clients = 3"),
                String::from("auth_unix_rw=\"sasl\""),
                String::from("max_clients = 4"),
            ],
        );
        assert_eq!(
            text,
            "auth_unix_ro = \"none\"\nlog_outputs = \"3:file:/x/log\"\n\
             auth_unix_rw=\"sasl\"\nmax_clients = 4\n"
        );
    }
}
