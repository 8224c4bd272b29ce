//! Certificates for both ends of TLS, valid and invalid ones.
//!
//! ```no_run
//! use rig::certificates::{Authority, Leaf, ServerFiles, client_dir};
//! use rig::Daemon;
//!
//! # fn main() -> rig::Result<()> {
//! let authority = Authority::new("ca")?;
//! let server = ServerFiles::new(&authority, authority.issue(&Leaf::server())?);
//! let daemon = Daemon::builder().test_driver().listen_tls(server).start()?;
//! let client = authority.issue(&Leaf::client("me"))?;
//! let dir = client_dir(&daemon.scratch().join("me"), &authority.pem(), None, Some(&client))?;
//! let uri = format!("{}?pkipath={}", daemon.uri_over("tls", "localhost")?, dir.display());
//! # Ok(())
//! # }
//! ```

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, PublicKeyData,
    RevokedCertParams, SerialNumber, SignatureAlgorithm, SigningKey, date_time_ymd,
};

use crate::error::{Attempt as _, Error, Result};
use crate::rsa::RsaKey;

/// The validity of a certificate or a revocation list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// Valid now, and for longer than any test runs.
    Now,
    /// Expired.
    Past,
    /// Not valid yet.
    Future,
}

impl Validity {
    fn years(self) -> (i32, i32) {
        match self {
            Self::Now => (2020, 2120),
            Self::Past => (2020, 2021),
            Self::Future => (2120, 2121),
        }
    }

    fn apply(self, params: &mut CertificateParams) {
        let (from, to) = self.years();
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(to, 1, 1);
    }
}

/// A CA.
pub struct Authority {
    issuer: CertifiedIssuer<'static, Key>,
    /// The certificates of the intermediates up to the root, as PEM, its own first.
    chain: String,
}

impl Authority {
    /// Creates a root CA.
    pub fn new(name: &str) -> Result<Self> {
        Self::valid(name, Validity::Now)
    }

    /// Creates a root CA whose own certificate has this validity.
    pub fn valid(name: &str, validity: Validity) -> Result<Self> {
        Self::root(name, validity, Key::Elliptic(Box::new(key()?)))
    }

    /// Creates a root CA with an RSA key of so many bits.
    pub fn rsa(name: &str, bits: u32) -> Result<Self> {
        Self::root(name, Validity::Now, Key::Rsa(RsaKey::new(bits)?))
    }

    fn root(name: &str, validity: Validity, key: Key) -> Result<Self> {
        let params = authority_params(name, validity);
        let issuer = CertifiedIssuer::self_signed(params, key).map_err(cannot("a root"))?;
        Ok(Self { issuer, chain: String::new() })
    }

    /// Creates an intermediate CA that this one has issued the certificate of.
    pub fn intermediate(&self, name: &str) -> Result<Self> {
        let params = authority_params(name, Validity::Now);
        let issuer =
            CertifiedIssuer::signed_by(params, Key::Elliptic(Box::new(key()?)), &self.issuer)
                .map_err(cannot("an intermediate authority"))?;
        Ok(Self { chain: issuer.pem() + &self.chain, issuer })
    }

    /// Returns the CA's own certificate.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// Issues a certificate with a new elliptic-curve key.
    pub fn issue(&self, leaf: &Leaf) -> Result<Identity> {
        let key = key()?;
        let pem = key.serialize_pem();
        self.issue_for(leaf, &key, pem)
    }

    /// Issues a certificate with a new RSA key of so many bits, in the older of the two formats for
    /// such keys.
    pub fn issue_rsa(&self, leaf: &Leaf, bits: u32) -> Result<Identity> {
        let key = RsaKey::new(bits)?;
        self.issue_for(leaf, &key, key.pem().to_owned())
    }

    fn issue_for(&self, leaf: &Leaf, key: &impl PublicKeyData, pem: String) -> Result<Identity> {
        let (params, serial) = leaf.params()?;
        let certificate = params.signed_by(key, &self.issuer).map_err(cannot("a certificate"))?;
        Ok(Identity {
            certificate: certificate.pem() + &self.chain,
            key: pem,
            serial,
        })
    }

