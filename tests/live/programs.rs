//! The examples `list` and `dumpxml`, held against virsh.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use libvirt_client::Connect;
use libvirt_client::domain::CreateFlags;
use rig::{Daemon, Need};

use crate::common::{GUESTS, describe};

/// An example's executable, built with the features of this test. Building may take longer than a
/// daemon waits for a sign of life, and connections of the test give them meanwhile.
pub async fn example(name: &'static str) -> PathBuf {
    tokio::task::spawn_blocking(|| built(name)).await.unwrap()
}

/// The same for tests that hold no connection, or have another thread for it.
pub fn built(name: &str) -> PathBuf {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    let dir = DIR.get_or_init(|| {
        // `cargo test` builds examples, but not when it is told which tests to build.
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(["build", "--quiet", "--message-format=json", "--examples"])
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        // What cargo tells the test about itself would have some dependencies built again, now and
        // by the next cargo that does not inherit it.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| name.starts_with(prefix)) {
                cargo.env_remove(&*name);
            }
        }
        for (feature, is_on) in [
            ("qemu", cfg!(feature = "qemu")),
            ("lxc", cfg!(feature = "lxc")),
            ("admin", cfg!(feature = "admin")),
            ("sasl", cfg!(feature = "sasl")),
            ("ssh-native", cfg!(feature = "ssh-native")),
        ] {
            if is_on {
                cargo.args(["--features", feature]);
            }
        }
        let output = cargo.output().unwrap();
        let messages = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{messages}{output:?}");
        let (_, path) = messages.rsplit_once("\"executable\":\"").unwrap();
        let (path, _) = path.split_once('"').unwrap();
        Path::new(path).parent().unwrap().to_owned()
    });
    dir.join(name)
}

/// Copies a program that is to be run at once. Another process does it: what this one has open for
/// writing, those that it starts meanwhile have open too, and then nobody can run it.
pub fn copy_program(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg(from).arg(to).status().unwrap();
    assert!(copied.success(), "{}", from.display());
}

/// What virsh prints, to the terminal of a user with that `LANG`.
fn virsh(lang: &str, args: &[&str]) -> Output {
    run("virsh".as_ref(), lang, args)
}

/// What an example prints, to the terminal of a user with that `LANG`.
fn print(lang: &str, name: &str, args: &[&str]) -> Output {
    run(&built(name), lang, args)
}

/// Runs a program without what else the environment says of languages and defaults.
fn run(program: &Path, lang: &str, args: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.args(args).env("LANG", lang);
    for name in [
        "LC_ALL",
        "LC_CTYPE",
        "LC_MESSAGES",
        "LANGUAGE",
        "LIBVIRT_DEFAULT_URI",
    ] {
        command.env_remove(name);
    }
    command.output().unwrap()
}

/// Fails unless both succeeded alike.
pub fn assert_same(ours: &Output, virshs: &Output) {
    let shown = |output: &Output| {
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        (out, String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert!(ours.status.success() && virshs.status.success(), "{ours:?} {virshs:?}");
    assert_eq!(shown(ours), shown(virshs));
    assert_eq!(ours.stdout, virshs.stdout);
}

/// Fails unless it failed as a good program does: with 1, and one line that has `reason` in it.
pub fn assert_fails(output: &Output, reason: &str) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains(reason), "{text}");
}

fn assert_list_is_virshs(uri: &str) {
    for lang in ["C.UTF-8", "C.utf8", "C", "POSIX", ""] {
        let virshs = virsh(lang, &["--connect", uri, "list", "--all"]);
        assert_same(&print(lang, "list", &[uri]), &virshs);
    }
}

