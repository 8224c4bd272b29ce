//! Errors of this crate.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The reason why a command failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A definition has a syntax error.
    Syntax {
        /// The file, as it was named on the command line.
        file: String,
        /// The line, from 1.
        line: u32,
        /// The column, from 1, in characters.
        column: u32,
        /// The tokens that were expected.
        expected: String,
        /// The token that was found.
        found: String,
    },
    /// A file could not be read or written.
    Io {
        /// The path.
        path: PathBuf,
        /// The error.
        source: io::Error,
    },
    /// A file is invalid, or facts are inconsistent.
    Invalid(String),
}

impl Error {
    /// Creates the error of inconsistent facts.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid(message.into())
    }

    /// Wraps an I/O error with its path.
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { file, line, column, expected, found } => {
                write!(f, "{file}:{line}:{column}: expected {expected}, found {found}")
            }
            Self::Io { path, source } => write!(f, "{}: {source}", path.display()),
            Self::Invalid(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Syntax { .. } | Self::Invalid(_) => None,
        }
    }
}
