#![no_main]

use std::sync::LazyLock;

use libvirt_client::fuzzing::TlsSample;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

static SAMPLE: LazyLock<TlsSample> = LazyLock::new(|| sample().expect("keys can be made"));

fn sample() -> Result<TlsSample, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let host = CertificateParams::new(["host".to_owned()])?.signed_by(&key, &authority)?;
    Ok(TlsSample {
        authority: authority.pem(),
        certificate: host.pem(),
        key: key.serialize_pem(),
    })
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    libvirt_client::fuzzing::tls(&SAMPLE, data);
});
