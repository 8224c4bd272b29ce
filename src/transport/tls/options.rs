//! TLS certificates given by the caller.

use std::fmt;

use zeroize::Zeroizing;

/// Certificates and keys for TLS, given as values in place of libvirt's files; for
/// [`ConnectBuilder::tls`](crate::ConnectBuilder::tls).
///
/// Those not given here come from the files. All values are PEM texts, checked when the connection
/// is opened.
///
/// The files may hold five client certificates: `clientcert.pem` with `clientkey.pem`, and
/// `clientcert0.pem` with `clientkey0.pem` to `clientcert3.pem` with `clientkey3.pem`, up to the
/// first gap. The client sends the first that was issued by one of the CAs that the server names.
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

/// A certificate with its chain, and its private key.
#[derive(Clone)]
pub(super) struct Identity {
    pub(super) certificate: Vec<u8>,
    pub(super) key: Zeroizing<Vec<u8>>,
}

impl TlsOptions {
    /// Creates options that take everything from files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the CA certificates that the server's certificate is verified with (`cacert.pem`).
    pub fn authorities(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.authorities = Some(pem.as_ref().to_vec());
        self
    }

    /// Sets the revocation lists of those CAs (`cacrl.pem`).
    pub fn revocation_lists(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.revoked = Some(pem.as_ref().to_vec());
        self
    }

    /// Sets the client's own certificate, followed by intermediate CA certificates if there are any
    /// (`clientcert.pem`), and its private key (`clientkey.pem`) as PKCS #8, PKCS #1 or SEC1.
    pub fn identity(mut self, certificate: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Self {
        self.identity = Some(Identity {
            certificate: certificate.as_ref().to_vec(),
            key: Zeroizing::new(key.as_ref().to_vec()),
        });
        self
    }

    /// Sets the host name or address that the server's certificate must be for. Default: the URI's
    /// host.
    ///
    /// For hosts that are reached under another name, such as through a tunnel.
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
