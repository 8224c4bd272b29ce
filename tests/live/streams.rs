//! Volumes' content, consoles, channels and screens.

mod console;
mod ending;
mod lengths;
mod names;
mod program;
mod screenshot;
mod sparse;
mod transfer;
mod volume;

use std::fs;
use std::path::PathBuf;

use libvirt_client::storage::StorageVol;
use libvirt_client::storage::storage_vol::{DownloadFlags, UploadFlags};
use libvirt_client::{Chunk, Connect};
use rig::Daemon;

/// A directory of volumes that no other test uses.
pub struct Pool<'a> {
    daemon: &'a Daemon,
    name: &'static str,
    pub dir: PathBuf,
}

impl<'a> Pool<'a> {
    pub fn new(daemon: &'a Daemon, name: &'static str) -> Self {
        let dir = daemon.scratch().join(name);
        fs::create_dir(&dir).unwrap();
        let target = dir.to_str().unwrap();
        daemon.virsh(["pool-create-as", name, "dir", "--target", target]).unwrap();
        Self { daemon, name, dir }
    }

    /// A raw volume of so many zeros, which take no space.
    pub async fn volume(&self, conn: &Connect, name: &str, bytes: u64) -> StorageVol {
        let size = format!("{bytes}B");
        let create = ["vol-create-as", self.name, name, &size, "--allocation", "0"];
        self.daemon.virsh(create).unwrap();
        let pool = conn.storage_pool_lookup_by_name(self.name).await.unwrap();
        pool.storage_vol_lookup_by_name(name).await.unwrap()
    }

    /// What the volume's file holds.
    pub fn content(&self, name: &str) -> Vec<u8> {
        fs::read(self.dir.join(name)).unwrap()
    }

    /// How often the daemon has files of the pool open.
    pub fn open_files(&self) -> usize {
        let descriptors = format!("/proc/{}/fd", self.daemon.pid().unwrap());
        let links = fs::read_dir(descriptors).unwrap();
        let files = links.filter_map(|link| fs::read_link(link.ok()?.path()).ok());
        files.filter(|file| file.starts_with(&self.dir)).count()
    }
}

/// Copies a volume to another on the same connection, in one task, as nobody should who wants it to be
/// fast.
pub async fn copy_on_one_connection(from: &StorageVol, to: &StorageVol) {
    let flags = DownloadFlags::empty();
    let mut download = from.download(0, None, flags).await.unwrap();
    let mut upload = to.upload(0, None, UploadFlags::empty()).await.unwrap();
    while let Some(chunk) = download.read_chunk().await.unwrap() {
        let Chunk::Data(data) = chunk else {
            panic!("{chunk:?}")
        };
        upload.write_all(&data).await.unwrap();
    }
    download.finish().await.unwrap();
    upload.finish().await.unwrap();
}

/// Numbers without a pattern, the same in each run.
pub struct Noise(u64);

impl Noise {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// One step of `SplitMix64`.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 1 to `max`, small numbers as often as large ones.
    pub fn length(&mut self, max: usize) -> usize {
        let magnitude = max >> (self.next() % u64::from(max.ilog2()));
        self.next() as usize % magnitude + 1
    }

    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let words = (0..count.div_ceil(8)).flat_map(|_| self.next().to_ne_bytes());
        words.take(count).collect()
    }
}
