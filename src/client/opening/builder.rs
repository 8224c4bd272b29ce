//! How a program says what it wants opened.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use super::attempt::Attempt;
use super::open;
#[cfg(any(feature = "sasl", feature = "ssh-native"))]
use crate::auth::{CredentialCallback, CredentialRequest, Secret};
use crate::client::connection::Connect;
use crate::client::options::Options;
use crate::error::{Error, Result};
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
    pub(in crate::client) options: Options,
}

impl ConnectBuilder {
    /// Whether the connection may only look (`VIR_CONNECT_RO`). Default: no.
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.options.read_only = read_only;
        self
    }

    /// Whether the URI may be one of the aliases in `libvirt.conf`; no is `VIR_CONNECT_NO_ALIASES`.
    /// Default: yes.
    pub fn aliases(mut self, aliases: bool) -> Self {
        self.options.aliases = aliases;
        self
    }

    /// How long the whole opening may take, authentication included. Default: 30 seconds.
    pub fn open_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.options.open_timeout = timeout;
        self
    }

    /// How long a call may wait for its reply, unless its handle says otherwise
    /// ([`Connect::with_timeout`]). Default: two minutes.
    ///
    /// Calls that take long by nature (migration, saving, dumps, guest agent commands, …) have no
    /// deadline unless their handle sets one.
    pub fn call_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.options.call_timeout = timeout;
        self
    }

    /// Asks a daemon that was silent for `interval` for a sign of life, and gives the connection up
    /// when `count` such requests in a row stay without one (`virConnectSetKeepAlive`). A zero
    /// interval never asks. Default: 5 seconds and 5, which makes half a minute; a daemon that may be
    /// too busy to read has [`busy_timeout`](Self::busy_timeout).
    pub fn keepalive(mut self, interval: Duration, count: u32) -> Self {
        self.options.keepalive = (!interval.is_zero()).then_some((interval, count));
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
        self.options.busy_timeout = timeout;
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
        self.options.max_client_requests = requests.max(1);
        self
    }

    /// How many calls that take long by nature may be with the daemon at a time, those included that
    /// were given up and are not answered; more wait on this side. Those that wait for a guest, which
    /// may never answer, leave one place to others. Default: one fewer than
    /// [`max_client_requests`](Self::max_client_requests), but at least one.
    pub fn max_long_calls(mut self, calls: usize) -> Self {
        self.options.max_long_calls = Some(calls.max(1));
        self
    }

    /// Certificates for connections over TLS that come from elsewhere than libvirt's files. Needs
    /// the feature `tls`.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, options: TlsOptions) -> Self {
        self.options.tls = options;
        self
    }

    /// The name and the password of a user, for daemons that ask for SASL. They come before what
    /// the auth file says (`auth.conf`, or the URI's `authfile`). Needs the feature `sasl`.
    #[cfg(feature = "sasl")]
    pub fn login(mut self, user: impl Into<String>, password: impl Into<Secret>) -> Self {
        self.options.auth.login = Some((user.into(), password.into()));
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
        self.options.auth.callback = Some(CredentialCallback::new(ask));
        self
    }

    /// Whether nobody else can read what goes over the stream that is given to
    /// [`open_over`](Self::open_over), so that passwords may. Default: no.
    pub fn private_stream(mut self, private: bool) -> Self {
        self.options.own_stream.secure = private;
        self
    }

    /// Opens the connection. Dropping the future undoes what was done.
    ///
    /// What goes wrong once something has answered, be it that it says no, hangs up or falls silent, is
    /// an [`Error::Opening`](crate::Error::Opening), whose [`cause`](crate::Error::cause) is the failure
    /// itself, e.g. [`Error::Auth`](crate::Error::Auth).
    pub async fn open(self) -> Result<Connect> {
        let Self { options } = self;
        let attempt = Attempt::new(&options);
        let opening = Box::pin(open::open(options.clone(), &attempt));
        attempt.run(&options, opening).await
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
        self.options.over_own_stream = true;
        let Self { options } = self;
        let attempt = Attempt::new(&options);
        let opening = Box::pin(open::open_over(options.clone(), stream, &attempt));
        attempt.run(&options, opening).await
    }
}

impl Connect {
    /// Opens a connection to what `uri` names, e.g. `qemu:///system`.
    ///
    /// An empty `uri` means libvirt's own choice: `LIBVIRT_DEFAULT_URI` in the environment, or else
    /// `uri_default` in `libvirt.conf`, or else whatever daemon the host has. Whichever it is, it
    /// may be one of the aliases in that file, which is `/etc/libvirt/libvirt.conf` for root and
    /// `libvirt/libvirt.conf` in the directory of configuration files for others. Corresponds to `virConnectOpen`. Not cancel-safe in that a cancelled opening is
    /// undone, not resumed.
    ///
    /// ```no_run
    /// # async fn example() -> libvirt_client::Result<()> {
    /// let conn = libvirt_client::Connect::open("qemu:///system").await?;
    /// for domain in conn.list_all_domains(Default::default()).await? {
    ///     println!("{}", domain.name());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open(uri: &str) -> Result<Self> {
        Self::builder(uri).open().await
    }

    /// Opens a connection that cannot change anything (`virConnectOpenReadOnly`).
    pub async fn open_read_only(uri: &str) -> Result<Self> {
        Self::builder(uri).read_only(true).open().await
    }

    /// Prepares a connection with options; see [`open`](Self::open) for `uri`.
    pub fn builder(uri: &str) -> ConnectBuilder {
        ConnectBuilder { options: Options::new(uri) }
    }

    /// Opens another connection in the same way, for what would be in the way of others on this one.
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
