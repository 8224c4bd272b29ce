//! Lists of objects, and the filters that choose from them.

use super::failure::{Failure, Result};
use crate::types::error::{ErrorCode, ErrorDomain};
use crate::xdr::WireStr;

/// The most names that a client may ask for, and what the limit is called.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub(super) most: usize,
    pub(super) limit: &'static str,
}

impl Room {
    /// Checks how many a client has room for; the argument is called so.
    pub(super) fn check(&self, room: i32, argument: &str) -> Result<usize> {
        let failure = |detail: String| Failure::of(ErrorDomain::Rpc, ErrorCode::Rpc, detail);
        let room = usize::try_from(room)
            .map_err(|_| failure(format!("{argument} must be non-negative")))?;
        if room > self.most {
            Err(failure(format!("{argument} > {}", self.limit)))
        } else {
            Ok(room)
        }
    }

    /// Returns as many names as a client has room for.
    pub(super) fn names(
        &self,
        names: impl Iterator<Item = impl Into<String>>,
        room: i32,
    ) -> Result<Vec<WireStr<'static>>> {
        let room = self.check(room, "maxnames")?;
        Ok(names.take(room).map(|name| name.into().into()).collect())
    }
}

/// Returns a number of objects.
pub(super) fn count<T>(objects: impl Iterator<Item = T>) -> i32 {
    i32::try_from(objects.count()).unwrap_or(i32::MAX)
}

/// Returns the objects, if a client wants them, and their number.
pub(super) fn all<T>(objects: Vec<T>, need_results: i32) -> (Vec<T>, u32) {
    let count = u32::try_from(objects.len()).unwrap_or(u32::MAX);
    match need_results {
        0 => (Vec::new(), count),
        _ => (objects, count),
    }
}

/// Returns whether an object passes a filter: it is in one of those that the filter names, if it
/// names any of a group.
pub(super) fn passes(filter: u32, group: &[(u32, bool)]) -> bool {
    let mut named = group.iter().filter(|(flag, _)| filter & flag != 0).peekable();
    named.peek().is_none() || named.any(|(_, is_in)| *is_in)
}