#[tokio::test]
async fn domains_are_listed_and_described_as_by_virsh() {
    if !rig::available(GUESTS).unwrap() {
        return;
    }
    // Of its own: in the shared one others come and go.
    let daemon = Daemon::builder().start().unwrap();
    let uri = daemon.uri();
    assert_list_is_virshs(&uri);

    let conn = Connect::open(&uri).await.unwrap();
    let names = [
        "b two words",
        "A",
        "a",
        "C",
        "Ärger",
        "主机",
        "e\u{301}\u{200b}x",
        "\\x41 \\n",
        "42",
        "7\t8",
        "😀",
        "한글",
        "<&'\">",
        "\u{202e}x",
        "%s%n",
        "-dash",
    ];
    for name in names {
        let (xml, _) = describe(&daemon, "plain", |guest| guest);
        let name = name.replace('&', "&amp;").replace('<', "&lt;");
        let xml = xml.replace("<name>plain</name>", &format!("<name>{name}</name>"));
        conn.domain_define_xml(&xml).await.unwrap();
    }
    assert_list_is_virshs(&uri);

    // Neither waits for its guest to boot: they run, or are paused, from the beginning.
    let mut guests = Vec::new();
    for (name, flags) in [
        ("running", CreateFlags::AUTODESTROY),
        ("ein ⏸ mit Pause", CreateFlags::AUTODESTROY | CreateFlags::PAUSED),
    ] {
        let (xml, _) = describe(&daemon, "guest", |guest| guest);
        let xml = xml.replace("<name>guest</name>", &format!("<name>{name}</name>"));
        guests.push(conn.domain_create_xml(&xml, flags).await.unwrap());
    }
    conn.domain_lookup_by_name("C").await.unwrap().create().await.unwrap();
    assert_list_is_virshs(&uri);

    let ids = guests.iter().map(|guest| guest.id().unwrap().to_string());
    let uuids = guests.iter().map(|guest| guest.uuid().to_string());
    let known_as = guests.iter().map(|guest| guest.name().to_owned());
    let all = names.into_iter().map(str::to_owned).chain(known_as).chain(ids).chain(uuids);
    for name in all.filter(|name| !name.starts_with('-')) {
        let virshs = virsh("C.UTF-8", &["--connect", &uri, "dumpxml", &name]);
        assert_same(&print("C.UTF-8", "dumpxml", &[&uri, &name]), &virshs);
    }
    let dash = print("C", "dumpxml", &[&uri, "-dash"]);
    assert_same(&dash, &virsh("C", &["--connect", &uri, "dumpxml", "--domain", "-dash"]));
    for unknown in ["nobody", "4711", "", "00000000-0000-4000-8000-000000000000"] {
        let output = print("C.UTF-8", "dumpxml", &[&uri, unknown]);
        assert_fails(&output, &format!("no domain with matching name '{unknown}'"));
    }
    conn.close().await;
}

#[tokio::test]
async fn every_state_has_virshs_name() {
    if !rig::available(&[Need::Daemon, Need::Virsh]).unwrap() {
        return;
    }
    let daemon = rig::shared::test_driver().unwrap();
    let domains = (1..=7).map(|state| {
        format!(
            "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>\
             <name>in state {state}</name><memory>1</memory><os><type>hvm</type></os>\
             <test:runstate>{state}</test:runstate></domain>"
        )
    });
    let file = daemon.scratch().join("states.xml");
    fs::write(&file, format!("<node>{}</node>", domains.collect::<String>())).unwrap();
    let socket = daemon.socket().display().to_string();
    let uri = format!("test+unix://{}?socket={socket}", file.display());
    assert_list_is_virshs(&uri);
    let output = print("C", "list", &[&uri]);
    let text = String::from_utf8(output.stdout).unwrap();
    for state in [
        "running",
        "idle",
        "paused",
        "in shutdown",
        "shut off",
        "crashed",
        "pmsuspended",
    ] {
        let ending = format!("   {state}");
        assert!(text.lines().any(|line| line.ends_with(&ending)), "{text}");
    }

    let uri = daemon.test_uri();
    let virshs = virsh("C.UTF-8", &["--connect", &uri, "dumpxml", "test"]);
    assert_same(&print("C.UTF-8", "dumpxml", &[&uri, "test"]), &virshs);
}

#[test]
fn failures_are_one_line() {
    assert_fails(&print("C", "list", &["qemu:///system", "x"]), "usage: list [URI]");
    assert_fails(&print("C", "dumpxml", &["qemu:///system"]), "usage: dumpxml URI NAME");
    assert_fails(&print("C", "list", &["qemu+unix:///system?socket=/nowhere"]), "/nowhere");
    assert_fails(&print("C", "list", &["qemu://system"]), "qemu:///system is meant");
    assert_fails(&print("C", "dumpxml", &["esx://host/", "test"]), "inside the C library");
}
