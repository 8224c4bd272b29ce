//! Programs of the user's own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use libvirt_client::{CloseReason, Connect, Error};
use rig::Need;

use super::{check, failure, virsh};

/// Makes a program of a script.
pub(super) fn write_program(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test]
async fn programs_that_reach_a_daemon() {
    if !rig::available(&[Need::Daemon, Need::Virsh, Need::Ssh]).unwrap() {
        return;
    }
    let daemon = rig::shared::test_driver().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("reach");
    let socket = daemon.socket();
    let text = format!("#!/bin/sh\nexec nc.openbsd -U {}\n", socket.display());
    write_program(&program, &text);

    let uri = format!("test+ext:///default?command={}", program.display());
    let conn = Connect::open(&uri).await.unwrap();
    check(&conn).await;
    assert_eq!(conn.uri(), virsh(&uri, &["uri"]).unwrap());
    // Nobody knows what it does with what it is given.
    assert!(!conn.is_secure().await.unwrap() && !conn.is_encrypted().await.unwrap());
}

/// As clients have it since 12.5.0.
#[tokio::test]
async fn programs_that_are_told_something() {
    if !rig::available(&[Need::Daemon, Need::Virsh, Need::Ssh]).unwrap() {
        return;
    }
    let daemon = rig::shared::test_driver().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (program, told) = (dir.path().join("reach"), dir.path().join("told"));
    let text = format!(
        "#!/bin/sh\nprintf '<%s>' \"$@\" >{}\nexec nc.openbsd \"$1\" \"$5\"\n",
        told.display()
    );
    write_program(&program, &text);
    let socket = daemon.socket();
    let uri = format!(
        "test+ext:///default?argv=-U&command={}&ARGV=a%20b%26c&argv=&argv='$x&argv={}&argv",
        program.display(),
        socket.display()
    );
    let conn = Connect::open(&uri).await.unwrap();
    check(&conn).await;
    assert_eq!(conn.uri(), uri);
    let expected = format!("<-U><a b&c><><'$x><{}><>", socket.display());
    assert_eq!(fs::read_to_string(told).unwrap(), expected);
}

#[tokio::test]
async fn programs_that_do_not() {
    if !rig::available(&[Need::Virsh]).unwrap() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("fail");
    let uri = format!("test+ext:///default?command={}", program.display());
    let shown = program.display();
    assert_eq!(
        failure(&uri).await,
        format!("{shown} cannot be started: No such file or directory (os error 2)")
    );
    // Of much only the end is kept; and terminals are not to obey it.
    write_program(
        &program,
        "#!/bin/sh\nyes 0123456789abcde | head -c 100000 >&2\n\
         printf '\\n  @ I \\033[1mgive\\033[0m up  @\\n' >&2\nexit 3\n",
    );
    // virsh would wait for the program, and the program for virsh to read.
    let text = Connect::open(&uri).await.unwrap_err().to_string();
    let start = format!("{shown} ended with exit status: 3: ");
    assert!(text.starts_with(&start), "{text}");
    assert!(text.ends_with(" 0123456789abcde I \\u{1b}[1mgive\\u{1b}[0m up"), "{text}");
    assert!(text.len() < 4200, "{}", text.len());

    let error = Connect::open("test+ext:///default").await.unwrap_err();
    assert!(
        matches!(&error, Error::Uri { reason, .. } if reason.contains("needs command=")),
        "{error:?}"
    );
}

/// The program runs on, but has nothing more to say.
#[tokio::test]
async fn programs_that_close_their_output() {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("mute");
    write_program(&program, "#!/bin/sh\necho 'no more' >&2\nexec sleep 1000000 <&- >&-\n");
    let uri = format!("test+ext:///default?command={}", program.display());
    let error = Connect::open(&uri).await.unwrap_err().to_string();
    assert!(error.ends_with(" closed its standard output: no more"), "{error}");
}

#[tokio::test]
async fn streams_of_the_users_own() {
    if !rig::available(&[Need::Daemon]).unwrap() {
        return;
    }
    let daemon = rig::shared::test_driver().unwrap();
    let stream = tokio::net::UnixStream::connect(daemon.socket()).await;
    let builder = Connect::builder("test:///default");
    let conn = builder.open_over(stream.unwrap()).await.unwrap();
    check(&conn).await;
    assert_eq!(conn.uri(), "test:///default");
    let error = conn.reopen().await.unwrap_err();
    assert!(error.is_unsupported(), "{error}");
    conn.close().await;
    assert!(matches!(conn.closed().await, CloseReason::Local));
}
