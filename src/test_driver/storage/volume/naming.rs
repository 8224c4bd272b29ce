//! How volumes are named to clients, and found by it.

use crate::protocol::remote::NonnullStorageVol;
use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::state::storage::{Pool, Volume};
use crate::types::error::ErrorCode;

pub(super) fn wire(pool: &Pool, volume: &Volume) -> NonnullStorageVol<'static> {
    NonnullStorageVol {
        pool: pool.name().to_owned().into(),
        name: volume.name().to_owned().into(),
        key: volume.key().to_owned().into(),
    }
}

/// Returns a pool's volume of that name.
pub(super) fn named<'a>(pool: &'a Pool, name: &str) -> Result<&'a Volume> {
    pool.volumes().get(name).ok_or_else(|| no_such("name", name))
}

pub(super) fn no_such(what: &str, value: &str) -> Failure {
    let detail = format!("no storage vol with matching {what} '{value}'");
    Failure::new(ErrorCode::NoStorageVol, detail)
}
