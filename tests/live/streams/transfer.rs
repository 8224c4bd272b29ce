//! Volumes' content from and to files.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;

use libvirt_client::Error;
use libvirt_client::storage::TransferProgress;

use super::{Noise, Pool};
use crate::common::{eventually, qemu};

const MIB: u64 = 1 << 20;

/// A file of one's own to write to and to read again.
fn new_file(path: &Path) -> File {
    let mut options = File::options();
    let options = options.read(true).write(true).create_new(true);
    options.open(path).unwrap()
}

#[tokio::test]
async fn files_go_up_and_come_down_whole_and_in_parts() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let pool = Pool::new(daemon, "transfer-whole");
    let size = 7 * MIB + 12_345;
    let volume = pool.volume(&conn, "v", size).await;
    let data = Noise::new(6).bytes(size as usize);
    let path = daemon.scratch().join("transfer-whole.up");
    fs::write(&path, &data).unwrap();

    let mut told: Vec<TransferProgress> = Vec::new();
    let upload = volume.upload_from(File::open(&path).unwrap());
    let done = upload.on_progress(|progress| told.push(progress)).await.unwrap();
    assert!(pool.content("v") == data);
    assert_eq!((done.content_bytes, done.sent_bytes), (size, size));
    assert!(told.len() > 7 && told.is_sorted_by_key(|progress| progress.content_bytes));
    assert!(told.iter().all(|progress| progress.total_bytes == Some(size)));
    assert_eq!(told.last(), Some(&done));

    // Down, over a connection of its own, in two goes: the second takes up where the first ended.
    let path = daemon.scratch().join("transfer-whole.down");
    let mut file = new_file(&path);
    let first = volume.download_to(file.try_clone().unwrap()).length(3 * MIB + 1);
    assert_eq!(first.await.unwrap().content_bytes, 3 * MIB + 1);
    let begun = file.seek(SeekFrom::End(0)).unwrap();
    assert_eq!(begun, 3 * MIB + 1);
    told.clear();
    let rest = volume.download_to(file).offset(begun).own_connection(true);
    let done = rest.on_progress(|progress| told.push(progress)).await.unwrap();
    assert_eq!(done.content_bytes, size - begun);
    assert!(told.iter().all(|progress| progress.total_bytes == Some(size - begun)));
    assert!(fs::read(&path).unwrap() == data);

    // A part, into the middle.
    let mut file = File::open(&path).unwrap();
    file.seek(SeekFrom::Start(1000)).unwrap();
    let part = volume.upload_from(file).offset(2 * MIB).length(MIB + 1);
    assert_eq!(part.await.unwrap().content_bytes, MIB + 1);
    let mut expected = data.clone();
    expected[2 << 20..][..=1 << 20].copy_from_slice(&data[1000..][..=1 << 20]);
    assert!(pool.content("v") == expected);
}

#[tokio::test]
async fn of_ten_gib_with_holes_only_the_data_is_sent() {
    const SIZE: u64 = 10 << 30;
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let pool = Pool::new(daemon, "transfer-sparse");
    let volume = pool.volume(&conn, "v", SIZE).await;
    let data = Noise::new(7).bytes(1 << 20);
    // A hundred pieces, of which the first is at the beginning and the last is not at the end.
    let pieces: Vec<u64> = (0..100).map(|index| index * 99 * MIB).collect();
    let path = daemon.scratch().join("transfer-sparse.up");
    let file = new_file(&path);
    file.set_len(SIZE).unwrap();
    for piece in &pieces {
        file.write_all_at(&data, *piece).unwrap();
    }
    let check = |path: &Path| {
        let file = File::open(path).unwrap();
        let metadata = file.metadata().unwrap();
        assert_eq!(metadata.len(), SIZE);
        let allocated = metadata.blocks() * 512;
        assert!(allocated < 110 * MIB, "{allocated} bytes are allocated");
        let mut read = vec![0; data.len()];
        for piece in &pieces {
            file.read_exact_at(&mut read, *piece).unwrap();
            assert!(read == data, "the data at {piece} is wrong");
        }
    };
    let done = volume.upload_from(file).sparse(true).await.unwrap();
    assert_eq!((done.content_bytes, done.sent_bytes), (SIZE, 100 * MIB));
    check(&pool.dir.join("v"));
    fs::remove_file(&path).unwrap();

    let path = daemon.scratch().join("transfer-sparse.down");
    let down = volume.download_to(new_file(&path)).sparse(true);
    let done = down.await.unwrap();
    assert_eq!((done.content_bytes, done.sent_bytes), (SIZE, 100 * MIB));
    check(&path);
    fs::remove_file(&path).unwrap();
}

