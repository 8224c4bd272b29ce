//! X.509 certificates, as far as they matter here.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use tokio_rustls::rustls::pki_types::UnixTime;
use x509_cert::der::asn1::{ObjectIdentifier, UintRef};
use x509_cert::der::oid::AssociatedOid;
use x509_cert::der::oid::db::{rfc4519, rfc5280, rfc5912};
use x509_cert::der::{Decode, Error as DerError, Reader as _, SliceReader};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAltName};
use x509_cert::name::Name;
use x509_cert::time::Time;

/// The lengths of RSA keys that ring signs with, and those that it verifies with.
pub(super) const SIGNING_BITS: RangeInclusive<usize> = 2048..=4096;
pub(super) const CHECKING_BITS: RangeInclusive<usize> = 2048..=8192;

/// A parsed certificate.
#[derive(Debug)]
pub(super) struct Certificate {
    /// The subject, in the order and spelling of libvirtd's `tls_allowed_dn_list`.
    pub(super) subject: String,
    pub(super) issuer: String,
    pub(super) not_before: Time,
    pub(super) not_after: Time,
    /// Set if it is a CA certificate; `None` when it does not say.
    pub(super) is_authority: Option<bool>,
    /// The most authorities that may be between it and another's certificate.
    pub(super) path_length: Option<u8>,
    key_usage: Option<Restriction<KeyUsage>>,
    purposes: Option<Restriction<ExtendedKeyUsage>>,
    /// The length of its RSA key, if it has one.
    rsa_bits: Option<usize>,
    common_name: Option<String>,
    dns_names: Vec<String>,
    addresses: Vec<IpAddr>,
    /// Set if it has names of other kinds, or several common names.
    has_other_names: bool,
}

/// An extension that restricts the certificate's use.
#[derive(Debug)]
struct Restriction<T> {
    /// Set where the restriction is binding.
    critical: bool,
    allowed: T,
}

impl Restriction<ExtendedKeyUsage> {
    fn serves(&self) -> bool {
        let allowed = &self.allowed.0;
        allowed.contains(&rfc5280::ID_KP_SERVER_AUTH)
            || allowed.contains(&rfc5280::ANY_EXTENDED_KEY_USAGE)
    }
}

/// The end of a TLS connection that a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Server,
    Client,
}

impl Certificate {
    pub(super) fn parse(der: &[u8]) -> Result<Self, String> {
        Self::decode(der).map_err(|error| format!("it cannot be read: {error}"))
    }

    fn decode(der: &[u8]) -> Result<Self, DerError> {
        let certificate = x509_cert::Certificate::from_der(der)?;
        let certificate = certificate.tbs_certificate();
        let (mut dns_names, mut addresses) = (Vec::new(), Vec::new());
        let mut has_other_names = false;
        if let Some((_, names)) = certificate.get_extension::<SubjectAltName>()? {
            for name in names.0 {
                match name {
                    GeneralName::DnsName(name) => dns_names.push(name.to_string()),
                    GeneralName::IpAddress(bytes) => addresses.extend(address(bytes.as_bytes())),
                    GeneralName::Rfc822Name(_) | GeneralName::UniformResourceIdentifier(_) => {
                        has_other_names = true;
                    }
                    _ => {}
                }
            }
        }
        let common_name = certificate.subject().common_name()?;
        let common_names = certificate.subject().iter().filter(|part| part.oid == rfc4519::CN);
        has_other_names |= common_names.count() > 1;
        let basic = certificate.get_extension::<BasicConstraints>()?;
        let key = certificate.subject_public_key_info();
        let has_rsa_key = key.algorithm.oid == rfc5912::RSA_ENCRYPTION;
        Ok(Self {
            subject: spell(certificate.subject()),
            issuer: spell(certificate.issuer()),
            not_before: certificate.validity().not_before,
            not_after: certificate.validity().not_after,
            is_authority: basic.as_ref().map(|(_, basic)| basic.ca),
            path_length: basic.and_then(|(_, basic)| basic.path_len_constraint),
            key_usage: restriction(certificate)?,
            purposes: restriction(certificate)?,
            rsa_bits: has_rsa_key
                .then(|| rsa_bits(key.subject_public_key.raw_bytes()).ok())
                .flatten(),
            common_name: common_name.map(|name| name.value().into_owned()),
            dns_names,
            addresses,
            has_other_names,
        })
    }

    pub(super) fn has_expired(&self, now: UnixTime) -> bool {
        self.not_after.to_unix_duration().as_secs() < now.as_secs()
    }

    pub(super) fn is_not_yet_valid(&self, now: UnixTime) -> bool {
        self.not_before.to_unix_duration().as_secs() > now.as_secs()
    }

    /// Returns whether the key usage is allowed. Ignores a restriction that is not critical, as the
    /// C library does.
    pub(super) fn permits(&self, usage: impl Fn(&KeyUsage) -> bool) -> bool {
        match &self.key_usage {
            Some(restriction) if restriction.critical => usage(&restriction.allowed),
            _ => true,
        }
    }

    /// Returns whether certificates may be signed with the key.
    pub(super) fn may_sign_certificates(&self) -> bool {
        self.key_usage
            .as_ref()
            .is_none_or(|restriction| restriction.allowed.key_cert_sign())
    }

