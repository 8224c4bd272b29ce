//! RSA keys of any length, made with openssl, as other tools refuse short ones.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::process::{Command, Stdio};
use std::time::Duration;

use rcgen::{PKCS_RSA_SHA256, PublicKeyData, SignatureAlgorithm, SigningKey};

use crate::command::{bytes_of, stdout_of};
use crate::error::{Attempt as _, Result};

/// The time limit of making a key.
const OPENSSL_LIMIT: Duration = Duration::from_secs(60);

pub(crate) struct RsaKey {
    /// In the older of the two formats for such keys.
    pem: String,
    public: Vec<u8>,
}

impl RsaKey {
    pub(crate) fn new(bits: u32) -> Result<Self> {
        let mut command = Command::new("openssl");
        command.args(["genrsa", "-traditional", &bits.to_string()]);
        let pem = stdout_of(&mut command, OPENSSL_LIMIT)?;
        let mut command = Command::new("openssl");
        command.args(["rsa", "-RSAPublicKey_out", "-outform", "DER"]);
        let public = bytes_of(&mut command, input(pem.as_bytes())?, OPENSSL_LIMIT)?;
        Ok(Self { pem, public })
    }

    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let file = tempfile::NamedTempFile::new().attempt(|| String::from("creating a file"))?;
        std::fs::write(file.path(), &self.pem).attempt(|| String::from("writing a key"))?;
        let mut command = Command::new("openssl");
        command.args(["dgst", "-sha256", "-sign"]).arg(file.path());
        bytes_of(&mut command, input(message)?, OPENSSL_LIMIT)
    }
}

fn input(bytes: &[u8]) -> Result<Stdio> {
    let mut file: File = tempfile::tempfile().attempt(|| String::from("creating a file"))?;
    file.write_all(bytes)
        .and_then(|()| file.rewind())
        .attempt(|| String::from("writing a program's input"))?;
    Ok(file.into())
}

impl PublicKeyData for RsaKey {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}

impl SigningKey for RsaKey {
    fn sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, rcgen::Error> {
        self.sign(message).map_err(|_| rcgen::Error::RemoteKeyError)
    }
}
