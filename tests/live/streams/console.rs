//! Consoles and channels of real guests.

use libvirt_client::StreamReader;
use libvirt_client::domain::{ChannelFlags, ConsoleFlags};
use libvirt_client::types::error::ErrorCode;
use rig::guest::Guest;

use crate::common::{LIMIT, boot, discard, qemu};
use crate::shell::{Shell, read_until};

/// Reads to the end, whether that is one or an error.
async fn drain(stream: &mut StreamReader) {
    let draining = async { while let Ok(Some(_)) = stream.read_chunk().await {} };
    tokio::time::timeout(LIMIT, draining).await.unwrap();
}

#[tokio::test]
async fn a_guests_shell_is_talked_to() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let channel = "<channel type='unix'><target type='virtio' name='org.example.0'/></channel>";
    let adapt = |guest: Guest| guest.device(channel);
    let guest = boot(daemon, &conn, "streams-console", adapt).await;
    let domain = guest.domain;

    let mut shell = Shell::open(&domain).await;
    let answer = shell.run("echo $((6*7))-$((1+1)); hostname").await;
    assert!(answer.contains("42-2\r\nguest\r\n"), "{answer:?}");

    // One at a time, but for those who use force.
    let error = domain.open_console(None, ConsoleFlags::empty()).await;
    let error = error.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::OperationFailed), "{error}");
    let console = domain.open_console(Some("serial0"), ConsoleFlags::FORCE);
    let (mut first, writer) = console.await.unwrap().into_split();
    let mut shell = Shell::open(&domain).await;
    drain(&mut first).await;
    drop((first, writer));
    let answer = shell.run("echo $((6*7))-$((2+2))").await;
    assert!(answer.contains("42-4"), "{answer:?}");

    // A channel, at whose other end the guest answers.
    let missing = domain.open_channel(Some("org.example.1"), ChannelFlags::empty());
    assert!(missing.await.is_err());
    let name = Some("org.example.0");
    let channel = domain.open_channel(name, ChannelFlags::empty()).await;
    let (mut reader, mut writer) = channel.unwrap().into_split();
    let port = "/dev/virtio-ports/org.example.0";
    let answering = format!("while read line; do echo got $line; done <>{port} 1>&0 &");
    shell.run(&answering).await;
    writer.write_all(b"through the channel\n").await.unwrap();
    read_until(&mut reader, "got through the channel").await;
    drop((reader, writer));
    drop(shell);

    // The end of the guest is the end of its console.
    let console = domain.open_console(None, ConsoleFlags::SAFE | ConsoleFlags::FORCE);
    let (mut reader, _writer) = console.await.unwrap().into_split();
    domain.destroy().await.unwrap();
    drain(&mut reader).await;
    discard(&domain).await;
}
