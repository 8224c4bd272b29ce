//! The text forms of enumerations: names in lower case, their words joined by hyphens.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{self, Deserializer, Visitor};

/// The error of a text that is neither a name nor a number of an enumeration.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownName {
    /// The type that it was to be.
    pub set: &'static str,
    /// The text.
    pub text: String,
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no {} is called {:?}", self.set, self.text)
    }
}

impl std::error::Error for UnknownName {}

/// Returns the length of a variant's text form.
pub(crate) const fn len(variant: &str) -> usize {
    let bytes = variant.as_bytes();
    let mut len = bytes.len();
    let mut at = 1;
    while at < bytes.len() {
        len += bytes[at].is_ascii_uppercase() as usize;
        at += 1;
    }
    len
}

/// Returns the text form of a variant whose [`len`] is `N`.
pub(crate) const fn bytes<const N: usize>(variant: &str) -> [u8; N] {
    let bytes = variant.as_bytes();
    let mut text = [b'-'; N];
    let (mut from, mut to) = (0, 0);
    while from < bytes.len() {
        if from > 0 && bytes[from].is_ascii_uppercase() {
            to += 1;
        }
        text[to] = bytes[from].to_ascii_lowercase();
        from += 1;
        to += 1;
    }
    text
}

/// Returns the text form of a variant.
macro_rules! text {
    ($variant:ident) => {{
        const BYTES: [u8; $crate::types::text::len(stringify!($variant))] =
            $crate::types::text::bytes(stringify!($variant));
        const TEXT: &str = match std::str::from_utf8(&BYTES) {
            Ok(text) => text,
            Err(_) => stringify!($variant),
        };
        TEXT
    }};
}

/// Gives an enumeration its text form, from the names of its variants.
macro_rules! text_form {
    ($name:ident { $($variant:ident),* }) => {
        impl $name {
            /// All values that this release of the library knows.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Returns the value's name in lower case, with hyphens between words; `None` for
            /// [`Other`](Self::Other).
            ///
            /// This is what [`Display`](std::fmt::Display) writes and
            /// [`FromStr`](std::str::FromStr) reads, and serde in both directions, which reads
            /// numbers as well; a number without a name is its digits.
            pub const fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$variant => Some($crate::types::text::text!($variant)),)*
                    Self::Other(_) => None,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self.name() {
                    Some(name) => f.pad(name),
                    None => i32::from(*self).fmt(f),
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::types::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let named = Self::ALL.iter().copied().find(|value| value.name() == Some(text));
                named.or_else(|| text.parse().map(i32::into).ok()).ok_or_else(|| {
                    $crate::types::UnknownName { set: stringify!($name), text: text.to_owned() }
                })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self.name() {
                    Some(name) => serializer.serialize_str(name),
                    None => serializer.collect_str(self),
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::types::text::deserialize(deserializer)
            }
        }
    };
}

pub(crate) use {text, text_form};

/// Reads a name or a number.
pub(crate) fn deserialize<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: From<i32> + FromStr<Err = UnknownName>,
{
    if deserializer.is_human_readable() {
        deserializer.deserialize_any(NameOrNumber(PhantomData))
    } else {
        deserializer.deserialize_str(NameOrNumber(PhantomData))
    }
}

struct NameOrNumber<T>(PhantomData<T>);

impl<T: From<i32> + FromStr<Err = UnknownName>> Visitor<'_> for NameOrNumber<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name or a number")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        let number = i32::try_from(number);
        number.map(T::from).map_err(|_| E::custom("the number is out of range"))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        let number = i32::try_from(number);
        number.map(T::from).map_err(|_| E::custom("the number is out of range"))
    }
}

#[cfg(test)]
mod tests {
    use crate::types::domain::{BlockJobType, EventId, State};

    #[test]
    fn names_are_words_in_lower_case() {
        for (value, text) in [
            (State::Running.to_string(), "running"),
            (State::PmSuspended.to_string(), "pm-suspended"),
            (EventId::BlockJob2.to_string(), "block-job2"),
            (State::Other(99).to_string(), "99"),
            (format!("{:>9}|{:<3}", State::Paused, State::Other(9)), "   paused|9  "),
        ] {
            assert_eq!(value, text);
        }
    }

    #[test]
    fn texts_are_read_back() {
        for &value in EventId::ALL {
            assert_eq!(value.to_string().parse(), Ok(value));
        }
        assert_eq!("1".parse(), Ok(State::Running));
        assert_eq!("99".parse(), Ok(State::Other(99)));
        for wrong in ["", "Running", "running ", "pmsuspended", "4294967296"] {
            let error = wrong.parse::<State>().expect_err(wrong);
            assert_eq!(error.to_string(), format!("no State is called {wrong:?}"));
        }
    }

    #[test]
    fn serde_takes_the_text() {
        let values = [BlockJobType::ActiveCommit, BlockJobType::Other(44)];
        let json = r#"["active-commit","44"]"#;
        assert_eq!(serde_json::to_string(&values).ok().as_deref(), Some(json));
        assert_eq!(serde_json::from_str(json).ok(), Some(values));
        assert_eq!(serde_json::from_str("4").ok(), Some(BlockJobType::ActiveCommit));
        for wrong in ["4294967296", "-2147483649", "true", r#""no""#] {
            assert!(serde_json::from_str::<BlockJobType>(wrong).is_err(), "{wrong}");
        }
    }
}
