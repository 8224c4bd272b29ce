//! The rig's one error type: made to be read in the output of a failed test.

use std::fmt;
use std::io;

use crate::need::Missing;

/// What the functions of this crate return.
pub type Result<T> = std::result::Result<T, Error>;

/// Why the rig could not do what was asked.
///
/// `Debug` prints what `Display` prints, since a test that returns an error shows its `Debug` form.
#[derive(thiserror::Error)]
pub enum Error {
    /// The machine lacks a program, package, user or right.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// The operating system refused something.
    #[error("{action}: {source}")]
    Io {
        /// What was attempted.
        action: String,
        /// What the system said.
        source: io::Error,
    },
    /// A program the rig started failed, or did not do its work in time.
    #[error("{0}")]
    Failed(String),
}

impl Error {
    /// Says what was attempted when the system refuses it: `result.map_err(Error::io("…"))`.
    pub fn io<E: Into<io::Error>>(action: impl Into<String>) -> impl FnOnce(E) -> Self {
        |source| Self::Io { action: action.into(), source: source.into() }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// [`Error::io`] for actions whose names take work to write.
pub(crate) trait Attempt<T> {
    fn attempt(self, action: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: Into<io::Error>> Attempt<T> for std::result::Result<T, E> {
    fn attempt(self, action: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| Error::io(action())(source))
    }
}
