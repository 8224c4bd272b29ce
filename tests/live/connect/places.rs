//! Where programs that are told nothing find a daemon.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rig::guest::Guest;
use rig::{Daemon, Need};

use crate::programs::{assert_fails, assert_same, built, copy_program};

/// A daemon of its own, and the examples in a place where everybody may run them.
struct Host {
    daemon: Daemon,
    examples: tempfile::TempDir,
}

/// Who runs a program.
#[derive(Clone, Copy)]
enum User {
    Root,
    Nobody,
}

impl Host {
    fn new() -> Self {
        let daemon = Daemon::builder().system().start().unwrap();
        let examples = tempfile::tempdir().unwrap();
        fs::set_permissions(examples.path(), Permissions::from_mode(0o755)).unwrap();
        for name in ["list", "dumpxml"] {
            copy_program(&built(name), &examples.path().join(name));
        }
        let host = Self { daemon, examples };
        // In the daemon's namespaces this is /run/libvirt, where clients look for sockets. Outside,
        // nobody but root gets through to it.
        fs::set_permissions(host.run(), Permissions::from_mode(0o755)).unwrap();
        host.serve_as("libvirt-sock");
        let xml = Guest::new("places-guest").xml().unwrap();
        host.daemon.virsh_with_file(["define"], &xml).unwrap();
        host
    }

    fn run(&self) -> PathBuf {
        self.daemon.dir().join("run")
    }

    /// Gives the daemon's socket one more name, by which clients know it.
    fn serve_as(&self, name: &str) {
        fs::hard_link(self.daemon.socket(), self.run().join(name)).unwrap();
    }

    /// The client's configuration file of root.
    fn configure(&self, text: &str) {
        fs::write(self.daemon.dir().join("etc/libvirt.conf"), text).unwrap();
    }

    /// A command in the daemon's namespaces.
    fn command(&self, user: User, program: &Path) -> Command {
        match user {
            User::Root => self.daemon.command(program),
            User::Nobody => {
                let mut command = self.daemon.command("setpriv");
                command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
                command.arg(program);
                command
            }
        }
    }

    // Should one not find the daemon, it is not to start another.
    fn example(&self, user: User, settings: &[(&str, &str)], name: &str, args: &[&str]) -> Output {
        let mut command = self.command(user, &self.examples.path().join(name));
        command.args(args).env("LIBVIRT_AUTOSTART", "0");
        command.envs(settings.iter().copied()).output().unwrap()
    }

    fn virsh(&self, user: User, settings: &[(&str, &str)], uri: &[&str], args: &[&str]) -> Output {
        let mut command = self.command(user, Path::new("virsh"));
        let uri = uri.iter().flat_map(|uri| ["--connect", uri]);
        command.args(uri).args(args).env("LIBVIRT_AUTOSTART", "0");
        command.envs(settings.iter().copied()).output().unwrap()
    }

    /// Checks that the example lists what virsh lists, and that this domain is there.
    fn finds(&self, user: User, settings: &[(&str, &str)], uri: &[&str], domain: &str) {
        let ours = self.example(user, settings, "list", uri);
        assert_same(&ours, &self.virsh(user, settings, uri, &["list", "--all"]));
        let text = String::from_utf8(ours.stdout).unwrap();
        assert!(text.contains(domain), "{settings:?} {uri:?}: {text}");
    }

    /// Checks that virsh fails, and the example with that reason.
    fn misses(&self, user: User, settings: &[(&str, &str)], uri: &[&str], reason: &str) {
        assert_fails(&self.example(user, settings, "list", uri), reason);
        let virshs = self.virsh(user, settings, uri, &["list", "--all"]);
        assert!(!virshs.status.success(), "{settings:?} {uri:?}: {virshs:?}");
    }
}

/// The domain that is in the QEMU driver, and the one in the test driver.
const QEMUS: &str = "places-guest";
const TESTS: &str = " test ";

const NEEDS: &[Need] = &[
    Need::Daemon,
    Need::Virsh,
    Need::Qemu,
    Need::Guest,
    Need::Root,
];

const DEFAULT: &str = "LIBVIRT_DEFAULT_URI";

