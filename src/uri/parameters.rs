//! The query part of a connection URI.

use super::decode_percent;

/// Parameters that say how to get to the daemon; all others are passed on to it.
const CONSUMED: [&str; 17] = [
    "name",
    "command",
    "socket",
    "auth",
    "sshauth",
    "netcat",
    "keyfile",
    "pkipath",
    "known_hosts",
    "known_hosts_verify",
    "tls_priority",
    "mode",
    "proxy",
    "no_sanity",
    "no_verify",
    "no_tty",
    "authfile",
];

/// A URI's parameters, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Splits at `&`, or at `;` where there is no `&`.
    pub(super) fn parse(query: &str) -> Self {
        let separator = if query.contains('&') { '&' } else { ';' };
        let pairs = query.split(separator).filter_map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (!name.is_empty()).then(|| (decode_percent(name), decode_percent(value)))
        });
        Self(pairs.collect())
    }

    /// The value of a parameter that the client consumes; of several the last counts. Names are
    /// compared without regard to case.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self
            .0
            .iter()
            .rev()
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// All parameters, in order, consumed ones included.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The query that the daemon gets.
    pub(super) fn for_daemon(&self) -> String {
        let passed_on = self.iter().filter(|(name, _)| {
            !CONSUMED
                .iter()
                .any(|consumed| consumed.eq_ignore_ascii_case(name))
        });
        let pairs = passed_on.map(|(name, value)| format!("{name}={}", encode_percent(value)));
        pairs.collect::<Vec<_>>().join("&")
    }
}

fn encode_percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
