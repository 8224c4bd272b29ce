//! The rig's only error type, whose texts are for the output of a failed test.

use std::fmt;
use std::io;

use crate::need::Missing;

/// The result of this crate's functions.
pub type Result<T> = std::result::Result<T, Error>;

/// A failure of the rig.
///
/// `Debug` prints what `Display` prints, since a test that returns an error shows its `Debug` form.
#[derive(thiserror::Error)]
pub enum Error {
    /// The machine lacks a program, package, user or privilege.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// A system call failed.
    #[error("{action}: {source}")]
    Io {
        /// The action that was attempted.
        action: String,
        /// The system's error.
        source: io::Error,
    },
    /// A program the rig started failed, or did not finish in time.
    #[error("{0}")]
    Failed(String),
}

impl Error {
    /// Adds the attempted action to a system's error: `result.map_err(Error::io("…"))`.
    pub fn io<E: Into<io::Error>>(action: impl Into<String>) -> impl FnOnce(E) -> Self {
        |source| Self::Io { action: action.into(), source: source.into() }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// [`Error::io`] for actions whose names are costly to format.
pub(crate) trait Attempt<T> {
    fn attempt(self, action: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: Into<io::Error>> Attempt<T> for std::result::Result<T, E> {
    fn attempt(self, action: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| Error::io(action())(source))
    }
}
