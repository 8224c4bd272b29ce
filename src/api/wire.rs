//! Conversions between wire types and the API's types, shared by several objects.

use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

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

/// Converts seconds since 1970, or before it; `None` for a time that the system's clock cannot
/// represent.
pub(crate) fn unix_time(seconds: i64) -> Option<SystemTime> {
    let since = Duration::from_secs(seconds.unsigned_abs());
    match seconds {
        0.. => SystemTime::UNIX_EPOCH.checked_add(since),
        _ => SystemTime::UNIX_EPOCH.checked_sub(since),
    }
}

/// Converts a number, such as that of a NUMA node, to an argument that is −1 where none is given.
pub(crate) fn number_or_none(
    procedure: &'static str,
    what: &str,
    number: Option<u32>,
) -> Result<i32> {
    number.map_or(Ok(-1), |number| {
        i32::try_from(number).map_err(|_| Error::InvalidArgument {
            procedure,
            reason: format!("there can be no {what} {number}"),
        })
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
    fn times_are_on_both_sides_of_1970() {
        let epoch = SystemTime::UNIX_EPOCH;
        assert_eq!(unix_time(0), Some(epoch));
        assert_eq!(unix_time(7), epoch.checked_add(Duration::from_secs(7)));
        assert_eq!(unix_time(-7), epoch.checked_sub(Duration::from_secs(7)));
    }

    #[test]
    fn numbers_are_sent_with_a_sign() {
        assert_eq!(number_or_none("", "node", None).ok(), Some(-1));
        assert_eq!(number_or_none("", "node", Some(7)).ok(), Some(7));
        let error = number_or_none("", "node", Some(u32::MAX)).map_err(|error| error.to_string());
        assert!(matches!(&error, Err(text) if text.contains("node 4294967295")), "{error:?}");
    }

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
