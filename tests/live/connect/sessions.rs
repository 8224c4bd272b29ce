//! Daemons of ordinary users, which their first client starts.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rig::processes::{self, Process};
use rig::{Daemon, Need};

use crate::programs::{assert_fails, assert_same, built, copy_program};

const NEEDS: &[Need] = &[Need::Daemon, Need::Virsh, Need::Qemu, Need::Root];
const NOBODY: u32 = 65534;

/// The place of a user who has no daemon yet, and the namespaces in which theirs will end.
struct User {
    daemon: Daemon,
    dir: tempfile::TempDir,
}

impl User {
    /// `None` if this run of the tests was announced to do without.
    fn new() -> Option<Self> {
        if !rig::available(NEEDS).unwrap() {
            return None;
        }
        let daemon = Daemon::builder().system().test_driver().start().unwrap();
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        copy_program(&built("list"), &dir.path().join("list"));
        for name in ["run", "home"] {
            let own = dir.path().join(name);
            fs::create_dir(&own).unwrap();
            fs::set_permissions(&own, Permissions::from_mode(0o700)).unwrap();
            std::os::unix::fs::chown(&own, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        Some(Self { daemon, dir })
    }

    fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    /// Where the daemon's sockets are.
    fn sockets(&self) -> PathBuf {
        self.dir.path().join("run/libvirt")
    }

    fn command(&self, program: &Path, settings: &[(&str, &str)], args: &[&str]) -> Command {
        let mut command = self.daemon.command("setpriv");
        command
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(program)
            .args(args)
            .env("HOME", self.home())
            .env("XDG_RUNTIME_DIR", self.dir.path().join("run"))
            .envs(settings.iter().copied());
        command
    }

    fn list(&self, settings: &[(&str, &str)], uri: &str) -> Output {
        let list = self.dir.path().join("list");
        self.command(&list, settings, &[uri]).output().unwrap()
    }

    /// virsh, which does not start anything.
    fn virsh(&self, uri: &str) -> Output {
        let args = ["--connect", uri, "list", "--all"];
        let settings = [("LIBVIRT_AUTOSTART", "0")];
        let mut command = self.command("virsh".as_ref(), &settings, &args);
        command.output().unwrap()
    }

    /// The daemons that clients started.
    fn started(&self) -> Vec<Process> {
        let pids = self.daemon.processes().unwrap();
        let all = processes::all().unwrap().into_iter();
        all.filter(|it| pids.contains(&it.pid) && it.command.contains("--timeout"))
            .collect()
    }
}

#[test]
fn the_first_client_starts_it() {
    let Some(user) = User::new() else { return };
    let settings = [("LIBVIRT_AUTOSTART", "0")];
    let socket = user.sockets().join("libvirt-sock").display().to_string();
    assert_fails(&user.list(&settings, "qemu:///session"), &socket);
    assert_fails(&user.list(&[("VIRTD_PATH", "/nowhere")], ""), &socket);
    let named = format!("qemu:///session?socket={socket}");
    assert_fails(&user.list(&[], &named), "is the daemon running?");
    assert!(!user.sockets().exists() && user.started().is_empty());

    let listed = user.list(&[], "qemu:///session");
    let [process] = &user.started()[..] else {
        panic!("{:?}", user.started())
    };
    assert!(process.command.ends_with("/libvirtd --daemon --timeout=120"), "{process:?}");
    assert_same(&listed, &user.virsh("qemu:///session"));
    let mode = fs::metadata(user.sockets()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    assert!(!user.sockets().join("libvirtd.lock").exists());

    // The next ones use it, also those who do not name it.
    for uri in ["", "qemu:///session", "test+unix:///default"] {
        let uri = [uri].map(|uri| user.list(&[], uri));
        assert!(uri[0].status.success(), "{uri:?}");
    }
    let still: Vec<_> = user.started().iter().map(|it| it.pid).collect();
    assert_eq!(still, [process.pid]);

    // It leaves its socket behind.
    processes::kill_tree(process.pid).unwrap();
    let is_left = || {
        let all = processes::all().unwrap();
        all.iter().any(|it| it.pid == process.pid)
    };
    while is_left() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let listed = user.list(&[], "");
    assert!(listed.status.success(), "{listed:?}");
    assert_eq!(user.started().len(), 1);
}

#[test]
fn many_at_once_start_it_once() {
    let Some(user) = User::new() else { return };
    let list = user.dir.path().join("list");
    let mut commands: Vec<_> =
        (0..6).map(|_| user.command(&list, &[], &["qemu:///session"])).collect();
    let virsh = ["--connect", "qemu:///session", "uri"];
    commands.push(user.command("virsh".as_ref(), &[], &virsh));
    let children: Vec<_> = commands
        .iter_mut()
        .map(|it| it.stderr(Stdio::piped()).stdout(Stdio::null()).spawn())
        .collect();
    for child in children {
        let output = child.unwrap().wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    assert_eq!(user.started().len(), 1, "{:?}", user.started());
}

#[test]
fn the_daemons_own_words_tell_why_it_does_not_start() {
    let Some(user) = User::new() else { return };
    let dir = user.home().join(".config/libvirt");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("libvirtd.conf"), "no setting\n").unwrap();
    let reason = "/libvirtd cannot be started: Can't load config file: configuration file syntax \
                  error: ";
    assert_fails(&user.list(&[], "qemu:///session"), reason);
}

#[test]
fn roots_daemon_is_the_systems() {
    let Some(user) = User::new() else { return };
    let mut command = user.daemon.command(user.dir.path().join("list"));
    let output = command.arg("qemu:///session").output().unwrap();
    assert_fails(&output, "/var/run/libvirt/libvirt-sock");
    assert!(user.started().is_empty());
}

/// The driver's own daemon is wanted more than libvirtd.
#[test]
fn a_drivers_own_daemon_is_started_where_there_is_one() {
    if !rig::available(&[Need::Modular]).unwrap() {
        return;
    }
    let Some(user) = User::new() else { return };
    let programs = user.dir.path().join("sbin");
    fs::create_dir(&programs).unwrap();
    let built = rig::modular::programs().unwrap();
    copy_program(&built.join("virtqemud"), &programs.join("virtqemud"));
    let libvirtd = programs.join("libvirtd");
    std::os::unix::fs::symlink("/usr/sbin/libvirtd", libvirtd).unwrap();
    let settings = [("VIRTD_PATH", programs.to_str().unwrap())];
    for uri in ["", "qemu:///session", "qemu:///session?mode=direct"] {
        let listed = user.list(&settings, uri);
        assert_same(&listed, &user.virsh("qemu:///session"));
    }
    let started = user.started();
    let expected = format!("{}/virtqemud --daemon --timeout=120", programs.display());
    assert!(matches!(&started[..], [it] if it.command == expected), "{started:?}");
}
