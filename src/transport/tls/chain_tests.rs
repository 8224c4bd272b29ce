use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams,
    SanType, SerialNumber, date_time_ymd,
};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, UnixTime};
use webpki::{CertRevocationList, OwnedCertRevocationList};

use super::certificate::Certificate;
use super::chain::{Authorities, Broken};

type Issuer = CertifiedIssuer<'static, KeyPair>;

fn key() -> KeyPair {
    KeyPair::generate().unwrap()
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(["host".to_owned()]).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn authority(name: &str) -> CertificateParams {
    let mut params = params(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn root(params: CertificateParams) -> Issuer {
    CertifiedIssuer::self_signed(params, key()).unwrap()
}

fn server(issuer: &Issuer) -> CertificateDer<'static> {
    let mut params = params("server");
    params.serial_number = Some(SerialNumber::from(7));
    params.signed_by(&key(), issuer).unwrap().der().clone()
}

fn trusting(authorities: &[&CertificateDer<'_>]) -> Authorities {
    let mut trusted = Authorities::new("a test".to_owned());
    for authority in authorities {
        trusted.add(authority).unwrap();
    }
    trusted
}

fn verify(
    trusted: &Authorities,
    leaf: &CertificateDer<'_>,
    between: &[&Issuer],
) -> Result<(), Broken> {
    let between: Vec<_> = between.iter().map(|issuer| issuer.der().clone()).collect();
    let algorithms = default_provider().signature_verification_algorithms.all;
    trusted.verify(leaf, &between, algorithms, UnixTime::now())
}

#[track_caller]
fn assert_broken(verified: &Result<(), Broken>, reason: &str) {
    assert!(
        matches!(verified, Err(Broken::Other(why)) if why.contains(reason)),
        "{verified:?}"
    );
}

#[test]
fn who_is_no_authority_issues_nothing() {
    let real = root(authority("real"));
    let host = CertifiedIssuer::signed_by(params("host-a"), key(), &real).unwrap();
    let forged = server(&host);
    // Also where it stands among the authorities.
    let trusted = trusting(&[real.der(), host.der()]);
    assert_eq!(verify(&trusted, host.der(), &[]), Ok(()));
    assert_eq!(verify(&trusted, &server(&real), &[]), Ok(()));
    assert_broken(&verify(&trusted, &forged, &[]), "is no authority");
    assert!(verify(&trusted, &forged, &[&host]).is_err());
}

#[test]
fn a_certificate_that_is_trusted_itself_is_for_itself_alone() {
    let own = root(params("own"));
    let trusted = trusting(&[own.der()]);
    assert_eq!(verify(&trusted, own.der(), &[]), Ok(()));
    assert_broken(&verify(&trusted, &server(&own), &[]), "is no authority");
}

#[test]
fn keys_and_lengths_of_paths_are_limited_as_authorities_say() {
    let mut unable = authority("unable");
    unable.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let unable = root(unable);
    assert_broken(&verify(&trusting(&[unable.der()]), &server(&unable), &[]), "may not sign");

    let real = root(authority("real"));
    let mut below = authority("below");
    below.key_usages = vec![KeyUsagePurpose::CrlSign];
    let below = CertifiedIssuer::signed_by(below, key(), &real).unwrap();
    assert_broken(&verify(&trusting(&[real.der()]), &server(&below), &[&below]), "may not sign");

    let mut short = authority("short");
    short.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let short = root(short);
    let trusted = trusting(&[short.der()]);
    assert_eq!(verify(&trusted, &server(&short), &[]), Ok(()));
    let below = CertifiedIssuer::signed_by(authority("below"), key(), &short).unwrap();
    assert_broken(&verify(&trusted, &server(&below), &[&below]), "allows no authority below it");
}

#[test]
fn an_authority_may_have_been_renewed() {
    let renewed = root(authority("real"));
    let mut old = authority("real");
    old.not_after = date_time_ymd(2020, 1, 1);
    let old = old.self_signed(renewed.key()).unwrap();
    let leaf = server(&renewed);
    assert_eq!(verify(&trusting(&[old.der(), renewed.der()]), &leaf, &[]), Ok(()));
    assert_eq!(verify(&trusting(&[renewed.der(), old.der()]), &leaf, &[]), Ok(()));
    let verified = verify(&trusting(&[old.der()]), &leaf, &[]);
    assert!(matches!(verified, Err(Broken::Expired(..))), "{verified:?}");
}

fn list(issuer: &Issuer, revoked: &[u64]) -> CertRevocationList<'static> {
    let long_ago = date_time_ymd(2020, 1, 1);
    let revoked_certs = revoked.iter().map(|serial| RevokedCertParams {
        serial_number: SerialNumber::from(*serial),
        revocation_time: long_ago,
        reason_code: None,
        invalidity_date: None,
    });
    let list = CertificateRevocationListParams {
        this_update: long_ago,
        next_update: long_ago + Duration::from_secs(60 * 365 * 86_400),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: revoked_certs.collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let list = list.signed_by(issuer).unwrap();
    OwnedCertRevocationList::from_der(list.der()).unwrap().into()
}

#[test]
fn each_revocation_list_of_an_issuer_counts() {
    let real = root(authority("real"));
    let other = root(authority("other"));
    let with_another_key = root(authority("real"));
    let leaf = server(&real);
    let verified = |lists: Vec<CertRevocationList<'static>>| {
        let mut trusted = trusting(&[real.der()]);
        trusted.revoke(lists, "a test".to_owned());
        verify(&trusted, &leaf, &[])
    };
    let (none, some) = (|| list(&real, &[]), || list(&real, &[7]));
    let foreign = || list(&with_another_key, &[]);
    assert_eq!(verified(vec![none(), list(&other, &[7]), none()]), Ok(()));
    for lists in [
        vec![some()],
        vec![none(), some()],
        vec![some(), none()],
        vec![none(), list(&other, &[]), none(), some()],
        vec![foreign(), some()],
    ] {
        assert_eq!(verified(lists), Err(Broken::Revoked));
    }
    assert_eq!(verified(vec![foreign(), none()]), Ok(()));
    assert_eq!(verified(vec![none(), foreign()]), Ok(()));
    assert_broken(&verified(vec![foreign()]), "not signed by its authority");
    assert_broken(&verified(vec![foreign(), list(&other, &[])]), "not signed by its authority");
}

#[test]
fn common_names_count_only_where_nothing_else_says_whom_it_is_for() {
    let real = root(authority("real"));
    let names_host = |adapt: fn(&mut CertificateParams)| {
        let mut params = params("host");
        params.subject_alt_names = Vec::new();
        adapt(&mut params);
        let leaf = params.signed_by(&key(), &real).unwrap();
        Certificate::parse(leaf.der()).unwrap().names_host("host")
    };
    assert!(names_host(|_| {}));
    assert!(names_host(
        |it| it.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth]
    ));
    assert!(!names_host(
        |it| it.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]
    ));
    assert!(!names_host(
        |it| it.subject_alt_names = vec![SanType::DnsName("other".try_into().unwrap())]
    ));
    assert!(!names_host(
        |it| it.subject_alt_names = vec![SanType::Rfc822Name("a@b".try_into().unwrap())]
    ));
    assert!(!names_host(
        |it| it.subject_alt_names = vec![SanType::URI("ab:c".try_into().unwrap())]
    ));
}
