//! Tests of the choice of sockets.

use std::path::PathBuf;

use super::super::*;
use super::parse;
use crate::error::Result;

const SYSTEM: &str = "/var/run/libvirt/";
const USER: &str = "/run/user/1000/libvirt/";

/// Returns the sockets for a URI, or with an empty one for none.
fn candidates(uri: &str, is_root: bool, read_only: bool, conf: &str) -> Result<Vec<String>> {
    let environment = Environment {
        is_root,
        system_dir: PathBuf::from(SYSTEM),
        user_dir: Some(PathBuf::from(USER)),
        config_file: None,
        daemon_dirs: Vec::new(),
    };
    let config = Config::parse("libvirt.conf".as_ref(), conf)?;
    let uri = (!uri.is_empty()).then(|| parse(uri));
    let paths = socket_candidates(uri.as_ref(), read_only, &environment, &config)?;
    Ok(paths.iter().map(|path| path.display().to_string()).collect())
}

#[test]
fn of_root() {
    let table: [(&str, bool, &[&str]); 15] = [
        ("qemu:///system", false, &["virtqemud-sock", "libvirt-sock"]),
        ("qemu:///system", true, &["virtqemud-sock-ro", "libvirt-sock-ro"]),
        // Root has no daemon of its own.
        ("qemu:///session", false, &["virtqemud-sock", "libvirt-sock"]),
        ("qemu:///session", true, &["virtqemud-sock-ro", "libvirt-sock-ro"]),
        ("qemu:///system?mode=auto", false, &["virtqemud-sock", "libvirt-sock"]),
        ("qemu:///system?mode=legacy", false, &["libvirt-sock"]),
        ("qemu:///system?mode=direct", false, &["virtqemud-sock"]),
        ("qemu:///system?mode=direct", true, &["virtqemud-sock-ro"]),
        ("storage:///system", false, &["virtstoraged-sock", "libvirt-sock"]),
        ("test+unix:///default", true, &["virttestd-sock-ro", "libvirt-sock-ro"]),
        ("test+unix:///default?mode=direct", false, &["virttestd-sock"]),
        ("foo:///system", false, &["virtfood-sock", "libvirt-sock"]),
        ("QEMU:///system", false, &["virtQEMUd-sock", "libvirt-sock"]),
        ("remote:///", false, &["libvirt-sock"]),
        ("remote:///session", true, &["libvirt-sock-ro"]),
    ];
    for (uri, read_only, expected) in table {
        let expected: Vec<_> = expected.iter().map(|name| format!("{SYSTEM}{name}")).collect();
        assert_eq!(candidates(uri, true, read_only, "").unwrap(), expected, "{uri}");
    }
}

#[test]
fn of_other_users() {
    let table: [(&str, &str, &[&str]); 9] = [
        ("qemu:///system", SYSTEM, &["virtqemud-sock", "libvirt-sock"]),
        ("qemu:///session", USER, &["virtqemud-sock", "libvirt-sock"]),
        ("qemu+unix:///sess%69on", USER, &["virtqemud-sock", "libvirt-sock"]),
        ("qemu:///session/", SYSTEM, &["virtqemud-sock", "libvirt-sock"]),
        ("qemu:///session?mode=direct", USER, &["virtqemud-sock"]),
        ("test+unix:///default", USER, &["virttestd-sock", "libvirt-sock"]),
        ("TEST+unix:///default", SYSTEM, &["virtTESTd-sock", "libvirt-sock"]),
        ("remote:///session", USER, &["libvirt-sock"]),
        ("", USER, &["virtqemud-sock", "virtvboxd-sock", "libvirt-sock"]),
    ];
    for (uri, dir, names) in table {
        let expected: Vec<_> = names.iter().map(|name| format!("{dir}{name}")).collect();
        assert_eq!(candidates(uri, false, false, "").unwrap(), expected, "{uri}");
        // Only system daemons have a read-only socket.
        let suffix = if dir == SYSTEM { "-ro" } else { "" };
        let expected: Vec<_> = expected.iter().map(|path| format!("{path}{suffix}")).collect();
        assert_eq!(candidates(uri, false, true, "").unwrap(), expected, "{uri}");
    }
}

