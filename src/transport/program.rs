//! A program's standard input and output as a transport: ssh, or whatever reaches a daemon.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::pin::{Pin, pin};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustix::process::{Pid, Signal, getpgrp, kill_process, kill_process_group};
use rustix::termios::tcgetpgrp;
use tokio::process::{Child, ChildStderr, Command};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::socket::{self, SocketReader};
use super::tunnel::Tunnel;
use super::{ReadHalf, Security, Transport};
use crate::error::{CloseReason, TunnelError, TunnelFailure};
use crate::rpc::read_buffer::ReadBuffer;

/// How long a program that has closed its output may take to end.
const END_LIMIT: Duration = Duration::from_secs(2);
/// How long standard error may stay open behind a program that has ended: some leave a child in the
/// background that holds it.
const STDERR_LIMIT: Duration = Duration::from_millis(200);
/// How long a program that is not wanted any more may take for each: to see that its input has ended;
/// to follow a request to end.
const GRACE: Duration = Duration::from_millis(500);

/// What to run.
#[derive(Debug)]
pub(crate) struct Program<'a> {
    pub(crate) name: &'a str,
    pub(crate) arguments: Vec<String>,
    /// The host that it is to reach, for error messages.
    pub(crate) host: Option<&'a str>,
    /// Whether it is to ask its user something on the terminal, which must be [`Terminal::Ours`].
    pub(crate) uses_terminal: bool,
    pub(crate) security: Security,
}

impl Program<'_> {
    /// Starts the program. It ends with the transport.
    pub(crate) fn start(self) -> Result<Transport, TunnelError> {
        let (name, host) = (self.name, self.host);
        self.try_start().map_err(|error| {
            let failure = TunnelFailure::NotStarted(Arc::new(error));
            TunnelError::new(name, host, failure, &[])
        })
    }

    fn try_start(self) -> io::Result<Transport> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let (socket, write) = socket::split(OwnedFd::from(ours))?;
        let theirs = OwnedFd::from(theirs);
        let mut command = Command::new(self.name);
        command
            .args(self.arguments)
            .stdin(Stdio::from(theirs.try_clone()?))
            .stdout(Stdio::from(theirs))
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // With a group of its own also its children can be ended. But from another group than ours
        // it could not ask for a password on our terminal.
        let has_own_group = !self.uses_terminal;
        if has_own_group {
            command.process_group(0);
        }
        let mut child = command.spawn()?;
        // The command holds the other end of the socket.
        drop(command);

        let tunnel = Arc::new(Tunnel::new(self.name, self.host));
        let stderr = child.stderr.take();
        let listening = stderr.map(|stderr| tokio::spawn(listen(stderr, Arc::clone(&tunnel))));
        let supervised = SupervisedChild {
            pid: child.id().and_then(|id| Pid::from_raw(id.cast_signed())),
            child,
            has_own_group,
        };
        let (release, released) = oneshot::channel();
        let supervisor =
            tokio::spawn(supervise(supervised, listening, Arc::clone(&tunnel), released));
        let read = ProgramReader {
            socket,
            supervisor: Some(supervisor),
            ending: None,
            tunnel: Arc::clone(&tunnel),
            _release: release,
        };
        Ok(Transport {
            read: Box::new(read),
            write: Box::new(write),
            security: self.security,
            passes_descriptors: false,
            peer: None,
            carrier: Some(tunnel),
        })
    }
}

/// This process's terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Terminal {
    None,
    /// Who reads it, reads what the user types for us.
    Ours,
    /// It is another job's at the moment: who of us reads it, is stopped, and all of us with it.
    Others,
}

impl Terminal {
    pub(crate) fn of_process() -> Self {
        let Ok(terminal) = std::fs::File::open("/dev/tty") else {
            return Self::None;
        };
        match tcgetpgrp(&terminal) {
            Ok(group) if group == getpgrp() => Self::Ours,
            _ => Self::Others,
        }
    }
}

