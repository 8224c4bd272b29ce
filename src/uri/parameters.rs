//! The query part of a connection URI.

use super::percent;

/// Parameters that say how to get to the daemon; all others are passed on to it.
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

/// Consumed parameters whose value is a number that means yes unless it is zero.
const SWITCHES: [&str; 3] = ["no_sanity", "no_verify", "no_tty"];

/// A URI's parameters, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Splits at each `&`; what follows the last one is split at each `;`.
    pub(super) fn parse(query: &str) -> Result<Self, String> {
        let (amp_separated, last) = query.rsplit_once('&').unwrap_or(("", query));
        let parts = amp_separated.split('&').chain(last.split(';'));
        let mut parameters = Vec::new();
        for part in parts {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            // A part without a name means nothing to C either.
            if !name.is_empty() {
                parameters.push((percent::decode(name)?, percent::decode(value)?));
            }
        }
        let parameters = Self(parameters);
        for name in SWITCHES {
            for value in parameters.values(name) {
                // As C's `strtol` has it, blanks may come before the number.
                if value.trim_ascii_start().parse::<i32>().is_err() {
                    return Err(format!("{name} is a number (0 is no), not {value:?}"));
                }
            }
        }
        Ok(parameters)
    }

    /// The value of a parameter that the client consumes; of several the last counts. Names are
    /// compared without regard to case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values(name).next_back()
    }

    /// Whether a parameter that is a number is there and is not zero.
    #[cfg(any(feature = "ssh", feature = "tls"))]
    pub(crate) fn switch(&self, name: &str) -> bool {
        let number = self.get(name).map(|value| value.trim_ascii_start().parse());
        !matches!(number, None | Some(Ok(0)))
    }

    /// All values of a parameter that may be given more than once, in order.
    pub(crate) fn values(&self, name: &str) -> impl DoubleEndedIterator<Item = &str> {
        self.iter()
            .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// All parameters, in order, consumed ones included.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The query that the other end gets: what is not consumed, and of that what is in `kept`.
    pub(super) fn without_consumed(&self, kept: &[&str]) -> String {
        let is_in = |names: &[&str], name: &str| names.iter().any(|n| n.eq_ignore_ascii_case(name));
        let passed_on =
            self.iter().filter(|(name, _)| !is_in(&CONSUMED, name) || is_in(kept, name));
        // C encodes the values only.
        let pairs = passed_on.map(|(name, value)| format!("{name}={}", percent::encode(value, "")));
        pairs.collect::<Vec<_>>().join("&")
    }
}