    /// Issues a revocation list of certificates of this CA.
    pub fn revocation_list(&self, revoked: &[&Identity], validity: Validity) -> Result<String> {
        let (from, to) = validity.years();
        let revoked_certs = revoked.iter().map(|identity| RevokedCertParams {
            serial_number: SerialNumber::from(identity.serial),
            revocation_time: date_time_ymd(from, 1, 1),
            reason_code: None,
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(from, 1, 1),
            next_update: date_time_ymd(to, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked_certs.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = params.signed_by(&self.issuer).and_then(|list| list.pem());
        list.map_err(cannot("a revocation list"))
    }
}

/// A CA's key.
enum Key {
    Elliptic(Box<KeyPair>),
    Rsa(RsaKey),
}

impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        match self {
            Self::Elliptic(key) => key.der_bytes(),
            Self::Rsa(key) => key.der_bytes(),
        }
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        match self {
            Self::Elliptic(key) => key.algorithm(),
            Self::Rsa(key) => key.algorithm(),
        }
    }
}

impl SigningKey for Key {
    fn sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, rcgen::Error> {
        match self {
            Self::Elliptic(key) => key.sign(message),
            Self::Rsa(key) => SigningKey::sign(key, message),
        }
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

fn authority_params(name: &str, validity: Validity) -> CertificateParams {
    let mut params = named(name);
    validity.apply(&mut params);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn named(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "rig");
    params.distinguished_name.push(DnType::CommonName, common_name);
    params
}

fn key() -> Result<KeyPair> {
    KeyPair::generate().map_err(cannot("a key"))
}

fn cannot(what: &'static str) -> impl FnOnce(rcgen::Error) -> Error {
    move |error| Error::Failed(format!("making {what}: {error}"))
}

/// The content of a certificate for one end of TLS.
///
/// Its subject is `O=rig,CN=…`.
#[derive(Clone, Debug)]
#[must_use]
pub struct Leaf {
    common_name: String,
    names: Vec<String>,
    purpose: ExtendedKeyUsagePurpose,
    validity: Validity,
    key_usages: Vec<KeyUsagePurpose>,
}

impl Leaf {
    /// Describes a certificate for a server on this machine, by its name and its addresses.
    pub fn server() -> Self {
        Self {
            common_name: String::from("localhost"),
            names: ["localhost", "127.0.0.1", "::1"].map(String::from).into(),
            purpose: ExtendedKeyUsagePurpose::ServerAuth,
            ..Self::client("")
        }
    }

    /// Describes a certificate for a client of that name.
    pub fn client(name: &str) -> Self {
        Self {
            common_name: name.to_owned(),
            names: Vec::new(),
            purpose: ExtendedKeyUsagePurpose::ClientAuth,
            validity: Validity::Now,
            // libvirt's daemons require the second for elliptic-curve keys, too.
            key_usages: vec![
                KeyUsagePurpose::DigitalSignature,
                KeyUsagePurpose::KeyEncipherment,
            ],
        }
    }

    /// Sets the common name, and replaces the alternative names (host names and addresses).
    pub fn names(mut self, common_name: &str, alternative: &[&str]) -> Self {
        common_name.clone_into(&mut self.common_name);
        self.names = alternative.iter().map(ToString::to_string).collect();
        self
    }

    /// Sets the validity.
    pub fn valid(mut self, validity: Validity) -> Self {
        self.validity = validity;
        self
    }

    /// Allows signatures only, which is all that current TLS needs.
    pub fn signing_only(mut self) -> Self {
        self.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        self
    }

    /// Marks the certificate as for the other end of TLS.
    pub fn wrong_purpose(mut self) -> Self {
        self.purpose = match self.purpose {
            ExtendedKeyUsagePurpose::ServerAuth => ExtendedKeyUsagePurpose::ClientAuth,
            _ => ExtendedKeyUsagePurpose::ServerAuth,
        };
        self
    }

    fn params(&self) -> Result<(CertificateParams, u64)> {
        static SERIAL: AtomicU64 = AtomicU64::new(1);
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let mut params = named(&self.common_name);
        params.subject_alt_names = CertificateParams::new(self.names.clone())
            .map_err(cannot("a certificate's names"))?
            .subject_alt_names;
        self.validity.apply(&mut params);
        params.serial_number = Some(SerialNumber::from(serial));
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages.clone_from(&self.key_usages);
        params.extended_key_usages = vec![self.purpose.clone()];
        params.use_authority_key_identifier_extension = true;
        Ok((params, serial))
    }
}

/// A certificate and its private key.
#[derive(Clone)]
pub struct Identity {
    /// As PEM, followed by the intermediate CA certificates.
    pub certificate: String,
    /// As PEM.
    pub key: String,
    serial: u64,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("serial", &self.serial).finish_non_exhaustive()
    }
}

/// The TLS files of a daemon.
#[derive(Clone, Debug)]
#[must_use]
pub struct ServerFiles {
    authority: String,
    identity: Identity,
    revocation_list: Option<String>,
}

impl ServerFiles {
    /// Creates files that trust clients of `authority`, whoever issued the daemon's own
    /// certificate.
    pub fn new(authority: &Authority, identity: Identity) -> Self {
        Self { authority: authority.pem(), identity, revocation_list: None }
    }

    /// Adds a revocation list, whose certificates the daemon refuses.
    pub fn revocation_list(mut self, list: String) -> Self {
        self.revocation_list = Some(list);
        self
    }

    /// Writes the files into a directory, and returns the lines of `libvirtd.conf` that name them.
    pub(crate) fn write(&self, dir: &Path) -> Result<Vec<String>> {
        let files = [
            ("ca_file", "ca.pem", Some(&self.authority)),
            ("cert_file", "server.pem", Some(&self.identity.certificate)),
            ("key_file", "server.key", Some(&self.identity.key)),
            ("crl_file", "crl.pem", self.revocation_list.as_ref()),
        ];
        let mut lines = Vec::new();
        for (setting, name, contents) in files {
            if let Some(contents) = contents {
                let path = dir.join(name);
                write(&path, contents)?;
                lines.push(format!("{setting} = \"{}\"", path.display()));
            }
        }
        Ok(lines)
    }
}

/// Makes a directory for a client's `pkipath=`, and returns it.
pub fn client_dir(
    dir: &Path,
    authority: &str,
    revocation_list: Option<&str>,
    identity: Option<&Identity>,
) -> Result<PathBuf> {
    fs::create_dir_all(dir).attempt(|| format!("creating {}", dir.display()))?;
    let files = [
        ("cacert.pem", Some(authority)),
        ("cacrl.pem", revocation_list),
        ("clientcert.pem", identity.map(|own| &*own.certificate)),
        ("clientkey.pem", identity.map(|own| &*own.key)),
    ];
    for (name, contents) in files {
        if let Some(contents) = contents {
            write(&dir.join(name), contents)?;
        }
    }
    Ok(dir.to_owned())
}

fn write(path: &Path, contents: &str) -> Result<()> {
    let action = || format!("writing {}", path.display());
    fs::write(path, contents).attempt(action)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).attempt(action)
}
