//! TLS, against daemons with certificates of the tests' own.

mod clients;
mod negotiation;
mod records;
mod servers;

use std::path::{Path, PathBuf};

use libvirt_client::{Connect, Error, TlsError};
use rig::certificates::{Authority, Identity, Leaf, ServerFiles, client_dir};
use rig::{Builder, Daemon, Need};

/// A daemon for the test driver that serves TLS, and the authority of all good certificates.
struct Served {
    daemon: Daemon,
    authority: Authority,
    /// A good client's files.
    client: PathBuf,
}

/// Starts a daemon with a certificate for `server`. `None` if this run of the tests was announced to
/// do without.
fn serve(server: &Leaf, adapt: impl FnOnce(Builder) -> Builder) -> Option<Served> {
    if !rig::available(&[Need::Daemon, Need::Virsh]).unwrap() {
        return None;
    }
    let authority = Authority::new("ca").unwrap();
    let identity = authority.issue(server).unwrap();
    Some(serve_with(authority, identity, adapt))
}

/// Starts a daemon with a certificate that may come from elsewhere than the authority of the clients.
fn serve_with(
    authority: Authority,
    server: Identity,
    adapt: impl FnOnce(Builder) -> Builder,
) -> Served {
    let builder = Daemon::builder()
        .test_driver()
        .listen_tls(ServerFiles::new(&authority, server))
        // The daemon, too, looks at its own certificate first.
        .conf_line("tls_no_sanity_certificate = 1");
    let daemon = adapt(builder).start().unwrap();
    let identity = authority.issue(&Leaf::client("good")).unwrap();
    let dir = daemon.scratch().join("good");
    let client = client_dir(&dir, &authority.pem(), None, Some(&identity)).unwrap();
    Served { daemon, authority, client }
}

impl Served {
    /// A client's files, with the good authority.
    fn files(&self, name: &str, identity: Option<&Identity>) -> PathBuf {
        let dir = self.daemon.scratch().join(name);
        client_dir(&dir, &self.authority.pem(), None, identity).unwrap()
    }

    /// The URI by a name of this host, with a client's files and further parameters.
    fn uri(&self, host: &str, files: &Path, parameters: &str) -> String {
        let uri = self.daemon.uri_over("tls", host).unwrap();
        format!("{uri}?pkipath={}{parameters}", files.display())
    }

    /// The same for the good client.
    fn good_uri(&self, parameters: &str) -> String {
        self.uri("localhost", &self.client, parameters)
    }

    /// Whether virsh can connect.
    fn virsh_can(&self, uri: &str) -> bool {
        let output = self.daemon.virsh_at(uri, ["list"]).unwrap();
        output.status.success()
    }

    /// Opens what virsh can open, too.
    async fn open(&self, uri: &str) -> Connect {
        let conn = Connect::open(uri).await.unwrap();
        assert!(conn.domain_lookup_by_name("test").await.is_ok());
        assert!(self.virsh_can(uri), "{uri}");
        conn
    }

    /// Fails where virsh fails, too.
    async fn failure(&self, uri: &str) -> (TlsError, String) {
        assert!(!self.virsh_can(uri), "{uri}");
        failure(Connect::open(uri).await)
    }
}

/// Why TLS came to nothing, and what the user is told.
#[track_caller]
fn failure(opened: libvirt_client::Result<Connect>) -> (TlsError, String) {
    let error = opened.unwrap_err();
    let text = error.to_string();
    match error {
        Error::Tls { source, .. } => (*source, text),
        other => panic!("{other:?}"),
    }
}
