//! Transfers of volumes from and to files, with daemons that fail in between.

use std::fs::{self, File};
use std::io::{Seek as _, Write as _};
use std::os::fd::OwnedFd;

use libvirt_client::storage::storage_vol::Type;
use libvirt_client::storage::{StorageVol, TransferProgress};
use libvirt_client::types::error::ErrorCode;
use libvirt_client::{Connect, Error, ProtocolError};
use tempfile::tempfile;

use crate::peer::{CONTINUE, ERROR, Listener, Message, OK, Peer, string, words};
use crate::streams::{confirm, failure, hole, packet};

const LOOKUP_BY_KEY: u32 = 96;
const UPLOAD: u32 = 208;
const DOWNLOAD: u32 = 209;
const GET_INFO_FLAGS: u32 = 378;

async fn volume(conn: &Connect, peer: &mut Peer) -> StorageVol {
    let (volume, ()) = tokio::join!(conn.storage_vol_lookup_by_key("/pool/vol"), async {
        let call = peer.take().await;
        assert_eq!(call.procedure, LOOKUP_BY_KEY);
        let reply = [string("pool"), string("vol"), string("/pool/vol")];
        peer.reply(&call, &reply.concat()).await;
    });
    volume.unwrap()
}

/// Answers the request for the volume's size with its type and length.
async fn measured(peer: &mut Peer, kind: Type, bytes: u64) {
    let call = peer.take().await;
    assert_eq!(call.procedure, GET_INFO_FLAGS);
    // The request asks for the length instead of the allocation.
    assert!(call.payload.ends_with(&words(&[1])));
    let mut info = words(&[i32::from(kind) as u32, 0, 0]);
    info.extend(bytes.to_be_bytes());
    peer.reply(&call, &info).await;
}

/// Answers the call that opens the stream. The volume's size is unknown.
async fn opened(peer: &mut Peer, procedure: u32) -> Message {
    measured(peer, Type::Block, 0).await;
    open(peer, procedure).await
}

async fn open(peer: &mut Peer, procedure: u32) -> Message {
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
    // The end of the test would wait for the thread that reads the pipe.
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

    // A faulty file system or peer.
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
async fn a_download_is_as_long_as_was_asked_for() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let volume = volume(&conn, &mut peer).await;
    let path = tempfile::NamedTempFile::new().unwrap();
    for (end, holes) in [(false, false), (false, true), (true, false)] {
        let file = File::create(path.path()).unwrap();
        let download = volume.download_to(file).length(6).sparse(true);
        let (done, ()) = tokio::join!(download, async {
            let call = opened(&mut peer, DOWNLOAD).await;
            peer.send(&packet(&call, CONTINUE, b"four")).await;
            if end {
                peer.send(&packet(&call, CONTINUE, b"")).await;
                confirm(&mut peer, &call, OK).await;
            } else if holes {
                peer.send(&hole(&call, i64::MAX)).await;
            } else {
                peer.send(&packet(&call, CONTINUE, b"and")).await;
            }
            if !end {
                confirm(&mut peer, &call, ERROR).await;
            }
        });
        match done {
            Err(Error::Incomplete {
                ended: "the volume",
                copied_bytes: 4,
                expected_bytes: Some(6),
            }) if end => {}
            Err(Error::Protocol(ProtocolError::InvalidReply { .. })) if !end => {}
            other => panic!("{other:?}"),
        }
        // It does not grow beyond what was to go there.
        assert_eq!(fs::read(path.path()).unwrap(), b"four");
    }
    assert!(conn.is_alive());
}

#[tokio::test]
async fn an_upload_is_whole_only_when_it_is_there() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let volume = volume(&conn, &mut peer).await;
    for (kind, there) in [
        (Type::File, 1004),
        (Type::File, 1003),
        (Type::File, 0),
        (Type::Block, 0),
    ] {
        let mut file = tempfile().unwrap();
        file.write_all(b"four").unwrap();
        file.rewind().unwrap();
        let (done, ()) = tokio::join!(volume.upload_from(file).offset(1000), async {
            // Of a format whose file length says nothing.
            measured(&mut peer, kind, 200).await;
            let call = open(&mut peer, UPLOAD).await;
            assert_eq!(peer.take().await, packet(&call, CONTINUE, b"four"));
            confirm(&mut peer, &call, OK).await;
            measured(&mut peer, kind, there).await;
        });
        match done {
            Ok(done) if there == 1004 || kind == Type::Block => assert_eq!(done.content_bytes, 4),
            Err(Error::Incomplete {
                ended: "the volume",
                copied_bytes,
                expected_bytes: Some(4),
            }) => assert_eq!(copied_bytes, there.saturating_sub(1000)),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_daemon_that_cannot_tell_how_long_volumes_are_copies_them_too() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let volume = volume(&conn, &mut peer).await;
    let (done, ()) = tokio::join!(volume.download_to(tempfile().unwrap()), async {
        let call = peer.take().await;
        assert_eq!(call.procedure, GET_INFO_FLAGS);
        let refusal = call.error(ErrorCode::NoSupport.into(), 0, "what is that?");
        peer.send(&refusal).await;
        let call = open(&mut peer, DOWNLOAD).await;
        peer.send(&packet(&call, CONTINUE, b"all")).await;
        peer.send(&packet(&call, CONTINUE, b"")).await;
        confirm(&mut peer, &call, OK).await;
    });
    let done = done.unwrap();
    assert_eq!((done.content_bytes, done.total_bytes), (3, None));
}

#[tokio::test]
async fn a_connection_of_its_own_needs_a_way_to_open_one() {
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let mut peer = Peer::new(theirs);
    let opening = Connect::builder("qemu:///system").open_over(ours);
    let (conn, ()) = tokio::join!(opening, peer.greet());
    let conn = conn.unwrap();
    let (volume, ()) = tokio::join!(conn.storage_vol_lookup_by_key("k"), async {
        let call = peer.take().await;
        peer.reply(&call, &[string("p"), string("v"), string("k")].concat()).await;
    });
    let volume = volume.unwrap();
    let done = volume.upload_from(tempfile().unwrap()).own_connection(true);
    assert!(matches!(done.await, Err(Error::Unsupported(_))));
}