#[test]
fn root_finds_the_hosts_daemon() {
    if !rig::available(NEEDS).unwrap() {
        return;
    }
    let host = Host::new();
    let finds = |settings: &[_], uri: &[_], domain| host.finds(User::Root, settings, uri, domain);
    let misses = |settings: &[_], uri: &[_], reason| {
        host.misses(User::Root, settings, uri, reason);
    };

    finds(&[], &["qemu:///system"], QEMUS);
    finds(&[], &["qemu:///system?mode=legacy"], QEMUS);
    finds(&[], &["test+unix:///default"], TESTS);
    finds(&[], &[], QEMUS);
    finds(&[], &[""], QEMUS);
    finds(&[(DEFAULT, "test+unix:///default")], &[], TESTS);
    finds(&[(DEFAULT, "test+unix:///default")], &["qemu:///system"], QEMUS);
    finds(&[(DEFAULT, "")], &[], QEMUS);
    misses(&[], &["qemu:///system?mode=direct"], "/var/run/libvirt/virtqemud-sock");
    misses(&[(DEFAULT, "/bad")], &[], "\"/bad\"");

    let ours = host.example(User::Root, &[], "dumpxml", &["", QEMUS]);
    assert_same(&ours, &host.virsh(User::Root, &[], &[], &["dumpxml", QEMUS]));

    host.configure(
        "# What there is to connect to
         uri_default = \"test+unix:///default\"
         uri_aliases = [
             \"real=qemu:///system\",
             \"mock=test+unix:///default\",
         ]
        ",
    );
    finds(&[], &[], TESTS);
    finds(&[(DEFAULT, "qemu:///system")], &[], QEMUS);
    finds(&[(DEFAULT, "real")], &[], QEMUS);
    finds(&[(DEFAULT, "real")], &["mock"], TESTS);
    finds(&[], &["qemu:///system"], QEMUS);
    misses(&[], &["REAL"], "\"REAL\"");

    host.configure("uri_default = 'real'\nuri_aliases = ['real=qemu:///system']\n");
    finds(&[], &[], QEMUS);

    host.configure("remote_mode = \"direct\"\n");
    misses(&[], &["qemu:///system"], "/var/run/libvirt/virtqemud-sock");
    finds(&[], &["qemu:///system?mode=auto"], QEMUS);

    host.configure("\nuri_default = qemu:///system\n");
    misses(&[], &["qemu:///system"], "/etc/libvirt/libvirt.conf:2: ");
}

#[test]
fn root_finds_a_drivers_own_daemon() {
    if !rig::available(NEEDS).unwrap() {
        return;
    }
    let host = Host::new();
    // libvirtd plays the part of virtqemud: it is the socket's name that counts.
    host.serve_as("virtqemud-sock");
    fs::remove_file(host.run().join("libvirt-sock")).unwrap();
    for uri in ["qemu:///system", "qemu:///system?mode=direct"] {
        host.finds(User::Root, &[], &[uri], QEMUS);
    }
    host.misses(
        User::Root,
        &[],
        &["qemu:///system?mode=legacy"],
        "/var/run/libvirt/libvirt-sock",
    );
    // Without a URI virsh would look for such sockets as well, had Debian not built it otherwise.
    let ours = host.example(User::Root, &[], "list", &[]);
    let shown = host.virsh(User::Root, &[], &["qemu:///system"], &["list", "--all"]);
    assert_same(&ours, &shown);
}

#[test]
fn others_find_their_own_daemon_and_must_be_let_in() {
    if !rig::available(NEEDS).unwrap() {
        return;
    }
    let host = Host::new();
    let finds = |settings: &[_], uri: &[_], domain| host.finds(User::Nobody, settings, uri, domain);
    let misses = |settings: &[_], uri: &[_], reason| {
        host.misses(User::Nobody, settings, uri, reason);
    };

    let allow = |mode| {
        fs::set_permissions(host.daemon.socket(), Permissions::from_mode(mode)).unwrap();
    };
    allow(0o700);
    misses(&[], &["qemu:///system"], "Permission denied");
    misses(&[], &["qemu:///system"], "this user may not use the socket");
    allow(0o777);
    finds(&[], &["qemu:///system"], QEMUS);

    // The directory libvirt in each of these has the socket of the user's own daemon.
    let runtime = ("XDG_RUNTIME_DIR", "/run");
    let cache = ("XDG_CACHE_HOME", "/run");
    let nowhere = ("XDG_RUNTIME_DIR", "/nowhere");
    for dir in [runtime, cache] {
        finds(&[dir], &["test+unix:///default"], TESTS);
        finds(&[dir], &[], QEMUS);
        finds(&[dir, (DEFAULT, "test+unix:///default")], &[], TESTS);
    }
    misses(&[nowhere, cache], &["test+unix:///default"], "/nowhere/libvirt/libvirt-sock");
    misses(&[nowhere], &["qemu:///session"], "/nowhere/libvirt/libvirt-sock");
    misses(&[nowhere], &[], "/nowhere/libvirt/libvirt-sock");
    finds(&[nowhere], &["qemu:///system"], QEMUS);

    // Root's configuration is not theirs.
    host.configure("uri_aliases = [ \"roots=qemu:///system\" ]\n");
    host.finds(User::Root, &[], &["roots"], QEMUS);
    misses(&[], &["roots"], "\"roots\"");
    let dir = host.examples.path().join("config");
    fs::create_dir_all(dir.join("libvirt")).unwrap();
    let text = "uri_default = \"mine\"\nuri_aliases = [ \"mine=test+unix:///default\" ]\n";
    fs::write(dir.join("libvirt/libvirt.conf"), text).unwrap();
    let config = ("XDG_CONFIG_HOME", dir.to_str().unwrap());
    finds(&[runtime, config], &[], TESTS);
    fs::rename(&dir, host.examples.path().join(".config")).unwrap();
    let home = ("HOME", host.examples.path().to_str().unwrap());
    finds(&[runtime, home], &[], TESTS);
}