    /// Returns whether the certificate may be used in that role. Ignores a restriction that is not
    /// critical.
    pub(super) fn is_for(&self, role: Role) -> bool {
        let wanted: ObjectIdentifier = match role {
            Role::Server => rfc5280::ID_KP_SERVER_AUTH,
            Role::Client => rfc5280::ID_KP_CLIENT_AUTH,
        };
        match &self.purposes {
            Some(restriction) if restriction.critical => {
                let allowed = &restriction.allowed.0;
                allowed.contains(&wanted) || allowed.contains(&rfc5280::ANY_EXTENDED_KEY_USAGE)
            }
            _ => true,
        }
    }

    /// Returns whether the certificate is for a host, by its name or address.
    ///
    /// The subject's common name counts where there are no other names, as in certificates made by
    /// libvirt's older instructions; but not for an address, nor in a certificate that is for other
    /// purposes, even if that does not bind otherwise.
    pub(super) fn names_host(&self, host: &str) -> bool {
        if let Ok(address) = host.parse::<IpAddr>() {
            // Some certificates have addresses in place of DNS names.
            return self.addresses.contains(&address)
                || self.dns_names.iter().any(|name| name == host);
        }
        self.host_patterns().any(|pattern| matches(pattern, host))
    }

    /// Returns the host names and addresses; the common name only if `host` is not an address.
    pub(super) fn hosts(&self, host: &str) -> Vec<String> {
        let addresses = self.addresses.iter().map(ToString::to_string);
        let mut hosts: Vec<_> = self.dns_names.iter().cloned().chain(addresses).collect();
        if host.parse::<IpAddr>().is_err() {
            hosts.extend(self.host_name_of_old().map(ToOwned::to_owned));
        }
        hosts
    }

    /// Returns the common name, if that matches a host but does not count.
    pub(super) fn useless_common_name(&self, host: &str) -> Option<String> {
        let name = self.common_name.as_deref()?;
        (matches(name, host) && !self.names_host(host)).then(|| name.to_owned())
    }

    /// Returns the problem with the length of an RSA key, if there is one.
    pub(super) fn bad_length(&self, good: &RangeInclusive<usize>) -> Option<String> {
        let bits = self.rsa_bits.filter(|bits| !good.contains(bits))?;
        let (least, most) = (good.start(), good.end());
        Some(format!("an RSA key of {bits} bits; {least} to {most} can be used"))
    }

    fn host_patterns(&self) -> impl Iterator<Item = &str> {
        let dns_names = self.dns_names.iter().map(String::as_str);
        dns_names.chain(self.host_name_of_old())
    }

    fn host_name_of_old(&self) -> Option<&str> {
        let has_others =
            self.has_other_names || !self.dns_names.is_empty() || !self.addresses.is_empty();
        let is_for_servers = self.purposes.as_ref().is_none_or(Restriction::serves);
        self.common_name.as_deref().filter(|_| !has_others && is_for_servers)
    }
}

fn restriction<T>(
    certificate: &x509_cert::TbsCertificate,
) -> Result<Option<Restriction<T>>, DerError>
where
    T: for<'a> Decode<'a, Error = DerError> + AssociatedOid,
{
    let extension = certificate.get_extension::<T>()?;
    Ok(extension.map(|(critical, allowed)| Restriction { critical, allowed }))
}

/// Returns the length of the modulus, with which an RSA key begins.
fn rsa_bits(key: &[u8]) -> Result<usize, DerError> {
    let modulus = SliceReader::new(key)?.sequence(|reader| {
        let modulus = UintRef::decode(reader)?;
        UintRef::decode(reader)?;
        Ok::<_, DerError>(modulus)
    })?;
    let bytes = modulus.as_bytes();
    let leading = bytes.first().map_or(0, |byte| byte.leading_zeros());
    Ok((bytes.len() * 8).saturating_sub(leading as usize))
}

/// Formats a name from the first part to the last, the reverse of RFC 4514.
fn spell(name: &Name) -> String {
    let parts: Vec<_> = name.iter_rdn().map(ToString::to_string).collect();
    parts.join(",")
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

/// Returns whether a certificate's host name, whose first label may be `*`, matches a host.
fn matches(pattern: &str, host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    match pattern.strip_prefix("*.") {
        None => pattern.eq_ignore_ascii_case(host),
        // A wildcard for a whole top-level domain matches nothing.
        Some(rest) => host.split_once('.').is_some_and(|(label, behind)| {
            !label.is_empty() && rest.contains('.') && behind.eq_ignore_ascii_case(rest)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stand_for_one_label() {
        for (pattern, host, is_match) in [
            ("kvm1.example.com", "KVM1.example.com", true),
            ("kvm1.example.com", "kvm1.example.com.", true),
            ("kvm1.example.com", "kvm2.example.com", false),
            ("*.example.com", "kvm1.example.com", true),
            ("*.example.com", "a.kvm1.example.com", false),
            ("*.example.com", "example.com", false),
            ("*.example.com", ".example.com", false),
            ("*.com", "example.com", false),
            ("*", "localhost", false),
            ("k*.example.com", "kvm1.example.com", false),
            ("", "", true),
        ] {
            assert_eq!(matches(pattern, host), is_match, "{pattern} {host}");
        }
    }

    #[test]
    fn garbage_is_no_certificate() {
        assert!(Certificate::parse(b"").is_err());
        assert!(Certificate::parse(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]).is_err());
    }
}
