//! The URI of a caller that gives none.

use std::env;

/// `LIBVIRT_DEFAULT_URI`, unless it is empty.
pub(crate) fn default_uri() -> Option<String> {
    env::var("LIBVIRT_DEFAULT_URI")
        .ok()
        .filter(|uri| !uri.is_empty())
}
