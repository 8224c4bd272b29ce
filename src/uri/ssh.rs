//! What is run where a URI goes through ssh: here, and on the other host.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::{Config, ConnectUri, Environment, Mode, Proxy, sockets};
use crate::error::{Error, Result};

impl ConnectUri {
    /// The program that stands in for ssh, and its arguments up to the command for the other host.
    #[cfg(feature = "ssh")]
    pub(crate) fn ssh_command(&self) -> (&str, Vec<String>) {
        let parameter = |name| self.parameters.get(name);
        let mut arguments = Vec::new();
        let mut add = |words: &[&str]| arguments.extend(words.iter().map(ToString::to_string));
        if let Some(port) = self.port {
            add(&["-p", &port.to_string()]);
        }
        if let Some(user) = &self.user {
            add(&["-l", user]);
        }
        if let Some(file) = parameter("keyfile") {
            add(&["-i", file]);
        }
        add(&["-T", "-e", "none"]);
        if self.parameters.switch("no_tty") {
            add(&["-o", "BatchMode=yes"]);
        }
        if self.parameters.switch("no_verify") {
            add(&["-o", "StrictHostKeyChecking=no"]);
        }
        add(&["--", self.host_or_local()]);
        (parameter("command").unwrap_or("ssh"), arguments)
    }

    /// The command for the other host, as one text for its login shell.
    pub(crate) fn remote_command(
        &self,
        read_only: bool,
        environment: &Environment,
        config: &Config,
    ) -> Result<String> {
        if self.parameters.get("socket").is_none() && self.mode_or(config)? == Mode::Direct {
            return Err(Error::Unsupported(
                "mode=direct over ssh; which sockets the other host has cannot be seen from here, \
                 but proxy=native has that host choose"
                    .to_owned(),
            ));
        }
        let netcat = self.parameters.get("netcat");
        let proxy = self.proxy_or_default(environment, config)?;
        if proxy == Proxy::Native && netcat.is_some() {
            return Err(Error::Uri {
                uri: self.as_str().to_owned(),
                reason: "netcat= has no place with proxy=native".to_owned(),
            });
        }
        let by_netcat = || {
            let socket = self.remote_socket(read_only, environment)?;
            Ok::<_, Error>(netcat_command(netcat.unwrap_or("nc"), &socket))
        };
        let script = match proxy {
            Proxy::Netcat => by_netcat()?,
            Proxy::Auto if netcat.is_some() => by_netcat()?,
            Proxy::Native => self.helper_command(read_only),
            Proxy::Auto => format!(
                "if command -v virt-ssh-helper >/dev/null 2>&1; then {}; else {}; fi",
                self.helper_command(read_only),
                by_netcat()?
            ),
        };
        Ok(format!("sh -c {}", quote(&script)))
    }

    fn proxy_or_default(&self, environment: &Environment, config: &Config) -> Result<Proxy> {
        let chosen = match self.proxy() {
            Some(proxy) => Some(proxy),
            None => config.remote_proxy()?,
        };
        Ok(if let Some(proxy) = chosen {
            proxy
        } else if self.parameters.get("socket").is_some() {
            Proxy::Netcat
        } else if sockets::is_per_user(self, environment) {
            // Where that user's sockets are, only the other host can tell.
            Proxy::Native
        } else if self.name_for_daemon().is_empty() {
            // The helper must be told a driver. C tries it all the same.
            Proxy::Netcat
        } else {
            Proxy::Auto
        })
    }

    fn helper_command(&self, read_only: bool) -> String {
        let option = if read_only { "-r " } else { "" };
        format!(
            "exec virt-ssh-helper {option}{}",
            quote(&self.name_for_helper())
        )
    }

    /// What virt-ssh-helper is told to open: what the daemon is, but the choice of its socket is the
    /// helper's.
    fn name_for_helper(&self) -> String {
        self.name_with(&["mode", "socket"])
    }

    /// The socket that netcat is told: libvirtd's, or the one that virtproxyd serves in its place.
    fn remote_socket(&self, read_only: bool, environment: &Environment) -> Result<PathBuf> {
        if let Some(path) = self.parameters.get("socket") {
            return Ok(PathBuf::from(path));
        }
        let per_user = sockets::is_per_user(self, environment);
        let name = if read_only && !per_user {
            "libvirt-sock-ro"
        } else {
            "libvirt-sock"
        };
        Ok(sockets::directory(per_user, environment)?.join(name))
    }
}

impl Config {
    /// `remote_proxy`: the proxy of URIs that have none.
    fn remote_proxy(&self) -> Result<Option<Proxy>> {
        self.one_of("remote_proxy", Proxy::from_name, Proxy::NAMES)
    }
}

/// Only some netcats know the option by which they end with their input, and need it.
fn netcat_command(netcat: &str, socket: &Path) -> String {
    let netcat = quote(netcat);
    let socket = socket.to_string_lossy();
    format!(
        "if {netcat} -q 2>&1 | grep \"requires an argument\" >/dev/null 2>&1; then ARG=-q0; else \
         ARG=; fi; exec {netcat} $ARG -U {}",
        quote(&socket)
    )
}

/// Makes one word of a shell's of any text.
fn quote(text: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("'{}'", text.replace('\'', "'\\''")))
    }
}
