//! File descriptors sent with messages.

use std::fs::File;
use std::io::{IoSlice, IoSliceMut, PipeReader, PipeWriter, Read, Write, pipe};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use libvirt_client::domain::OpenGraphicsFlags;
use libvirt_client::protocol::remote;
use libvirt_client::{Connect, Error};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use tokio::io::Interest;
use tokio::task::JoinHandle;

use crate::peer::{Listener, Message, Peer, event, string, words};

const CALL_WITH_FDS: u32 = 4;
const REPLY_WITH_FDS: u32 = 5;

/// One byte with a descriptor, as daemons send each.
async fn send_descriptor(peer: &Peer, descriptor: BorrowedFd<'_>) {
    send_with(peer, &[0], &[descriptor]).await;
}

/// Bytes with descriptors, as no daemon sends them.
async fn send_with(peer: &Peer, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) {
    let send = || {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(32))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        control.push(SendAncillaryMessage::ScmRights(descriptors));
        let bytes = [IoSlice::new(bytes)];
        let socket = peer.stream.as_fd();
        Ok(sendmsg(socket, &bytes, &mut control, SendFlags::empty())?)
    };
    let count = peer.stream.async_io(Interest::WRITABLE, send).await;
    assert_eq!(count.unwrap(), bytes.len());
}

/// Receives one byte and the descriptor with it, neither more nor less.
async fn receive_descriptor(peer: &Peer) -> OwnedFd {
    let receive = || {
        let mut byte = [1];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let pieces = &mut [IoSliceMut::new(&mut byte)];
        let socket = peer.stream.as_fd();
        let message = recvmsg(socket, pieces, &mut control, RecvFlags::empty())?;
        assert_eq!((message.bytes, byte), (1, [0]));
        let mut received = Vec::new();
        for part in control.drain() {
            if let RecvAncillaryMessage::ScmRights(descriptors) = part {
                received.extend(descriptors);
            }
        }
        assert_eq!(received.len(), 1, "each byte comes with one descriptor");
        Ok(received.remove(0))
    };
    let received = peer.stream.async_io(Interest::READABLE, receive).await;
    received.unwrap()
}

fn args() -> remote::DomainOpenGraphicsFd<'static> {
    remote::DomainOpenGraphicsFd {
        dom: remote::NonnullDomain { name: "guest".into(), uuid: uuid::Uuid::nil(), id: 1 },
        idx: 0,
        flags: OpenGraphicsFlags::empty(),
    }
}

async fn open_graphics(
    conn: &Connect,
    descriptors: Vec<OwnedFd>,
) -> Result<(Vec<u8>, Vec<OwnedFd>), Error> {
    let (raw, args) = (conn.raw(), args());
    let called = raw.call_with_fds(args, descriptors);
    let (reply, descriptors) = called.await?;
    Ok((reply.into_bytes().to_vec(), descriptors))
}

fn reply_with(call: &Message, count: u32, payload: &[u8]) -> Message {
    let mut body = words(&[count]);
    body.extend(payload);
    Message { kind: REPLY_WITH_FDS, ..call.reply(&body) }
}

/// Returns whether what is written to one end can be read from the other.
fn connected(mut writer: PipeWriter, mut reader: PipeReader) -> bool {
    writer.write_all(b"through").unwrap();
    drop(writer);
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    text == "through"
}

#[tokio::test]
async fn a_reply_brings_its_descriptors_and_what_follows_is_not_disturbed() {
    // Both ways that a message can take: within the read buffer, and beside it.
    for payload in [b"some".to_vec(), vec![7; 400_000]] {
        let listener = Listener::new();
        let (conn, mut peer) = listener.open().await;
        let (mut writers, mut readers) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            let (reader, writer) = pipe().unwrap();
            readers.push(reader);
            writers.push(writer);
        }
        let sending = async {
            let call = peer.take().await;
            peer.send(&event()).await;
            peer.send(&reply_with(&call, 3, &payload)).await;
            for writer in &writers {
                send_descriptor(&peer, writer.as_fd()).await;
            }
            peer.send(&event()).await;
        };
        let (opened, ()) = tokio::join!(open_graphics(&conn, Vec::new()), sending);
        let (received, descriptors) = opened.unwrap();
        assert!(received == payload);
        assert_eq!(descriptors.len(), 3);
        drop(writers);
        for (descriptor, reader) in descriptors.into_iter().zip(readers) {
            assert!(connected(PipeWriter::from(descriptor), reader));
        }
        let (name, ()) = tokio::join!(conn.hostname(), async {
            let call = peer.take().await;
            peer.reply(&call, &string("host")).await;
        });
        assert_eq!(name.unwrap(), "host");
    }
}

