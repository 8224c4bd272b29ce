//! Options of a connection.

use std::pin::Pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::Handle;
use tokio::time::Instant;

use super::progress::Progress;
use super::{Connect, open};
#[cfg(any(feature = "sasl", feature = "ssh-native"))]
use crate::auth::{Asker, CredentialRequest, Given, Secret};
use crate::error::Result;
use crate::rpc::keepalive::KeepaliveOptions;
use crate::transport::Security;
#[cfg(feature = "tls")]
use crate::transport::tls::TlsOptions;

/// A connection about to be opened; from [`Connect::builder`].
///
/// ```no_run
/// # async fn example() -> libvirt_client::Result<()> {
/// use std::time::Duration;
///
/// let conn = libvirt_client::Connect::builder("qemu:///system")
///     .read_only(true)
///     .call_timeout(Some(Duration::from_secs(10)))
///     .open()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing happens before `open`"]
pub struct ConnectBuilder {
    pub(super) uri: String,
    pub(super) read_only: bool,
    pub(super) aliases: bool,
    pub(super) open_timeout: Option<Duration>,
    pub(super) call_timeout: Option<Duration>,
    pub(super) keepalive: Option<(Duration, u32)>,
    pub(super) busy_timeout: Duration,
    pub(super) max_client_requests: usize,
    pub(super) max_long_calls: Option<usize>,
    pub(super) over_own_stream: bool,
    /// What is known of that stream.
    pub(super) own_stream: Security,
    #[cfg(any(feature = "sasl", feature = "ssh-native"))]
    pub(super) given: Given,
    #[cfg(feature = "tls")]
    pub(super) tls: TlsOptions,
}

impl ConnectBuilder {
    pub(super) fn new(uri: &str) -> Self {
        Self {
            uri: uri.to_owned(),
            read_only: false,
            aliases: true,
            open_timeout: Some(Duration::from_secs(30)),
            call_timeout: Some(Duration::from_secs(120)),
            keepalive: Some((Duration::from_secs(5), 5)),
            busy_timeout: Duration::from_secs(60),
            max_client_requests: 5,
            max_long_calls: None,
            over_own_stream: false,
            own_stream: Security { secure: false, encrypted: false },
            #[cfg(any(feature = "sasl", feature = "ssh-native"))]
            given: Given::default(),
            #[cfg(feature = "tls")]
            tls: TlsOptions::default(),
        }
    }

    /// Whether the connection may only look (`VIR_CONNECT_RO`). Default: no.
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// Whether the URI may be one of the aliases in `libvirt.conf`; no is `VIR_CONNECT_NO_ALIASES`.
    /// Default: yes.
    pub fn aliases(mut self, aliases: bool) -> Self {
        self.aliases = aliases;
        self
    }

