//! Options of a connection.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use super::attempt::Attempt;
use super::open;
#[cfg(any(feature = "sasl", feature = "ssh-native", feature = "test-driver"))]
use crate::auth::{Credential, CredentialCallback, CredentialRequest};
use crate::client::connection::Connect;
use crate::client::options::Options;
use crate::error::{Error, Result};
#[cfg(feature = "tls")]
use crate::transport::tls::TlsOptions;

/// A builder of connections; from [`Connect::builder`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> libvirt_client::Result<()> {
/// use std::time::Duration;
///
/// let uri = "qemu:///system";
/// # let uri = "test:///default";
/// let conn = libvirt_client::Connect::builder(uri)
///     .read_only(true)
///     .call_timeout(Some(Duration::from_secs(10)))
///     .open()
///     .await?;
/// # assert!(conn.interface_change_begin().await.unwrap_err().is_permission_denied());
/// # Ok(())
/// # }
/// ```
///
/// # Contents
///
/// - [Options](#options), [Deadlines](#deadlines), [Limits](#limits), [Security](#security),
///   [Opening](#opening), [Connecting again](#connecting-again), [Administration](#administration)
#[derive(Debug, Clone)]
#[must_use = "nothing happens before `open`"]
pub struct ConnectBuilder {
    pub(in crate::client) options: Options,
}

/// # Options
impl ConnectBuilder {
    /// Makes the connection read-only (`VIR_CONNECT_RO`). Default: no.
    #[doc(alias = "VIR_CONNECT_RO")]
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.options.read_only = read_only;
        self
    }

    /// Allows the URI to be one of the aliases in `libvirt.conf`; `false` is
    /// `VIR_CONNECT_NO_ALIASES`. Default: yes.
    pub fn aliases(mut self, aliases: bool) -> Self {
        self.options.aliases = aliases;
        self
    }
}

/// # Deadlines
impl ConnectBuilder {
    /// Sets the timeout of the whole opening, authentication included. Default: 30 seconds.
    pub fn open_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.options.open_timeout = timeout;
        self
    }

    /// Sets the timeout of calls, unless their handle has its own ([`Connect::with_timeout`]).
    /// Default: two minutes.
    ///
    /// [Calls that take long](crate#calls-that-take-long) by nature (migration, saving, dumps, guest
    /// agent commands, …) have no timeout unless their handle sets one.
    pub fn call_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.options.call_timeout = timeout;
        self
    }

    /// Sends a keepalive request when the daemon has been silent for `interval`, and ends the
    /// connection when `count` of them in a row had no response (`virConnectSetKeepAlive`). A zero
    /// interval disables keepalive. Default: 5 seconds and 5, which makes half a minute; a daemon
    /// that may be too busy to read has [`busy_timeout`](Self::busy_timeout).
    #[doc(alias = "virConnectSetKeepAlive")]
    #[doc(alias = "setKeepAlive")]
    pub fn keepalive(mut self, interval: Duration, count: u32) -> Self {
        self.options.keepalive = (!interval.is_zero()).then_some((interval, count));
        self
    }

    /// Sets the time that a busy daemon may be silent before the connection ends. A daemon is busy
    /// while it works on as many requests as it takes from one client
    /// ([`max_client_requests`](Self::max_client_requests)), and then does not read keepalive
    /// requests. Default: one minute. Has no effect without [`keepalive`](Self::keepalive).
    ///
    /// A daemon that sends keepalive requests to its clients, every 5 seconds unless configured
    /// otherwise, is not silent. Over SSH, ssh itself detects a host that is gone.
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.options.busy_timeout = timeout;
        self
    }
}

/// # Limits
impl ConnectBuilder {
    /// Sets the number of requests of one client that the daemon works on at a time:
    /// `max_client_requests` in its configuration, 5 unless that says otherwise. Default: 5.
    ///
    /// While it works on that many it reads nothing more from this client, not even keepalive
    /// responses, and disconnects it when that lasts for half a minute. So calls that take long by
    /// nature are limited to one fewer at a time ([`max_long_calls`](Self::max_long_calls)), and so
    /// are calls like those that were abandoned and not yet answered. A daemon that works on one
    /// request at a time must not be asked for keepalive: with 1, it is not.
    pub fn max_client_requests(mut self, requests: usize) -> Self {
        self.options.max_client_requests = requests.max(1);
        self
    }

