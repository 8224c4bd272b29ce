//! Which host a client gets.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::failure::{Failure, Result};
use super::host::Host;
use super::login::{self, Login};
use super::node_file;
use crate::files;
use crate::types::error::ErrorCode;
use crate::uri::ConnectUri;

/// The path of the host that all clients of the process share.
const DEFAULT: &str = "/default";

/// The hosts that can be opened by their path.
static HOSTS: Mutex<BTreeMap<String, Weak<Host>>> = Mutex::new(BTreeMap::new());

/// How the hosts of a server are found.
#[derive(Debug, Clone)]
pub(crate) enum Door {
    /// The client gets this host, whatever it names.
    One(Arc<Host>),
    /// The client names a host by its URI, and has these credentials for it.
    ByUri(Login),
}

impl Door {
    /// Returns the host for a client that names this URI.
    pub(super) async fn open(&self, uri: &str) -> Result<Arc<Host>> {
        let login = match self {
            Self::One(host) => return Ok(Arc::clone(host)),
            Self::ByUri(login) => login,
        };
        let uri = match ConnectUri::parse(uri) {
            Ok(uri) if uri.driver() == "test" => uri,
            Ok(_) | Err(_) => {
                return Err(Failure::new(ErrorCode::NoConnect, uri));
            }
        };
        let path = uri.path();
        if path.is_empty() || path == "/" {
            let detail = "testOpen: supply a path or use test:///default";
            return Err(Failure::new(ErrorCode::InvalidArg, detail));
        }
        if let Some(host) = found(path) {
            return Ok(host);
        }
        let file = PathBuf::from(path);
        let state = files::on_thread(move || node_file::read(&file)).await;
        let state = state.map_err(Failure::internal)??;
        login::check(&state.node.users, login).await?;
        Ok(Host::new(state))
    }

    /// Returns whether the host behind it is down: no client gets an answer.
    pub(super) fn is_down(&self) -> bool {
        matches!(self, Self::One(host) if host.is_down())
    }
}

/// Gives a host a path to be opened by, for as long as it lives.
pub(crate) fn publish(path: String, host: &Arc<Host>) {
    let mut hosts = HOSTS.lock().unwrap_or_else(PoisonError::into_inner);
    hosts.retain(|_, host| host.strong_count() > 0);
    hosts.insert(path, Arc::downgrade(host));
}

/// Returns whether the host of that path refuses connections.
pub(crate) fn is_down(path: &str) -> bool {
    let hosts = HOSTS.lock().unwrap_or_else(PoisonError::into_inner);
    hosts.get(path).and_then(Weak::upgrade).is_some_and(|host| host.is_down())
}

/// Returns the host of that path; the one that all share is made if there is none.
fn found(path: &str) -> Option<Arc<Host>> {
    let mut hosts = HOSTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(host) = hosts.get(path).and_then(Weak::upgrade) {
        return Some(host);
    }
    if path != DEFAULT {
        return None;
    }
    let host = Host::new(node_file::default_state());
    hosts.insert(path.to_owned(), Arc::downgrade(&host));
    Some(host)
}
