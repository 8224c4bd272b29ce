//! The C library's results for the same input. The tables are from observing virsh 9.0.0: the name
//! that it asks the daemon for, and the output of its command `uri`.

#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;

fn parse(text: &str) -> ConnectUri {
    ConnectUri::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn transport_user_host_and_port() {
    use TransportKind::{Ext, Libssh, Libssh2, Ssh, Tcp, Tls, Unix};
    let table = [
        ("qemu:///system", Unix, None, None, None),
        ("qemu:/system", Unix, None, None, None),
        ("qemu+unix:///system", Unix, None, None, None),
        ("qemu+UNIX:///system", Unix, None, None, None),
        ("qemu+Ssh://h/system", Ssh, None, Some("h"), None),
        ("qemu+libssh://h/system", Libssh, None, Some("h"), None),
        ("qemu+libssh2://h/system", Libssh2, None, Some("h"), None),
        ("qemu+ext:///system?command=/c", Ext, None, None, None),
        ("qemu+tcp:///system", Tcp, None, None, None),
        ("qemu+tls:///system", Tls, None, None, None),
        ("qemu://h/system", Tls, None, Some("h"), None),
        ("lxc://system", Tls, None, Some("system"), None),
        ("remote://10.0.0.1:1/x", Tls, None, Some("10.0.0.1"), Some(1)),
        ("qemu+tcp://h:16509/system", Tcp, None, Some("h"), Some(16509)),
        ("qemu+tcp://h:007/system", Tcp, None, Some("h"), Some(7)),
        ("qemu+tcp://h:0/system", Tcp, None, Some("h"), None),
        // A port has no meaning without a host.
        ("qemu+tcp://:1/system", Tcp, None, None, None),
        ("qemu+tcp://[::1]:1/system", Tcp, None, Some("::1"), Some(1)),
        ("qemu+tcp://[::1]/system", Tcp, None, Some("::1"), None),
        ("qemu+tcp://[fe80::1%25lo]/s", Tcp, None, Some("fe80::1%lo"), None),
        ("qemu+ssh://%41h.example/s", Ssh, None, Some("Ah.example"), None),
        ("qemu+ssh://u@h/s", Ssh, Some("u"), Some("h"), None),
        ("qemu+ssh://u%40x:pw@h:22/s", Ssh, Some("u@x:pw"), Some("h"), Some(22)),
        ("qemu+ssh://@h/s", Ssh, None, Some("h"), None),
    ];
    for (text, transport, user, host, port) in table {
        let uri = parse(text);
        assert_eq!(uri.transport, transport, "{text}");
        assert_eq!(uri.user.as_deref(), user, "{text}");
        assert_eq!(uri.host.as_deref(), host, "{text}");
        assert_eq!(uri.port, port, "{text}");
    }
}

#[test]
fn driver_and_path() {
    let table = [
        ("qemu:///system", "qemu", "/system"),
        ("QEMU:///system", "QEMU", "/system"),
        ("q-e.m+unix:///system", "q-e.m", "/system"),
        ("remote:///", "", "/"),
        ("remote+unix:///x", "", "/x"),
        ("qemu:", "qemu", ""),
        ("qemu://", "qemu", ""),
        ("qemu:///", "qemu", "/"),
        ("qemu:system", "qemu", "system"),
        ("test+unix:///default", "test", "/default"),
        ("test+unix:///../a/./b//c", "test", "/../a/./b//c"),
        ("test+unix:///a%20b/%41;x@y:z", "test", "/a b/A;x@y:z"),
        ("test+unix:///%C3%BC", "test", "/ü"),
    ];
    for (text, driver, path) in table {
        let uri = parse(text);
        assert_eq!(uri.driver, driver, "{text}");
        assert_eq!(uri.path, path, "{text}");
    }
}

#[test]
fn parameters() {
    let table: [(&str, &[(&str, &str)]); 10] = [
        ("", &[]),
        ("a=1&b=2", &[("a", "1"), ("b", "2")]),
        ("a=1;b=2", &[("a", "1"), ("b", "2")]),
        // A semicolon separates nothing before an ampersand.
        ("a=1;b=2&c=3", &[("a", "1;b=2"), ("c", "3")]),
        ("a=1&b=2;c=3", &[("a", "1"), ("b", "2"), ("c", "3")]),
        ("&&a&=v&b=&", &[("a", ""), ("b", "")]),
        ("a=b=c", &[("a", "b=c")]),
        ("a%20b=%2f/?", &[("a b", "//?")]),
        ("a%3d=%26%3b%25", &[("a=", "&;%")]),
        ("x=1&x=2", &[("x", "1"), ("x", "2")]),
    ];
    for (query, expected) in table {
        let uri = parse(&format!("qemu:///system?{query}"));
        let found: Vec<_> = (&uri.parameters).into_iter().collect();
        assert_eq!(found, expected, "{query}");
        assert_eq!(uri.parameters.iter().len(), expected.len(), "{query}");
        assert!(uri.parameters.iter().rev().eq(expected.iter().rev().copied()), "{query}");
    }
}

#[test]
fn choices_have_their_names() {
    for name in ["auto", "legacy", "direct"] {
        let uri = parse(&format!("qemu:///system?mode={name}"));
        assert_eq!(uri.mode().map(Mode::as_str), Some(name));
    }
    for name in ["auto", "netcat", "native"] {
        let uri = parse(&format!("qemu+ssh://host/system?proxy={name}"));
        assert_eq!(uri.proxy().map(Proxy::as_str), Some(name));
    }
}

#[test]
fn consumed_parameters_have_no_case_and_the_last_counts() {
    let uri = parse("qemu+unix:///system?socket=/a&SOCKET=/b&known_Hosts=k");
    assert_eq!(uri.parameters.get("socket"), Some("/b"));
    assert_eq!(uri.parameters.get("known_hosts"), Some("k"));
    assert_eq!(uri.parameters.get("keyfile"), None);
}

#[test]
fn unknown_parameters_and_what_was_meant() {
    let query =
        "mdoe=direct&sokcet=/s&keyfiles=k&NO_VERIFY=1&vcenter=v&known_host=h&foo=b&knwn_hsts=";
    let uri = parse(&format!("qemu:///system?{query}"));
    let expected = [
        ("mdoe", Some("mode")),
        ("sokcet", Some("socket")),
        ("keyfiles", Some("keyfile")),
        ("known_host", Some("known_hosts")),
        ("foo", None),
        ("knwn_hsts", Some("known_hosts")),
    ];
    assert_eq!(uri.parameters.unknown().collect::<Vec<_>>(), expected);
}

#[test]
fn name_for_the_daemon() {
    let table = [
        ("qemu:///system", "qemu:///system"),
        ("QEMU+unix:///system", "QEMU:///system"),
        ("qemu:/system", "qemu:///system"),
        ("qemu:system", "qemu://system"),
        ("qemu:", "qemu://"),
        ("qemu+ssh://u@h:22/system?keyfile=k&foo=b%20a", "qemu:///system?foo=b%20a"),
        ("test+tcp://h/default", "test:///default"),
        ("remote:///", ""),
        ("remote+unix:///x?y=z#f", ""),
        ("qemu+unix:///system?name=", ""),
        ("remote+unix:///x?name=foo%3a%2f%2fbar&x=1", "foo://bar"),
        ("qemu+unix:///system?", "qemu:///system"),
        ("qemu+unix:///system?#", "qemu:///system#"),
        ("qemu+unix:///system?a=1;b=2", "qemu:///system?a=1&b=2"),
        ("qemu+unix:///system?a=1;b=2&c=3", "qemu:///system?a=1%3Bb%3D2&c=3"),
        ("qemu+unix:///system?&&a&=v&b=&c=%20x", "qemu:///system?a=&b=&c=%20x"),
        ("qemu+unix:///s?a=b=c&d=/x/y&e=%2f", "qemu:///s?a=b%3Dc&d=%2Fx%2Fy&e=%2F"),
        ("qemu+unix:///s?n=%c3%bc", "qemu:///s?n=%C3%BC"),
        ("qemu+unix:///s?authfile=/x&AUTH=y&Known_Hosts=z&k=v", "qemu:///s?k=v"),
        (
            "qemu+unix:///sys%20tem/%41;x@y:z!'()*+,$&=",
            "qemu:///sys%20tem/A;x@y%3Az!'()*+,$&=",
        ),
        ("qemu+unix:///../system/./x//y", "qemu:///../system/./x//y"),
        ("qemu+unix:///s#frag%20ment/[x]", "qemu:///s#frag%20ment/[x]"),
        ("qemu+unix:///s?no_verify=%201&no_tty=-0&no_sanity=+1", "qemu:///s"),
    ];
    for (text, name) in table {
        assert_eq!(parse(text).name_for_daemon(), name, "{text}");
    }
}

#[test]
fn the_connections_uri() {
    let table = [
        ("test+unix:///default?socket=/s", "test+unix:///default?socket=/s"),
        ("test+UNIX:/default?SOCKET=/s", "test+UNIX:///default?SOCKET=/s"),
        (
            "test+unix:///def%61ult?socket=/s&x=%41;b#f%20[%41]%3f",
            "test+unix:///default?socket=/s&x=%41;b#f%20[A]?",
        ),
        ("test+unix:///x%20y%21%3a%40?a=", "test+unix:///x%20y!%3A@?a="),
        ("test+unix:?a=b#", "test+unix://?a=b#"),
        ("test+unix:x/y", "test+unix://x/y"),
        ("test+unix:///~!*'();@&=+$,", "test+unix:///~!*'();@&=+$,"),
        (
            "test+ext://u%40x:p;&=+$,!*'()@host/default",
            "test+ext://u%40x:p;&=+$,!*'()@host/default",
        ),
        ("test+ext://[fe80::1%25lo]:5/d", "test+ext://[fe80::1%lo]:5/d"),
        ("test+ext://%41host:0/d", "test+ext://Ahost/d"),
        ("test+ext://:7/d", "test+ext:///d"),
        ("test+ext://h:007/d", "test+ext://h:7/d"),
    ];
    for (text, uri) in table {
        assert_eq!(parse(text).to_string(), uri, "{text}");
        assert_eq!(parse(text).as_str(), text);
    }
}

#[test]
fn refused() {
    let table = [
        ("", "no scheme"),
        ("/system", "no scheme"),
        ("system", "no scheme"),
        ("+unix:///system", "no scheme"),
        ("1qemu:///system", "no scheme"),
        (" qemu:///system", "no scheme"),
        ("qemu:///system ", "path the character \" \" must be written as %20"),
        ("qemu:///sys\\tem", "must be written as %5C"),
        ("qemu:///s?n=ü", "query the character \"ü\" must be written as %C3%BC"),
        ("qemu:///s?socket=/a b", "must be written as %20"),
        ("qemu:///s?x=[1]", "must be written as %5B"),
        ("qemu:///s?x=a|b", "must be written as %7C"),
        ("qemu:///s?c=%zz", "write the sign itself as %25"),
        ("qemu:///s?c=%4", "write the sign itself as %25"),
        ("qemu:///s%", "write the sign itself as %25"),
        ("qemu:///s#a#b", "fragment the character \"#\""),
        ("qemu:///s?x=%00y", "zero byte"),
        ("qemu:///s?x=%ff", "not UTF-8"),
        ("qemu+tcp://[::1/system", "never closed"),
        ("qemu+tcp://[::1]x/system", "\"x\" follows the host"),
        ("qemu+tcp://::1/system", "must stand in brackets"),
        ("qemu+tcp://fe80::1%25eth0/system", "must stand in brackets"),
        ("qemu+tcp://h:/system", "\"\" is not a port"),
        ("qemu+tcp://h:x/system", "\"x\" is not a port"),
        ("qemu+tcp://h:+1/system", "\"+1\" is not a port"),
        ("qemu+tcp://h:99999/system", "\"99999\" is not a port"),
        ("qemu+tcp://a@b@h/system", "host the character \"@\""),
        ("qemu+foo:///system", "no transport \"foo\""),
        ("qemu+:///system", "no transport \"\""),
        ("qemu+ssh+tcp:///system", "no transport \"ssh+tcp\""),
        ("qemu+unix://localhost/system", "not on another host (\"localhost\")"),
        ("qemu://system", "qemu:///system is meant"),
        ("qemu://session/", "qemu:///session is meant"),
        ("qemu://system:16509/system", "qemu:///system is meant"),
        ("vbox://session", "vbox:///session is meant"),
        ("vz://system/system", "vz:///system is meant"),
        ("qemu:///system?mode=bogus", r#""auto", "legacy" or "direct""#),
        ("qemu:///system?mode=Legacy", r#""auto", "legacy" or "direct""#),
        ("qemu:///system?mode=", r#""auto", "legacy" or "direct""#),
        ("qemu:///system?no_tty=x", "no_tty is a number"),
        ("qemu:///system?no_verify=", "no_verify is a number"),
        ("qemu:///system?NO_sanity=0x1", "no_sanity is a number"),
        ("qemu:///system?no_tty=1&no_tty=y&no_tty=1", "no_tty is a number"),
    ];
    for (text, reason) in table {
        let error = ConnectUri::parse(text).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
        assert!(error.contains(&format!("{text:?}")), "{error}");
    }
}

#[test]
fn drivers_without_a_daemon() {
    for text in [
        "test:///default",
        "esx://h/?no_verify=1",
        "vpx://h/dc",
        "vmwareplayer:///session",
        "openvz:///system",
        "qemu:///embed?root=/x",
        "qemu+unix:///embed?root=/x",
    ] {
        let error = parse(text).require_daemon().unwrap_err();
        assert!(error.is_unsupported(), "{error}");
    }
    for text in [
        "test+unix:///default",
        "test://h/default",
        "openvz+tcp://h/system",
        "foo:///system",
    ] {
        parse(text).require_daemon().unwrap();
    }
}

proptest::proptest! {
    /// Checks that no text panics, and that a formatted URI has the same meaning.
    #[test]
    fn any_text(text in "([a-z+:/@?#%&;=\\[\\]0-9.A ~-]|\\PC){0,40}") {
        // The C library's format does not preserve hosts with odd characters, nor paths that do not
        // begin with a slash.
        if let Ok(uri) = ConnectUri::parse(&format!("test:/{text}"))
            && uri.host.is_none()
            && uri.path.starts_with('/')
        {
            let again = parse(&uri.to_string());
            assert_eq!(uri.name_for_daemon(), again.name_for_daemon());
            assert_eq!(uri.to_string(), again.to_string());
        }
    }
}
