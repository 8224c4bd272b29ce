//! Other capacities for volumes.

use std::fs::{self, File};

use libvirt_client::storage::storage_vol::{CreateFlags, ResizeFlags};
use libvirt_client::types::error::ErrorCode;

use super::{make, remove, shown_capacity, volume, volume_xml};
use crate::common::qemu;

const MIB: u64 = 1 << 20;

#[tokio::test]
async fn volumes_grow_and_shrink() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let (pool, dir) = make(daemon, &conn, "resize-both").await;
    for format in ["raw", "qcow2"] {
        let volume = volume(&pool, format, format, 4 * MIB).await;
        let (absolute, delta, shrink) =
            (ResizeFlags::empty(), ResizeFlags::DELTA, ResizeFlags::SHRINK);
        for (bytes, flags, capacity) in [
            (6 * MIB, absolute, 6 * MIB),
            (2 * MIB, delta, 8 * MIB),
            (7 * MIB, shrink, 7 * MIB),
            (MIB, delta | shrink, 6 * MIB),
            // No change is none, with or without permission to shrink.
            (6 * MIB, shrink, 6 * MIB),
            (0, delta, 6 * MIB),
        ] {
            volume.resize(bytes, flags).await.unwrap();
            assert_eq!(volume.info().await.unwrap().capacity_bytes, capacity, "{format}");
            assert_eq!(shown_capacity(daemon, &volume), capacity);
        }
        let refused = volume.resize(MIB, absolute).await.unwrap_err();
        assert_eq!(refused.code(), Some(ErrorCode::InvalidArg), "{refused}");
    }
    remove(&pool, &dir).await;
}

#[tokio::test]
async fn storage_is_taken_when_asked_for_and_not_given_back() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let (pool, dir) = make(daemon, &conn, "resize-allocate").await;
    let sparse = volume(&pool, "sparse", "raw", 0).await;
    sparse.resize(MIB, ResizeFlags::ALLOCATE).await.unwrap();
    assert_eq!(sparse.info().await.unwrap().allocation_bytes, MIB);
    let image = volume(&pool, "image", "qcow2", MIB).await;
    let refused = image.resize(2 * MIB, ResizeFlags::ALLOCATE).await.unwrap_err();
    assert_eq!(refused.code(), Some(ErrorCode::OperationUnsupported));

    let xml = volume_xml("full", "raw", MIB, MIB);
    let full = pool.storage_vol_create_xml(&xml, CreateFlags::empty()).await.unwrap();
    assert_eq!(full.info().await.unwrap().allocation_bytes, MIB);
    let refused = full.resize(MIB / 2, ResizeFlags::SHRINK).await.unwrap_err();
    assert_eq!(refused.code(), Some(ErrorCode::InvalidArg), "{refused}");
    remove(&pool, &dir).await;
}

/// The daemon reckons from the capacity that it saw last, and makes a file shorter that has grown
/// behind its back.
#[tokio::test]
async fn a_capacity_is_looked_at_before_it_is_added_to() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let (pool, dir) = make(daemon, &conn, "resize-stale").await;
    let volume = volume(&pool, "v", "raw", 4 * MIB).await;
    let grow_behind_its_back = || {
        File::options()
            .write(true)
            .open(dir.join("v"))
            .unwrap()
            .set_len(10 * MIB)
            .unwrap();
    };
    let length = || fs::metadata(dir.join("v")).unwrap().len();
    grow_behind_its_back();
    volume.resize(MIB, ResizeFlags::DELTA).await.unwrap();
    assert_eq!(length(), 5 * MIB);
    grow_behind_its_back();
    assert_eq!(volume.info().await.unwrap().capacity_bytes, 10 * MIB);
    volume.resize(MIB, ResizeFlags::DELTA).await.unwrap();
    assert_eq!(length(), 11 * MIB);
    remove(&pool, &dir).await;
}
