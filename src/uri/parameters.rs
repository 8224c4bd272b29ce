//! The query part of a connection URI.

use std::slice;

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

/// Parameters that drivers in daemons know.
const OF_DRIVERS: [&str; 4] = ["auto_answer", "root", "transport", "vcenter"];

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
    pub fn iter(&self) -> ParametersIter<'_> {
        ParametersIter(self.0.iter())
    }

    /// Returns the names that neither this client nor any driver of libvirt knows, each with the
    /// known name that was probably meant.
    pub(crate) fn unknown(&self) -> impl Iterator<Item = (&str, Option<&'static str>)> {
        let known = || CONSUMED.into_iter().chain(OF_DRIVERS);
        self.iter()
            .map(|(name, _)| name)
            .filter(move |name| !known().any(|known| known.eq_ignore_ascii_case(name)))
            .map(move |name| (name, nearest(name, known())))
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

impl<'a> IntoIterator for &'a Parameters {
    type Item = (&'a str, &'a str);
    type IntoIter = ParametersIter<'a>;

    fn into_iter(self) -> ParametersIter<'a> {
        self.iter()
    }
}

/// The names and values of a URI's parameters, in order; from [`Parameters::iter`].
#[derive(Debug, Clone)]
pub struct ParametersIter<'a>(slice::Iter<'a, (String, String)>);

fn texts((name, value): &(String, String)) -> (&str, &str) {
    (name, value)
}

impl<'a> Iterator for ParametersIter<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(texts)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl DoubleEndedIterator for ParametersIter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back().map(texts)
    }
}

impl ExactSizeIterator for ParametersIter<'_> {}

/// Returns the name that differs least, if it is by few letters.
fn nearest(name: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let most = name.len() / 3;
    let near = known.filter(|known| known.len().abs_diff(name.len()) <= most);
    let distances = near.map(|known| (distance(name.as_bytes(), known.as_bytes()), known));
    distances
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, known)| known)
}

/// Returns how many bytes must be inserted, removed, replaced or swapped with the next one to turn
/// one text into the other.
fn distance(from: &[u8], to: &[u8]) -> usize {
    // The rows of the table of distances between all beginnings of the two.
    let (mut before, mut last) = (Vec::new(), (0..=to.len()).collect::<Vec<_>>());
    let mut previous = None;
    for (row, &byte) in from.iter().enumerate() {
        let mut next = vec![row + 1];
        let mut left = row + 1;
        let mut previous_to = None;
        let columns = to.iter().zip(last.iter().zip(last.iter().skip(1)));
        for (column, (&to_byte, (&diagonal, &above))) in columns.enumerate() {
            let replaced = diagonal + usize::from(byte != to_byte);
            let mut shortest = replaced.min(above + 1).min(left + 1);
            if previous == Some(to_byte)
                && previous_to == Some(byte)
                && let Some(swapped) = column.checked_sub(1).and_then(|at| before.get(at))
            {
                shortest = shortest.min(swapped + 1);
            }
            next.push(shortest);
            left = shortest;
            previous_to = Some(to_byte);
        }
        before = std::mem::replace(&mut last, next);
        previous = Some(byte);
    }
    last.last().copied().unwrap_or_default()
}
