//! The remote command, and its standard input and output.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::pin::{Pin, pin};
use std::process::ExitStatus;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use russh::client::Handle;
use russh::{ChannelMsg, ChannelReadHalf, Sig};
use tokio::time::{Sleep, sleep};

use super::super::generic::GenericWriter;
use super::super::tunnel::Tunnel;
use super::guard::{Guard, Refusal};
use super::leash::Leash;
use super::target::SshTarget;
use crate::error::{CloseReason, TunnelFailure};
use crate::rpc::read_buffer::ReadBuffer;
use crate::transport::{ReadHalf, Security, Transport};

/// The time for the host to report the end of a command whose output has ended.
const END_LIMIT: Duration = Duration::from_secs(2);
/// The data type code of standard error.
const STDERR: u32 = 1;

pub(super) async fn open(
    session: Handle<Guard>,
    leash: Leash,
    target: &SshTarget<'_>,
) -> Result<Transport, Refusal> {
    let channel = session.channel_open_session().await?;
    channel.exec(true, target.command.as_str()).await?;
    let (read, write) = channel.split();
    let tunnel = Arc::new(Tunnel::new("SSH", Some(target.host)));
    let reader = ChannelReader {
        channel: read,
        tunnel: Arc::clone(&tunnel),
        // Output that did not fit into the reader's buffer.
        left: bytes::Bytes::new(),
        otherwise: TunnelFailure::Lost,
        has_ended: false,
        limit: None,
        _session: session,
        _leash: leash,
    };
    Ok(Transport {
        read: Box::new(reader),
        write: Box::new(GenericWriter(Box::pin(write.make_writer()))),
        security: Security { secure: true, encrypted: true },
        passes_descriptors: false,
        peer: None,
        carrier: Some(tunnel),
    })
}

struct ChannelReader {
    channel: ChannelReadHalf,
    tunnel: Arc<Tunnel>,
    left: bytes::Bytes,
    /// The failure to report, if the host does not say more.
    otherwise: TunnelFailure,
    /// Set at the end of the output.
    has_ended: bool,
    limit: Option<Pin<Box<Sleep>>>,
    /// The SSH connection, which ends when these are dropped.
    _session: Handle<Guard>,
    _leash: Leash,
}

impl ChannelReader {
    /// Waits for a message. Returns the command's output, and `None` for all other messages, which
    /// it records.
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<bytes::Bytes>> {
        // The future can be dropped without loss: it only waits.
        let message = ready!(pin!(self.channel.wait()).poll(cx));
        match message {
            Some(ChannelMsg::Data { data }) => return Poll::Ready(Some(data)),
            Some(ChannelMsg::ExtendedData { data, ext: STDERR }) => self.tunnel.heard(&data),
            Some(ChannelMsg::ExitStatus { exit_status }) => {
                let code = i32::try_from(exit_status & 0xff).unwrap_or_default();
                self.tunnel.set_status(Some(ExitStatus::from_raw(code << 8)));
            }
            Some(ChannelMsg::ExitSignal { signal_name, .. }) => {
                let status = signal(&signal_name).map(ExitStatus::from_raw);
                self.tunnel.set_status(status);
            }
            Some(ChannelMsg::Failure) => {
                self.tunnel.heard(b"the host runs no commands for this user");
                self.has_ended = true;
            }
            Some(ChannelMsg::Eof) => self.otherwise = TunnelFailure::ClosedOutput,
            Some(ChannelMsg::Close) | None => self.has_ended = true,
            Some(_) => {}
        }
        Poll::Ready(None)
    }
}

impl ReadHalf for ChannelReader {
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut ReadBuffer,
    ) -> Poll<io::Result<usize>> {
        while self.left.is_empty() {
            if self.has_ended || matches!(self.otherwise, TunnelFailure::ClosedOutput) {
                return Poll::Ready(Ok(0));
            }
            if let Some(data) = ready!(self.poll_message(cx)) {
                self.left = data;
            }
        }
        let piece = self.left.split_to(into.room().min(self.left.len()));
        into.extend_from_slice(&piece);
        Poll::Ready(Ok(piece.len()))
    }

    fn poll_end_reason(&mut self, cx: &mut Context<'_>) -> Poll<Option<CloseReason>> {
        let limit = self.limit.get_or_insert_with(|| Box::pin(sleep(END_LIMIT)));
        let mut is_over = limit.as_mut().poll(cx).is_ready();
        while !self.has_ended && !is_over {
            is_over = match self.poll_message(cx) {
                Poll::Ready(_) => false,
                Poll::Pending => return Poll::Pending,
            };
        }
        let reason = self.tunnel.ended(self.otherwise.clone());
        Poll::Ready(Some(CloseReason::Tunnel(Arc::new(reason))))
    }
}

fn signal(signal: &Sig) -> Option<i32> {
    Some(match signal {
        Sig::HUP => 1,
        Sig::INT => 2,
        Sig::QUIT => 3,
        Sig::ILL => 4,
        Sig::ABRT => 6,
        Sig::FPE => 8,
        Sig::KILL => 9,
        Sig::SEGV => 11,
        Sig::PIPE => 13,
        Sig::ALRM => 14,
        Sig::TERM => 15,
        _ => return None,
    })
}
