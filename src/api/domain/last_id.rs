//! The ID by which a handle knows a running domain.

use std::fmt;
use std::sync::atomic::{AtomicI32, Ordering};

/// A domain's ID; −1 while it does not run.
pub(crate) struct LastId(AtomicI32);

impl LastId {
    pub(super) fn get(&self) -> Option<u32> {
        u32::try_from(i32::from(self)).ok()
    }

    pub(super) fn set(&self, id: i32) {
        self.0.store(id, Ordering::Relaxed);
    }
}

impl From<i32> for LastId {
    fn from(id: i32) -> Self {
        Self(AtomicI32::new(id))
    }
}

impl From<&LastId> for i32 {
    fn from(id: &LastId) -> Self {
        id.0.load(Ordering::Relaxed)
    }
}

impl Clone for LastId {
    fn clone(&self) -> Self {
        i32::from(self).into()
    }
}

impl fmt::Debug for LastId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}
