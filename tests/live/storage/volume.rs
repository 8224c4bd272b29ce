//! Volumes: made, described, deleted.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt as _;

use libvirt_client::connect::Version;
use libvirt_client::storage::storage_vol::{
    CreateFlags, DeleteFlags, InfoFlags, ResizeFlags, Type, WipeAlgorithm,
};
use libvirt_client::types::error::ErrorCode;

use super::{make, physical, remove, shown_bytes, volume, volume_xml};
use crate::common::qemu;

#[tokio::test]
async fn a_volume_is_made_described_and_deleted() {
    const CAPACITY: u64 = 8 << 20;
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let (pool, dir) = make(daemon, &conn, "volumes-made").await;
    let xml = volume_xml("v.qcow2", "qcow2", CAPACITY, 0);
    let wrong = xml.replace("<target>", "<nonsense/><target>");
    let wrong = pool.storage_vol_create_xml(&wrong, CreateFlags::VALIDATE).await;
    assert_eq!(wrong.unwrap_err().code(), Some(ErrorCode::XmlInvalidSchema));
    // 9.0.0 has the flag, and refuses what is valid for having been given it.
    let flags = if conn.lib_version().await.unwrap() >= Version::new(11, 3, 0) {
        CreateFlags::VALIDATE
    } else {
        let valid = pool.storage_vol_create_xml(&xml, CreateFlags::VALIDATE).await;
        assert!(valid.unwrap_err().is_unsupported());
        CreateFlags::empty()
    };
    let made = pool.storage_vol_create_xml(&xml, flags).await.unwrap();
    let path = dir.join("v.qcow2");
    assert_eq!(
        (made.pool_name(), made.name(), made.os_key()),
        ("volumes-made", "v.qcow2", path.as_os_str())
    );
    assert_eq!(made.path().await.unwrap(), path);
    let again = pool.storage_vol_create_xml(&xml, CreateFlags::empty()).await;
    assert_eq!(again.unwrap_err().code(), Some(ErrorCode::StorageVolExist));
    assert_eq!(pool.list_all_volumes().await.unwrap(), std::slice::from_ref(&made));
    assert_eq!(made.storage_pool_lookup_by_volume().await.unwrap(), pool);

    let key = made.key();
    let shown = daemon.virsh(["vol-dumpxml", key]).unwrap();
    assert_eq!(made.xml_desc().await.unwrap().trim(), shown.trim());
    let info = made.info().await.unwrap();
    assert_eq!((info.kind, info.capacity_bytes), (Type::File, CAPACITY));
    let shown = |word| shown_bytes(daemon, &["vol-info", key, "--bytes"], word);
    assert_eq!(info.capacity_bytes, shown("Capacity"));
    assert_eq!(info.allocation_bytes, shown("Allocation"));
    assert_eq!(made.info_flags(InfoFlags::USE_ALLOCATION).await.unwrap(), info);
    let shown = shown_bytes(daemon, &["vol-info", key, "--bytes", "--physical"], "Physical");
    assert_eq!(physical(&made).await, shown);
    assert_eq!(physical(&made).await, fs::metadata(&path).unwrap().len());

    // Tables for all of it make a file longer than tables for nothing.
    let xml = volume_xml("tables.qcow2", "qcow2", CAPACITY, 0);
    let tables = pool.storage_vol_create_xml(&xml, CreateFlags::PREALLOC_METADATA).await.unwrap();
    assert!(physical(&tables).await > physical(&made).await);

    made.delete(DeleteFlags::ZEROED).await.unwrap_err();
    assert!(path.exists());
    made.delete(DeleteFlags::NORMAL).await.unwrap();
    assert!(!path.exists());
    assert!(made.info().await.unwrap_err().is_not_found());
    assert!(made.delete(DeleteFlags::NORMAL).await.unwrap_err().is_not_found());
    remove(&pool, &dir).await;
}

