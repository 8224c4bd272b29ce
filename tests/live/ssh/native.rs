//! SSH that is spoken by the library itself.

mod end;
mod known_hosts;
mod logins;

use libvirt_client::domain::XmlFlags;
use libvirt_client::{Connect, Error, SshFailure};
use rig::ssh::Client;

use super::{Host, check, virsh};

impl Host {
    /// A URI with these parameters, and those with which the host is known.
    fn native_uri(&self, parameters: &str) -> String {
        format!(
            "test+libssh2://{}@{}/default?socket={}&known_hosts={}&{parameters}",
            self.server.user(),
            self.server.address(),
            self.daemon.socket().display(),
            self.client.known_hosts().display()
        )
    }

    /// The same, to log in with the right key.
    pub(super) fn key_uri(&self, parameters: &str) -> String {
        self.uri_of(&self.client, parameters)
    }

    /// The same, to log in with that client's key.
    fn uri_of(&self, client: &Client, parameters: &str) -> String {
        let key = client.key().display().to_string();
        self.native_uri(&format!("keyfile={key}&sshauth=privkey&{parameters}"))
    }

    /// A host, and a client with a key by which the host runs nothing but `command`.
    fn with_command(command: &str) -> Option<(Self, Client)> {
        let client = Client::new().unwrap();
        let option = format!("command=\"{command}\"");
        let host = Self::with(|server| server.accept_with(&option, &client))?;
        Some((host, client))
    }
}

/// Opens a connection; it must fail at the login.
async fn refused(uri: &str) -> (SshFailure, String) {
    match Connect::open(uri).await.unwrap_err() {
        Error::Ssh(error) => {
            let text = error.to_string();
            (error.failure, text)
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_key_in_a_file() {
    let Some(host) = Host::new() else { return };
    let uri = host.key_uri("");
    let conn = Connect::open(&uri).await.unwrap();
    check(&conn).await;
    assert_eq!(conn.uri(), virsh(&uri, &["uri"]).unwrap());
    assert!(conn.is_encrypted().await.unwrap() && conn.is_secure().await.unwrap());
    let other = Connect::open(&uri.replace("libssh2", "libssh")).await;
    check(&other.unwrap()).await;
    // More than fits into a packet, both ways.
    let xml = format!(
        "<domain type='test'><name>big</name><description>{}</description>\
        <memory>1</memory><os><type>hvm</type></os></domain>",
        "x".repeat(3_000_000)
    );
    let domain = conn.domain_define_xml(&xml).await.unwrap();
    let described = domain.xml_desc(XmlFlags::empty()).await.unwrap();
    assert!(described.len() > 3_000_000);
    domain.undefine().await.unwrap();
}

#[tokio::test]
async fn parameters_that_mean_nothing() {
    for (parameter, reason) in [
        ("known_hosts_verify=maybe", "\"normal\", \"auto\" or \"ignore\""),
        ("sshauth=agent,luck", "there is no \"luck\""),
        ("proxy=native&netcat=nc", "netcat= has no place"),
    ] {
        let uri = format!("qemu+libssh://kvm1/system?{parameter}");
        let error = Connect::open(&uri).await.unwrap_err();
        assert!(matches!(error, Error::Uri { .. }), "{error:?}");
        assert!(error.to_string().contains(reason), "{error}");
    }
}