    /// Sets the number of calls that take long by nature that the daemon is given at a time,
    /// including abandoned ones that it has not answered; further calls wait in the client. Calls
    /// that wait for a guest, which may never answer, leave one place to others. Default: one fewer
    /// than [`max_client_requests`](Self::max_client_requests), but at least one.
    pub fn max_long_calls(mut self, calls: usize) -> Self {
        self.options.max_long_calls = Some(calls.max(1));
        self
    }

    /// Sets the number of events that wait for the consumer of each subscription; further ones are
    /// lost, which the consumer is told ([`EventError::Lagged`](crate::events::EventError)). When
    /// half as many wait, the connection reads nothing more for 20 ms at most, so that a consumer
    /// that does nothing else keeps up with any burst. Default: 65,536.
    pub fn max_queued_events(mut self, events: usize) -> Self {
        self.options.max_queued_events = events.max(1);
        self
    }

    /// Sets the number of bytes, as they were received, of the events that wait for the consumer of
    /// each subscription; otherwise like [`max_queued_events`](Self::max_queued_events). An event
    /// that is longer is always lost. Default: 16 MiB.
    pub fn max_queued_event_bytes(mut self, bytes: usize) -> Self {
        self.options.max_queued_event_bytes = bytes;
        self
    }
}

/// # Security
impl ConnectBuilder {
    /// Sets certificates for TLS connections in place of libvirt's files. Needs the feature `tls`.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, options: TlsOptions) -> Self {
        self.options.tls = options;
        self
    }

    /// Sets the user name and password for daemons that ask for SASL, and for hosts of this process
    /// whose file names users. They take precedence over the auth file (`auth.conf`, or the URI's
    /// `authfile`). Needs the feature `sasl` or `test-driver`.
    #[cfg(any(feature = "sasl", feature = "test-driver"))]
    pub fn login(mut self, user: impl Into<String>, password: impl Into<Credential>) -> Self {
        self.options.auth.login = Some((user.into(), password.into()));
        self
    }

    /// Sets a callback for credentials that a daemon asks for and that no file has. An answer of
    /// `None` fails the opening. Needs the feature `sasl`, `ssh-native` or `test-driver`; with the
    /// second the callback is also asked for host keys, passphrases and logins.
    ///
    /// The time of the answer counts towards [`open_timeout`](Self::open_timeout).
    ///
    /// With SSH inside the process (`ssh-native`), russh logs messages before it encrypts them,
    /// through the `log` crate under the target `russh::session` at TRACE. While the program's
    /// logger accepts that level, no password and no answer is sent to a host; the login then fails
    /// with an error that says so, unless there is a key. Passphrases of keys are not sent and need
    /// no such care. Later messages to the daemon may be logged there too.
    ///
    /// ```no_run
    /// # async fn prompt(question: &str, visible: bool) -> Option<String> { None }
    /// # async fn example() -> libvirt_client::Result<()> {
    /// use libvirt_client::{Connect, Credential};
    ///
    /// let conn = Connect::builder("qemu+tls://kvm1.example.com/system")
    ///     .credentials(|request| async move {
    ///         let answer = prompt(&request.prompt, !request.is_secret()).await;
    ///         answer.map(Credential::from)
    ///     })
    ///     .open_timeout(None)
    ///     .open()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(any(feature = "sasl", feature = "ssh-native", feature = "test-driver"))]
    pub fn credentials<F, A>(mut self, ask: F) -> Self
    where
        F: Fn(CredentialRequest) -> A + Send + Sync + 'static,
        A: Future<Output = Option<Credential>> + Send + 'static,
    {
        self.options.auth.callback = Some(CredentialCallback::new(ask));
        self
    }

    /// Declares that nobody else can read the stream that is given to
    /// [`open_over`](Self::open_over), so that passwords may be sent over it. Default: no.
    pub fn private_stream(mut self, private: bool) -> Self {
        self.options.own_stream.secure = private;
        self
    }
}

