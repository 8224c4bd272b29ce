//! Volumes from and to files, with daemons that give up in the middle.

use std::fs::{self, File};
use std::io::{Seek as _, Write as _};
use std::os::fd::OwnedFd;

use libvirt_client::storage::{StorageVol, TransferProgress};
use libvirt_client::{Connect, Error};
use tempfile::tempfile;

use crate::peer::{CONTINUE, Listener, Message, OK, Peer, string, words};
use crate::streams::{confirm, failure, hole, packet};

const LOOKUP_BY_KEY: u32 = 96;
const UPLOAD: u32 = 208;
const DOWNLOAD: u32 = 209;

async fn volume(conn: &Connect, peer: &mut Peer) -> StorageVol {
    let (volume, ()) = tokio::join!(conn.lookup_storage_vol_by_key("/pool/vol"), async {
        let call = peer.take().await;
        assert_eq!(call.procedure, LOOKUP_BY_KEY);
        let reply = [string("pool"), string("vol"), string("/pool/vol")];
        peer.reply(&call, &reply.concat()).await;
    });
    volume.unwrap()
}

/// The call that opens the stream, answered.
async fn opened(peer: &mut Peer, procedure: u32) -> Message {
    let call = peer.take().await;
    assert_eq!(call.procedure, procedure);
    peer.reply(&call, &[]).await;
    call
}

fn assert_gave_up(result: Result<TransferProgress, Error>) {
    let Err(Error::Remote(error)) = result else {
        panic!("{result:?}");
    };
    assert_eq!(error.message, "the disk is broken");
}

#[tokio::test]
async fn an_upload_that_waits_for_its_file_hears_of_the_daemons_failure() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let volume = volume(&conn, &mut peer).await;
    // A pipe that stays open, with nothing in it.
    let (reader, mut writer) = std::io::pipe().unwrap();
    let file = File::from(OwnedFd::from(reader));
    let (done, ()) = tokio::join!(volume.upload_from(file), async {
        let call = opened(&mut peer, UPLOAD).await;
        peer.send(&failure(&call, "the disk is broken")).await;
    });
    assert_gave_up(done);
    // The thread that waits for the pipe would be waited for at the end of the test.
    let _ = writer.write_all(b"x");
    drop(writer);
}

#[tokio::test]
async fn a_download_that_fails_leaves_what_had_come() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let volume = volume(&conn, &mut peer).await;
    let path = tempfile::NamedTempFile::new().unwrap();
    let file = File::create(path.path()).unwrap();
    let (done, ()) = tokio::join!(volume.download_to(file), async {
        let call = opened(&mut peer, DOWNLOAD).await;
        peer.send(&packet(&call, CONTINUE, b"some")).await;
        peer.send(&failure(&call, "the disk is broken")).await;
    });
    assert_gave_up(done);
    assert_eq!(fs::read(path.path()).unwrap(), b"some");
    assert!(conn.is_alive());
}

#[tokio::test]
async fn a_download_is_whole_only_when_the_daemon_says_so() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let volume = volume(&conn, &mut peer).await;
    let (done, ()) = tokio::join!(volume.download_to(tempfile().unwrap()), async {
        let call = opened(&mut peer, DOWNLOAD).await;
        peer.send(&packet(&call, CONTINUE, b"all")).await;
        peer.send(&packet(&call, CONTINUE, b"")).await;
        assert_eq!(peer.take().await, packet(&call, OK, &[]));
        peer.send(&failure(&call, "the disk is broken")).await;
    });
    assert_gave_up(done);
}

#[tokio::test]
async fn holes_end_up_in_the_files_length() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let volume = volume(&conn, &mut peer).await;
    let mut file = tempfile().unwrap();
    let download = volume.download_to(file.try_clone().unwrap()).sparse(true);
    let (done, ()) = tokio::join!(download, async {
        let call = opened(&mut peer, DOWNLOAD).await;
        // The flags are the last word.
        assert!(call.payload.ends_with(&words(&[1])));
        for message in [
            hole(&call, 1 << 20),
            packet(&call, CONTINUE, b"data"),
            hole(&call, 3 << 20),
            packet(&call, CONTINUE, b""),
        ] {
            peer.send(&message).await;
        }
        confirm(&mut peer, &call, OK).await;
    });
    let done = done.unwrap();
    assert_eq!((done.content_bytes, done.sent_bytes), ((4 << 20) + 4, 4));
    assert_eq!(file.metadata().unwrap().len(), (4 << 20) + 4);

    // A file system or a peer that is out of its mind.
    file.rewind().unwrap();
    let download = volume.download_to(file).sparse(true);
    let (done, ()) = tokio::join!(download, async {
        let call = opened(&mut peer, DOWNLOAD).await;
        for _ in 0..3 {
            peer.send(&hole(&call, i64::MAX)).await;
        }
    });
    assert!(matches!(done, Err(Error::File(_))), "{done:?}");
    assert!(conn.is_alive());
}

#[tokio::test]
async fn a_connection_of_its_own_needs_a_way_to_open_one() {
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let mut peer = Peer::new(theirs);
    let opening = Connect::builder("qemu:///system").open_over(ours);
    let (conn, ()) = tokio::join!(opening, peer.greet());
    let conn = conn.unwrap();
    let (volume, ()) = tokio::join!(conn.lookup_storage_vol_by_key("k"), async {
        let call = peer.take().await;
        peer.reply(&call, &[string("p"), string("v"), string("k")].concat())
            .await;
    });
    let volume = volume.unwrap();
    let done = volume.upload_from(tempfile().unwrap()).own_connection(true);
    assert!(matches!(done.await, Err(Error::Unsupported(_))));
}