#[tokio::test]
async fn holes_replace_what_a_file_had() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let pool = Pool::new(daemon, "transfer-holes");
    let volume = pool.volume(&conn, "v", 12 * MIB).await;
    let mut noise = Noise::new(8);
    let data = noise.bytes(1 << 20);
    let inside = File::options().write(true).open(pool.dir.join("v"));
    inside.unwrap().write_all_at(&data, 4 * MIB).unwrap();

    let path = daemon.scratch().join("transfer-holes.down");
    let mut file = new_file(&path);
    let old = noise.bytes(9 << 20);
    file.write_all(&old).unwrap();
    // Behind what is to stay.
    file.seek(SeekFrom::Start(100)).unwrap();
    volume.download_to(file).sparse(true).await.unwrap();
    let mut expected = old[..100].to_vec();
    expected.resize(100 + (12 << 20), 0);
    expected[100 + (4 << 20)..][..1 << 20].copy_from_slice(&data);
    assert!(fs::read(&path).unwrap() == expected);

    // A part that begins and ends in a hole, from a file that does so too.
    let mut file = File::open(&path).unwrap();
    file.seek(SeekFrom::Start(3 * MIB)).unwrap();
    let other = pool.volume(&conn, "w", 12 * MIB).await;
    let part = other.upload_from(file).sparse(true).length(6 * MIB);
    let done = part.await.unwrap();
    assert_eq!(done.content_bytes, 6 * MIB);
    assert!(done.sent_bytes < 2 * MIB, "{done:?}");
    assert!(pool.content("w")[..6 << 20] == expected[3 << 20..][..6 << 20]);
}

#[tokio::test]
async fn pipes_are_files_too() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let pool = Pool::new(daemon, "transfer-pipes");
    let volume = pool.volume(&conn, "v", 4 * MIB).await;
    let data = Noise::new(9).bytes(3 << 20);
    let (reader, mut writer) = std::io::pipe().unwrap();
    let written = data.clone();
    let writing = std::thread::spawn(move || writer.write_all(&written).unwrap());
    let file = File::from(OwnedFd::from(reader));
    let done = volume.upload_from(file).sparse(true).await.unwrap();
    assert_eq!(done.content_bytes, 3 * MIB);
    writing.join().unwrap();

    let (mut reader, writer) = std::io::pipe().unwrap();
    let reading = std::thread::spawn(move || {
        let mut data = Vec::new();
        reader.read_to_end(&mut data).unwrap();
        data
    });
    let file = File::from(OwnedFd::from(writer));
    volume.download_to(file).sparse(true).await.unwrap();
    let mut expected = data;
    expected.resize(4 << 20, 0);
    assert!(reading.join().unwrap() == expected);
}

#[tokio::test]
async fn what_goes_wrong_on_either_side_is_told() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let pool = Pool::new(daemon, "transfer-errors");
    let volume = pool.volume(&conn, "v", 64 * MIB).await;
    let path = daemon.scratch().join("transfer-errors.file");
    fs::write(&path, [1; 100]).unwrap();
    let wrong = |result: Result<TransferProgress, Error>| match result {
        Err(Error::File(error)) => error,
        other => panic!("{other:?}"),
    };
    // Not open for that.
    wrong(volume.download_to(File::open(&path).unwrap()).await);
    let file = File::options().write(true).open(&path).unwrap();
    wrong(volume.upload_from(file).await);
    // A disk that is full in the middle.
    let full = File::options().write(true).open("/dev/full").unwrap();
    let error = wrong(volume.download_to(full).await);
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    // The daemon's own failures.
    let gone = pool.volume(&conn, "gone", 10).await;
    fs::remove_file(pool.dir.join("gone")).unwrap();
    let error = gone.upload_from(File::open(&path).unwrap()).await.unwrap_err();
    assert!(matches!(error, Error::Remote(_)), "{error:?}");
    // Given up.
    let endless = File::open("/dev/zero").unwrap();
    let begun = tokio::sync::Notify::new();
    tokio::select! {
        done = volume.upload_from(endless).on_progress(|_| begun.notify_one()) => {
            panic!("{done:?}")
        }
        () = begun.notified() => {}
    }
    eventually("all files of the pool are closed", async || pool.open_files() == 0).await;
    conn.hostname().await.unwrap();
}
