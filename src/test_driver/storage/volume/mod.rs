//! Storage volumes.

mod definition;
mod info;
mod life;
mod list;
mod lookup;

pub(super) use self::definition::Volume;
use super::pool::Pool;
use crate::protocol::remote::NonnullStorageVol;
use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::routes::Routes;
use crate::test_driver::xml::Element;
use crate::types::error::ErrorCode;

pub(super) fn route(routes: &mut Routes) {
    lookup::route(routes);
    list::route(routes);
    life::route(routes);
    info::route(routes);
}

fn wire(pool: &Pool, volume: &Volume) -> NonnullStorageVol<'static> {
    NonnullStorageVol {
        pool: pool.name().to_owned().into(),
        name: volume.name().to_owned().into(),
        key: volume.key().to_owned().into(),
    }
}

/// Returns a pool's volume of that name.
fn named<'a>(pool: &'a Pool, name: &str) -> Result<&'a Volume> {
    pool.volumes().get(name).ok_or_else(|| no_such("name", name))
}

fn no_such(what: &str, value: &str) -> Failure {
    let detail = format!("no storage vol with matching {what} '{value}'");
    Failure::new(ErrorCode::NoStorageVol, detail)
}

/// Adds a volume that a node file has.
pub(super) fn add_from_node(pool: &mut Pool, element: &Element) -> Result<()> {
    let volume = Volume::of(element, pool, true)?;
    pool.add_volume(volume);
    Ok(())
}
