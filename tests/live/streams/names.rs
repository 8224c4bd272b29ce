//! Volumes whose files have names that are not UTF-8.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt as _;

use libvirt_client::storage::StorageVol;
use libvirt_client::storage::storage_vol::DownloadFlags;
use tokio::io::AsyncReadExt as _;

use super::Pool;
use crate::common::qemu;

#[tokio::test]
async fn names_that_are_not_text_are_told_apart_and_found_again() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let pool = Pool::new(daemon, "names-bytes");
    let names = [
        OsStr::from_bytes(b"a\xfe.img"),
        OsStr::from_bytes(b"a\xff.img"),
    ];
    for (name, content) in names.iter().zip([b"first", b"other"]) {
        fs::write(pool.dir.join(name), content).unwrap();
    }
    daemon.virsh(["pool-refresh", "names-bytes"]).unwrap();

    let by_name = conn.storage_pool_lookup_by_name("names-bytes").await;
    let by_name = by_name.unwrap();
    let mut volumes = by_name.list_all_volumes().await.unwrap();
    volumes.sort_by(|a, b| a.os_name().cmp(b.os_name()));
    let [first, other] = &volumes[..] else {
        panic!("{volumes:?}");
    };
    // They look the same and are not.
    assert_eq!(first.name(), "a\u{fffd}.img");
    assert_eq!(first.name(), other.name());
    assert_eq!(first.key(), other.key());
    assert_ne!(first, other);

    for ((volume, name), content) in volumes.iter().zip(names).zip([b"first", b"other"]) {
        let path = pool.dir.join(name);
        assert_eq!(volume.os_name(), name);
        assert_eq!(volume.os_key(), path);
        assert_eq!(volume.path().await.unwrap(), path);
        assert_eq!(volume.info().await.unwrap().capacity_bytes, 5);
        let found = [
            by_name.storage_vol_lookup_by_name(name).await,
            conn.storage_vol_lookup_by_key(volume.os_key()).await,
            conn.storage_vol_lookup_by_path(&path).await,
        ];
        for found in found {
            assert_eq!(found.unwrap(), *volume);
        }
        assert_eq!(read(volume).await, content);

        // Over a connection of its own the handle is made anew.
        let down = daemon.scratch().join("names-bytes.down");
        let download = volume.download_to(File::create(&down).unwrap());
        download.own_connection(true).await.unwrap();
        assert_eq!(fs::read(&down).unwrap(), content);
    }
}

async fn read(volume: &StorageVol) -> Vec<u8> {
    let opened = volume.download(0, None, DownloadFlags::empty());
    let mut stream = opened.await.unwrap();
    let mut content = Vec::new();
    stream.read_to_end(&mut content).await.unwrap();
    stream.finish().await.unwrap();
    content
}
