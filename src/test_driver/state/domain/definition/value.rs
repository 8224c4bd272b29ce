//! The values of attributes and texts: what is accepted, and how it is written.

use std::fmt::Display;

use super::set::Set;
use crate::test_driver::failure::{Failure, Result};
use crate::types::error::{ErrorCode, ErrorDomain};

/// What a value is.
#[derive(Debug)]
pub(super) enum Kind {
    /// Anything.
    Text,
    /// One of some words; `false` if it is not written.
    Choice {
        words: Vec<(&'static str, bool)>,
        is_order: bool,
    },
    /// A number from zero.
    Unsigned { zero: Zero, is_order: bool },
    /// A number.
    Signed { zero: Zero },
    /// A number that is written in base 16 with at least so many digits.
    Hex { digits: usize, is_upper: bool },
    /// Numbers and ranges of numbers.
    Set,
    /// An amount of bytes, which is written in units of so many, and counted in KiB or bytes if
    /// nothing is said.
    Scaled { unit: u64, assumed: u64 },
}

/// What becomes of a zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zero {
    Written,
    /// It is the same as nothing.
    Left,
    Refused,
}

impl Kind {
    /// Reads a kind's name in a table.
    pub(super) fn read(name: &'static str) -> std::result::Result<Self, String> {
        let (is_order, plain) = match name.strip_prefix('^') {
            Some(plain) => (true, plain),
            None => (false, name),
        };
        let unsigned = |zero| Self::Unsigned { zero, is_order };
        let choice = |words: &'static str| Self::Choice {
            words: words
                .split('|')
                .map(|word| match word.strip_suffix('~') {
                    Some(word) => (word, false),
                    None => (word, true),
                })
                .collect(),
            is_order,
        };
        Ok(match plain {
            "text" => Self::Text,
            "bool" => choice("yes|no"),
            "switch" => choice("on|off"),
            "u" => unsigned(Zero::Written),
            "u0" => unsigned(Zero::Left),
            "u+" => unsigned(Zero::Refused),
            "i" => Self::Signed { zero: Zero::Written },
            "i0" => Self::Signed { zero: Zero::Left },
            "hex1" => Self::Hex { digits: 1, is_upper: false },
            "hex4" => Self::Hex { digits: 4, is_upper: false },
            "HEX2" => Self::Hex { digits: 2, is_upper: true },
            "HEX4" => Self::Hex { digits: 4, is_upper: true },
            "set" => Self::Set,
            "kib" => Self::Scaled { unit: 1024, assumed: 1024 },
            "mib" => Self::Scaled { unit: 1024 * 1024, assumed: 1024 * 1024 },
            "bytes" => Self::Scaled { unit: 1, assumed: 1 },
            _ => {
                let words = plain.strip_prefix('(').and_then(|words| words.strip_suffix(')'));
                choice(words.ok_or_else(|| format!("there is no kind {name}"))?)
            }
        })
    }

    /// Returns a value as it is written, `None` if it is not written. What is wrong with it is said
    /// of the place.
    pub(super) fn canonical(&self, text: &str, place: Place<'_>) -> Result<Option<String>> {
        let trimmed = text.trim();
        Ok(match self {
            Self::Text => Some(text.to_owned()),
            Self::Choice { words, .. } => match words.iter().find(|(word, _)| *word == text) {
                Some((word, is_written)) => is_written.then(|| (*word).to_owned()),
                None => return Err(place.invalid(text, "")),
            },
            Self::Unsigned { zero, .. } => match trimmed.parse::<u64>() {
                Ok(0) if *zero == Zero::Left => None,
                Ok(0) if *zero == Zero::Refused => return Err(place.zero()),
                Ok(number) => Some(number.to_string()),
                Err(_) => return Err(place.invalid(text, " Expected non-negative integer value")),
            },
            Self::Signed { zero } => match trimmed.parse::<i64>() {
                Ok(0) if *zero == Zero::Left => None,
                Ok(number) => Some(number.to_string()),
                Err(_) => return Err(place.invalid(text, " Expected integer value")),
            },
            Self::Hex { digits, is_upper } => match number(trimmed) {
                Some(number) if *is_upper => Some(format!("0x{number:0digits$X}")),
                Some(number) => Some(format!("0x{number:0digits$x}")),
                None => return Err(place.invalid(text, " Expected integer value")),
            },
            Self::Set => Some(Set::parse(text)?.to_string()),
            Self::Scaled { .. } => Some(trimmed.to_owned()),
        })
    }

    /// Returns the place of a value among those that elements are sorted by, if they are.
    pub(super) fn order(&self, text: &str) -> Option<u64> {
        match self {
            Self::Choice { words, is_order: true } => {
                words.iter().position(|(word, _)| *word == text).map(|at| at as u64)
            }
            Self::Unsigned { is_order: true, .. } => text.parse().ok(),
            _ => None,
        }
    }
}

/// Reads a number in the base that its prefix says.
pub(super) fn number(text: &str) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    match lower.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None if lower.len() > 1 && lower.starts_with('0') => u64::from_str_radix(&lower, 8).ok(),
        None => lower.parse().ok(),
    }
}

/// Where a value stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) element: &'a str,
    /// The attribute; the text if there is none.
    pub(super) attribute: Option<&'a str>,
}

impl Place<'_> {
    fn what(self) -> String {
        match self.attribute {
            Some(attribute) => format!("attribute '{attribute}' in element '{}'", self.element),
            None => format!("element '{}'", self.element),
        }
    }

    pub(super) fn invalid(self, text: &str, expected: &str) -> Failure {
        of_value(format_args!("Invalid value for {}: '{text}'.{expected}", self.what()))
    }

    fn zero(self) -> Failure {
        of_value(format_args!("Invalid value for {}: Zero is not permitted", self.what()))
    }

    pub(super) fn missing(self) -> Failure {
        of_value(format_args!("Missing required {}", self.what()))
    }
}

fn of_value(detail: impl Display) -> Failure {
    Failure::of(ErrorDomain::Xml, ErrorCode::XmlError, detail)
}
