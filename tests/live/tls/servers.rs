//! Servers that can be trusted, and such that cannot.

use std::fs;

use libvirt_client::{Connect, TlsError};
use rig::Need;
use rig::certificates::{Authority, Leaf, Validity, client_dir};

use super::{Served, failure, serve, serve_with};

/// Fails for that reason, in virsh as well, unless the certificate does not matter.
async fn assert_untrusted(served: &Served, parameters: &str, words: &str) -> TlsError {
    let uri = served.good_uri(parameters);
    let (error, text) = served.failure(&uri).await;
    assert!(text.contains(words), "{text}");
    served.open(&format!("{uri}&no_verify=1")).await;
    error
}

#[tokio::test]
async fn a_certificate_for_another_host() {
    let names = ["kvm1.example.com", "192.0.2.1"];
    let leaf = Leaf::server().names("kvm1", &names);
    let Some(served) = serve(&leaf, |builder| builder) else {
        return;
    };
    let words = "the server's certificate (O=rig,CN=kvm1) is not for \"localhost\" but for \
                 \"kvm1.example.com\", \"192.0.2.1\"";
    let error = assert_untrusted(&served, "", words).await;
    assert!(matches!(error, TlsError::WrongHost { .. }), "{error:?}");
}

#[tokio::test]
async fn a_certificate_out_of_its_time() {
    for (validity, words) in [
        (Validity::Past, "has expired, on 2021-01-01"),
        (Validity::Future, "is not valid before 2120-01-01"),
    ] {
        let Some(served) = serve(&Leaf::server().valid(validity), |builder| builder) else {
            return;
        };
        let error = assert_untrusted(&served, "", words).await;
        let is_expected = match validity {
            Validity::Past => matches!(error, TlsError::Expired { owner: "server", .. }),
            _ => matches!(error, TlsError::NotYetValid { owner: "server", .. }),
        };
        assert!(is_expected, "{error:?}");
    }
}

