//! Whom daemons let in: everybody, and whom polkit does.

use std::process::Output;

use libvirt_client::{AuthError, Connect, Error};
use rig::{Daemon, Need};

use crate::common::test_driver;
use crate::programs::{built, copy_program};

#[tokio::test]
async fn daemons_that_ask_for_nothing() {
    let Some((daemon, conn)) = test_driver().await else {
        return;
    };
    assert!(conn.is_alive());
    let offered = "but the daemon offers none";
    for (wanted, words) in [
        ("sasl", offered),
        ("SASL.PLAIN", offered),
        ("polkit", offered),
        ("none", "known are sasl, sasl.MECHANISM and polkit"),
        ("saslx", "known are"),
    ] {
        let uri = format!("{}&auth={wanted}", daemon.test_uri());
        assert!(!daemon.virsh_at(&uri, ["list"]).unwrap().status.success());
        let error = Connect::open(&uri).await.unwrap_err();
        assert!(matches!(error.cause(), Error::Auth(_)), "{error:?}");
        let text = error.to_string();
        let start = format!(": authentication failed: the URI asks for auth={wanted}");
        assert!(text.contains(&start) && text.contains(words), "{text}");
    }
}

/// Lists domains as a user without any rights.
fn list_as_nobody(daemon: &Daemon, parameters: &str) -> Output {
    // The builder's files are not everybody's.
    let program = daemon.dir().join("list");
    if !program.exists() {
        copy_program(&built("list"), &program);
    }
    let uri = format!("{}{parameters}", daemon.test_uri());
    let mut command = daemon.command_as_nobody(&program);
    command.arg(uri).output().unwrap()
}

#[tokio::test]
async fn whom_polkit_lets_in() {
    if !rig::available(&[Need::Daemon, Need::Virsh, Need::Polkit]).unwrap() {
        return;
    }
    let allow = "polkit.addRule(function(action, subject) {
        if (action.id == 'org.libvirt.unix.manage' && subject.user == 'nobody')
            return polkit.Result.YES;
    });";
    let daemon = Daemon::builder().test_driver().polkit(allow).start().unwrap();
    for parameters in ["", "&auth=polkit"] {
        let output = list_as_nobody(&daemon, parameters);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("test"), "{output:?}");
    }
    // Root is asked nothing.
    let conn = Connect::open(&daemon.test_uri()).await.unwrap();
    assert!(conn.domain_lookup_by_name("test").await.is_ok());
    let error = Connect::open(&format!("{}&auth=sasl", daemon.test_uri())).await;
    let Error::Auth(error) = error.unwrap_err().into_cause() else {
        panic!("not about authentication");
    };
    assert!(matches!(*error, AuthError::NotOffered { .. }), "{error:?}");
}

#[tokio::test]
async fn whom_polkit_turns_away() {
    if !rig::available(&[Need::Daemon, Need::Virsh, Need::Polkit]).unwrap() {
        return;
    }
    let daemon = Daemon::builder().test_driver().polkit("").start().unwrap();
    let output = list_as_nobody(&daemon, "");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{output:?}");
    for words in [
        "authentication failed: the daemon refused us, by polkit: ",
        "org.libvirt.unix.manage",
        "pkttyagent",
    ] {
        assert!(text.contains(words), "{text}");
    }

    // A rule that says no is told from nobody who could say yes.
    let deny = "polkit.addRule(function(action, subject) {
        if (action.id == 'org.libvirt.unix.manage') return polkit.Result.NO;
    });";
    let daemon = Daemon::builder().test_driver().polkit(deny).start().unwrap();
    let output = list_as_nobody(&daemon, "");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("by polkit: authentication failed"), "{text}");
}
