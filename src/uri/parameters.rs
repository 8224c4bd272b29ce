//! The query part of a connection URI.

use super::percent;

/// The parameters that the client itself uses; all others are passed on to the daemon.
const CONSUMED: [&str; 18] = [
    "name",
    "command",
    "argv",
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

/// The consumed parameters whose value is a number, where zero means no.
const SWITCHES: [&str; 3] = ["no_sanity", "no_verify", "no_tty"];

/// A URI's parameters, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Splits at each `&`; the part after the last one is split at each `;`.
    pub(super) fn parse(query: &str) -> Result<Self, String> {
        let (amp_separated, last) = query.rsplit_once('&').unwrap_or(("", query));
        let parts = amp_separated.split('&').chain(last.split(';'));
        let mut parameters = Vec::new();
        for part in parts {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            // The C library ignores parts without a name, too.
            if !name.is_empty() {
                parameters.push((percent::decode(name)?, percent::decode(value)?));
            }
        }
        let parameters = Self(parameters);
        for name in SWITCHES {
            for value in parameters.values(name) {
                // As with C's `strtol`, blanks may precede the number.
                if value.trim_ascii_start().parse::<i32>().is_err() {
                    return Err(format!("{name} is a number (0 is no), not {value:?}"));
                }
            }
        }
        Ok(parameters)
    }

    /// Returns the value of a parameter that the client uses; the last counts. Names are
    /// case-insensitive.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values(name).next_back()
    }

    /// Returns whether a numeric parameter is present and not zero.
    #[cfg(any(feature = "ssh", feature = "tls"))]
    pub(crate) fn switch(&self, name: &str) -> bool {
        let number = self.get(name).map(|value| value.trim_ascii_start().parse());
        !matches!(number, None | Some(Ok(0)))
    }

    /// Returns all values of a parameter that may be given more than once, in order.
    pub(crate) fn values(&self, name: &str) -> impl DoubleEndedIterator<Item = &str> {
        self.iter()
            .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Returns all parameters, in order, consumed ones included.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns the query for the other end: all parameters that are not consumed, and those in
    /// `kept`.
    pub(super) fn without_consumed(&self, kept: &[&str]) -> String {
        let is_in = |names: &[&str], name: &str| names.iter().any(|n| n.eq_ignore_ascii_case(name));
        let passed_on =
            self.iter().filter(|(name, _)| !is_in(&CONSUMED, name) || is_in(kept, name));
        // The C library encodes the values only.
        let pairs = passed_on.map(|(name, value)| format!("{name}={}", percent::encode(value, "")));
        pairs.collect::<Vec<_>>().join("&")
    }
}
