//! Connection URIs: `driver[+transport]://[user@][host][:port]/[path][?parameters][#fragment]`.

mod grammar;
mod in_process;
mod parameters;
pub(crate) mod percent;

#[cfg(test)]
mod tests;

use std::fmt;

use crate::error::{Error, Result};

pub use parameters::{Parameters, ParametersIter};

/// The transport of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportKind {
    /// A local socket: `driver:///path` and `driver+unix:///path`.
    Unix,
    /// Plain TCP: `driver+tcp://host/path`.
    Tcp,
    /// TLS over TCP: `driver://host/path` and `driver+tls://host/path`.
    Tls,
    /// The system's ssh program: `driver+ssh://host/path`.
    Ssh,
    /// SSH inside the process: `driver+libssh://host/path`.
    Libssh,
    /// SSH inside the process: `driver+libssh2://host/path`.
    Libssh2,
    /// A program's standard input and output: `driver+ext:///path?command=…`.
    Ext,
}

impl TransportKind {
    fn from_suffix(suffix: &str) -> Option<Self> {
        Some(match suffix.to_ascii_lowercase().as_str() {
            "unix" => Self::Unix,
            "tcp" => Self::Tcp,
            "tls" => Self::Tls,
            "ssh" => Self::Ssh,
            "libssh" => Self::Libssh,
            "libssh2" => Self::Libssh2,
            "ext" => Self::Ext,
            _ => return None,
        })
    }

    /// Returns the transport's name in a URI's scheme.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unix => "unix",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Ssh => "ssh",
            Self::Libssh => "libssh",
            Self::Libssh2 => "libssh2",
            Self::Ext => "ext",
        }
    }
}

/// The choice among a daemon's sockets for a local connection: the `mode` parameter, or
/// `remote_mode` in the configuration file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Mode {
    /// The driver's own daemon if its socket exists, else libvirtd.
    #[default]
    Auto,
    /// libvirtd, or virtproxyd in its place.
    Legacy,
    /// The driver's own daemon, e.g. virtqemud.
    Direct,
}

impl Mode {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "auto" => Self::Auto,
            "legacy" => Self::Legacy,
            "direct" => Self::Direct,
            _ => return None,
        })
    }

    /// Returns the mode's name in the parameter.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Legacy => "legacy",
            Self::Direct => "direct",
        }
    }

    /// The values, for error messages.
    pub(crate) const NAMES: &str = r#""auto", "legacy" or "direct""#;
}

/// The program that connects ssh's channel with the daemon on the other host: the `proxy`
/// parameter, or `remote_proxy` in the configuration file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Proxy {
    /// virt-ssh-helper where the host has it, else netcat.
    Auto,
    /// netcat, which needs the path of the socket.
    Netcat,
    /// virt-ssh-helper, which knows the paths of the sockets, and starts a session's daemon.
    Native,
}

impl Proxy {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "auto" => Self::Auto,
            "netcat" => Self::Netcat,
            "native" => Self::Native,
            _ => return None,
        })
    }

    /// Returns the program's name in the parameter.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Netcat => "netcat",
            Self::Native => "native",
        }
    }

    /// The values, for error messages.
    pub(crate) const NAMES: &str = r#""auto", "native" or "netcat""#;
}

/// A parsed connection URI.
///
/// ```
/// use libvirt_client::uri::{ConnectUri, TransportKind};
///
/// let uri = ConnectUri::parse("qemu+ssh://root@[2001:db8::1]:2222/system?keyfile=/k%20ey")?;
/// assert_eq!((uri.driver(), uri.transport()), ("qemu", TransportKind::Ssh));
/// assert_eq!((uri.host(), uri.port()), (Some("2001:db8::1"), Some(2222)));
/// assert_eq!(uri.parameters().get("keyfile"), Some("/k ey"));
/// # Ok::<(), libvirt_client::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectUri {
    text: String,
    scheme: String,
    driver: String,
    transport: TransportKind,
    user: Option<String>,
    host: Option<String>,
    port: Option<u16>,
    path: String,
    parameters: Parameters,
    query: Option<String>,
    fragment: Option<String>,
}

impl ConnectUri {
    /// Parses a URI as the C library does. Aliases are not URIs; [`Connect`](crate::Connect) resolves
    /// them when it opens a connection.
    pub fn parse(text: &str) -> Result<Self> {
        Self::parse_or_reason(text).map_err(|reason| Error::Uri { uri: text.to_owned(), reason })
    }

