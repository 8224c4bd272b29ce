//! `tls_priority`: `GnuTLS` priority strings, as far as they can be honoured.

use std::sync::Arc;

use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{CipherSuite, NamedGroup, SupportedProtocolVersion};

/// The versions and algorithms that may be negotiated.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) provider: Arc<CryptoProvider>,
    pub(super) versions: Vec<&'static SupportedProtocolVersion>,
}

/// The supported versions, ciphers and groups, by `GnuTLS`'s names.
const VERSIONS: [&str; 2] = ["VERS-TLS1.3", "VERS-TLS1.2"];
const CIPHERS: [&str; 3] = ["AES-256-GCM", "CHACHA20-POLY1305", "AES-128-GCM"];
const GROUPS: [&str; 3] = ["GROUP-X25519", "GROUP-SECP256R1", "GROUP-SECP384R1"];

/// Prefixes of algorithms that this library does not support, so that disabling them changes
/// nothing.
const NEVER_DONE: [&str; 38] = [
    "VERS-SSL3.0",
    "VERS-TLS1.0",
    "VERS-TLS1.1",
    "VERS-DTLS",
    "3DES-CBC",
    "AES-128-CBC",
    "AES-192-CBC",
    "AES-256-CBC",
    "AES-128-CCM",
    "AES-256-CCM",
    "AES-192-GCM",
    "ARCFOUR",
    "CAMELLIA",
    "NULL",
    "SALSA20",
    "ESTREAM",
    "RC2",
    "DES-CBC",
    "GOST",
    "RSA",
    "DHE-",
    "PSK",
    "ECDHE-PSK",
    "SRP",
    "ANON-",
    "VKO-GOST",
    "COMP-DEFLATE",
    "SIGN-RSA-MD5",
    "SIGN-RSA-SHA1",
    "SIGN-DSA",
    "SIGN-ECDSA-SHA1",
    "SIGN-GOST",
    "MD5",
    "SHA1",
    "GROUP-FFDHE",
    "GROUP-SECP192R1",
    "GROUP-SECP224R1",
    "CTYPE-OPENPGP",
];

/// Options that ask for more compatibility, or for behaviour that this library has anyway.
const HARMLESS_OPTIONS: [&str; 9] = [
    "%COMPAT",
    "%LATEST_RECORD_VERSION",
    "%NO_TICKETS",
    "%SAFE_RENEGOTIATION",
    "%PARTIAL_RENEGOTIATION",
    "%UNSAFE_RENEGOTIATION",
    "%SERVER_PRECEDENCE",
    "%DUMBFW",
    "%PROFILE_LOW",
];

/// Parses a priority string; an error names the part that cannot be honoured.
pub(super) fn parse(priority: Option<&str>) -> Result<Choice, String> {
    let mut parts = priority.unwrap_or("NORMAL").split(':');
    let mut allowed = start(parts.next().unwrap_or_default())?;
    for part in parts.filter(|part| !part.is_empty()) {
        apply(&mut allowed, part)?;
    }
    choose(&allowed)
}

/// Returns the algorithms that the leading keyword allows.
fn start(keyword: &str) -> Result<Vec<&'static str>, String> {
    match keyword.to_ascii_uppercase().as_str() {
        "NORMAL" | "PERFORMANCE" | "PFS" | "SECURE" | "SECURE128" | "" => {}
        // GnuTLS then also refuses certificates with keys that are too short for that level.
        "SECURE192" | "SECURE256" => {
            return Err(format!(
                "{keyword:?} cannot be honoured: it asks for longer keys in certificates, which \
                 cannot be chosen here"
            ));
        }
        "NONE" => return Ok(Vec::new()),
        // The system's policy, which only GnuTLS can read; ours is no weaker.
        keyword if keyword.starts_with('@') => {}
        _ => {
            return Err(format!(
                "it begins with {keyword:?}; known beginnings are NORMAL, PERFORMANCE, PFS, \
                 SECURE128, NONE and @SYSTEM"
            ));
        }
    }
    let all = VERSIONS.into_iter().chain(CIPHERS).chain(GROUPS);
    Ok(all.collect())
}

/// Adds or removes the algorithms that one part names.
fn apply(allowed: &mut Vec<&'static str>, part: &str) -> Result<(), String> {
    let upper = part.to_ascii_uppercase();
    if HARMLESS_OPTIONS.contains(&&*upper) {
        return Ok(());
    }
    let (is_added, name) = match upper.split_at_checked(1) {
        Some(("+", name)) => (true, name),
        Some(("-" | "!", name)) => (false, name),
        _ => return Err(cannot(part)),
    };
    let name = match name {
        // Alternative spellings.
        "VERS-TLS-ALL" => "VERS-ALL",
        "CURVE-ALL" => "GROUP-ALL",
        name => name,
    };
    let known = match name {
        "VERS-ALL" => VERSIONS.to_vec(),
        "CIPHER-ALL" => CIPHERS.to_vec(),
        "GROUP-ALL" => GROUPS.to_vec(),
        name => {
            let name = name.replace("CURVE-", "GROUP-");
            let all = VERSIONS.into_iter().chain(CIPHERS).chain(GROUPS);
            all.filter(|known| *known == name).collect()
        }
    };
    if known.is_empty() {
        // Enabling an unsupported algorithm does no harm.
        let is_idle = is_added || NEVER_DONE.iter().any(|start| name.starts_with(start));
        return if is_idle { Ok(()) } else { Err(cannot(part)) };
    }
    allowed.retain(|name| !known.contains(name));
    if is_added {
        allowed.extend(known);
    }
    Ok(())
}

