//! What is run on either side, against what virsh runs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use libvirt_client::{Connect, Error};
use rig::Need;

use super::ext::write_program;

/// A program in the place of ssh that takes down its arguments, and the programs of a host.
struct Bench {
    dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Self { dir: tempfile::tempdir().unwrap() };
        let told = bench.path("told");
        let text = format!("#!/bin/sh\nprintf '%s\\0' \"$@\" >{}\nexit 9\n", told.display());
        write_program(&bench.path("ssh"), &text);
        for host in ["with-helper", "without-helper"] {
            let bin = bench.path(host);
            fs::create_dir(&bin).unwrap();
            for name in ["sh", "grep", "which"] {
                symlink(Path::new("/usr/bin").join(name), bin.join(name)).unwrap();
            }
            let says_words = "printf '<%s>' \"${0##*/}\" \"$@\"\n";
            let knows_option = format!(
                "#!/bin/sh\ncase $# in 1) echo option requires an argument;; *) {says_words};; esac\n"
            );
            write_program(&bin.join("nc"), &knows_option);
            let plain = format!("#!/bin/sh\ncase $# in 1) echo usage;; *) {says_words};; esac\n");
            write_program(&bin.join("other nc"), &plain);
            if host == "with-helper" {
                let helper = format!("#!/bin/sh\n{says_words}");
                write_program(&bin.join("virt-ssh-helper"), &helper);
            }
        }
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// What the program was told, the last of it apart.
    fn told(&self) -> (Vec<String>, String) {
        let bytes = fs::read(self.path("told")).unwrap();
        fs::remove_file(self.path("told")).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let mut words: Vec<_> = text.split_terminator('\0').map(String::from).collect();
        let command = words.pop().unwrap();
        (words, command)
    }

    /// What becomes of a command on that host.
    fn run(&self, host: &str, command: &str) -> String {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", command]).env("PATH", self.path(host));
        let output = shell.output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

#[tokio::test]
async fn both_run_the_same() {
    if !rig::available(&[Need::Virsh]).unwrap() {
        return;
    }
    let bench = Bench::new();
    for (uri, words) in [
        ("qemu+ssh://kvm1/system", "<qemu:///system>"),
        ("qemu+ssh:///system", "<qemu:///system>"),
        ("qemu+SSH://fred@kvm1:2222/system", "<virt-ssh-helper>"),
        ("qemu+ssh://a%20b@[fe80::1]:22/session", "<qemu:///session>"),
        ("qemu+ssh://kvm1/system?keyfile=/my%20key&no_tty=1", "helper"),
        ("qemu+ssh://kvm1/system?no_tty=0&no_verify=7", "helper"),
        ("qemu+ssh://kvm1/system?NO_TTY=1&Keyfile=a&keyfile=b", "helper"),
        ("qemu+ssh://kvm1/system?proxy=native", "<qemu:///system>"),
        ("qemu+ssh://kvm1/system?proxy=netcat", "<nc><-q0><-U>"),
        ("qemu+ssh://kvm1/system?proxy=auto&mode=legacy", "helper"),
        ("qemu+ssh://kvm1/system?socket=/a/b", "<-U></a/b>"),
        ("qemu+ssh://kvm1/system?netcat=nc", "<nc>"),
        ("qemu+ssh://kvm1/system?netcat=other%20nc", "<other nc><-U>"),
        ("qemu+ssh://kvm1/system?netcat=nc&proxy=auto", "<nc>"),
        ("qemu+ssh://kvm1/system?foo=b%20a'r&x=$y", "foo=b%20a%27r"),
        ("qemu+ssh://kvm1/system?name=test:///default", "<test:///default>"),
        ("qemu+ssh://kvm1/sy%20s't$e;m#frag", "<qemu:///sy%20s't$e;m#frag>"),
        ("test+ssh://kvm1/default", "<test:///default>"),
    ] {
        let with_command = |uri: &str| {
            let (start, fragment) = uri.split_once('#').unwrap_or((uri, ""));
            let fragment = if fragment.is_empty() { "" } else { "#frag" };
            let sign = if start.contains('?') { '&' } else { '?' };
            let program = bench.path("ssh");
            format!("{start}{sign}command={}{fragment}", program.display())
        };
        let uri = with_command(uri);
        for read_only in [false, true] {
            let mut virsh = Command::new("virsh");
            virsh.args(read_only.then_some("--readonly"));
            let output = virsh.args(["--connect", &uri, "uri"]).output().unwrap();
            assert!(!output.status.success());
            let virshs = bench.told();
            let opening = Connect::builder(&uri).read_only(read_only);
            let error = opening.open().await.unwrap_err();
            assert!(matches!(error, Error::Tunnel(_)), "{uri}: {error:?}");
            let ours = bench.told();
            assert_eq!(ours.0, virshs.0, "{uri}");
            for host in ["with-helper", "without-helper"] {
                let [ours, virshs] = [&ours.1, &virshs.1].map(|it| bench.run(host, it));
                // This virsh keeps the mode from the helper, newer ones tell it.
                let ours = ours.replace("?mode=legacy", "");
                assert_eq!(ours, virshs, "{uri} {host} {read_only}");
                if host == "with-helper" {
                    assert!(ours.contains(words), "{uri}: {ours}");
                }
            }
        }
    }
}

#[tokio::test]
async fn both_refuse_the_same() {
    if !rig::available(&[Need::Virsh]).unwrap() {
        return;
    }
    for uri in [
        "qemu+ssh://kvm1/system?command=/bin/false&mode=direct",
        "qemu+ssh://kvm1/system?command=/bin/false&mode=x",
        "qemu+ssh://kvm1/system?command=/bin/false&proxy=x",
        "qemu+ssh://kvm1/system?command=/bin/false&proxy=native&netcat=nc",
        "qemu+ssh://kvm1/system?command=/bin/false&no_tty=x",
        "qemu+ext:///system",
        "qemu+rsh://kvm1/system",
        "qemu+unix://kvm1/system",
    ] {
        let error = Connect::open(uri).await.unwrap_err();
        assert!(
            matches!(error.cause(), Error::Uri { .. } | Error::Unsupported(_)),
            "{uri}: {error:?}"
        );
        let virshs = super::virsh(uri, &["uri"]).unwrap_err();
        // Nothing was run.
        assert!(!virshs.contains("End of file"), "{uri}: {virshs}");
    }
}