    /// How long the whole opening may take, authentication included. Default: 30 seconds.
    pub fn open_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.open_timeout = timeout;
        self
    }

    /// How long a call may wait for its reply, unless its handle says otherwise
    /// ([`Connect::with_timeout`]). Default: two minutes.
    ///
    /// Calls that take long by nature (migration, saving, dumps, guest agent commands, …) have no
    /// deadline unless their handle sets one.
    pub fn call_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.call_timeout = timeout;
        self
    }

    /// Asks a daemon that was silent for `interval` for a sign of life, and gives the connection up
    /// when `count` such requests in a row stay without one (`virConnectSetKeepAlive`). A zero
    /// interval never asks. Default: 5 seconds and 5, which makes half a minute; a daemon that may be
    /// too busy to read has [`busy_timeout`](Self::busy_timeout).
    pub fn keepalive(mut self, interval: Duration, count: u32) -> Self {
        self.keepalive = (!interval.is_zero()).then_some((interval, count));
        self
    }

    /// How long a daemon may be silent that works on as many requests as it takes of one client
    /// ([`max_client_requests`](Self::max_client_requests)), and so does not read requests for signs of
    /// life, before the connection is given up. Default: one minute. Without
    /// [`keepalive`](Self::keepalive) nobody listens to the silence.
    ///
    /// A daemon that asks its clients for signs of life, as it does every 5 seconds unless configured
    /// otherwise, is not silent. Over SSH a host that is gone is noticed by SSH's own means.
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// How many requests of one client the daemon works on at a time: `max_client_requests` in its
    /// configuration, 5 unless that says otherwise. Default: 5.
    ///
    /// While it works on as many it reads nothing more of this client, not even signs of life, and
    /// cuts it off when that lasts for half a minute. So calls that take long by nature are sent only
    /// up to one fewer ([`max_long_calls`](Self::max_long_calls)), and so are calls like those that
    /// were given up and are not answered. A daemon that works on one request at a time must not be
    /// asked to watch the client: with 1, it is not.
    pub fn max_client_requests(mut self, requests: usize) -> Self {
        self.max_client_requests = requests.max(1);
        self
    }

    /// How many calls that take long by nature may be with the daemon at a time, those included that
    /// were given up and are not answered; more wait on this side. Those that wait for a guest, which
    /// may never answer, leave one place to others. Default: one fewer than
    /// [`max_client_requests`](Self::max_client_requests), but at least one.
    pub fn max_long_calls(mut self, calls: usize) -> Self {
        self.max_long_calls = Some(calls.max(1));
        self
    }

    /// Certificates for connections over TLS that come from elsewhere than libvirt's files. Needs
    /// the feature `tls`.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, options: TlsOptions) -> Self {
        self.tls = options;
        self
    }

    /// The name and the password of a user, for daemons that ask for SASL. They come before what
    /// the auth file says (`auth.conf`, or the URI's `authfile`). Needs the feature `sasl`.
    #[cfg(feature = "sasl")]
    pub fn login(mut self, user: impl Into<String>, password: impl Into<Secret>) -> Self {
        self.given.login = Some((user.into(), password.into()));
        self
    }

    /// Whom to ask for names and passwords that a daemon demands and that are written nowhere. An
    /// answer of `None` gives the opening up. Needs the feature `sasl` or `ssh-native`; with the
    /// latter hosts' keys, passphrases and logins are asked for, too.
    ///
    /// The time that answering takes counts towards [`open_timeout`](Self::open_timeout).
    ///
    /// Where this process speaks SSH itself (`ssh-native`), russh tells the `log` crate what it sends
    /// before it encrypts it, under the target `russh::session` at TRACE. No password and no answer is
    /// sent to a host while the program's logger takes that; the login then fails and says so, unless
    /// there is a key. Passphrases of keys are not sent and need no such care. What is said to the
    /// daemon afterwards can be among what is logged there, too.
    ///
    /// ```no_run
    /// # async fn prompt(question: &str, visible: bool) -> Option<String> { None }
    /// # async fn example() -> libvirt_client::Result<()> {
    /// use libvirt_client::{Connect, Secret};
    ///
    /// let conn = Connect::builder("qemu+tls://kvm1.example.com/system")
    ///     .credentials(|request| async move {
    ///         let answer = prompt(&request.prompt, !request.is_secret()).await;
    ///         answer.map(Secret::from)
    ///     })
    ///     .open_timeout(None)
    ///     .open()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(any(feature = "sasl", feature = "ssh-native"))]
    pub fn credentials<F, A>(mut self, ask: F) -> Self
    where
        F: Fn(CredentialRequest) -> A + Send + Sync + 'static,
        A: Future<Output = Option<Secret>> + Send + 'static,
    {
        self.given.asker = Some(Asker::new(ask));
        self
    }

    /// Whether nobody else can read what goes over the stream that is given to
    /// [`open_over`](Self::open_over), so that passwords may. Default: no.
    pub fn private_stream(mut self, private: bool) -> Self {
        self.own_stream.secure = private;
        self
    }

    /// Opens the connection. Dropping the future undoes what was done.
    ///
    /// What goes wrong once something has answered, be it that it says no, hangs up or falls silent, is
    /// an [`Error::Opening`](crate::Error::Opening), whose [`cause`](crate::Error::cause) is the failure
    /// itself, e.g. [`Error::Auth`](crate::Error::Auth).
    pub async fn open(self) -> Result<Connect> {
        let deadline = self.open_deadline();
        let progress = Progress::new(&self.uri);
        let opening = Box::pin(open::open(self.clone(), deadline, &progress));
        within(self, deadline, &progress, opening).await
    }

    /// Opens a connection over a byte stream to a daemon that the caller has made, whatever it
    /// consists of. The URI only says what to open there.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let socket = tokio::net::TcpStream::connect("127.0.0.1:16509").await?;
    /// let conn = libvirt_client::Connect::builder("qemu:///system")
    ///     .open_over(socket)
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open_over<S>(mut self, stream: S) -> Result<Connect>
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        self.over_own_stream = true;
        let deadline = self.open_deadline();
        let progress = Progress::new(&self.uri);
        let opening = Box::pin(open::open_over(self.clone(), stream, &progress));
        within(self, deadline, &progress, opening).await
    }

    /// Whether the daemon is asked about keepalive, which has it watch this client from then on. One
    /// that may be too busy to read would cut it off; those of today answer without having been asked.
    pub(super) fn asks_for_keepalive(&self) -> bool {
        self.max_client_requests > 1
    }

    pub(super) fn keepalive_options(&self) -> Option<KeepaliveOptions> {
        let (interval, count) = self.keepalive?;
        Some(KeepaliveOptions {
            interval,
            count,
            max_requests: self.max_client_requests,
            busy_limit: self.busy_timeout,
        })
    }

    /// How many calls that take long the daemon may be given at a time.
    pub(super) fn long_calls(&self) -> usize {
        self.max_long_calls.unwrap_or(self.max_client_requests - 1).max(1)
    }

    /// When an opening that starts now is given up. A time beyond what the clock can tell is never.
    pub(super) fn open_deadline(&self) -> Option<Instant> {
        Instant::now().checked_add(self.open_timeout?)
    }
}

/// The opening is in a box because futures of callers would otherwise grow by all that it holds.
pub(super) async fn within(
    options: ConnectBuilder,
    deadline: Option<Instant>,
    progress: &Progress,
    opening: Pin<Box<impl Future<Output = Result<Connect>>>>,
) -> Result<Connect> {
    // tokio's timers and sockets panic without one.
    if Handle::try_current().is_err() {
        return Err(open::no_runtime(&options.uri));
    }
    let opened = match (deadline, options.open_timeout) {
        (Some(deadline), Some(after)) => tokio::time::timeout_at(deadline, opening)
            .await
            .unwrap_or_else(|_| Err(progress.expired(after))),
        _ => opening.await,
    };
    opened.map_err(|error| progress.locate(error))
}