fn cannot(part: &str) -> String {
    format!(
        "{part:?} cannot be honoured; TLS versions (VERS-…), ciphers and groups (GROUP-…) can be \
         chosen"
    )
}

fn choose(allowed: &[&str]) -> Result<Choice, String> {
    let mut provider = ring::default_provider();
    provider.cipher_suites.retain(|suite| allowed.contains(&cipher(suite.suite())));
    provider.kx_groups.retain(|group| allowed.contains(&key_exchange(group.name())));
    let versions: Vec<_> = [(&TLS13, "VERS-TLS1.3"), (&TLS12, "VERS-TLS1.2")]
        .into_iter()
        .filter(|(version, name)| {
            let has_suite = |suite: &tokio_rustls::rustls::SupportedCipherSuite| {
                suite.version().version == version.version
            };
            allowed.contains(name) && provider.cipher_suites.iter().any(has_suite)
        })
        .map(|(version, _)| version)
        .collect();
    if versions.is_empty() || provider.kx_groups.is_empty() {
        return Err(
            "it leaves nothing to negotiate: TLS 1.2 and 1.3 with AES-GCM or ChaCha20 and with \
             X25519 or the NIST curves P-256 and P-384 are what this library can do"
                .to_owned(),
        );
    }
    Ok(Choice { provider: Arc::new(provider), versions })
}

fn cipher(suite: CipherSuite) -> &'static str {
    let name = suite.as_str().unwrap_or_default();
    if name.contains("AES_256_GCM") || name.contains("AES256_GCM") {
        "AES-256-GCM"
    } else if name.contains("AES_128_GCM") || name.contains("AES128_GCM") {
        "AES-128-GCM"
    } else {
        "CHACHA20-POLY1305"
    }
}

fn key_exchange(group: NamedGroup) -> &'static str {
    match group {
        NamedGroup::X25519 => "GROUP-X25519",
        NamedGroup::secp256r1 => "GROUP-SECP256R1",
        NamedGroup::secp384r1 => "GROUP-SECP384R1",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the numbers of versions, ciphers and groups that are left.
    fn counts(priority: &str) -> (usize, usize, usize) {
        let choice = parse(Some(priority)).unwrap_or_else(|error| unreachable!("{error}"));
        let mut ciphers: Vec<_> = choice
            .provider
            .cipher_suites
            .iter()
            .map(|suite| cipher(suite.suite()))
            .collect();
        ciphers.sort_unstable();
        ciphers.dedup();
        let groups = choice.provider.kx_groups.len();
        (choice.versions.len(), ciphers.len(), groups)
    }

    #[test]
    fn honoured() {
        for (priority, left) in [
            ("NORMAL", (2, 3, 3)),
            ("normal:%compat", (2, 3, 3)),
            ("@LIBVIRT,SYSTEM", (2, 3, 3)),
            ("NORMAL:-VERS-ALL:+VERS-TLS1.2", (1, 3, 3)),
            ("NORMAL:-VERS-TLS-ALL:+VERS-TLS1.3", (1, 3, 3)),
            ("NORMAL:-VERS-TLS1.3", (1, 3, 3)),
            ("NORMAL:-VERS-TLS1.0:-VERS-TLS1.1:-ARCFOUR-128:-RSA", (2, 3, 3)),
            ("NORMAL:+VERS-TLS1.1:+AES-256-CBC", (2, 3, 3)),
            ("NORMAL:-CIPHER-ALL:+CHACHA20-POLY1305", (2, 1, 3)),
            ("NORMAL:-GROUP-ALL:+GROUP-SECP256R1", (2, 3, 1)),
            ("NORMAL:-CURVE-ALL:+CURVE-X25519", (2, 3, 1)),
            (
                "NONE:+VERS-TLS1.2:+AES-256-GCM:+GROUP-X25519:+ECDHE-RSA:+AEAD:+SIGN-ALL",
                (1, 1, 1),
            ),
        ] {
            assert_eq!(counts(priority), left, "{priority}");
        }
        assert_eq!(parse(None).map(|choice| choice.versions.len()), Ok(2));
    }

    #[test]
    fn refused() {
        for (priority, reason) in [
            ("STRONG", "\"STRONG\"; known beginnings"),
            ("SECURE192", "\"SECURE192\" cannot be honoured: it asks for"),
            ("secure256:+AES-128-GCM", "\"secure256\" cannot be honoured: it asks for"),
            ("NORMAL:-SIGN-ECDSA-SHA256", "\"-SIGN-ECDSA-SHA256\" cannot"),
            ("NORMAL:%PROFILE_HIGH", "\"%PROFILE_HIGH\" cannot"),
            ("NORMAL:VERS-TLS1.2", "\"VERS-TLS1.2\" cannot"),
            ("NORMAL:-VERS-ALL:+VERS-TLS1.0", "nothing to negotiate"),
            ("NORMAL:-CIPHER-ALL", "nothing to negotiate"),
            ("NORMAL:ü", "\"ü\" cannot"),
        ] {
            let refused = parse(Some(priority)).err();
            let refused = refused.unwrap_or_else(|| unreachable!("{priority} is accepted"));
            assert!(refused.contains(reason), "{priority}: {refused}");
        }
    }
}
