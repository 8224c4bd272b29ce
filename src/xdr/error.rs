use std::fmt;

/// The reason why bytes are not the encoding of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end before the value does.
    Truncated {
        /// The number of bytes of the next part of the value.
        needed: usize,
        /// The number of bytes that were left.
        left: usize,
    },
    /// A count or length is above the maximum that the protocol declares.
    TooLong {
        /// The count or length on the wire.
        len: usize,
        /// The declared maximum.
        max: usize,
    },
    /// A union's discriminant selects no arm.
    UnknownArm {
        /// The discriminant on the wire.
        discriminant: i32,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { needed, left } => {
                write!(f, "truncated: {needed} bytes needed, {left} left")
            }
            Self::TooLong { len, max } => write!(f, "length {len} is above the maximum of {max}"),
            Self::UnknownArm { discriminant } => write!(f, "no union arm {discriminant}"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// The reason why a value cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// A string, byte array or list is longer than the protocol's declared maximum.
    TooLong {
        /// Its length.
        len: usize,
        /// The declared maximum.
        max: usize,
    },
    /// A string contains a NUL byte, which the protocol's strings cannot have.
    Nul {
        /// The number of bytes before it.
        at: usize,
    },
    /// The whole message would be larger than the protocol allows.
    MessageTooLarge {
        /// The largest size of a message, in bytes.
        max: usize,
    },
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { len, max } => {
                write!(f, "length {len} is above the protocol's maximum of {max}")
            }
            Self::Nul { at } => write!(
                f,
                "a string has a NUL byte after {at} bytes, where it would end for the daemon"
            ),
            Self::MessageTooLarge { max } => {
                write!(f, "the message is larger than the protocol's maximum of {max} bytes")
            }
        }
    }
}

impl std::error::Error for EncodeError {}