#[test]
fn without_a_uri_each_driver_is_tried() {
    let found = candidates("", true, true, "").unwrap();
    let drivers = ["xen", "qemu", "lxc", "vbox", "bhyve", "vz"];
    let modular = drivers.map(|driver| format!("{SYSTEM}virt{driver}d-sock-ro"));
    assert_eq!(found.split_last().unwrap().1, modular);
    assert_eq!(found.last().unwrap(), "/var/run/libvirt/libvirt-sock-ro");
    let found = candidates("", true, false, "remote_mode = 'legacy'").unwrap();
    assert_eq!(found, ["/var/run/libvirt/libvirt-sock"]);
}

#[test]
fn a_named_socket_is_taken_as_it_is() {
    for uri in [
        "qemu:///session?socket=/a%20b",
        "remote:///?mode=direct&socket=/a%20b",
    ] {
        assert_eq!(candidates(uri, false, true, "").unwrap(), ["/a b"]);
    }
}

#[test]
fn the_configured_mode_yields_to_the_uris() {
    let conf = "remote_mode = \"direct\"";
    let found = candidates("qemu:///system", true, false, conf).unwrap();
    assert_eq!(found, ["/var/run/libvirt/virtqemud-sock"]);
    let found = candidates("qemu:///system?mode=legacy", true, false, conf).unwrap();
    assert_eq!(found, ["/var/run/libvirt/libvirt-sock"]);
    let error = candidates("qemu:///system", true, false, "\nremote_mode = 'x'").unwrap_err();
    let text = "libvirt.conf:2: remote_mode: it must be \"auto\", \"legacy\" or \"direct\"";
    assert_eq!(error.to_string(), text);
    let error = candidates("remote:///?mode=direct", true, false, "").unwrap_err();
    assert!(error.is_unsupported(), "{error}");
}

#[test]
fn a_user_without_a_place() {
    let environment = Environment {
        is_root: false,
        system_dir: PathBuf::from(SYSTEM),
        user_dir: None,
        config_file: None,
        daemon_dirs: Vec::new(),
    };
    let find = |uri| socket_candidates(Some(&parse(uri)), false, &environment, &Config::default());
    let error = find("qemu:///session").unwrap_err();
    assert!(error.to_string().contains("XDG_RUNTIME_DIR"), "{error}");
    assert!(find("qemu:///system").is_ok());
}

#[test]
fn daemons_that_may_be_started() {
    let bin = tempfile::tempdir().unwrap();
    let table: [(&str, bool, &[&str], &[&str]); 9] = [
        ("qemu:///session", false, &["libvirtd"], &["libvirtd"]),
        ("qemu:///session", false, &["libvirtd", "virtqemud"], &["virtqemud", "libvirtd"]),
        ("qemu:///session?mode=legacy", false, &["virtqemud"], &[]),
        ("test+unix:///default", false, &["libvirtd"], &["libvirtd"]),
        ("", false, &["libvirtd", "virtvboxd"], &["virtvboxd", "libvirtd"]),
        ("qemu:///session?socket=/s", false, &["libvirtd"], &[]),
        ("qemu:///system", false, &["libvirtd"], &[]),
        ("qemu:///session", true, &["libvirtd"], &[]),
        ("", true, &["libvirtd"], &[]),
    ];
    for (uri, is_root, installed, expected) in table {
        for name in ["libvirtd", "virtqemud", "virtvboxd"] {
            let path = bin.path().join(name);
            if installed.contains(&name) {
                std::fs::write(path, "").unwrap();
            } else {
                let _as_before = std::fs::remove_file(path);
            }
        }
        let environment = Environment {
            is_root,
            system_dir: PathBuf::from(SYSTEM),
            user_dir: Some(PathBuf::from(USER)),
            config_file: None,
            daemon_dirs: vec![PathBuf::from("/nowhere"), bin.path().to_owned()],
        };
        let parsed = (!uri.is_empty()).then(|| parse(uri));
        let sockets =
            socket_candidates(parsed.as_ref(), false, &environment, &Config::default()).unwrap();
        let found = startable(parsed.as_ref(), &environment, &sockets);
        let programs: Vec<_> = found
            .iter()
            .map(|(_, program)| program.file_name().unwrap().to_str().unwrap())
            .collect();
        assert_eq!(programs, expected, "{uri}");
        for (socket, program) in found {
            let name = socket.file_name().unwrap().to_str().unwrap();
            let ours = if program.ends_with("libvirtd") {
                "libvirt-sock".to_owned()
            } else {
                format!("{}-sock", program.file_name().unwrap().to_str().unwrap())
            };
            assert_eq!(name, ours);
        }
    }
}
