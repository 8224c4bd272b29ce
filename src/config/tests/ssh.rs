//! Tests of the commands of URIs with ssh.

use std::path::PathBuf;

use super::super::*;
use super::parse;
use crate::error::{Error, Result};
use crate::uri::{ConnectUri, percent};

fn environment(is_root: bool) -> Environment {
    Environment {
        is_root,
        system_dir: PathBuf::from("/var/run/libvirt"),
        user_dir: Some(PathBuf::from("/run/user/1000/libvirt")),
        config_file: None,
        daemon_dirs: Vec::new(),
    }
}

fn remote(uri: &str, is_root: bool, read_only: bool, conf: &str) -> Result<String> {
    let config = Config::parse("libvirt.conf".as_ref(), conf)?;
    parse(uri).remote_command(read_only, &environment(is_root), &config)
}

/// Returns the socket that netcat is run for, if it is.
fn socket(command: &str) -> Option<&str> {
    let (_, socket) = command.rsplit_once("-U ")?;
    Some(socket.trim_end_matches("; fi'").trim_end_matches('\''))
}

#[cfg(feature = "ssh")]
#[test]
fn the_program_on_this_side() {
    let table: [(&str, &str, &[&str]); 5] = [
        ("qemu+ssh://kvm1/system", "ssh", &["-T", "-e", "none", "--", "kvm1"]),
        ("qemu+ssh:///system", "ssh", &["-T", "-e", "none", "--", "localhost"]),
        (
            "qemu+ssh://ro%20ot@[::1]:22222/system?command=/my%20ssh&keyfile=/k%20f&no_tty=1&no_verify=2",
            "/my ssh",
            &[
                "-p",
                "22222",
                "-l",
                "ro ot",
                "-i",
                "/k f",
                "-T",
                "-e",
                "none",
                "-o",
                "BatchMode=yes",
                "-o",
                "StrictHostKeyChecking=no",
                "--",
                "::1",
            ],
        ),
        (
            "qemu+ssh://kvm1/system?no_tty=0&no_verify=0&KEYFILE=a&keyfile=b",
            "ssh",
            &["-i", "b", "-T", "-e", "none", "--", "kvm1"],
        ),
        (
            // A host that looks like an option is none.
            "qemu+ssh://-oProxyCommand=x@-v/system",
            "ssh",
            &["-l", "-oProxyCommand=x", "-T", "-e", "none", "--", "-v"],
        ),
    ];
    for (uri, program, arguments) in table {
        let parsed = parse(uri);
        let may_ask = !parsed.parameters().switch("no_tty");
        let (name, words) = parsed.ssh_command(may_ask);
        assert_eq!(name, program, "{uri}");
        assert_eq!(words, arguments, "{uri}");
    }
}

#[test]
fn the_choice_of_the_proxy() {
    let cases = |uri| remote(uri, true, false, "").unwrap();
    assert_eq!(
        cases("qemu+ssh://h/system?a=b%20c"),
        "sh -c 'if command -v virt-ssh-helper >/dev/null 2>&1; then exec virt-ssh-helper \
         \"qemu:///system?a=b%20c\"; else if nc -q 2>&1 | grep \"requires an argument\" \
         >/dev/null 2>&1; then ARG=-q0; else ARG=; fi; exec nc $ARG -U \
         /var/run/libvirt/libvirt-sock; fi'"
    );
    assert_eq!(
        cases("qemu+ssh://h/system?proxy=native&mode=direct&socket=/s"),
        "sh -c 'exec virt-ssh-helper \"qemu:///system?mode=direct&socket=%2Fs\"'"
    );
    assert_eq!(
        cases("qemu+ssh://h/system?proxy=native&name=foo"),
        "sh -c 'exec virt-ssh-helper foo'"
    );

    // The proxy, and the socket.
    let table = [
        ("qemu+ssh://h/system", true, "", true, true),
        ("qemu+ssh://h/session", true, "", true, true),
        ("qemu+ssh://h/session", false, "", true, false),
        ("test+ssh://h/default", false, "", true, false),
        ("qemu+ssh://h/system", false, "", true, true),
        ("qemu+ssh://h/system?socket=/s", true, "", false, true),
        ("qemu+ssh://h/system?netcat=ncat", true, "", false, true),
        ("qemu+ssh://h/system?netcat=ncat&proxy=auto", true, "", false, true),
        ("qemu+ssh://h/system?socket=/s&proxy=auto", true, "", true, true),
        ("qemu+ssh://h/system?proxy=netcat", true, "remote_proxy = 'native'", false, true),
        ("qemu+ssh://h/system", true, "remote_proxy = 'native'", true, false),
        ("qemu+ssh://h/system?socket=/s", true, "remote_proxy = 'native'", true, false),
        ("remote+ssh://h/", true, "", false, true),
        ("remote+ssh://h/?name=qemu:///system", true, "", true, true),
    ];
    for (uri, is_root, conf, helper, netcat) in table {
        let command = remote(uri, is_root, false, conf).unwrap();
        assert_eq!(command.contains("exec virt-ssh-helper"), helper, "{uri}: {command}");
        assert_eq!(socket(&command).is_some(), netcat, "{uri}: {command}");
    }
}

