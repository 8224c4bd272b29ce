//! Transports for URIs.

#[cfg(feature = "test-driver")]
use std::io;
use std::path::Path;
#[cfg(feature = "ssh")]
use std::sync::Arc;

use tokio::time::Instant;

use crate::client::options::Options;
use crate::config::{Config, Environment, socket_candidates, startable};
#[cfg(feature = "ssh")]
use crate::error::uri::user_alone;
use crate::error::{Error, Result};
#[cfg(feature = "test-driver")]
use crate::test_driver;
#[cfg(feature = "test-driver")]
use crate::transport;
#[cfg(any(feature = "ssh", feature = "test-driver"))]
use crate::transport::Security;
#[cfg(feature = "ssh")]
use crate::transport::program::{Program, Terminal};
#[cfg(feature = "ssh-native")]
use crate::transport::ssh_native;
#[cfg(feature = "tls")]
use crate::transport::tls;
use crate::transport::{Transport, autostart, tcp, unix};
use crate::uri::{ConnectUri, TransportKind};

/// The daemons' port for plain TCP.
const TCP_PORT: u16 = 16509;
/// The daemons' port for TLS.
#[cfg(feature = "tls")]
const TLS_PORT: u16 = 16514;

/// Connects to the daemon that `uri` names, or without one to any local daemon.
pub(super) async fn dial(
    uri: Option<&ConnectUri>,
    options: &Options,
    environment: &Environment,
    config: &Config,
    deadline: Option<Instant>,
) -> Result<Transport> {
    let read_only = options.read_only;
    let Some(uri) = uri else {
        return dial_local(None, read_only, environment, config, deadline).await;
    };
    #[cfg(feature = "test-driver")]
    if uri.names_test_driver() {
        return dial_test_driver(uri, options);
    }
    uri.require_daemon()?;
    match uri.transport() {
        TransportKind::Unix => {
            dial_local(Some(uri), read_only, environment, config, deadline).await
        }
        TransportKind::Tcp => {
            tcp::connect(uri.host_or_local(), uri.port().unwrap_or(TCP_PORT), deadline).await
        }
        TransportKind::Ssh => dial_ssh(uri, options, environment, config),
        TransportKind::Ext => dial_ext(uri),
        #[cfg(feature = "ssh-native")]
        TransportKind::Libssh | TransportKind::Libssh2 => {
            dial_ssh_native(uri, options, environment, config, deadline).await
        }
        #[cfg(not(feature = "ssh-native"))]
        TransportKind::Libssh | TransportKind::Libssh2 => Err(Error::Unsupported(format!(
            "SSH inside the process: this program was built without the feature `ssh-native` of \
             libvirt-client; {}+ssh://… uses the system's ssh program",
            uri.driver()
        ))),
        #[cfg(feature = "tls")]
        TransportKind::Tls => dial_tls(uri, options, config, deadline).await,
        #[cfg(not(feature = "tls"))]
        TransportKind::Tls => Err(Error::Unsupported(
            "TLS: this program was built without the feature `tls` of libvirt-client".to_owned(),
        )),
    }
}

#[cfg(feature = "test-driver")]
fn dial_test_driver(uri: &ConnectUri, options: &Options) -> Result<Transport> {
    if test_driver::doors::is_down(uri.path()) {
        return Err(Error::Connect {
            target: uri.to_string(),
            tried: Vec::new(),
            source: io::Error::new(
                io::ErrorKind::ConnectionRefused,
                "the host within this process was stopped",
            ),
        });
    }
    let login = test_driver::Login {
        options: options.auth.clone(),
        auth_file: uri.parameters().get("authfile").map(str::to_owned),
    };
    let stream = test_driver::dial(test_driver::doors::Door::ByUri(login));
    Ok(transport::split(stream, Security { secure: true, encrypted: false }))
}

#[cfg(feature = "ssh")]
fn dial_ssh(
    uri: &ConnectUri,
    options: &Options,
    environment: &Environment,
    config: &Config,
) -> Result<Transport> {
    let remote_command = uri.remote_command(options.read_only, environment, config)?;
    let is_silent = uri.parameters().switch("no_tty");
    let terminal = Terminal::of_process();
    // Without any terminal, ssh may find another way to prompt.
    let may_ask = !is_silent && terminal != Terminal::Others;
    let (name, mut arguments) = uri.ssh_command(may_ask);
    // Another program may not know these options.
    if uri.parameters().get("command").is_none() {
        arguments.splice(0..0, server_alive(options));
    }
    arguments.push(remote_command);
    let shown = || without_password(&arguments, uri);
    tracing::debug!(name, arguments = ?shown(), "starting ssh");
    let program = Program {
        name,
        arguments,
        host: Some(uri.host_or_local()),
        uses_terminal: may_ask && terminal == Terminal::Ours,
        security: Security { secure: true, encrypted: true },
    };
    program.start().map_err(|error| Error::Tunnel(Arc::new(error)))
}

/// Returns ssh's arguments as they may be shown.
#[cfg(feature = "ssh")]
fn without_password(arguments: &[String], uri: &ConnectUri) -> Vec<String> {
    let shown = |argument: &String| match uri.user() {
        Some(user) if user == argument => user_alone(user),
        _ => argument.clone(),
    };
    arguments.iter().map(shown).collect()
}

