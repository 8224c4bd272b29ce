//! Connection URIs: `driver[+transport]://[user@][host][:port]/[path][?parameters][#fragment]`.

mod defaults;
mod parameters;
mod sockets;

#[cfg(test)]
mod tests;

use std::fmt;

use crate::error::{Error, Result};

pub(crate) use defaults::default_uri;
pub use parameters::Parameters;
pub(crate) use sockets::{Environment, socket_candidates};

/// How the bytes get to the daemon.
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

    /// The part of a URI's scheme that names it.
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

/// Which of a daemon's sockets a local connection uses; the `mode` parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// The driver's own daemon if its socket exists, else libvirtd's.
    #[default]
    Auto,
    /// libvirtd's, or the one that virtproxyd serves in its place.
    Legacy,
    /// The driver's own daemon's, e.g. virtqemud's.
    Direct,
}

/// A parsed connection URI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectUri {
    text: String,
    /// The hypervisor or object driver, e.g. `qemu`; empty when the daemon is to choose.
    pub driver: String,
    /// How to reach the daemon.
    pub transport: TransportKind,
    /// The user to be on the host.
    pub user: Option<String>,
    /// The host, without the brackets of an IPv6 address.
    pub host: Option<String>,
    /// The port.
    pub port: Option<u16>,
    /// What to open there, e.g. `/system`.
    pub path: String,
    /// The query's parameters.
    pub parameters: Parameters,
    fragment: Option<String>,
}

impl ConnectUri {
    /// Parses a URI as the C library does.
    pub fn parse(text: &str) -> Result<Self> {
        let error = |reason: String| Error::Uri {
            uri: text.to_owned(),
            reason,
        };
        if text == "xen" || text == "xen://" {
            // Names from before there were URIs.
            return Self::parse("xen:///system").map(|uri| Self {
                text: text.to_owned(),
                ..uri
            });
        }
        let url = url::Url::parse(text).map_err(|cause| match cause {
            url::ParseError::RelativeUrlWithoutBase => {
                error("it has no scheme; libvirt URIs look like qemu:///system".to_owned())
            }
            other => error(other.to_string()),
        })?;
        let scheme = url.scheme();
        let (driver, suffix) = match scheme.split_once('+') {
            Some((driver, suffix)) => (driver, Some(suffix)),
            None => (scheme, None),
        };
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .map(|host| decode_percent(host.trim_start_matches('[').trim_end_matches(']')));
        let transport = match suffix {
            Some(suffix) => TransportKind::from_suffix(suffix).ok_or_else(|| {
                error(format!(
                    "there is no transport {suffix:?}; known are unix, tcp, tls, ssh, libssh, \
                     libssh2 and ext"
                ))
            })?,
            None if host.is_some() => TransportKind::Tls,
            None => TransportKind::Unix,
        };
        let path = decode_percent(url.path());
        if let Some(host) = &host {
            if suffix == Some("unix") {
                return Err(error(format!(
                    "a UNIX socket is not on another host ({host:?})"
                )));
            }
            let is_path = host == "system" || host == "session";
            if is_path && path.is_empty() && matches!(driver, "qemu" | "vbox" | "vz") {
                return Err(error(format!(
                    "{driver}:///{host} is meant, with three slashes"
                )));
            }
        }
        Ok(Self {
            text: text.to_owned(),
            driver: if driver == "remote" {
                String::new()
            } else {
                driver.to_owned()
            },
            transport,
            user: Some(url.username())
                .filter(|user| !user.is_empty())
                .map(decode_percent),
            port: if host.is_some() { url.port() } else { None },
            host,
            path,
            parameters: Parameters::parse(url.query().unwrap_or_default()),
            fragment: url.fragment().map(ToOwned::to_owned),
        })
    }

    /// The URI as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The `mode` parameter.
    pub fn mode(&self) -> Result<Mode> {
        match self.parameters.get("mode") {
            None | Some("auto") => Ok(Mode::Auto),
            Some("legacy") => Ok(Mode::Legacy),
            Some("direct") => Ok(Mode::Direct),
            Some(other) => Err(Error::Uri {
                uri: self.text.clone(),
                reason: format!("mode is auto, legacy or direct, not {other:?}"),
            }),
        }
    }

    /// The name that the daemon is asked to open: the URI without what only the way there needs.
    pub(crate) fn name_for_daemon(&self) -> String {
        if let Some(name) = self.parameters.get("name") {
            return name.to_owned();
        }
        if self.driver.is_empty() {
            return String::new();
        }
        let mut name = format!("{}://{}", self.driver, self.path);
        let query = self.parameters.for_daemon();
        if !query.is_empty() {
            name.push('?');
            name.push_str(&query);
        }
        if let Some(fragment) = &self.fragment {
            name.push('#');
            name.push_str(fragment);
        }
        name
    }
}

impl fmt::Display for ConnectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::str::FromStr for ConnectUri {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

/// Replaces `%41` by `A`; a percent sign that begins no such triple stays.
fn decode_percent(text: &str) -> String {
    let mut rest = text.as_bytes();
    let mut out = Vec::with_capacity(rest.len());
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if let (b'%', Some((pair, after))) = (byte, tail.split_first_chunk::<2>()) {
            let value = std::str::from_utf8(pair).ok().and_then(|hex| {
                // `from_str_radix` alone would take a sign.
                let digits = hex.bytes().all(|digit| digit.is_ascii_hexdigit());
                digits.then(|| u8::from_str_radix(hex, 16).ok()).flatten()
            });
            if let Some(value) = value {
                out.push(value);
                rest = after;
                continue;
            }
        }
        out.push(byte);
    }
    String::from_utf8_lossy(&out).into_owned()
}
