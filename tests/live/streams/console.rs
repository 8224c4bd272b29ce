//! Consoles and channels of real guests.

use libvirt_client::domain::{ChannelFlags, ConsoleFlags};
use libvirt_client::types::error::ErrorCode;
use libvirt_client::{Stream, StreamReader};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::common::{LIMIT, boot, discard, qemu};

/// Reads until `text` has come.
async fn read_until(stream: &mut (impl AsyncRead + Unpin), text: &str) -> String {
    let mut read = Vec::new();
    let reading = async {
        loop {
            if let Some(end) = String::from_utf8_lossy(&read).find(text) {
                return end;
            }
            let count = stream.read_buf(&mut read).await.unwrap();
            assert_ne!(count, 0, "the stream ended before {text:?}");
        }
    };
    let found = tokio::time::timeout(LIMIT, reading).await;
    let read = String::from_utf8_lossy(&read).into_owned();
    assert!(found.is_ok(), "{text:?} did not come: {read:?}");
    read
}

/// Reads to the end, whether that is one or an error.
async fn drain(stream: &mut StreamReader) {
    let draining = async { while let Ok(Some(_)) = stream.read_chunk().await {} };
    tokio::time::timeout(LIMIT, draining).await.unwrap();
}

/// Types a command, and waits for what only its execution prints.
async fn shell(console: &mut Stream, command: &str, answer: &str) {
    console
        .write_all(format!("{command}\n").as_bytes())
        .await
        .unwrap();
    read_until(console, answer).await;
}

#[tokio::test]
async fn a_guests_shell_is_talked_to() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let channel = "<channel type='unix'><target type='virtio' name='org.example.0'/></channel>";
    let adapt = |guest: rig::guest::Guest| guest.device(channel);
    let guest = boot(daemon, &conn, "streams-console", adapt).await;
    let domain = guest.domain;

    let none = ConsoleFlags::empty();
    let mut console = domain.open_console(None, none).await.unwrap();
    shell(&mut console, "echo $((6*7))-$((1+1))", "42-2").await;

    // One at a time, but for those who use force.
    let error = domain.open_console(None, none).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::OperationFailed), "{error}");
    let force = ConsoleFlags::FORCE;
    let second = domain.open_console(Some("serial0"), force).await;
    let mut second = second.unwrap();
    let (mut first, writer) = console.into_split();
    drain(&mut first).await;
    drop((first, writer));
    shell(&mut second, "echo $((6*7))-$((2+2))", "42-4").await;
    second.finish().await.unwrap();
    let again = domain.open_console(None, ConsoleFlags::SAFE).await;
    let mut again = again.unwrap();

    // A channel, at whose other end the guest answers.
    let missing = domain.open_channel(Some("org.example.1"), ChannelFlags::empty());
    assert!(missing.await.is_err());
    let name = Some("org.example.0");
    let channel = domain.open_channel(name, ChannelFlags::empty()).await;
    let (mut reader, mut writer) = channel.unwrap().into_split();
    let port = "/dev/virtio-ports/org.example.0";
    let answering = format!("while read line; do echo got $line; done <>{port} 1>&0 &");
    shell(
        &mut again,
        &format!("{answering} echo $((111*111))"),
        "12321",
    )
    .await;
    writer.write_all(b"through the channel\n").await.unwrap();
    read_until(&mut reader, "got through the channel").await;
    drop((reader, writer));

    // The end of the guest is the end of its console.
    let (mut reader, _writer) = again.into_split();
    domain.destroy().await.unwrap();
    drain(&mut reader).await;
    discard(&domain).await;
}