/// Has ssh detect a host that is gone, even while the daemon is too busy to answer keepalive
/// requests.
#[cfg(feature = "ssh")]
fn server_alive(options: &Options) -> Vec<String> {
    let Some((interval, count)) = options.keepalive else {
        return Vec::new();
    };
    // ssh takes seconds, in a C `int`.
    let seconds = interval.as_secs().clamp(1, i32::MAX as u64);
    let count = count.clamp(1, i32::MAX as u32);
    [
        format!("-oServerAliveInterval={seconds}"),
        format!("-oServerAliveCountMax={count}"),
    ]
    .into()
}

/// The port of SSH servers, and the user that libvirt's C client logs in as.
#[cfg(feature = "ssh-native")]
const SSH_LOGIN: (u16, &str) = (22, "root");

#[cfg(feature = "ssh-native")]
async fn dial_ssh_native(
    uri: &ConnectUri,
    options: &Options,
    environment: &Environment,
    config: &Config,
    deadline: Option<Instant>,
) -> Result<Transport> {
    let parameter = |name| uri.parameters().get(name);
    let wrong = |reason| Error::Uri { uri: uri.as_str().to_owned(), reason };
    let verify = match parameter("known_hosts_verify") {
        None => ssh_native::Verify::default(),
        Some(name) => ssh_native::Verify::from_name(name).ok_or_else(|| {
            wrong(format!(
                "known_hosts_verify is \"normal\", \"auto\" or \"ignore\", not {name:?}"
            ))
        })?,
    };
    let methods = parameter("sshauth").map(|names| {
        let methods = names.split(',').map(|name| {
            ssh_native::Method::from_name(name).ok_or_else(|| {
                wrong(format!(
                    "sshauth is a list of \"agent\", \"privkey\", \"password\" and \
                     \"keyboard-interactive\"; there is no {name:?}"
                ))
            })
        });
        methods.collect::<Result<Vec<_>>>()
    });
    let (port, user) = SSH_LOGIN;
    let target = ssh_native::SshTarget {
        host: uri.host_or_local(),
        port: uri.port().unwrap_or(port),
        user: uri.user().unwrap_or(user),
        command: uri.remote_command(options.read_only, environment, config)?,
        key_file: parameter("keyfile"),
        known_hosts: parameter("known_hosts"),
        verify,
        methods: methods.transpose()?,
        auth_file: parameter("authfile"),
        auth: &options.auth,
        keepalive: options.keepalive,
    };
    ssh_native::connect(&target, deadline).await
}

/// Runs a program of the user's choice, which may or may not keep secrets.
#[cfg(feature = "ssh")]
fn dial_ext(uri: &ConnectUri) -> Result<Transport> {
    let Some(name) = uri.parameters().get("command") else {
        return Err(Error::Uri {
            uri: uri.as_str().to_owned(),
            reason: "the transport ext needs command=, the program to run".to_owned(),
        });
    };
    let program = Program {
        name,
        arguments: uri.parameters().values("argv").map(Into::into).collect(),
        host: None,
        uses_terminal: Terminal::of_process() == Terminal::Ours,
        security: Security { secure: false, encrypted: false },
    };
    program.start().map_err(|error| Error::Tunnel(Arc::new(error)))
}

#[cfg(not(feature = "ssh"))]
fn dial_ssh(_: &ConnectUri, _: &Options, _: &Environment, _: &Config) -> Result<Transport> {
    Err(without_ssh())
}

#[cfg(not(feature = "ssh"))]
fn dial_ext(_: &ConnectUri) -> Result<Transport> {
    Err(without_ssh())
}

#[cfg(not(feature = "ssh"))]
fn without_ssh() -> Error {
    Error::Unsupported(
        "running a program: this program was built without the feature `ssh` of libvirt-client"
            .to_owned(),
    )
}

#[cfg(feature = "tls")]
async fn dial_tls(
    uri: &ConnectUri,
    options: &Options,
    config: &Config,
    deadline: Option<Instant>,
) -> Result<Transport> {
    let priority = match uri.parameters().get("tls_priority") {
        Some(priority) => Some(priority),
        None => config.tls_priority()?,
    };
    let target = tls::TlsTarget {
        host: uri.host_or_local(),
        port: uri.port().unwrap_or(TLS_PORT),
        options: &options.tls,
        directory: uri.parameters().get("pkipath").map(Into::into),
        verify: !uri.parameters().switch("no_verify"),
        check_own: !uri.parameters().switch("no_sanity"),
        priority,
    };
    tls::connect(&target, deadline).await
}

async fn dial_local(
    uri: Option<&ConnectUri>,
    read_only: bool,
    environment: &Environment,
    config: &Config,
    deadline: Option<Instant>,
) -> Result<Transport> {
    let candidates = socket_candidates(uri, read_only, environment, config)?;
    let chosen = candidates.iter().find(|path| exists(path)).or(candidates.last());
    let Some(path) = chosen else {
        return Err(Error::Unsupported("there is no socket to try".to_owned()));
    };
    let source = match unix::connect(path, deadline).await {
        Err(source) => source,
        Ok(transport) => return Ok(transport),
    };
    if autostart::is_absent(&source) {
        let startable = startable(uri, environment, &candidates);
        // A socket that was there belonged to the daemon that is most likely wanted.
        let was_there = startable.iter().find(|(socket, _)| exists(socket));
        if let Some((socket, daemon)) = was_there.or(startable.first()) {
            return autostart::connect(socket, daemon, deadline).await;
        }
    }
    Err(Error::Connect {
        target: path.display().to_string(),
        tried: candidates.clone(),
        source,
    })
}

/// Returns whether a socket may exist. Abstract sockets cannot be looked up, only connected to.
fn exists(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().starts_with(b"@") || path.exists()
}