/// # Opening
impl ConnectBuilder {
    /// Opens the connection. Dropping the future closes what was opened so far.
    ///
    /// A failure after the first contact (a refusal, a disconnection or a timeout) is an
    /// [`Error::Opening`](crate::Error::Opening), whose [`cause`](crate::Error::cause) is the
    /// failure itself, e.g. [`Error::Auth`](crate::Error::Auth).
    ///
    /// # Panics
    ///
    /// If the runtime has no timers or no I/O (`enable_all` of tokio's builder gives it both).
    pub async fn open(self) -> Result<Connect> {
        let Self { options } = self;
        let attempt = Attempt::new(&options);
        let opening = Box::pin(open::open(options.clone(), &attempt));
        attempt.run(&options, opening).await
    }

    /// Opens a connection over the caller's own byte stream to a daemon, which may be of any kind.
    /// The URI only names what the daemon is to open.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let bound = listener.local_addr()?;
    /// # tokio::spawn(async move {
    /// #     let host = libvirt_client::testing::TestHost::new();
    /// #     host.serve(listener.accept().await.unwrap().0).await;
    /// # });
    /// let address = "127.0.0.1:16509";
    /// # let address = bound;
    /// let socket = tokio::net::TcpStream::connect(address).await?;
    /// let conn = libvirt_client::Connect::builder("qemu:///system")
    ///     .open_over(socket)
    ///     .await?;
    /// # assert_eq!(conn.num_of_domains().await?, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open_over<S>(mut self, stream: S) -> Result<Connect>
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        self.options.over_own_stream = true;
        let Self { options } = self;
        let attempt = Attempt::new(&options);
        let opening = Box::pin(open::open_over(options.clone(), stream, &attempt));
        attempt.run(&options, opening).await
    }
}

/// # Opening
impl Connect {
    /// Opens a connection to `uri`, e.g. `qemu:///system` (`virConnectOpen`).
    ///
    /// An empty `uri` means libvirt's default: `LIBVIRT_DEFAULT_URI` in the environment, or else
    /// `uri_default` in `libvirt.conf`, or else any daemon that the host has. The URI may be one of
    /// the aliases in that file, which is `/etc/libvirt/libvirt.conf` for root and
    /// `libvirt/libvirt.conf` in the user's configuration directory for others. A future that is
    /// dropped undoes what it has opened so far.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> libvirt_client::Result<()> {
    /// let uri = "qemu:///system";
    /// # let uri = "test:///default";
    /// let conn = libvirt_client::Connect::open(uri).await?;
    /// for domain in conn.list_all_domains(Default::default()).await? {
    ///     println!("{}", domain.name());
    /// }
    /// # assert_eq!(conn.num_of_domains().await?, 1);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "virConnectOpen")]
    pub async fn open(uri: &str) -> Result<Self> {
        Self::builder(uri).open().await
    }

    /// Opens a connection that cannot change anything (`virConnectOpenReadOnly`).
    #[doc(alias = "virConnectOpenReadOnly")]
    pub async fn open_read_only(uri: &str) -> Result<Self> {
        Self::builder(uri).read_only(true).open().await
    }

    /// Returns a builder for a connection with other options than the usual ones
    /// (`virConnectOpenAuth`); see [`open`](Self::open) for `uri`.
    #[doc(alias = "virConnectOpenAuth")]
    #[doc(alias = "openAuth")]
    pub fn builder(uri: &str) -> ConnectBuilder {
        ConnectBuilder { options: Options::new(uri) }
    }

    /// Opens another connection with the same options, for work that would delay other calls on this one.
    ///
    /// A connection that was opened over a stream of the caller's own cannot be opened again.
    pub async fn reopen(&self) -> Result<Self> {
        if self.options().over_own_stream {
            return Err(Error::Unsupported(
                "opening a connection over the caller's own stream again".to_owned(),
            ));
        }
        let builder = ConnectBuilder { options: self.options().clone() };
        Ok(builder.open().await?.with_timeout_of(self))
    }
}
