//! Tests of libvirt.conf and of the URI that is opened.

use std::fs;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::super::*;
use crate::error::{Error, Result};

fn config(text: &str) -> Config {
    Config::parse("libvirt.conf".as_ref(), text).unwrap()
}

/// Returns the URI that is opened for `given` with that environment and configuration.
fn opened(given: &str, environment: Option<&str>, conf: &str) -> Result<Option<String>> {
    let uri = resolve(given, environment.map(Into::into), &config(conf), true)?;
    Ok(uri.map(|uri| uri.to_string()))
}

#[test]
fn precedence() {
    const CONF: &str = "uri_default = \"lxc:///system\"";
    let table = [
        ("qemu:///system", Some("xen:///system"), CONF, Some("qemu:///system")),
        ("", Some("xen:///system"), CONF, Some("xen:///system")),
        ("", Some(""), CONF, Some("lxc:///system")),
        ("", None, CONF, Some("lxc:///system")),
        ("", None, "", None),
        ("", Some(""), "# uri_default = \"lxc:///system\"", None),
    ];
    for (given, environment, conf, expected) in table {
        let found = opened(given, environment, conf).unwrap();
        assert_eq!(found.as_deref(), expected, "{given} {environment:?} {conf}");
    }
}

#[test]
fn names_from_before_uris_count_only_where_they_are_given() {
    for name in ["xen", "XEN", "xen://"] {
        assert_eq!(opened(name, None, "").unwrap().as_deref(), Some("xen:///system"));
    }
    assert!(opened("", Some("xen"), "").is_err());
    assert!(opened("", None, "uri_default = 'xen'").is_err());
    assert!(opened("", None, "uri_default = ''").is_err());
}

#[test]
fn aliases() {
    const CONF: &str = "uri_default = \"other\"
        uri_aliases = [
          \"hail=qemu:///system\", 'Sleet_1-x=lxc:///?a=b', \"loop=hail\",
          \"other=test+unix:///default\",
          \"xen=test+unix:///never\",
        ]";
    let table = [
        ("hail", None, "qemu:///system"),
        ("Sleet_1-x", None, "lxc:///?a=b"),
        ("", Some("hail"), "qemu:///system"),
        ("", None, "test+unix:///default"),
        ("xen", None, "xen:///system"),
        ("vz:///system", None, "vz:///system"),
    ];
    for (given, environment, expected) in table {
        let found = opened(given, environment, CONF).unwrap();
        assert_eq!(found.as_deref(), Some(expected), "{given}");
    }
    // Aliases are matched once, whole and with their case.
    for given in ["loop", "HAIL", "hail/", "hai"] {
        assert!(opened(given, None, CONF).is_err(), "{given}");
    }
    assert!(resolve("hail", None, &config(CONF), false).is_err());
}

#[test]
fn an_environment_that_is_no_text() {
    use std::os::unix::ffi::OsStringExt as _;
    let value = std::ffi::OsString::from_vec(b"qemu:///\xff".to_vec());
    let error = resolve("", Some(value), &Config::default(), true).unwrap_err();
    assert!(error.to_string().contains("LIBVIRT_DEFAULT_URI"), "{error}");
}

#[test]
fn syntax() {
    let table = [
        ("uri_default=\"a:///\"", Some("a:///")),
        ("\t uri_default\t = 'a:///'  # why\n", Some("a:///")),
        ("uri_default = \"\"\"a:///\"\"\"", Some("a:///")),
        ("x = 1; uri_default = 'a:///'", Some("a:///")),
        ("x = -12\r\ny = +3\r\nuri_default = 'a:///'\r\n", Some("a:///")),
        (
            "x = []\ny = [ ]\nz = [1,\n'b',\n[ 2 ] , ]\nuri_default = 'a:///'",
            Some("a:///"),
        ),
        // The first setting counts; no escapes; quotes of the other kind are text.
        ("uri_default = 'a:///'\nuri_default = 'b:///'", Some("a:///")),
        ("uri_default = 'a:///'\nx = 'a\\'\ny = \"it's\"\nz = '\"'", Some("a:///")),
        ("x = \"\"\"one\n\"two\"\n\"\"\"\nuri_default = 'a:///'", Some("a:///")),
        ("Uri_default = 'a:///'", None),
        ("#\n\n   # ü\n", None),
        ("", None),
    ];
    for (conf, expected) in table {
        let found = opened("", None, conf).unwrap();
        assert_eq!(found.as_deref(), expected, "{conf}");
    }
}

