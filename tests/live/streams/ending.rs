//! However a stream ends, the daemon keeps nothing of it.

use libvirt_client::storage::storage_vol::{DownloadFlags, UploadFlags};
use tokio::io::AsyncReadExt;

use super::Pool;
use crate::common::{eventually, qemu};

#[tokio::test]
async fn hundreds_of_streams_leave_nothing_behind() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let pool = Pool::new(daemon, "streams-ending");
    let volume = pool.volume(&conn, "v", 4 << 20).await;
    let read = DownloadFlags::empty();
    let write = UploadFlags::empty();
    for round in 0..50 {
        // Given up: at once, in the middle, and with data on its way to nobody.
        drop(volume.download(0, None, read).await.unwrap());
        drop(volume.upload(0, None, write).await.unwrap());
        let mut stream = volume.download(0, None, read).await.unwrap();
        stream.read_u8().await.unwrap();
        drop(stream);
        let mut stream = volume.upload(0, None, write).await.unwrap();
        stream.write_all(&[round; 100]).await.unwrap();
        drop(stream);
        // Its opening is cancelled, early or late.
        tokio::select! {
            biased;
            opened = volume.download(0, None, read) => drop(opened),
            () = tokio::task::yield_now() => {}
        }
        // Read to the end, without a word of farewell.
        let mut stream = volume.download(0, Some(1000), read).await.unwrap();
        let mut data = Vec::new();
        assert_eq!(stream.read_to_end(&mut data).await.unwrap(), 1000);
        drop(stream);
        // As it should be.
        let stream = volume.download(0, None, read).await.unwrap();
        stream.abort().await.unwrap();
        let stream = volume.download(0, None, read).await.unwrap();
        stream.finish().await.unwrap();
        // Halves end with the second of them.
        let (reader, writer) = volume.upload(0, None, write).await.unwrap().into_split();
        drop(reader);
        drop(writer);
    }
    let mut stream = volume.download(0, None, read).await.unwrap();
    let mut data = Vec::new();
    stream.read_to_end(&mut data).await.unwrap();
    assert_eq!(data.len(), 4 << 20);
    // While one is open its file is, and this is how it shows.
    assert_eq!(stream.finish().await.ok(), Some(()));
    let open = volume.upload(0, None, write).await.unwrap();
    assert!(pool.open_files() > 0);
    drop(open);
    eventually("all files of the pool are closed", async || pool.open_files() == 0).await;
    conn.hostname().await.unwrap();
}

#[tokio::test]
async fn the_end_of_the_connection_ends_its_streams_on_both_sides() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let pool = Pool::new(daemon, "streams-closing");
    let volume = pool.volume(&conn, "v", 64 << 20).await;
    let mut stream = volume.download(0, None, DownloadFlags::empty()).await.unwrap();
    stream.read_u8().await.unwrap();
    conn.close().await;
    // What had come is still read, up to the end that is none.
    let error = loop {
        match stream.read_chunk().await {
            Ok(chunk) => assert!(chunk.is_some(), "the rest is missing and nobody says so"),
            Err(error) => break error,
        }
    };
    assert!(error.is_closed(), "{error:?}");
    eventually("all files of the pool are closed", async || pool.open_files() == 0).await;
}
