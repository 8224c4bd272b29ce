//! What is made up where a definition does not say it.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use uuid::{Builder, Uuid};

/// Returns a number that nobody can foresee; the keys of the standard library's maps are such.
fn number() -> u64 {
    RandomState::new().build_hasher().finish()
}

pub(super) fn uuid() -> Uuid {
    let bytes = (u128::from(number()) << 64 | u128::from(number())).to_be_bytes();
    Builder::from_random_bytes(bytes).into_uuid()
}

/// Returns the address of a network card, of those that QEMU's have.
pub(super) fn mac() -> String {
    let [a, b, c, ..] = number().to_be_bytes();
    format!("52:54:00:{a:02x}:{b:02x}:{c:02x}")
}
