//! Standard input and output of a program as a transport: ssh, or the URI's `command`.

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

/// The time for a program that has closed its output to end.
const END_LIMIT: Duration = Duration::from_secs(2);
/// The time that standard error may stay open after a program has ended: some leave a child in the
/// background that holds it.
const STDERR_LIMIT: Duration = Duration::from_millis(200);
/// The time for a program that is no longer needed to end after its input has ended, and again
/// after SIGTERM.
const GRACE: Duration = Duration::from_millis(500);

/// A program to run.
#[derive(Debug)]
pub(crate) struct Program<'a> {
    pub(crate) name: &'a str,
    pub(crate) arguments: Vec<String>,
    /// The host that it connects to, for error messages.
    pub(crate) host: Option<&'a str>,
    /// Set where it may prompt the user on the terminal, which must be [`Terminal::Ours`].
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
        // A process group of its own lets us end its children too. But from there it could not
        // prompt for a password on our terminal.
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
    /// Our process group is in the foreground and reads what the user types.
    Ours,
    /// Another job is in the foreground: reading would stop our whole process group.
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

/// Collects the program's standard error, keeping the last of it.
async fn listen(mut stderr: ChildStderr, tunnel: Arc<Tunnel>) {
    let mut bytes = Vec::with_capacity(4096);
    while let Ok(1..) = tokio_util::io::read_buf(&mut stderr, &mut bytes).await {
        tunnel.heard(&bytes);
        bytes.clear();
    }
}

/// Waits for the program's end, and ends it once it is no longer needed.
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

/// Returns the output of `wanted`, unless `other` is ready first.
async fn unless<T>(wanted: impl Future<Output = T>, other: impl Future) -> Option<T> {
    let mut wanted = pin!(wanted);
    let mut other = pin!(other);
    poll_fn(|cx| match wanted.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => other.as_mut().poll(cx).map(|_| None),
    })
    .await
}

/// A child process that is always reaped.
struct SupervisedChild {
    child: Child,
    pid: Option<Pid>,
    has_own_group: bool,
}

impl SupervisedChild {
    /// Waits until it has ended; ends it once `released` is dropped.
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

    /// Sends a signal. Not to be called after the child has been reaped: its PID may be reused by
    /// then.
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
    /// Kills the child when the runtime shuts down, as nobody will wait any more.
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        self.signal(Signal::KILL);
        // A killed process ends almost at once.
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
    /// Dropping it notifies the supervisor.
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
