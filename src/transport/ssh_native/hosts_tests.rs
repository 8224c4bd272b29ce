#![allow(clippy::unwrap_used)]

use std::fs;

use super::*;

const ONE: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
const OTHER: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILIG2T/B0l0gaqj3puu510tu9N1OkQ4znY3LYuEm5zCF";
const ECDSA: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNuG5N87uRgg6CLrbo5wAdT/y6v0mKV0U2w0WZ2YB/++Tpockg=";

const FILE: &str = "known_hosts";

fn judge(file: &str, host: &str, port: u16, key: &str) -> HostKeyStatus {
    Hosts::parse(host, port, FILE.into(), file).judge(&key.parse().unwrap())
}

fn changed(line: usize) -> HostKeyStatus {
    HostKeyStatus::Changed { file: FILE.into(), line }
}

#[test]
fn keys_are_found_by_their_hosts_names() {
    let known = |file: &str, host, port| judge(file, host, port, ONE) == HostKeyStatus::Known;
    for (hosts, host, port) in [
        ("kvm1", "kvm1", 22),
        ("kvm1,10.0.0.1", "10.0.0.1", 22),
        ("[kvm1]:2222", "kvm1", 2222),
        ("KVM1", "kvm1", 22),
        ("kvm1", "KVM1", 22),
        ("kvm?.*.com", "kvm1.example.com", 22),
        ("*", "kvm1", 22),
        ("*,!kvm2", "kvm1", 22),
        ("k*1*", "kvm1", 22),
        ("**v*m?", "kvm1", 22),
        ("*m1", "kvm1.kvm1", 22),
        ("[::1]:2222", "::1", 2222),
        ("::1", "::1", 22),
    ] {
        assert!(known(&format!("{hosts} {ONE} a comment"), host, port), "{hosts}");
    }
    for (hosts, host, port) in [
        ("kvm1", "kvm11", 22),
        ("kvm1", "kvm1", 2222),
        ("[kvm1]:2222", "kvm1", 22),
        ("kvm?", "kvm", 22),
        ("*m", "kvm1", 22),
        ("k*2*", "kvm1", 22),
        ("*,!kvm1", "kvm1", 22),
        ("# kvm1", "kvm1", 22),
        ("@cert-authority kvm1", "kvm1", 22),
    ] {
        let verdict = judge(&format!("{hosts} {ONE}"), host, port, ONE);
        assert_eq!(verdict, HostKeyStatus::Unknown, "{hosts}");
    }
}

/// Each `*` more must not make it take twice as long.
#[test]
fn many_wildcards_end() {
    let (stars, name) = ("*a".repeat(100), "a".repeat(250));
    assert_eq!(judge(&format!("{stars} {ONE}"), &name, 22, ONE), HostKeyStatus::Known);
    assert_eq!(judge(&format!("{stars}b {ONE}"), &name, 22, ONE), HostKeyStatus::Unknown);
}

/// The form that `ssh-keygen -H` writes.
#[test]
fn hashed_names_are_found() {
    let line = format!("|1|O33ESRMWPVkMYIwJ1Uw+n877jTo=|nuuC5vEqXlEZ/8BXQR7m619W6Ak= {OTHER}");
    assert_eq!(judge(&line, "example.com", 22, OTHER), HostKeyStatus::Known);
    assert_eq!(judge(&line, "example.com", 22, ONE), changed(1));
    assert_eq!(judge(&line, "example.org", 22, OTHER), HostKeyStatus::Unknown);
}

#[test]
fn other_keys_of_a_known_host_are_suspicious() {
    let line = 3;
    let file = format!("\nnonsense\nkvm1 {OTHER}\nkvm1 ssh-new AAAA\n");
    assert_eq!(judge(&file, "kvm1", 22, ONE), changed(line));
    // A key of any kind counts as changed.
    assert_eq!(judge(&file, "kvm1", 22, ECDSA), changed(line));
    let file = format!("kvm1 {OTHER}\nkvm1 {ECDSA}\nkvm1 {ONE}");
    assert_eq!(judge(&file, "kvm1", 22, ONE), HostKeyStatus::Known);
    let file = format!("kvm1 {ONE}\n@revoked * {ONE}");
    assert_eq!(judge(&file, "kvm1", 22, ONE), changed(2));
}