#[tokio::test]
async fn a_call_sends_each_descriptor_on_its_own() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (reader, writer) = pipe().unwrap();
    let passed = vec![
        OwnedFd::from(writer),
        File::open("/dev/null").unwrap().into(),
    ];
    let receiving = async {
        let call = peer.take_exactly().await;
        let first = receive_descriptor(&peer).await;
        let second = receive_descriptor(&peer).await;
        peer.reply(&call, &[]).await;
        (call, first, second)
    };
    let (opened, (call, first, second)) = tokio::join!(open_graphics(&conn, passed), receiving);
    assert!(opened.unwrap().1.is_empty());
    assert_eq!((call.kind, &call.payload[..4]), (CALL_WITH_FDS, &*words(&[2])));
    assert!(connected(PipeWriter::from(first), reader));
    assert_eq!(File::from(second).read(&mut [0; 8]).unwrap(), 0);
}

#[tokio::test]
async fn descriptors_of_a_reply_that_nobody_waits_for_are_closed() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (mut reader, writer) = pipe().unwrap();
    let call = tokio::select! {
        opened = open_graphics(&conn, Vec::new()) => panic!("{opened:?}"),
        call = peer.take() => call,
    };
    peer.send(&reply_with(&call, 1, &[])).await;
    send_descriptor(&peer, writer.as_fd()).await;
    drop(writer);
    let (name, ()) = tokio::join!(conn.hostname(), async {
        let call = peer.take().await;
        peer.reply(&call, &string("host")).await;
    });
    assert_eq!(name.unwrap(), "host");
    // The end of the pipe: no copy of the other end is left.
    assert_eq!(reader.read(&mut [0; 8]).unwrap(), 0);
}

/// Starts a call that may return descriptors, and is not answered yet.
async fn begin_opening(
    conn: &Connect,
    peer: &mut Peer,
) -> (JoinHandle<Result<(Vec<u8>, Vec<OwnedFd>), Error>>, Message) {
    let conn = conn.clone();
    let opening = tokio::spawn(async move { open_graphics(&conn, Vec::new()).await });
    (opening, peer.take().await)
}

#[tokio::test(start_paused = true)]
async fn a_reply_behind_a_descriptor_that_nobody_expects_is_read() {
    for expected in [false, true] {
        let listener = Listener::new();
        let (conn, mut peer) = listener.open().await;
        let conn = conn.with_timeout(Duration::from_secs(1));
        let opening = if expected {
            Some(begin_opening(&conn, &mut peer).await)
        } else {
            None
        };
        for size in [0, 10_000, 1_000_000] {
            let host = "h".repeat(size);
            let (mut reader, writer) = pipe().unwrap();
            let (name, ()) = tokio::join!(conn.hostname(), async {
                let call = peer.take().await;
                let bytes = event().bytes();
                send_with(&peer, &bytes, &[writer.as_fd()]).await;
                send_with(&peer, &bytes, &[writer.as_fd(); 3]).await;
                peer.reply(&call, &string(&host)).await;
            });
            assert!(name.unwrap() == host);
            drop(writer);
            assert_eq!(reader.read(&mut [0; 8]).unwrap(), 0);
        }
        drop(opening);
    }
}

