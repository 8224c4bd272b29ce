//! Files and volumes that are shorter than what is to be copied, or become so meanwhile.

use std::fs::{self, File};
use std::io::Write as _;
use std::mem::take;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use libvirt_client::Error;
use libvirt_client::connect::Version;
use libvirt_client::storage::TransferProgress;
use libvirt_client::storage::storage_vol::UploadFlags;
use rig::Mode;
use tokio::io::AsyncWriteExt;

use super::{Noise, Pool};
use crate::common::qemu;

const MIB: u64 = 1 << 20;

fn opened(path: &Path) -> File {
    let mut options = File::options();
    let options = options.read(true).write(true).create(true);
    options.truncate(false).open(path).unwrap()
}

/// More than is ever on its way between a file and a volume.
const LONG: u64 = 64 * MIB;

fn fill(file: &File) {
    let data = Noise::new(10).bytes(8 << 20);
    for begin in (0..LONG).step_by(data.len()) {
        file.write_all_at(&data, begin).unwrap();
    }
}

/// What is told of a source that ended: its name, how much went, and how much was to.
fn ended(result: Result<TransferProgress, Error>) -> (&'static str, u64, Option<u64>) {
    match result {
        Err(Error::Incomplete { ended, copied_bytes, expected_bytes }) => {
            (ended, copied_bytes, expected_bytes)
        }
        other => panic!("{other:?}"),
    }
}

fn refused(result: &Result<TransferProgress, Error>, reason: &str) {
    let Err(Error::InvalidArgument { reason: given, .. }) = result else {
        panic!("{result:?}");
    };
    assert_eq!(given, reason);
}

#[tokio::test]
async fn what_becomes_shorter_while_it_is_copied_is_not_taken_for_whole() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let pool = Pool::new(daemon, "lengths-shrink");
    let path = daemon.scratch().join("lengths-shrink.file");
    for (sparse, length) in [(false, None), (true, None), (false, Some(LONG - 1))] {
        let expected = length.unwrap_or(LONG);
        let name = format!("{sparse}-{expected}");
        let volume = pool.volume(&conn, &name, LONG).await;
        let file = opened(&path);
        fill(&file);
        let cut = file.try_clone().unwrap();
        let mut first = true;
        let mut last = 0;
        let mut upload = volume.upload_from(file).sparse(sparse);
        if let Some(length) = length {
            upload = upload.length(length);
        }
        let upload = upload.on_progress(|progress| {
            last = progress.content_bytes;
            if take(&mut first) {
                cut.set_len(0).unwrap();
            }
        });
        let (source, copied, of) = ended(upload.await);
        assert_eq!((source, copied, of), ("the local file", last, Some(expected)));
        assert!(copied < LONG);

        let content = opened(&pool.dir.join(&name));
        fill(&content);
        let down = daemon.scratch().join(format!("lengths-shrink.{name}"));
        let mut first = true;
        let mut download = volume.download_to(opened(&down)).sparse(sparse);
        if let Some(length) = length {
            download = download.length(length);
        }
        let download = download.on_progress(|_| {
            if take(&mut first) {
                content.set_len(0).unwrap();
            }
        });
        let (source, copied, of) = ended(download.await);
        assert_eq!((source, of), ("the volume", Some(expected)));
        // What went is there.
        assert_eq!(fs::metadata(&down).unwrap().len(), copied);
        assert!(copied < LONG);
        fs::remove_file(&down).unwrap();
    }
}

