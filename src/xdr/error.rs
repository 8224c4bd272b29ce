use std::fmt;

/// Why bytes are not the encoding of the type asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end before the value does.
    Truncated {
        /// Bytes the next part of the value takes.
        needed: usize,
        /// Bytes that were left.
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

/// Why a value cannot be sent.
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
    /// A string has a NUL byte in it, which none of the protocol's strings can have.
    Nul {
        /// How many bytes stand before it.
        at: usize,
    },
    /// The whole message would be larger than the protocol allows.
    MessageTooLarge {
        /// The most bytes a message may take.
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