/// As OpenSSH reads them.
#[test]
fn fields_are_parted_by_any_blanks_and_tabs() {
    let tabbed = ONE.replace(' ', "\t");
    for line in [
        format!("kvm1  {ONE}"),
        format!("kvm1\t{ONE}"),
        format!("kvm1 \t {tabbed}"),
        format!(" \tkvm1 {ONE}"),
        format!("kvm1 {ONE}\ta comment"),
        format!("kvm1 {ONE} \t a  comment\t\r"),
    ] {
        assert_eq!(judge(&line, "kvm1", 22, ONE), HostKeyStatus::Known, "{line:?}");
        let other = judge(&line, "kvm1", 22, OTHER);
        assert_eq!(other, changed(1), "{line:?}");
    }
    for revoked in ["@revoked  *", "@revoked\t*", " @revoked *\t"] {
        let file = format!("kvm1 {ONE}\n{revoked} {ONE}");
        let verdict = judge(&file, "kvm1", 22, ONE);
        assert_eq!(verdict, changed(2), "{revoked:?}");
    }
    let file = format!("@cert-authority\tkvm1 {ONE}");
    assert_eq!(judge(&file, "kvm1", 22, ONE), HostKeyStatus::Unknown);
}

#[test]
fn accepted_keys_are_remembered() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("libvirt/known_hosts");
    let hosts = Hosts::load("kvm1", 2222, path.clone(), &dir.path().join("none")).unwrap();
    hosts.add(&ONE.parse().unwrap()).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), format!("[kvm1]:2222 {ONE}\n"));
    fs::write(&path, "kvm2 x").unwrap();
    hosts.add(&ONE.parse().unwrap()).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text, format!("kvm2 x\n[kvm1]:2222 {ONE}\n"));
}

/// They tell where the user logs in.
#[test]
fn files_of_known_hosts_are_for_their_user_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config/libvirt/known_hosts");
    let hosts = Hosts::load("kvm1", 22, file.clone(), &dir.path().join("none")).unwrap();
    hosts.add(&ONE.parse().unwrap()).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&file), 0o600);
    let modes = [file.parent().unwrap(), dir.path().join("config").as_path()].map(mode);
    assert_eq!(modes, [0o700; 2]);
}

#[test]
fn the_systems_file_counts_as_much_as_the_users() {
    let dir = tempfile::tempdir().unwrap();
    let [users, systems] = ["users", "systems"].map(|name| dir.path().join(name));
    fs::write(&systems, format!("# all\nkvm1 {OTHER}\n@revoked * {ECDSA}\n")).unwrap();
    let judge = |key: &str| {
        let hosts = Hosts::load("kvm1", 22, users.clone(), &systems).unwrap();
        hosts.judge(&key.parse().unwrap())
    };
    let changed = |line| HostKeyStatus::Changed { file: systems.clone(), line };
    assert_eq!(judge(OTHER), HostKeyStatus::Known);
    assert_eq!(judge(ONE), changed(2));
    fs::write(&users, format!("kvm1 {ONE}\nkvm1 {ECDSA}\n")).unwrap();
    assert_eq!(judge(ONE), HostKeyStatus::Known);
    assert_eq!(judge(OTHER), HostKeyStatus::Known);
    assert_eq!(judge(ECDSA), changed(3));

    // What is accepted is written to the user's.
    let before = fs::read(&systems).unwrap();
    let hosts = Hosts::load("kvm2", 22, users.clone(), &systems).unwrap();
    hosts.add(&OTHER.parse().unwrap()).unwrap();
    assert!(fs::read_to_string(&users).unwrap().ends_with(&format!("kvm2 {OTHER}\n")));
    assert_eq!(fs::read(&systems).unwrap(), before);
}