#[test]
fn the_socket_for_netcat() {
    let table = [
        ("qemu+ssh://h/system", true, false, "/var/run/libvirt/libvirt-sock"),
        ("qemu+ssh://h/system", false, true, "/var/run/libvirt/libvirt-sock-ro"),
        ("qemu+ssh://h/system?mode=legacy", true, false, "/var/run/libvirt/libvirt-sock"),
        ("qemu+ssh://h/session", false, true, "/run/user/1000/libvirt/libvirt-sock"),
        ("qemu+ssh://h/system?socket=/a/b", true, true, "/a/b"),
        ("qemu+ssh://h/system?socket=/a&mode=direct", true, false, "/a"),
    ];
    for (uri, is_root, read_only, expected) in table {
        let uri = format!("{uri}{}proxy=netcat", if uri.contains('?') { '&' } else { '?' });
        let command = remote(&uri, is_root, read_only, "").unwrap();
        assert_eq!(socket(&command), Some(expected), "{uri}: {command}");
    }
    let read_only = remote("qemu+ssh://h/system?proxy=native", true, true, "").unwrap();
    assert!(read_only.contains("virt-ssh-helper -r qemu:///system"));
}

/// Checks the words that the programs in the command get from the shells in common use.
#[test]
fn shells_see_the_words_as_they_are() {
    let odd = "/a b'c\"d$e;f`g''h*i~k(l){m}|n&o<p>q#r[s]t^u?v$(w)x%y\u{e4}'";
    let encoded = percent::encode(odd, "");
    let uri = format!("qemu+ssh://h/system?netcat=echo&socket={encoded}");
    let command = remote(&uri, true, false, "").unwrap();
    // The backslashes are only where no shell interprets them within single quotes.
    let within = command.replace("'\\''", "");
    assert!(
        within.split('\\').skip(1).all(|rest| rest.starts_with(['"', '$', '`'])),
        "{command}"
    );
    for shell in ["sh", "bash"] {
        let output = std::process::Command::new(shell).args(["-c", &command]).output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(printed.trim_end_matches('\n'), format!("-U {odd}"), "{shell}");
    }
}

#[test]
fn what_some_shells_do_not_take_as_it_is() {
    for character in ["!", "\\", "\n", "\r", "\t", "\u{7f}", "\u{85}"] {
        let encoded = percent::encode(character, "");
        for (parameters, origin) in [
            ("proxy=netcat&socket=/a", "the path of the socket has a "),
            ("netcat=a", "netcat= has a "),
            ("proxy=native&name=a", "name= has a "),
            ("name=a", "name= has a "),
        ] {
            let uri = format!("qemu+ssh://h/system?{parameters}{encoded}b");
            let error = remote(&uri, true, false, "").unwrap_err();
            assert!(matches!(error, Error::Uri { .. }), "{error:?}");
            assert!(error.to_string().contains(origin), "{error}");
        }
    }
    let error = remote("qemu+ssh://h/sys!tem", true, false, "").unwrap_err();
    let text = error.to_string();
    assert!(text.contains("what the daemon is to open has a '!'"), "{text}");
}

#[test]
fn what_cannot_be() {
    let table = [
        ("qemu+ssh://h/system?mode=direct", "", "mode=direct"),
        ("qemu+ssh://h/system?proxy=native&netcat=nc", "", "netcat= has no place"),
        ("qemu+ssh://h/system", "remote_mode = 'direct'", "mode=direct"),
        (
            "qemu+ssh://h/system",
            "remote_proxy = 'x'",
            "libvirt.conf:1: remote_proxy: it must be \"auto\", \"native\" or \"netcat\"",
        ),
    ];
    for (uri, conf, reason) in table {
        let error = remote(uri, true, false, conf).unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
    }
    let error = ConnectUri::parse("qemu+ssh://h/system?proxy=x").unwrap_err();
    assert!(error.to_string().contains("proxy is"), "{error}");
}
