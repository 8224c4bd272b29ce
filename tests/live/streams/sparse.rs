//! Holes, both ways.

use std::fs;
use std::os::unix::fs::MetadataExt;

use libvirt_client::Chunk;
use libvirt_client::storage::storage_vol::{DownloadFlags, UploadFlags};
use tokio::io::AsyncReadExt;

use super::{Noise, Pool};
use crate::common::qemu;

const MIB: u64 = 1 << 20;

#[tokio::test]
async fn holes_go_up_and_come_down_as_holes() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let pool = Pool::new(daemon, "streams-sparse");
    let size = 40 * MIB;
    let volume = pool.volume(&conn, "v", size).await;
    let mut noise = Noise::new(5);
    let (first, second) = (noise.bytes(2 << 20), noise.bytes(70_000));

    // A hole in front, one between, one behind.
    let sparse = UploadFlags::SPARSE_STREAM;
    let mut stream = volume.upload(0, None, sparse).await.unwrap();
    stream.write_hole(3 * MIB).await.unwrap();
    stream.write_all(&first).await.unwrap();
    stream.write_hole(20 * MIB).await.unwrap();
    stream.write_all(&second).await.unwrap();
    let rest = size - 25 * MIB - second.len() as u64;
    stream.write_hole(rest).await.unwrap();
    stream.finish().await.unwrap();

    let mut expected = vec![0; size as usize];
    expected[3 << 20..][..first.len()].copy_from_slice(&first);
    expected[25 << 20..][..second.len()].copy_from_slice(&second);
    assert!(pool.content("v") == expected);
    let allocated = fs::metadata(pool.dir.join("v")).unwrap().blocks() * 512;
    assert!(allocated < 3 * MIB, "{allocated} bytes are allocated");

    // Down again: as holes to whoever asks for them, and as zeros in any case.
    let sparse = DownloadFlags::SPARSE_STREAM;
    let mut stream = volume.download(0, None, sparse).await.unwrap();
    let (mut data, mut sent) = (Vec::new(), 0);
    while let Some(chunk) = stream.read_chunk().await.unwrap() {
        match chunk {
            Chunk::Data(bytes) => {
                sent += bytes.len();
                data.extend_from_slice(&bytes);
            }
            Chunk::Hole(length) => data.resize(data.len() + length as usize, 0),
        }
    }
    stream.finish().await.unwrap();
    assert!(data == expected);
    assert!(sent < 3 << 20, "{sent} bytes were sent");
    for flags in [sparse, DownloadFlags::empty()] {
        let mut stream = volume.download(0, None, flags).await.unwrap();
        let mut data = Vec::new();
        stream.read_to_end(&mut data).await.unwrap();
        stream.finish().await.unwrap();
        assert!(data == expected, "with {flags:?}");
    }

    // A part begins and ends within holes.
    let (offset, length) = (4 * MIB + 1, 22 * MIB);
    let mut stream = volume.download(offset, Some(length), sparse).await.unwrap();
    let mut data = Vec::new();
    stream.read_to_end(&mut data).await.unwrap();
    stream.finish().await.unwrap();
    assert!(data == expected[offset as usize..][..length as usize]);
}

#[tokio::test]
async fn a_volume_of_nothing_is_one_hole() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let pool = Pool::new(daemon, "streams-hole");
    let volume = pool.volume(&conn, "v", 1 << 40).await;
    let sparse = DownloadFlags::SPARSE_STREAM;
    let mut stream = volume.download(0, None, sparse).await.unwrap();
    assert_eq!(stream.read_chunk().await.unwrap(), Some(Chunk::Hole(1 << 40)));
    assert_eq!(stream.read_chunk().await.unwrap(), None);
    stream.finish().await.unwrap();

    let sparse = UploadFlags::SPARSE_STREAM;
    let mut stream = volume.upload(0, None, sparse).await.unwrap();
    stream.write_hole(1 << 40).await.unwrap();
    stream.finish().await.unwrap();
    assert_eq!(fs::metadata(pool.dir.join("v")).unwrap().len(), 1 << 40);
}
