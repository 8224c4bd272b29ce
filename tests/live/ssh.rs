//! Daemons on other hosts, through the system's ssh.

mod commands;
mod end;
mod ext;
mod failures;
#[cfg(feature = "ssh-native")]
mod native;
mod remedies;
mod several;
mod terminal;
mod volumes;
mod ways;

use std::process::Command;

use libvirt_client::{Connect, Error};
use rig::{Daemon, Need, ssh};

const NEEDS: &[Need] = &[Need::Daemon, Need::Virsh, Need::Ssh];

/// A host with ssh, whose daemon has the test driver, and somebody who can log in there.
struct Host {
    daemon: &'static Daemon,
    server: ssh::Server,
    client: ssh::Client,
}

impl Host {
    /// `None` if this run of the tests was announced to do without.
    fn new() -> Option<Self> {
        Self::with(|server| server)
    }

    fn with(adapt: impl FnOnce(ssh::Builder<'_>) -> ssh::Builder<'_>) -> Option<Self> {
        if !rig::available(NEEDS).unwrap() {
            return None;
        }
        Some(Self::of(rig::shared::test_driver().unwrap(), adapt))
    }

    fn of(
        daemon: &'static Daemon,
        adapt: impl FnOnce(ssh::Builder<'_>) -> ssh::Builder<'_>,
    ) -> Self {
        let client = ssh::Client::new().unwrap();
        let builder = adapt(ssh::Server::builder(daemon)).accept(&client);
        let server = builder.start().unwrap();
        client.trust(&server.address(), server.host_key()).unwrap();
        Self { daemon, server, client }
    }

    /// A URI with these parameters, beside those that make the client's ssh be used.
    fn uri(&self, parameters: &str) -> String {
        format!(
            "test+ssh://{}@{}/default?{}&{parameters}",
            self.server.user(),
            self.server.address(),
            self.client.parameters()
        )
    }

    /// A URI that names the daemon's socket.
    fn socket_uri(&self) -> String {
        self.uri(&format!("socket={}", self.daemon.socket().display()))
    }
}

/// Opens a connection that must fail, for virsh as well. Gives the error's text.
async fn failure(uri: &str) -> String {
    let virsh = virsh(uri, &["uri"]);
    assert!(virsh.is_err(), "{uri}: {virsh:?}");
    let error = Connect::open(uri).await.unwrap_err();
    assert!(matches!(error, Error::Tunnel(_)), "{error:?}");
    error.to_string()
}

/// What virsh prints, or what it complains of.
fn virsh(uri: &str, args: &[&str]) -> Result<String, String> {
    let output = Command::new("virsh")
        .args(["--quiet", "--connect", uri])
        .args(args)
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(text(&output.stderr))
    }
}

/// Checks that the connection is one to the test driver, and works.
async fn check(conn: &Connect) {
    let domain = conn.domain_lookup_by_name("test").await.unwrap();
    assert!(domain.is_active().await.unwrap());
}
