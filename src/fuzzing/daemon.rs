//! A whole client, beside a daemon that says anything.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::runtime::{Builder, Handle};
use tokio::time::{sleep, timeout};

use super::checks::{check_error, check_line};
use crate::api::domain::{ConsoleFlags, StatsTypes, XmlFlags};
use crate::client::Connect;
use crate::error::Result;
use crate::events::domain::Lifecycle;
use crate::protocol::{Event as _, remote};
use crate::rpc::frame::{FrameBuffer, packet_head};
use crate::rpc::header::{Header, MessageType, ProcedureId, Status};
use crate::types::connect::{GetAllDomainStatsFlags, ListAllDomainsFlags};

/// The bytes that are on their way at most.
const AHEAD: usize = 4096;
/// All of the client's deadlines together.
const PATIENCE: Duration = Duration::from_secs(1000);

/// Opens a connection and makes calls of all kinds, which a daemon answers as the bytes say: with
/// [records](answer), each of a kind, a length and a body. All must end, and leave nothing behind.
/// Returns the number of messages that the client has sent.
pub fn daemon(data: &[u8]) -> usize {
    // The client asks nothing of the environment, and waiting takes no time.
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    let Ok(runtime) = runtime else {
        return 0;
    };
    runtime.block_on(async {
        let (ours, theirs) = tokio::io::duplex(AHEAD);
        let answering = tokio::spawn(serve(theirs, data.to_vec()));
        let ended = timeout(PATIENCE, use_it(ours)).await;
        assert!(ended.is_ok(), "the client waits for ever");
        let Ok(Ok(messages)) = timeout(PATIENCE, answering).await else {
            unreachable!("the connection stays open");
        };
        sleep(PATIENCE).await;
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0, "a task is left over");
        messages
    })
}

/// What a program does with a host.
async fn use_it(stream: DuplexStream) {
    let second = Duration::from_secs(1);
    let builder = Connect::builder("qemu:///system")
        .open_timeout(Some(10 * second))
        .call_timeout(Some(10 * second))
        .keepalive(second, 3);
    #[cfg(feature = "sasl")]
    let builder = builder.login("fred", "secret");
    let Some(conn) = check_error(builder.open_over(stream).await) else {
        return;
    };
    let mut events = check_error(conn.subscribe::<Lifecycle>(None).await);
    let _ended = check_error(call_all(&conn).await);
    if let Some(events) = &mut events {
        while let Ok(Some(event)) = timeout(second, events.next()).await {
            if let Err(error) = event {
                check_line(&error.to_string());
            }
        }
    }
    drop(events);
    conn.close().await;
}

async fn call_all(conn: &Connect) -> Result<()> {
    drop(check_error(conn.hostname().await));
    let _info = check_error(conn.node_info().await);
    drop(check_error(conn.list_all_domains(ListAllDomainsFlags::empty()).await));
    drop(check_error(
        conn.all_domain_stats(StatsTypes::empty(), GetAllDomainStatsFlags::empty())
            .await,
    ));
    drop(check_error(conn.capabilities().await));
    let domain = conn.domain_lookup_by_name("web").await?;
    let _state = check_error(domain.state().await);
    drop(check_error(domain.xml_desc(XmlFlags::empty()).await));
    let mut console = domain.open_console(None, ConsoleFlags::empty()).await?;
    let _written = check_error(console.write_all(b"hello").await);
    // A console may say nothing for ever, if the daemon does not support keepalive.
    while let Ok(chunk) = timeout(PATIENCE / 10, console.read_chunk()).await {
        if chunk?.is_none() {
            break;
        }
    }
    console.finish().await
}

/// Answers each message of the client with the next records of `data`, until there are none. Returns
/// the number of messages.
async fn serve(mut stream: DuplexStream, data: Vec<u8>) -> usize {
    let mut messages = 0;
    let mut rest = data.as_slice();
    let mut frames = FrameBuffer::new();
    let mut bytes = vec![0; AHEAD];
    while let Ok(len @ 1..) = stream.read(&mut bytes).await {
        let mut given = &bytes[..len];
        while !given.is_empty() {
            let (space, _) = frames.space();
            let (now, later) = given.split_at(given.len().min(space.room()));
            space.extend_from_slice(now);
            given = later;
            while let Ok(Some(frame)) = frames.next() {
                messages += 1;
                let answer = answer(&frame.header, &mut rest);
                if stream.write_all(&answer).await.is_err() || rest.is_empty() {
                    return messages;
                }
            }
        }
    }
    messages
}

/// Returns what is sent for a message. The first byte of a record is its kind, the next two are the
/// length of the body behind it. A reply (0), an error (2) and silence (7) are the last for a message;
/// after all others, of which one is a reply too, comes another record.
fn answer(asked: &Header, rest: &mut &[u8]) -> Vec<u8> {
    let mut answer = Vec::new();
    while let [kind, high, low, after @ ..] = *rest {
        let len = usize::from(u16::from_be_bytes([*high, *low]));
        let (body, after) = after.split_at(after.len().min(len));
        *rest = after;
        let mut say = |kind, status, serial, id| {
            let header = Header { id, kind, serial, status };
            answer.extend_from_slice(&packet_head(&header, body.len()));
            answer.extend_from_slice(body);
        };
        let (id, serial) = (asked.id, asked.serial);
        match kind % 8 {
            0 | 1 => say(MessageType::Reply, Status::Ok, serial, id),
            2 => say(MessageType::Reply, Status::Error, serial, id),
            3 => say(MessageType::Stream, Status::Continue, serial, id),
            4 => say(MessageType::Stream, Status::Ok, serial, id),
            5 => {
                let event = match kind & 8 {
                    0 => remote::DomainEventCallbackLifecycle::INFO,
                    _ => remote::DomainEventLifecycle::INFO,
                };
                say(MessageType::Message, Status::Ok, 0, ProcedureId::from(&event));
            }
            6 => answer.extend_from_slice(body),
            _ => {}
        }
        if matches!(kind % 8, 0 | 2 | 7) {
            break;
        }
    }
    answer
}