#[tokio::test]
async fn a_certificate_from_somebody_else() {
    if !rig::available(&[Need::Daemon, Need::Virsh]).unwrap() {
        return;
    }
    // One with another name, and one that only calls itself as ours.
    for name in ["stranger", "ca"] {
        let stranger = Authority::new(name).unwrap();
        let identity = stranger.issue(&Leaf::server()).unwrap();
        let authority = Authority::new("ca").unwrap();
        let served = serve_with(authority, identity, |builder| builder);
        let words = format!("was issued by O=rig,CN={name}, which /");
        let error = assert_untrusted(&served, "", &words).await;
        assert!(matches!(error, TlsError::UnknownIssuer { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn an_authority_that_has_expired() {
    if !rig::available(&[Need::Daemon, Need::Virsh]).unwrap() {
        return;
    }
    let authority = Authority::valid("old", Validity::Past).unwrap();
    let identity = authority.issue(&Leaf::server()).unwrap();
    let served = serve_with(authority, identity, |builder| {
        builder.conf_line("tls_no_verify_certificate = 1")
    });
    let (error, text) = served.failure(&served.good_uri("")).await;
    assert!(matches!(error, TlsError::Credentials { .. }), "{error:?}");
    assert!(text.contains("cacert.pem: the authority O=rig,CN=old has expired"), "{text}");
    let words = "the authority's certificate (O=rig,CN=old) has expired, on 2021";
    assert_untrusted(&served, "&no_sanity=1", words).await;

    // Another authority beside it helps nobody, but is no reason to give up early either.
    let other = Authority::new("other").unwrap();
    let both = other.pem() + &served.authority.pem();
    let dir = served.daemon.scratch().join("both");
    let files = client_dir(&dir, &both, None, None).unwrap();
    let (error, _) = served.failure(&served.uri("localhost", &files, "")).await;
    assert!(matches!(error, TlsError::Expired { owner: "authority", .. }), "{error:?}");
}

#[tokio::test]
async fn a_certificate_that_was_revoked() {
    if !rig::available(&[Need::Daemon, Need::Virsh]).unwrap() {
        return;
    }
    let authority = Authority::new("ca").unwrap();
    let identity = authority.issue(&Leaf::server()).unwrap();
    let served = serve_with(authority, identity.clone(), |builder| builder);
    served.open(&served.good_uri("")).await;

    let list = |validity, certificates: &[_]| {
        let list = served.authority.revocation_list(certificates, validity);
        fs::write(served.client.join("cacrl.pem"), list.unwrap()).unwrap();
    };
    list(Validity::Now, &[&identity]);
    let words = "has been revoked, according to /";
    let error = assert_untrusted(&served, "", words).await;
    assert!(matches!(error, TlsError::Revoked { .. }), "{error:?}");

    // Lists that revoke others, or that say nothing about this authority.
    let other = served.authority.issue(&Leaf::server()).unwrap();
    list(Validity::Now, &[&other]);
    served.open(&served.good_uri("")).await;
    let stranger = Authority::new("stranger").unwrap();
    let foreign = stranger.revocation_list(&[&identity], Validity::Now);
    fs::write(served.client.join("cacrl.pem"), foreign.unwrap()).unwrap();
    served.open(&served.good_uri("")).await;
}

#[tokio::test]
async fn a_list_that_is_out_of_date() {
    if !rig::available(&[Need::Daemon, Need::Virsh]).unwrap() {
        return;
    }
    let authority = Authority::new("ca").unwrap();
    let identity = authority.issue(&Leaf::server()).unwrap();
    let served = serve_with(authority, identity, |builder| builder);
    let list = served.authority.revocation_list(&[], Validity::Past);
    fs::write(served.client.join("cacrl.pem"), list.unwrap()).unwrap();
    served.open(&served.good_uri("")).await;
}

#[tokio::test]
async fn names_that_count() {
    // The subject's name does where there is no other, wildcards do, and other names do not.
    for (common_name, alternative, host, passes) in [
        ("localhost", &[][..], "localhost", true),
        ("LOCALHOST", &[], "localhost", true),
        ("127.0.0.1", &[], "127.0.0.1", false),
        ("localhost", &["kvm1.example.com"], "localhost", false),
        ("kvm1", &["localhost"], "127.0.0.1", false),
        ("kvm1", &["127.0.0.1"], "127.0.0.1", true),
        ("localhost", &["127.0.0.1"], "localhost", false),
    ] {
        let leaf = Leaf::server().names(common_name, alternative);
        let Some(served) = serve(&leaf, |builder| builder) else {
            return;
        };
        let uri = served.uri(host, &served.client, "");
        if passes {
            served.open(&uri).await;
            continue;
        }
        let (error, text) = served.failure(&uri).await;
        assert!(matches!(error, TlsError::WrongHost { .. }), "{error:?}");
        let words = match (common_name == host, alternative) {
            (true, []) => {
                "but for no host at all; \"127.0.0.1\" is its common name only, which \
                           counts for host names and not for addresses"
            }
            (true, _) => "is its common name only, which does not count beside",
            (false, _) => "is not for \"127.0.0.1\" but for \"localhost\"",
        };
        assert!(text.contains(words), "{text}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_for_servers() {
    // The purpose is not critical, so that C does not insist.
    let Some(served) = serve(&Leaf::server().wrong_purpose(), |builder| builder) else {
        return;
    };
    served.open(&served.good_uri("")).await;
}

#[tokio::test]
async fn ipv6() {
    let Some(served) = serve(&Leaf::server(), |builder| builder.conf_line("listen_addr = \"::1\""))
    else {
        return;
    };
    served.open(&served.uri("[::1]", &served.client, "")).await;
}

#[tokio::test]
async fn rsa_keys_and_authorities_in_between() {
    if !rig::available(&[Need::Daemon, Need::Virsh, Need::Openssl]).unwrap() {
        return;
    }
    let root = Authority::new("root").unwrap();
    let between = root.intermediate("between").unwrap();
    let identity = between.issue_rsa(&Leaf::server(), 2048).unwrap();
    let served = serve_with(root, identity, |builder| builder);
    let identity = served.authority.issue_rsa(&Leaf::client("rsa"), 2048).unwrap();
    let files = served.files("rsa", Some(&identity));
    for version in ["1.2", "1.3"] {
        let priority = format!("&tls_priority=NORMAL:-VERS-ALL:%2BVERS-TLS{version}");
        served.open(&served.uri("localhost", &files, &priority)).await;
    }
    // A chain of our own works as well.
    let identity = between.issue(&Leaf::client("chained")).unwrap();
    let files = served.files("chained", Some(&identity));
    let uri = served.uri("localhost", &files, "");
    Connect::open(&uri).await.unwrap();
}

#[tokio::test]
async fn rsa_keys_that_are_too_short() {
    if !rig::available(&[Need::Daemon, Need::Virsh, Need::Openssl]).unwrap() {
        return;
    }
    let words = "has an RSA key of 1024 bits; 2048 to 8192 can be used";
    let authority = Authority::new("ca").unwrap();
    let identity = authority.issue_rsa(&Leaf::server(), 1024).unwrap();
    let served = serve_with(authority, identity, |builder| builder);
    for parameters in ["", "&no_verify=1"] {
        let priority = "&tls_priority=NORMAL:-VERS-ALL:%2BVERS-TLS1.2";
        let uri = served.good_uri(&format!("{priority}{parameters}"));
        let (error, text) = failure(Connect::open(&uri).await);
        assert!(matches!(error, TlsError::Certificate { .. }), "{error:?}");
        assert!(text.contains(&format!("it {words}")), "{text}");
    }
    // The signatures of TLS 1.3 are too long for such a key: the server gives up by itself.
    let (error, text) = failure(Connect::open(&served.good_uri("")).await);
    assert!(matches!(error, TlsError::Handshake(_)), "{error:?}");
    let reason = "or its RSA key is shorter than 2048 bits";
    assert!(text.contains(reason), "{text}");

    // Our own, which makes signatures; those may not be so long.
    let short = served.authority.issue_rsa(&Leaf::client("me"), 1024);
    let files = served.files("short", Some(&short.unwrap()));
    let (error, text) = failure(Connect::open(&served.uri("localhost", &files, "")).await);
    assert!(matches!(error, TlsError::Credentials { .. }), "{error:?}");
    let reason = "clientkey.pem: the key cannot be used: it is an RSA key of 1024 bits; 2048 to \
                  4096 can be used";
    assert!(text.contains(reason), "{text}");

    // That of the authority.
    let authority = Authority::rsa("weak", 1024).unwrap();
    let identity = authority.issue(&Leaf::server()).unwrap();
    let served = serve_with(authority, identity, |builder| builder);
    let files = served.files("without", None);
    let (error, text) = failure(Connect::open(&served.uri("localhost", &files, "")).await);
    assert!(matches!(error, TlsError::Certificate { .. }), "{error:?}");
    assert!(text.contains(&format!("its authority O=rig,CN=weak {words}")), "{text}");
    let (error, text) = failure(Connect::open(&served.good_uri("")).await);
    assert!(matches!(error, TlsError::Credentials { .. }), "{error:?}");
    assert!(text.contains(words), "{text}");
}
