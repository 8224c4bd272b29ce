//! Pools from their definition to their removal.

use std::fs;

use libvirt_client::storage::storage_pool::{
    BuildFlags, CreateFlags, DefineFlags, DeleteFlags, State, XmlFlags,
};
use libvirt_client::types::connect::ListAllStoragePoolsFlags;
use libvirt_client::types::error::ErrorCode;

use super::{describe, make, remove, shown, shown_bytes};
use crate::common::qemu;

#[tokio::test]
async fn a_pool_is_defined_built_started_ended_deleted_and_undefined() {
    const NAME: &str = "pools-life";
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let (xml, dir) = describe(daemon, NAME);
    let pool = conn.storage_pool_define_xml(&xml, DefineFlags::VALIDATE).await.unwrap();
    let uuid = daemon.virsh(["pool-uuid", NAME]).unwrap();
    assert_eq!((pool.name(), &*pool.uuid().to_string()), (NAME, uuid.trim()));
    // The same name, and a UUID that the daemon made up.
    let again = conn.storage_pool_define_xml(&xml, DefineFlags::empty()).await;
    assert_eq!(again.unwrap_err().code(), Some(ErrorCode::OperationFailed));
    let wrong = xml.replace("<target>", "<nonsense/><target>");
    let wrong = conn.storage_pool_define_xml(&wrong, DefineFlags::VALIDATE).await;
    assert_eq!(wrong.unwrap_err().code(), Some(ErrorCode::XmlInvalidSchema));

    assert!(!pool.is_active().await.unwrap());
    assert!(pool.is_persistent().await.unwrap());
    let info = pool.info().await.unwrap();
    assert_eq!(info.state, State::Inactive);
    assert_eq!((info.capacity_bytes, info.allocation_bytes, info.available_bytes), (0, 0, 0));
    for autostart in [true, false] {
        pool.set_autostart(autostart).await.unwrap();
        assert_eq!(pool.autostart().await.unwrap(), autostart);
        let yes_or_no = shown(daemon, &["pool-info", NAME], "Autostart");
        assert_eq!(yes_or_no, if autostart { "yes" } else { "no" });
    }

    // There is no directory to start it with.
    pool.create(CreateFlags::NORMAL).await.unwrap_err();
    for flags in [BuildFlags::OVERWRITE, BuildFlags::NO_OVERWRITE] {
        pool.build(flags).await.unwrap_err();
    }
    pool.build(BuildFlags::NEW).await.unwrap();
    assert!(dir.is_dir());
    pool.create(CreateFlags::NORMAL).await.unwrap();
    for refused in [
        pool.create(CreateFlags::NORMAL).await,
        pool.build(BuildFlags::NEW).await,
        pool.delete(DeleteFlags::NORMAL).await,
        pool.undefine().await,
    ] {
        assert_eq!(refused.unwrap_err().code(), Some(ErrorCode::OperationInvalid));
    }
    assert!(pool.is_active().await.unwrap());
    assert_eq!(conn.storage_pool_lookup_by_target_path(&dir).await.unwrap(), pool);

    let info = pool.info().await.unwrap();
    assert_eq!(info.state, State::Running);
    for (bytes, word) in [
        (info.capacity_bytes, "Capacity"),
        (info.allocation_bytes, "Allocation"),
        (info.available_bytes, "Available"),
    ] {
        assert_eq!(bytes, shown_bytes(daemon, &["pool-info", "--bytes", NAME], word));
    }
    for (flags, option) in [
        (XmlFlags::empty(), None),
        (XmlFlags::INACTIVE, Some("--inactive")),
    ] {
        let command = ["pool-dumpxml", NAME].into_iter().chain(option);
        let shown = daemon.virsh(command).unwrap();
        assert_eq!(pool.xml_desc(flags).await.unwrap().trim(), shown.trim());
    }

    // With its UUID it is changed; what runs is not.
    let elsewhere = dir.with_file_name("pools-life-2");
    let with_uuid = xml.replace("<name>", &format!("<uuid>{}</uuid><name>", pool.uuid()));
    let moved = with_uuid.replace(dir.to_str().unwrap(), elsewhere.to_str().unwrap());
    let changed = conn.storage_pool_define_xml(&moved, DefineFlags::empty()).await.unwrap();
    assert_eq!(changed, pool);
    let elsewhere = elsewhere.to_str().unwrap();
    assert!(!pool.xml_desc(XmlFlags::empty()).await.unwrap().contains(elsewhere));
    assert!(pool.xml_desc(XmlFlags::INACTIVE).await.unwrap().contains(elsewhere));
    conn.storage_pool_define_xml(&with_uuid, DefineFlags::empty()).await.unwrap();

    pool.destroy().await.unwrap();
    let gone = conn.storage_pool_lookup_by_target_path(&dir).await;
    assert!(gone.unwrap_err().is_not_found());
    let file = dir.join("file");
    fs::write(&file, "").unwrap();
    pool.delete(DeleteFlags::NORMAL).await.unwrap_err();
    fs::remove_file(&file).unwrap();
    pool.delete(DeleteFlags::ZEROED).await.unwrap_err();
    pool.delete(DeleteFlags::NORMAL).await.unwrap();
    assert!(!dir.exists());
    let inactive = conn.list_all_storage_pools(ListAllStoragePoolsFlags::INACTIVE).await;
    assert!(inactive.unwrap().contains(&pool));
    pool.undefine().await.unwrap();
    assert!(pool.is_active().await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_transient_pool_is_gone_when_it_ends() {
    const NAME: &str = "pools-transient";
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let (pool, dir) = make(daemon, &conn, NAME).await;
    assert_eq!(shown(daemon, &["pool-info", NAME], "Persistent"), "no");
    assert!(!pool.is_persistent().await.unwrap());
    pool.set_autostart(true).await.unwrap_err();
    let (xml, _) = describe(daemon, NAME);
    let again = conn.storage_pool_create_xml(&xml, CreateFlags::NORMAL).await;
    assert_eq!(again.unwrap_err().code(), Some(ErrorCode::OperationFailed));
    remove(&pool, &dir).await;
}

#[tokio::test]
async fn a_refresh_finds_new_volumes_and_ends_a_pool_whose_directory_is_gone() {
    const NAME: &str = "pools-refreshed";
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let (pool, dir) = make(daemon, &conn, NAME).await;
    fs::write(dir.join("new"), "12345").unwrap();
    assert_eq!(pool.list_all_volumes().await.unwrap(), []);
    let unseen = pool.storage_vol_lookup_by_name("new").await;
    assert_eq!(unseen.unwrap_err().code(), Some(ErrorCode::NoStorageVol));
    pool.refresh().await.unwrap();
    let [volume] = &pool.list_all_volumes().await.unwrap()[..] else {
        panic!("not one volume");
    };
    assert_eq!(volume.name(), "new");
    assert_eq!(volume.storage_pool_lookup_by_volume().await.unwrap(), pool);

    fs::remove_dir_all(&dir).unwrap();
    pool.refresh().await.unwrap_err();
    assert!(pool.is_active().await.unwrap_err().is_not_found());
    assert!(volume.storage_pool_lookup_by_volume().await.unwrap_err().is_not_found());
}

/// A transient description for a pool that is defined: it is that pool, and stays defined.
#[tokio::test]
async fn a_defined_pool_can_be_started_with_another_description() {
    const NAME: &str = "pools-started-otherwise";
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let (xml, dir) = describe(daemon, NAME);
    let pool = conn.storage_pool_define_xml(&xml, DefineFlags::empty()).await.unwrap();
    let xml = xml.replace("<name>", &format!("<uuid>{}</uuid><name>", pool.uuid()));
    let elsewhere = dir.with_file_name("pools-started-elsewhere");
    let xml = xml.replace(dir.to_str().unwrap(), elsewhere.to_str().unwrap());
    let started = conn.storage_pool_create_xml(&xml, CreateFlags::WITH_BUILD).await.unwrap();
    assert_eq!(started, pool);
    assert!(elsewhere.is_dir());
    assert!(pool.is_persistent().await.unwrap());
    pool.destroy().await.unwrap();
    let left = pool.xml_desc(XmlFlags::empty()).await.unwrap();
    assert!(left.contains(dir.to_str().unwrap()), "{left}");
    pool.undefine().await.unwrap();
    fs::remove_dir(&elsewhere).unwrap();
}