/// A raw volume that is sparse has another physical size than allocation.
#[tokio::test]
async fn physical_size_includes_holes() {
    const CAPACITY: u64 = 4 << 20;
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let (pool, dir) = make(daemon, &conn, "volumes-physical").await;
    let sparse = volume(&pool, "sparse", "raw", CAPACITY).await;
    let info = sparse.info().await.unwrap();
    assert_eq!((info.capacity_bytes, info.allocation_bytes), (CAPACITY, 0));
    assert_eq!(physical(&sparse).await, CAPACITY);
    remove(&pool, &dir).await;
}

/// Their capacity is reported to be the length of their files, as that of raw volumes is.
#[tokio::test]
async fn an_image_goes_into_a_volume_without_a_capacity() {
    const CAPACITY: u64 = 8 << 20;
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let (pool, dir) = make(daemon, &conn, "volumes-empty").await;
    let xml = volume_xml("image", "qcow2", CAPACITY, 0);
    let image = pool.storage_vol_create_xml(&xml, CreateFlags::PREALLOC_METADATA).await.unwrap();
    let empty = volume(&pool, "empty", "qcow2", 0).await;
    assert_eq!(empty.info().await.unwrap().capacity_bytes, physical(&empty).await);
    assert!(physical(&empty).await < physical(&image).await);
    empty.upload_from(File::open(dir.join("image")).unwrap()).await.unwrap();
    assert_eq!(empty.info().await.unwrap().capacity_bytes, CAPACITY);
    assert_eq!(fs::read(dir.join("empty")).unwrap(), fs::read(dir.join("image")).unwrap());
    remove(&pool, &dir).await;
}

#[tokio::test]
async fn a_file_unseen_so_far_is_not_overwritten_after_a_refresh() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let (pool, dir) = make(daemon, &conn, "volumes-unseen").await;
    fs::write(dir.join("v"), "precious").unwrap();
    let xml = volume_xml("v", "raw", 1 << 20, 0);
    pool.refresh().await.unwrap();
    let refused = pool.storage_vol_create_xml(&xml, CreateFlags::empty()).await;
    assert_eq!(refused.unwrap_err().code(), Some(ErrorCode::StorageVolExist));
    assert_eq!(fs::read(dir.join("v")).unwrap(), b"precious");
    remove(&pool, &dir).await;
}

/// XML is text and cannot name them, handles can.
#[tokio::test]
async fn volumes_whose_names_are_not_utf8_are_changed_and_deleted() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let (pool, dir) = make(daemon, &conn, "volumes-bytes").await;
    let names = [b"a\xfe", b"a\xff"].map(|name| OsStr::from_bytes(name));
    for name in names {
        fs::write(dir.join(name), [1; 4096]).unwrap();
    }
    pool.refresh().await.unwrap();
    let [first, other] = names.map(|name| dir.join(name));
    let handle = pool.storage_vol_lookup_by_name(names[0]).await.unwrap();
    let xml = handle.xml_desc().await.unwrap();
    assert!(xml.contains("<name>a\u{fffd}</name>"), "{xml}");
    assert_eq!(handle.storage_pool_lookup_by_volume().await.unwrap(), pool);
    assert_eq!(physical(&handle).await, 4096);
    handle.wipe_pattern(WipeAlgorithm::Zero).await.unwrap();
    assert_eq!(fs::read(&first).unwrap(), [0; 4096]);
    handle.resize(8192, ResizeFlags::empty()).await.unwrap();
    assert_eq!(fs::metadata(&first).unwrap().len(), 8192);
    // A source has a name of bytes as well.
    let xml = volume_xml("copy", "raw", 0, 0);
    pool.storage_vol_create_xml_from(&xml, &handle, CreateFlags::empty())
        .await
        .unwrap();
    assert_eq!(fs::metadata(dir.join("copy")).unwrap().len(), 8192);
    handle.delete(DeleteFlags::NORMAL).await.unwrap();
    assert!(!first.exists());
    assert_eq!(fs::read(&other).unwrap(), [1; 4096]);
    remove(&pool, &dir).await;
}
