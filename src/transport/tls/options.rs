//! What a caller can give for TLS in place of files.

use std::fmt;

use zeroize::Zeroizing;

/// Certificates and keys for TLS that are given as values, in place of the files where libvirt keeps
/// them; for [`ConnectBuilder::tls`](crate::ConnectBuilder::tls).
///
/// What is not given here comes from the files. All values are PEM texts. Each is checked when the
/// connection is opened.
///
/// There may be five certificates of the client's own: `clientcert.pem` with `clientkey.pem`, and
/// `clientcert0.pem` with `clientkey0.pem` to `clientcert3.pem` with `clientkey3.pem`, up to the
/// first gap. A server gets to see the first that one of the authorities it names has issued.
///
/// ```no_run
/// # async fn example(authority: &str, certificate: &str, key: &str) -> libvirt_client::Result<()> {
/// use libvirt_client::{Connect, TlsOptions};
///
/// let tls = TlsOptions::new()
///     .authorities(authority)
///     .identity(certificate, key);
/// let conn = Connect::builder("qemu+tls://kvm1.example.com/system")
///     .tls(tls)
///     .open()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct TlsOptions {
    pub(super) authorities: Option<Vec<u8>>,
    pub(super) revoked: Option<Vec<u8>>,
    pub(super) identity: Option<Identity>,
    pub(super) server_name: Option<String>,
}

/// A certificate with its chain, and its key.
#[derive(Clone)]
pub(super) struct Identity {
    pub(super) certificate: Vec<u8>,
    pub(super) key: Zeroizing<Vec<u8>>,
}

impl TlsOptions {
    /// Everything from files.
    pub fn new() -> Self {
        Self::default()
    }

    /// The certificates of the authorities that may have issued the server's (`cacert.pem`).
    pub fn authorities(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.authorities = Some(pem.as_ref().to_vec());
        self
    }

    /// The lists of certificates that those authorities have revoked (`cacrl.pem`).
    pub fn revocation_lists(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.revoked = Some(pem.as_ref().to_vec());
        self
    }

    /// The client's own certificate, followed by those of the authorities between it and the root
    /// if there are any (`clientcert.pem`), and its private key (`clientkey.pem`) as PKCS #8, PKCS
    /// #1 or SEC1.
    pub fn identity(mut self, certificate: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Self {
        self.identity = Some(Identity {
            certificate: certificate.as_ref().to_vec(),
            key: Zeroizing::new(key.as_ref().to_vec()),
        });
        self
    }

    /// The host name or address that the server's certificate must be for. Default: the URI's host.
    ///
    /// For hosts that are reached by another name, such as through a tunnel.
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }
}

impl fmt::Debug for TlsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsOptions")
            .field("authorities", &self.authorities.is_some())
            .field("revocation_lists", &self.revoked.is_some())
            .field("identity", &self.identity.is_some())
            .field("server_name", &self.server_name)
            .finish()
    }
}
