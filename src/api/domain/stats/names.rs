//! Sharing of parameter names that many records have in the same place.

use std::sync::Arc;

use crate::params::{TypedParams, ValueRef};

/// The names in the last list of a kind.
#[derive(Debug, Default)]
pub(super) struct Names(Vec<Arc<str>>);

impl Names {
    /// Appends a parameter, and shares its name with the last list if that has it in the same
    /// place.
    #[inline]
    pub(super) fn push(&mut self, params: &mut TypedParams, name: &[u8], value: ValueRef<'_>) {
        let name = match self.0.get(params.len()) {
            Some(last) if last.as_bytes() == name => Arc::clone(last),
            _ => self.replace(params.len(), name),
        };
        params.push_shared(name, value.to_owned());
    }

    fn replace(&mut self, index: usize, name: &[u8]) -> Arc<str> {
        let name: Arc<str> = Arc::from(&*String::from_utf8_lossy(name));
        match self.0.get_mut(index) {
            Some(last) => *last = Arc::clone(&name),
            // Lists grow by one at a time, and so does this one with the longest of them.
            None => self.0.push(Arc::clone(&name)),
        }
        name
    }
}

/// The names of every kind of list in a record.
#[derive(Debug, Default)]
pub(super) struct RecordNames {
    pub(super) vcpu: Names,
    pub(super) energy: Names,
    pub(super) vm: Names,
    pub(super) other: Names,
}
