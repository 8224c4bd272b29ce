//! SSH inside this process: a login on the host, and a command there that connects to the daemon.

mod channel;
mod guard;
pub(crate) mod hosts;
mod leash;
mod login;
mod target;

use std::borrow::Cow;
use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use russh::client;
use russh::keys::ssh_key::Algorithm;
use tokio::time::Instant;

use super::{Transport, tcp};
use crate::error::{Result, SshFailure};
use crate::files;
use guard::{DisconnectMessage, Guard, Refusal};
use hosts::Hosts;

pub(crate) use hosts::Verify;
pub(crate) use target::{Method, SshTarget};

/// The file of the host keys that all users know; libvirt's C client asks it, too, with `libssh`.
const SYSTEMS_KNOWN_HOSTS: &str = "/etc/ssh/ssh_known_hosts";

/// Logs in, and returns the command's standard input and output.
pub(crate) async fn connect(
    target: &SshTarget<'_>,
    deadline: Option<Instant>,
) -> Result<Transport> {
    let (host, port) = (target.host.to_owned(), target.port);
    let file = target.known_hosts.map(PathBuf::from);
    let hosts = files::on_thread(move || {
        let file = file.unwrap_or_else(usual_known_hosts);
        Hosts::load(&host, port, file, Path::new(SYSTEMS_KNOWN_HOSTS))
    });
    let hosts = hosts.await?.map_err(|failure| target.failed(failure))?;
    // russh's own requests for a sign of life are not used: while nobody is logged in yet, each
    // that would be due keeps a processor busy.
    let mut config = client::Config::default();
    // Asks the host for a key of a kind that is known.
    config.preferred.key = Cow::Owned(algorithms(&hosts));
    let disconnect_message = DisconnectMessage::default();
    let stream = tcp::dial(target.host, target.port, deadline).await?;
    if let Some((interval, count)) = target.keepalive {
        tcp::keep_alive(&stream, interval, count)
            .map_err(|error| target.failed(SshFailure::Broken(error.to_string())))?;
    }
    let (stream, end, leash) = leash::leash(stream);
    let guard = Guard {
        hosts,
        verify: target.verify,
        callback: target.auth.callback.clone(),
        host: target.host.to_owned(),
        port: target.port,
        end,
        disconnect_message: disconnect_message.clone(),
    };
    let session = async {
        let mut session = client::connect_stream(Arc::new(config), stream, guard).await?;
        login::login(&mut session, target).await?;
        channel::open(session, leash, target).await
    };
    session.await.map_err(|refusal| match refusal {
        Refusal::Error(error) => *error,
        Refusal::Failure(failure) => target.failed(*failure),
        // The host's own message says more than the error here.
        Refusal::Ssh(error) => target.failed(SshFailure::Broken(
            disconnect_message.take().unwrap_or_else(|| error.to_string()),
        )),
    })
}

/// Returns the file of known host keys that libvirt's C client uses with `libssh`.
fn usual_known_hosts() -> PathBuf {
    let config = env::var_os("XDG_CONFIG_HOME").filter(|dir| !dir.is_empty());
    let config = config.map(PathBuf::from);
    let config = config.unwrap_or_else(|| env::home_dir().unwrap_or_default().join(".config"));
    config.join("libvirt/known_hosts")
}

/// Returns the kinds of host keys to ask for, known ones first.
fn algorithms(hosts: &Hosts) -> Vec<Algorithm> {
    let usual = client::Config::default().preferred.key;
    let mut algorithms: Vec<_> = usual
        .iter()
        // Leaves out signatures with SHA-1.
        .filter(|it| **it != Algorithm::Rsa { hash: None })
        .cloned()
        .collect();
    algorithms.sort_by_key(|it| {
        let kind = match it {
            Algorithm::Rsa { .. } => Algorithm::Rsa { hash: None },
            other => other.clone(),
        };
        !hosts.has_kind(&kind)
    });
    algorithms
}