/// Keeps the last of what a program complains of.
async fn listen(mut stderr: ChildStderr, tunnel: Arc<Tunnel>) {
    let mut bytes = Vec::with_capacity(4096);
    while let Ok(1..) = tokio_util::io::read_buf(&mut stderr, &mut bytes).await {
        tunnel.heard(&bytes);
        bytes.clear();
    }
}

/// Waits for the program's end, and makes it end once nobody wants it any more.
async fn supervise(
    mut child: SupervisedChild,
    listening: Option<JoinHandle<()>>,
    tunnel: Arc<Tunnel>,
    released: oneshot::Receiver<Infallible>,
) {
    let status = child.wait(released).await;
    if let Some(listening) = listening {
        let abort = listening.abort_handle();
        if timeout(STDERR_LIMIT, listening).await.is_err() {
            abort.abort();
        }
    }
    tracing::debug!(?tunnel, ?status, "program ended");
    tunnel.set_status(status);
}

/// What comes of `wanted`, unless `other` comes first.
async fn unless<T>(wanted: impl Future<Output = T>, other: impl Future) -> Option<T> {
    let mut wanted = pin!(wanted);
    let mut other = pin!(other);
    poll_fn(|cx| match wanted.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => other.as_mut().poll(cx).map(|_| None),
    })
    .await
}

/// A child that never becomes a zombie.
struct SupervisedChild {
    child: Child,
    pid: Option<Pid>,
    has_own_group: bool,
}

impl SupervisedChild {
    /// Waits until it has ended, and sees to that when nobody wants it any more.
    async fn wait(&mut self, released: oneshot::Receiver<Infallible>) -> Option<ExitStatus> {
        if let Some(status) = unless(self.child.wait(), released).await {
            return status.ok();
        }
        if let Ok(status) = timeout(GRACE, self.child.wait()).await {
            return status.ok();
        }
        self.signal(Signal::TERM);
        if let Ok(status) = timeout(GRACE, self.child.wait()).await {
            return status.ok();
        }
        self.signal(Signal::KILL);
        self.child.wait().await.ok()
    }

    /// Must not be called after the child has been waited for: its number may be another's by then.
    fn signal(&self, signal: Signal) {
        let Some(pid) = self.pid else {
            return;
        };
        // It may be about to end by itself.
        let _best_effort = if self.has_own_group {
            kill_process_group(pid, signal)
        } else {
            kill_process(pid, signal)
        };
    }
}

impl Drop for SupervisedChild {
    /// The runtime shuts down; nobody will wait any more.
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        self.signal(Signal::KILL);
        // A killed process is gone in no time.
        for _ in 0..100 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

struct ProgramReader {
    socket: SocketReader,
    supervisor: Option<JoinHandle<()>>,
    /// Waits for the program's end once its output has ended.
    ending: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    tunnel: Arc<Tunnel>,
    /// Dropping it tells the supervisor.
    _release: oneshot::Sender<Infallible>,
}

impl ReadHalf for ProgramReader {
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut ReadBuffer,
    ) -> Poll<io::Result<usize>> {
        self.socket.poll_read(cx, into)
    }

    fn wait_for_end(&mut self, limit: Duration) {
        self.socket.wait_for_end(limit);
    }

    fn poll_end_reason(&mut self, cx: &mut Context<'_>) -> Poll<Option<CloseReason>> {
        if let Some(supervisor) = self.supervisor.take() {
            let ended = async {
                let _at_least_what_there_is = timeout(END_LIMIT, supervisor).await;
            };
            self.ending = Some(Box::pin(ended));
        }
        if let Some(ending) = &mut self.ending {
            ready!(ending.as_mut().poll(cx));
            self.ending = None;
        }
        let reason = self.tunnel.ended(TunnelFailure::ClosedOutput);
        Poll::Ready(Some(CloseReason::Tunnel(Arc::new(reason))))
    }
}
