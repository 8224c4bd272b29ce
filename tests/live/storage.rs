//! Storage pools and volumes; see [`crate::streams`] for the volumes' content.

mod busy;
mod copies;
mod example;
mod pool;
mod resize;
mod sources;
mod volume;
mod wipe;

use std::fs;
use std::path::PathBuf;

use libvirt_client::Connect;
use libvirt_client::storage::storage_pool::{CreateFlags, DeleteFlags};
use libvirt_client::storage::storage_vol::{self, CreateFlags as VolumeFlags};
use libvirt_client::storage::{StoragePool, StorageVol};
use rig::Daemon;

/// The XML of a pool, and its directory, which does not exist yet.
fn describe(daemon: &Daemon, name: &str) -> (String, PathBuf) {
    let dir = daemon.scratch().join(name);
    let path = dir.display();
    let xml =
        format!("<pool type='dir'><name>{name}</name><target><path>{path}</path></target></pool>");
    (xml, dir)
}

/// A transient pool of that name, which no other test uses, and its directory; to be
/// [removed](remove) at the end of the test.
async fn make(daemon: &Daemon, conn: &Connect, name: &str) -> (StoragePool, PathBuf) {
    let (xml, dir) = describe(daemon, name);
    let pool = conn.storage_pool_create_xml(&xml, CreateFlags::WITH_BUILD).await.unwrap();
    (pool, dir)
}

/// Removes a transient pool and its volumes.
async fn remove(pool: &StoragePool, dir: &std::path::Path) {
    pool.destroy().await.unwrap();
    fs::remove_dir_all(dir).unwrap();
    let gone = pool.delete(DeleteFlags::NORMAL).await;
    assert!(gone.unwrap_err().is_not_found());
}

/// The XML of a volume.
fn volume_xml(name: &str, format: &str, capacity: u64, allocation: u64) -> String {
    format!(
        "<volume><name>{name}</name><capacity>{capacity}</capacity>\
         <allocation>{allocation}</allocation><target><format type='{format}'/></target></volume>"
    )
}

/// Makes a volume that takes no space.
async fn volume(pool: &StoragePool, name: &str, format: &str, capacity: u64) -> StorageVol {
    let xml = volume_xml(name, format, capacity, 0);
    pool.storage_vol_create_xml(&xml, VolumeFlags::empty()).await.unwrap()
}

/// What virsh prints behind a word.
fn shown(daemon: &Daemon, command: &[&str], word: &str) -> String {
    let output = daemon.virsh(command.iter().copied()).unwrap();
    let line = output.lines().find_map(|line| line.strip_prefix(word)).unwrap();
    line.trim_start_matches(':').trim().to_owned()
}

/// What virsh prints behind a word as a number of bytes.
fn shown_bytes(daemon: &Daemon, command: &[&str], word: &str) -> u64 {
    let text = shown(daemon, command, word);
    text.trim_end_matches(" bytes").parse().unwrap()
}

/// The capacity that virsh prints of a volume.
fn shown_capacity(daemon: &Daemon, volume: &StorageVol) -> u64 {
    shown_bytes(daemon, &["vol-info", volume.key(), "--bytes"], "Capacity")
}

/// The physical size of a volume.
async fn physical(volume: &StorageVol) -> u64 {
    let info = volume.info_flags(storage_vol::InfoFlags::GET_PHYSICAL).await;
    info.unwrap().allocation_bytes
}