#[test]
fn syntax_errors_name_file_and_line() {
    let table = [
        ("\n\nuri_default", "3: expected = after uri_default, found the end of the file"),
        ("uri_default \"x\"", "1: expected = after uri_default, found '\"'"),
        (
            "uri_default =\n 'x'",
            "1: expected a value: a string in quotes, a number or a list, found the end of the line",
        ),
        (
            "a = 1\nuri_default = x:///",
            "2: expected a value: a string in quotes, a number or a list, found 'x'",
        ),
        ("a = 'x\n'", "1: the string is never closed"),
        ("a = \"x", "1: the string is never closed"),
        ("a = \"\"\"x\n\"\"", "1: the string is never closed"),
        ("a = '1' '2'", "1: expected the end of the line after the value, found '\\''"),
        ("a = [ 'x'\n'y' ]", "2: expected , or ] in the list, found '\\''"),
        (
            "a = [\n'x',\n# no\n]",
            "3: expected a value: a string in quotes, a number or a list, found '#'",
        ),
        ("a = [\n'x'\n", "3: expected , or ] in the list, found the end of the file"),
        ("a = -", "1: expected digits, found the end of the file"),
        ("a = 1\n= 2", "2: expected the name of a setting, found '='"),
        ("_a = 1", "1: expected the name of a setting, found '_'"),
        ("ü = 1", "1: expected the name of a setting, found 'ü'"),
    ];
    for (conf, expected) in table {
        let error = Config::parse("/x/libvirt.conf".as_ref(), conf).unwrap_err();
        assert_eq!(error.to_string(), format!("/x/libvirt.conf:{expected}"), "{conf}");
    }
}

#[test]
fn settings_of_the_wrong_kind() {
    let table = [
        ("\nuri_default = 1", "2: uri_default: it must be a string"),
        ("uri_default = ['x']", "1: uri_default: it must be a string"),
        (
            "uri_default = 'x:///'\nuri_aliases = 'a=b'",
            "2: uri_aliases: it must be a list of strings",
        ),
        (
            "uri_default = 'x:///'\nuri_aliases = [1]",
            "2: uri_aliases: each of its entries must be a string",
        ),
        (
            "uri_default = 'x:///'\nuri_aliases = ['a']",
            "2: uri_aliases: \"a\" is not of the form \"alias=uri\"",
        ),
        (
            "uri_default = 'x:///'\nuri_aliases = ['a.b=c']",
            "2: uri_aliases: the alias \"a.b\" has other characters than letters, digits, _ and -",
        ),
    ];
    for (conf, expected) in table {
        let error = opened("", None, conf).unwrap_err();
        assert_eq!(error.to_string(), format!("libvirt.conf:{expected}"));
    }
    // Settings that are not used are not checked.
    assert!(opened("qemu:///system", None, "uri_default = 1").is_ok());
}

#[test]
fn files() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("libvirt.conf");
    assert!(Config::load(Some(&path)).unwrap().uri_default().unwrap().is_none());
    assert!(Config::load(Some(&path.join("x"))).is_ok());
    assert!(Config::load(None).is_ok());
    fs::write(&path, b"# caf\xe9\nuri_default = 'qemu:///system'\n").unwrap();
    let config = Config::load(Some(&path)).unwrap();
    assert_eq!(config.uri_default().unwrap(), Some("qemu:///system"));
    assert!(Config::load(Some(&path.join("x"))).is_ok());
    let error = Config::load(Some(dir.path())).unwrap_err();
    assert!(error.to_string().starts_with(&dir.path().display().to_string()), "{error}");
    assert!(matches!(error, Error::Unreadable { .. }), "{error:?}");
    // A pipe that nobody may ever write into must not block, and is not the same as no file.
    let pipe = dir.path().join("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR, 0).unwrap();
    let error = Config::load(Some(&pipe)).unwrap_err().to_string();
    assert!(error.ends_with("/pipe: it is not a regular file"), "{error}");
    let endless = dir.path().join("endless");
    std::os::unix::fs::symlink("endless", &endless).unwrap();
    assert!(Config::load(Some(&endless)).is_err());
}
