//! The commands of URIs with ssh: the local program and the remote command.

use std::borrow::Cow;

use super::{Config, Environment, sockets};
use crate::error::{Error, Result};
use crate::uri::{ConnectUri, Mode, Proxy};

impl ConnectUri {
    /// Returns the program in place of ssh, and its arguments up to the remote command; `may_ask`
    /// states whether it can prompt the user.
    #[cfg(feature = "ssh")]
    pub(crate) fn ssh_command(&self, may_ask: bool) -> (&str, Vec<String>) {
        let parameter = |name| self.parameters().get(name);
        let mut arguments = Vec::new();
        let mut add = |words: &[&str]| arguments.extend(words.iter().map(ToString::to_string));
        if let Some(port) = self.port() {
            add(&["-p", &port.to_string()]);
        }
        if let Some(user) = self.user() {
            add(&["-l", user]);
        }
        if let Some(file) = parameter("keyfile") {
            add(&["-i", file]);
        }
        add(&["-T", "-e", "none"]);
        if !may_ask {
            add(&["-o", "BatchMode=yes"]);
        }
        if self.parameters().switch("no_verify") {
            add(&["-o", "StrictHostKeyChecking=no"]);
        }
        add(&["--", self.host_or_local()]);
        (parameter("command").unwrap_or("ssh"), arguments)
    }

    /// Returns the remote command, as one string for the user's login shell.
    pub(crate) fn remote_command(
        &self,
        read_only: bool,
        environment: &Environment,
        config: &Config,
    ) -> Result<String> {
        if self.parameters().get("socket").is_none() && config.mode_of(self)? == Mode::Direct {
            return Err(Error::Unsupported(
                "mode=direct over ssh; which sockets the other host has cannot be seen from here, \
                 but proxy=native has that host choose"
                    .to_owned(),
            ));
        }
        let netcat = self.parameters().get("netcat");
        let proxy = self.proxy_or_default(environment, config)?;
        if proxy == Proxy::Native && netcat.is_some() {
            return Err(Error::Uri {
                uri: self.as_str().to_owned(),
                reason: "netcat= has no place with proxy=native".to_owned(),
            });
        }
        let by_netcat = || {
            let socket = self.remote_socket(read_only, environment)?;
            let socket = self.quote("the path of the socket", &socket)?;
            let netcat = self.quote("netcat=", netcat.unwrap_or("nc"))?;
            Ok::<_, Error>(netcat_command(&netcat, &socket))
        };
        let script = match proxy {
            Proxy::Netcat => by_netcat()?,
            Proxy::Auto if netcat.is_some() => by_netcat()?,
            Proxy::Native => self.helper_command(read_only)?,
            Proxy::Auto => format!(
                "if command -v virt-ssh-helper >/dev/null 2>&1; then {}; else {}; fi",
                self.helper_command(read_only)?,
                by_netcat()?
            ),
        };
        // All login shells parse this in the same way, as `quote` rejects everything else.
        Ok(format!("sh -c '{}'", script.replace('\'', "'\\''")))
    }

    fn proxy_or_default(&self, environment: &Environment, config: &Config) -> Result<Proxy> {
        let chosen = match self.proxy() {
            Some(proxy) => Some(proxy),
            None => config.remote_proxy()?,
        };
        Ok(if let Some(proxy) = chosen {
            proxy
        } else if self.parameters().get("socket").is_some() {
            Proxy::Netcat
        } else if sockets::is_per_user(self, environment) {
            // Only the other host knows where that user's sockets are.
            Proxy::Native
        } else if self.name_for_daemon().is_empty() {
            // The helper needs a driver. libvirt's C client tries it anyway.
            Proxy::Netcat
        } else {
            Proxy::Auto
        })
    }

    fn helper_command(&self, read_only: bool) -> Result<String> {
        let option = if read_only { "-r " } else { "" };
        let name = self.name_for_helper();
        let origin = match self.parameters().get("name") {
            Some(_) => "name=",
            None => "what the daemon is to open",
        };
        let name = self.quote(origin, &name)?;
        Ok(format!("exec virt-ssh-helper {option}{name}"))
    }

    /// Returns the socket for netcat: libvirtd's, or the one that virtproxyd serves in its place.
    fn remote_socket(&self, read_only: bool, environment: &Environment) -> Result<String> {
        if let Some(path) = self.parameters().get("socket") {
            return Ok(path.to_owned());
        }
        let per_user = sockets::is_per_user(self, environment);
        let name = if read_only && !per_user {
            "libvirt-sock-ro"
        } else {
            "libvirt-sock"
        };
        let path = sockets::directory(per_user, environment)?.join(name);
        path.into_os_string().into_string().map_err(|path| {
            let path = path.display();
            Error::Unsupported(format!("{self}: the path of the socket, {path}, is not UTF-8"))
        })
    }

    /// Quotes a text as one word of sh, for use within single quotes of the user's login shell on
    /// the host: with double quotes, since shells disagree about single quotes within single
    /// quotes.
    ///
    /// Characters that some shells interpret even within single quotes are rejected: csh's `!` and
    /// line ends, and fish's backslashes before some characters.
    fn quote<'a>(&self, what: &str, text: &'a str) -> Result<Cow<'a, str>> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&byte);
        if !text.is_empty() && text.bytes().all(plain) {
            return Ok(Cow::Borrowed(text));
        }
        let mut quoted = String::from("\"");
        for character in text.chars() {
            if matches!(character, '!' | '\\') || character.is_control() {
                return Err(Error::Uri {
                    uri: self.as_str().to_owned(),
                    reason: format!(
                        "{what} has a {character:?} in it, of which not all shells that the user may \
                         have on the other host make the same"
                    ),
                });
            }
            if matches!(character, '"' | '$' | '`') {
                quoted.push('\\');
            }
            quoted.push(character);
        }
        quoted.push('"');
        Ok(Cow::Owned(quoted))
    }
}

impl Config {
    /// Returns `remote_proxy`: the proxy of URIs that have none.
    fn remote_proxy(&self) -> Result<Option<Proxy>> {
        self.one_of("remote_proxy", Proxy::from_name, Proxy::NAMES)
    }
}

/// Returns the command for netcat. Only some netcats have the option to end with their input, and
/// need it.
fn netcat_command(netcat: &str, socket: &str) -> String {
    format!(
        "if {netcat} -q 2>&1 | grep \"requires an argument\" >/dev/null 2>&1; then ARG=-q0; else \
         ARG=; fi; exec {netcat} $ARG -U {socket}"
    )
}