#[tokio::test]
async fn descriptors_are_only_for_the_message_that_they_came_with() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (opening, call) = begin_opening(&conn, &mut peer).await;
    let (mut stray, into_stray) = pipe().unwrap();
    for _ in 0..100 {
        let bytes = event().bytes();
        let (whole, parts) = (&bytes[..], bytes.split_at(40));
        for part in [whole, parts.0, parts.1] {
            send_with(&peer, part, &[into_stray.as_fd(); 32]).await;
        }
    }
    let (name, ()) = tokio::join!(conn.hostname(), async {
        let call = peer.take().await;
        peer.reply(&call, &string("host")).await;
    });
    name.unwrap();
    // All are closed while the call still waits.
    drop(into_stray);
    assert_eq!(stray.read(&mut [0; 8]).unwrap(), 0);

    // More than the reply announces; the next reply gets its own.
    let (surplus, into_surplus) = pipe().unwrap();
    let (reader, writer) = pipe().unwrap();
    peer.send(&reply_with(&call, 1, &[])).await;
    send_with(&peer, &[0], &[writer.as_fd(), into_surplus.as_fd()]).await;
    drop(writer);
    let (_payload, mut descriptors) = opening.await.unwrap().unwrap();
    assert_eq!(descriptors.len(), 1);
    assert!(connected(PipeWriter::from(descriptors.remove(0)), reader));
    assert!(connected(into_surplus, surplus));

    let (opening, call) = begin_opening(&conn, &mut peer).await;
    let (reader, writer) = pipe().unwrap();
    let (more, into_more) = pipe().unwrap();
    let mut bytes = reply_with(&call, 2, &[]).bytes();
    bytes.extend([0]);
    send_with(&peer, &bytes, &[writer.as_fd()]).await;
    send_descriptor(&peer, into_more.as_fd()).await;
    drop((writer, into_more));
    let (_payload, descriptors) = opening.await.unwrap().unwrap();
    assert_eq!(descriptors.len(), 2);
    for (descriptor, reader) in descriptors.into_iter().zip([reader, more]) {
        assert!(connected(PipeWriter::from(descriptor), reader));
    }
}

#[tokio::test]
async fn more_descriptors_than_there_can_be_break_the_connection() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (opened, ()) = tokio::join!(open_graphics(&conn, Vec::new()), async {
        let call = peer.take().await;
        peer.send(&reply_with(&call, 33, &[])).await;
    });
    let error = opened.unwrap_err();
    assert!(error.to_string().contains("33 descriptors"), "{error}");

    let (reader, _writer) = pipe().unwrap();
    let too_many = (0..33).map(|_| OwnedFd::from(reader.try_clone().unwrap()));
    let listener = Listener::new();
    let (conn, _peer) = listener.open().await;
    let error = open_graphics(&conn, too_many.collect()).await.unwrap_err();
    assert!(matches!(error, Error::InvalidArgument { .. }), "{error:?}");
}

#[tokio::test]
async fn other_transports_do_not_carry_descriptors() {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let opening = Connect::builder("qemu:///system").open_over(near);
    let (conn, _peer) = tokio::join!(opening, async {
        let mut peer = Peer::new(far);
        peer.greet().await;
        peer
    });
    let conn = conn.unwrap();
    let error = open_graphics(&conn, Vec::new()).await.unwrap_err();
    assert!(error.is_unsupported(), "{error:?}");
    assert!(conn.reopen().await.unwrap_err().is_unsupported());
}

/// Calls with descriptors that only libvirt's container driver has.
#[cfg(feature = "lxc")]
#[tokio::test]
async fn containers_take_files_and_give_their_namespaces() {
    const LXC: u32 = 0x0006_8000;
    const NAMESPACES: u32 = 6;
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (reader, writer) = pipe().unwrap();
    let flags = libvirt_client::domain::CreateFlags::AUTODESTROY;
    let creating = conn.domain_create_xml_with_files("<domain/>", vec![writer.into()], flags);
    let (domain, given) = tokio::join!(creating, async {
        let call = peer.take_exactly().await;
        assert_eq!(call.kind, CALL_WITH_FDS);
        let given = receive_descriptor(&peer).await;
        let mut domain = string("box");
        domain.extend([7; 16]);
        domain.extend(words(&[1]));
        peer.reply(&call, &domain).await;
        given
    });
    let domain = domain.unwrap();
    assert_eq!((domain.name(), domain.id()), ("box", Some(1)));
    assert!(connected(PipeWriter::from(given), reader));

    let (opened, ()) = tokio::join!(domain.lxc_open_namespace(), async {
        let call = peer.take().await;
        assert_eq!((call.program, call.procedure), (LXC, 1));
        peer.send(&reply_with(&call, NAMESPACES, &[])).await;
        for _ in 0..NAMESPACES {
            send_descriptor(&peer, File::open("/dev/null").unwrap().as_fd()).await;
        }
    });
    assert_eq!(opened.unwrap().len() as u32, NAMESPACES);
}
