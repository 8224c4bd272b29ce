//! Daemons that are reached over a network, and that ask who is there.

use std::fs;
use std::process::Output;

use rig::certificates::{Authority, Leaf, ServerFiles, Validity, client_dir};
use rig::{Daemon, Need, Result, available};

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn tcp_and_tls() -> Result<()> {
    if !available(&[Need::Daemon, Need::Virsh])? {
        return Ok(());
    }
    let authority = Authority::new("ca")?;
    let revoked = authority.issue(&Leaf::client("revoked"))?;
    let list = authority.revocation_list(&[&revoked], Validity::Now)?;
    let server = ServerFiles::new(&authority, authority.issue(&Leaf::server())?);
    let daemon = Daemon::builder()
        .test_driver()
        .listen_tcp()
        .listen_tls(server.revocation_list(list))
        .start()?;
    let tcp = daemon.uri_over("tcp", "localhost")?;
    assert!(daemon.virsh_at(&tcp, ["list"])?.status.success());

    let tls = daemon.uri_over("tls", "localhost")?;
    let good = authority.issue(&Leaf::client("good"))?;
    let expired = authority.issue(&Leaf::client("expired").valid(Validity::Past))?;
    let stranger = Authority::new("other")?.issue(&Leaf::client("stranger"))?;
    for (name, identity, verdict) in [
        ("good", &good, ""),
        ("revoked", &revoked, "TLS confirmation"),
        ("expired", &expired, "has expired"),
        ("stranger", &stranger, "failed validation"),
    ] {
        let dir = client_dir(&daemon.scratch().join(name), &authority.pem(), None, Some(identity))?;
        let uri = format!("{tls}?pkipath={}", dir.display());
        let output = daemon.virsh_at(&uri, ["list"])?;
        let text = errors(&output);
        assert_eq!(output.status.success(), verdict.is_empty(), "{text}");
        assert!(text.contains(verdict), "{name}: {text}");
    }
    Ok(())
}

#[test]
fn other_kinds_of_certificates() -> Result<()> {
    if !available(&[Need::Daemon, Need::Virsh, Need::Openssl])? {
        return Ok(());
    }
    let root = Authority::new("root")?;
    let between = root.intermediate("between")?;
    let identity = between.issue_rsa(&Leaf::server(), 2048)?;
    let daemon = Daemon::builder()
        .test_driver()
        .listen_tls(ServerFiles::new(&root, identity))
        // Its own certificate is not issued by what clients are to trust.
        .conf_line("tls_no_sanity_certificate = 1")
        .start()?;
    let client = root.issue_rsa(&Leaf::client("rsa"), 2048)?;
    let dir = client_dir(&daemon.scratch().join("client"), &root.pem(), None, Some(&client))?;
    let uri = daemon.uri_over("tls", "127.0.0.1")?;
    let output = daemon.virsh_at(&format!("{uri}?pkipath={}", dir.display()), ["list"])?;
    assert!(output.status.success(), "{}", errors(&output));
    Ok(())
}

#[test]
fn sasl() -> Result<()> {
    if !available(&[Need::Daemon, Need::Virsh, Need::Sasl])? {
        return Ok(());
    }
    let daemon = Daemon::builder()
        .test_driver()
        .sasl("scram-sha-256", &[("fred", "secret")])
        .conf_line("auth_unix_rw = \"sasl\"")
        .start()?;
    for (password, passes) in [("secret", true), ("wrong", false)] {
        let file = daemon.scratch().join(password);
        let text = format!(
            "[credentials-rig]\nauthname=fred\npassword={password}\n\
             [auth-libvirt-localhost]\ncredentials=rig\n"
        );
        fs::write(&file, text).map_err(rig::Error::io("writing an auth file"))?;
        let uri = format!("{}&authfile={}", daemon.test_uri(), file.display());
        let output = daemon.virsh_at(&uri, ["list"])?;
        assert_eq!(output.status.success(), passes, "{}", errors(&output));
    }
    Ok(())
}

#[test]
fn polkit() -> Result<()> {
    if !available(&[Need::Daemon, Need::Virsh, Need::Polkit])? {
        return Ok(());
    }
    let allow = "polkit.addRule(function(action, subject) {
        if (action.id == 'org.libvirt.unix.manage' && subject.user == 'nobody')
            return polkit.Result.YES;
    });";
    for (rules, verdict) in [(allow, ""), ("", "no polkit agent")] {
        let daemon = Daemon::builder().test_driver().polkit(rules).start()?;
        let mut command = daemon.command_as_nobody("virsh");
        let output = command
            .args(["--connect", &daemon.test_uri(), "list"])
            .output()
            .map_err(rig::Error::io("running virsh"))?;
        let text = errors(&output);
        assert_eq!(output.status.success(), verdict.is_empty(), "{text}");
        assert!(text.contains(verdict), "{text}");
        assert!(daemon.virsh(["list"])?.contains("test"));
    }
    Ok(())
}