/// Daemons take less than was announced for all.
#[tokio::test]
async fn a_stream_that_ends_before_its_length() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let pool = Pool::new(daemon, "lengths-stream");
    let volume = pool.volume(&conn, "v", MIB).await;
    let open = async |length, flags| volume.upload(0, length, flags).await.unwrap();
    let plain = UploadFlags::empty();
    let missing = |error| match error {
        Error::Incomplete { ended: "the stream", copied_bytes, expected_bytes } => {
            (copied_bytes, expected_bytes)
        }
        other => panic!("{other:?}"),
    };

    let mut stream = open(Some(1000), plain).await;
    stream.write_all(&[1; 999]).await.unwrap();
    assert_eq!(missing(stream.finish().await.unwrap_err()), (999, Some(1000)));
    // What was written is there.
    assert_eq!(pool.content("v")[..1000], [[1; 999].as_slice(), &[0]].concat());
    // By tokio's traits, and by the writing half.
    let mut stream = open(Some(1000), plain).await;
    AsyncWriteExt::write_all(&mut stream, &[2; 10]).await.unwrap();
    let error = stream.shutdown().await.unwrap_err().downcast().unwrap();
    assert_eq!(missing(error), (10, Some(1000)));
    let (_reader, writer) = open(Some(1000), plain).await.into_split();
    assert_eq!(missing(writer.finish().await.unwrap_err()), (0, Some(1000)));

    // Holes count as they are long; nothing is missing where nothing was announced.
    let mut stream = open(Some(1000), UploadFlags::SPARSE_STREAM).await;
    stream.write_all(&[3; 10]).await.unwrap();
    stream.write_hole(990).await.unwrap();
    stream.finish().await.unwrap();
    let mut stream = open(None, plain).await;
    stream.write_all(&[4; 10]).await.unwrap();
    stream.finish().await.unwrap();
    // And there is no end of what may be written then.
    let long = vec![5; 3 << 19];
    let mut stream = open(None, plain).await;
    stream.write_all(&long).await.unwrap();
    stream.finish().await.unwrap();
    assert!(pool.content("v") == long);
}

#[tokio::test]
async fn more_than_there_is_is_refused_before_anything_is_changed() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let pool = Pool::new(daemon, "lengths-short");
    let volume = pool.volume(&conn, "v", MIB).await;
    let data = Noise::new(11).bytes(1 << 20);
    fs::write(pool.dir.join("v"), &data).unwrap();
    let path = daemon.scratch().join("lengths-short.file");
    let kept = b"what the file had";
    fs::write(&path, kept).unwrap();
    for sparse in [false, true] {
        // The file and the volume are too short for what is asked of them.
        let upload = || volume.upload_from(opened(&path)).sparse(sparse);
        let short = upload().length(18).await;
        refused(&short, "18 bytes are to be copied of a file with 17 left");
        let beyond = upload().offset(MIB - 1).await;
        refused(&beyond, "the volume has 1048576 bytes and is to be written up to 1048592");
        let beyond = upload().offset(2 * MIB).length(1).await;
        refused(&beyond, "the volume has 1048576 bytes and is to be written up to 2097153");
        let download = || volume.download_to(opened(&path)).sparse(sparse);
        for (offset, length) in [(0, MIB + 1), (MIB - 1, 2), (2 * MIB, 1), (MIB + 1, 0)] {
            let mut download = download().offset(offset);
            if length > 0 {
                download = download.length(length);
            }
            let end = offset + length;
            let reason = format!("the volume has 1048576 bytes and is to be read up to {end}");
            refused(&download.await, &reason);
        }
        assert_eq!(fs::read(&path).unwrap(), kept);
        assert!(pool.content("v") == data);

        // Nothing is left at the very end.
        let done = download().offset(MIB).await.unwrap();
        assert_eq!(done.content_bytes, 0);
        // Exactly as much as there is.
        let done = upload().offset(MIB - 17).length(17).await.unwrap();
        assert_eq!(done.content_bytes, 17);
        let down = daemon.scratch().join("lengths-short.down");
        let last = volume.download_to(opened(&down)).sparse(sparse);
        let done = last.offset(MIB - 20).length(20).await.unwrap();
        assert_eq!(done.content_bytes, 20);
        let content = pool.content("v");
        assert_eq!(fs::read(&down).unwrap(), content[(1 << 20) - 20..]);
        fs::write(pool.dir.join("v"), &data).unwrap();
    }
}

