//! Conversions between wire types and the API's types, shared by several objects.

use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use super::typed_params::typed_params;
use crate::error::{Error, ProtocolError, Result};
use crate::params::{TypedParams, ValueRef};
use crate::protocol::remote::{TypedParam, TypedParamValue};

typed_params!();

/// Copies a reply's parameters into a list.
pub(crate) fn params_from_wire(wire: &[TypedParam<'_>]) -> TypedParams {
    params(wire).collect()
}

/// Makes the error for a well-formed reply that contradicts itself.
pub(crate) fn invalid_reply(procedure: &'static str, reason: impl Into<String>) -> Error {
    ProtocolError::InvalidReply { procedure, reason: reason.into() }.into()
}

/// Converts a duration to an argument in seconds.
pub(crate) fn whole_seconds(procedure: &'static str, duration: Duration) -> Result<u64> {
    if duration.subsec_nanos() != 0 {
        return Err(Error::InvalidArgument {
            procedure,
            reason: format!("{duration:?} is not a whole number of seconds"),
        });
    }
    Ok(duration.as_secs())
}

/// Converts a duration to an argument in milliseconds.
pub(crate) fn whole_millis(procedure: &'static str, duration: Duration) -> Result<u32> {
    let millis = u32::try_from(duration.as_millis()).ok();
    millis
        .filter(|&millis| duration == Duration::from_millis(millis.into()))
        .ok_or_else(|| Error::InvalidArgument {
            procedure,
            reason: format!(
                "{duration:?} is not a whole number of milliseconds up to {}",
                u32::MAX
            ),
        })
}

/// Converts a statistic, which is −1 where the hypervisor does not count.
pub(crate) fn counter(number: i64) -> Option<u64> {
    number.try_into().ok()
}

/// Converts a duration to a signed argument in seconds.
pub(crate) fn signed_seconds(procedure: &'static str, duration: Duration) -> Result<i32> {
    i32::try_from(whole_seconds(procedure, duration)?).map_err(|_| Error::InvalidArgument {
        procedure,
        reason: format!("{duration:?} is more than {} seconds", i32::MAX),
    })
}

/// Converts C's boolean: an integer, true unless zero.
pub(crate) fn truth(value: i32) -> bool {
    value != 0
}

/// Makes a path absolute, because the daemon has another working directory than this process. As in
/// the C library `..` is resolved, since its host may not have the directory before it.
pub(crate) fn absolute_path(procedure: &'static str, path: impl AsRef<Path>) -> Result<PathBuf> {
    let path = path.as_ref();
    let absolute = std::path::absolute(path).map_err(|error| Error::InvalidArgument {
        procedure,
        reason: format!("the path \"{}\": {error}", path.display()),
    })?;
    let mut resolved = PathBuf::new();
    for component in absolute.components() {
        match component {
            Component::ParentDir => drop(resolved.pop()),
            other => resolved.push(other),
        }
    }
    Ok(resolved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_absolute_and_need_no_directory_that_they_leave() {
        for (given, expected) in [
            ("/a/b", "/a/b"),
            ("/a/./b/../../c/", "/c"),
            ("/../a", "/a"),
            (
                "a/../b",
                &*format!("{}/b", std::env::current_dir().unwrap_or_default().display()),
            ),
        ] {
            assert_eq!(absolute_path("", given).ok(), Some(PathBuf::from(expected)), "{given}");
        }
    }
}
