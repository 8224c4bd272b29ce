//! The URI that a connection is opened with.

use std::ffi::OsString;

use super::Config;
use crate::error::{Error, Result};
use crate::uri::ConnectUri;

/// Resolves the URI to open: `given`, or if that is empty the environment's `LIBVIRT_DEFAULT_URI`,
/// or the configuration's; `None` when there is none and the daemon is to choose.
///
/// Each of them may be an alias from the configuration, unless `aliases` is off.
pub(crate) fn resolve(
    given: &str,
    environment: Option<OsString>,
    config: &Config,
    aliases: bool,
) -> Result<Option<ConnectUri>> {
    let chosen = match (historic_name(given), environment) {
        ("", Some(uri)) if !uri.is_empty() => {
            Some(uri.into_string().map_err(|uri| Error::Uri {
                uri: uri.to_string_lossy().into_owned(),
                reason: "LIBVIRT_DEFAULT_URI is not UTF-8".to_owned(),
            })?)
        }
        ("", _) => config.uri_default()?.map(ToOwned::to_owned),
        (given, _) => Some(given.to_owned()),
    };
    let Some(chosen) = chosen else {
        return Ok(None);
    };
    let alias = if aliases {
        config.alias(&chosen)?
    } else {
        None
    };
    ConnectUri::parse(alias.unwrap_or(&chosen)).map(Some)
}

/// Replaces names from before there were URIs.
fn historic_name(given: &str) -> &str {
    if given.eq_ignore_ascii_case("xen") || given == "xen://" {
        "xen:///system"
    } else {
        given
    }
}