    fn parse_or_reason(text: &str) -> Result<Self, String> {
        let parts = grammar::split(text)?;
        let scheme = parts.scheme;
        let (driver, suffix) = match scheme.split_once('+') {
            Some((driver, suffix)) => (driver, Some(suffix)),
            None => (scheme, None),
        };
        let decode = |part: Option<&str>| part.map(percent::decode).transpose();
        let host = decode(parts.host)?;
        let transport = match suffix {
            Some(suffix) => TransportKind::from_suffix(suffix).ok_or_else(|| {
                format!(
                    "there is no transport {suffix:?}; known are unix, tcp, tls, ssh, libssh, \
                     libssh2 and ext"
                )
            })?,
            None if host.is_some() => TransportKind::Tls,
            None => TransportKind::Unix,
        };
        if let Some(host) = &host {
            if transport == TransportKind::Unix {
                return Err(format!("a UNIX socket is not on another host ({host:?})"));
            }
            if matches!(scheme, "qemu" | "vbox" | "vz") && (host == "system" || host == "session") {
                return Err(format!(
                    "{scheme}:///{host} is meant, with three slashes: this names a host {host:?}"
                ));
            }
        }
        let uri = Self {
            text: text.to_owned(),
            scheme: scheme.to_owned(),
            driver: Some(driver)
                .filter(|driver| *driver != "remote")
                .unwrap_or_default()
                .to_owned(),
            transport,
            user: decode(parts.user)?,
            port: parts.port,
            host,
            path: percent::decode(parts.path)?,
            parameters: Parameters::parse(parts.query.unwrap_or_default())?,
            query: parts.query.map(ToOwned::to_owned),
            fragment: decode(parts.fragment)?,
        };
        if let Some(mode) = uri.parameters.get("mode")
            && Mode::from_name(mode).is_none()
        {
            return Err(format!("mode is {}, not {mode:?}", Mode::NAMES));
        }
        if let Some(proxy) = uri.parameters.get("proxy")
            && Proxy::from_name(proxy).is_none()
        {
            return Err(format!("proxy is {}, not {proxy:?}", Proxy::NAMES));
        }
        Ok(uri)
    }

    /// Returns the URI as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the hypervisor or object driver, e.g. `qemu`; empty when the daemon is to choose.
    pub fn driver(&self) -> &str {
        &self.driver
    }

    /// Returns the transport to the daemon.
    pub fn transport(&self) -> TransportKind {
        self.transport
    }

    /// Returns the user on the host.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// Returns the host, without the brackets of an IPv6 address.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// Returns the port.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Returns the path that the daemon opens, e.g. `/system`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the query's parameters. Those that this client does not use go to the daemon; a name
    /// that neither knows has no effect but a warning (by `tracing`) when the URI is opened.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Returns the `mode` parameter.
    pub fn mode(&self) -> Option<Mode> {
        self.parameters.get("mode").and_then(Mode::from_name)
    }

    /// Returns the `proxy` parameter.
    pub fn proxy(&self) -> Option<Proxy> {
        self.parameters.get("proxy").and_then(Proxy::from_name)
    }

    /// Returns driver and transport, as the URI has them.
    pub(crate) fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Returns the host; `localhost` where the URI names none.
    pub(crate) fn host_or_local(&self) -> &str {
        self.host.as_deref().unwrap_or("localhost")
    }

    /// Returns the name that the daemon is asked to open: the URI without what only the client
    /// uses.
    pub(crate) fn name_for_daemon(&self) -> String {
        self.name_with(&[])
    }

    /// Returns the name for virt-ssh-helper: the daemon's, with the parameters by which the helper
    /// chooses the socket.
    #[cfg(any(feature = "ssh", feature = "ssh-native"))]
    pub(crate) fn name_for_helper(&self) -> String {
        self.name_with(&["mode", "socket"])
    }

    /// Returns the URI for the other end, with those of the consumed parameters.
    fn name_with(&self, kept: &[&str]) -> String {
        if let Some(name) = self.parameters.get("name") {
            return name.to_owned();
        }
        if self.driver.is_empty() {
            return String::new();
        }
        let query = self.parameters.without_consumed(kept);
        format!(
            "{}://{}",
            self.driver,
            self.tail(Some(query.as_str()).filter(|query| !query.is_empty()))
        )
    }

    /// Returns path, query and fragment, encoded as by the C library.
    fn tail(&self, query: Option<&str>) -> String {
        let mut tail = percent::encode(&self.path, "!*'()/;@&=+$,");
        if let Some(query) = query {
            tail.push('?');
            tail.push_str(query);
        }
        if let Some(fragment) = &self.fragment {
            tail.push('#');
            tail.push_str(&percent::encode(fragment, "!*'();/?:@&=+$,[]"));
        }
        tail
    }
}

/// Formats the URI as the C library reports it for an open connection: with its escapes and slashes
/// normalized.
impl fmt::Display for ConnectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme)?;
        if let Some(user) = &self.user {
            write!(f, "{}@", percent::encode(user, "!*'();:&=+$,"))?;
        }
        match &self.host {
            Some(host) if host.contains(':') => write!(f, "[{host}]")?,
            Some(host) => f.write_str(host)?,
            None => {}
        }
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(&self.tail(self.query.as_deref()))
    }
}

impl std::str::FromStr for ConnectUri {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}