#[tokio::test]
async fn a_pipe_with_more_or_less_than_fits_is_told() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let pool = Pool::new(daemon, "lengths-pipe");
    let volume = pool.volume(&conn, "v", 2 * MIB).await;
    let data = Noise::new(12).bytes(3 << 20);
    // The pipe has no length that could be looked at before.
    let pipe = |content: Vec<u8>| {
        let (reader, mut writer) = std::io::pipe().unwrap();
        let writing = std::thread::spawn(move || writer.write_all(&content).is_ok());
        (File::from(OwnedFd::from(reader)), writing)
    };
    let (file, writing) = pipe(data.clone());
    let (source, copied, of) = ended(volume.upload_from(file).await);
    assert_eq!((source, of), ("the volume", None));
    assert!(copied <= 2 * MIB);
    writing.join().unwrap();
    assert_eq!(pool.content("v").len() as u64, 2 * MIB);

    let (file, writing) = pipe(data[..1 << 20].to_vec());
    let short = volume.upload_from(file).length(2 * MIB).await;
    assert_eq!(ended(short), ("the local file", MIB, Some(2 * MIB)));
    writing.join().unwrap();
}

#[tokio::test]
async fn volumes_in_a_format_grow_with_what_they_hold() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let pool = Pool::new(daemon, "lengths-format");
    let create = "vol-create-as lengths-format v 1M --format qcow2";
    daemon.virsh(create.split(' ')).unwrap();
    let by_name = conn.storage_pool_lookup_by_name("lengths-format").await;
    let volume = by_name.unwrap().storage_vol_lookup_by_name("v").await.unwrap();
    let mut image = pool.content("v");
    image.resize(3 << 20, 7);
    let path = daemon.scratch().join("lengths-format.file");
    fs::write(&path, &image).unwrap();
    let done = volume.upload_from(opened(&path)).await.unwrap();
    assert_eq!(done.content_bytes, 3 * MIB);
    assert!(pool.content("v") == image);
}

#[tokio::test]
async fn a_file_system_that_becomes_full_is_noticed() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    // Elsewhere this user may mount nothing.
    if daemon.mode() != Mode::System {
        return;
    }
    // This release dies of it: see `overfilling_kills_the_daemon` in `volume`.
    if conn.lib_version().await.unwrap() == Version::new(11, 3, 0) {
        return;
    }
    let pool = Pool::new(daemon, "lengths-full");
    let mut mount = daemon.command("mount");
    mount.args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]);
    assert!(mount.arg(&pool.dir).status().unwrap().success());
    let create = "vol-create-as lengths-full v 16M --format qcow2";
    daemon.virsh(create.split(' ')).unwrap();
    let by_name = conn.storage_pool_lookup_by_name("lengths-full").await;
    let volume = by_name.unwrap().storage_vol_lookup_by_name("v").await.unwrap();
    let path = daemon.scratch().join("lengths-full.file");
    // The daemon looks at what is in there.
    let mut cat = daemon.command("cat");
    let header = cat.arg(pool.dir.join("v")).output().unwrap().stdout;
    let image = [header, Noise::new(13).bytes(8 << 20)].concat();
    fs::write(&path, image).unwrap();
    for length in [8 * MIB, MIB + 1] {
        let upload = volume.upload_from(opened(&path)).length(length).await;
        match &upload {
            Err(Error::Remote(error)) => assert!(error.message.contains("No space"), "{error}"),
            // The daemon had everything before it could write it, and then says nothing.
            Err(Error::Incomplete { copied_bytes, .. }) => assert_eq!(*copied_bytes, MIB),
            other => panic!("{other:?}"),
        }
    }
    conn.hostname().await.unwrap();
}

#[tokio::test]
async fn holes_harm_nothing_of_a_file_that_is_appended_to() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let pool = Pool::new(daemon, "lengths-append");
    let volume = pool.volume(&conn, "v", 2 * MIB).await;
    let data = Noise::new(14).bytes(1 << 20);
    let content = File::options().write(true).open(pool.dir.join("v"));
    content.unwrap().write_all_at(&data, MIB).unwrap();
    let path = daemon.scratch().join("lengths-append.file");
    fs::write(&path, &data).unwrap();
    let file = File::options().append(true).open(&path).unwrap();
    volume.download_to(file).sparse(true).await.unwrap();
    let expected = [&data[..], &vec![0; 1 << 20], &data].concat();
    assert!(fs::read(&path).unwrap() == expected);
}
