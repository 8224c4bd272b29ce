//! libvirt's client configuration file, `libvirt.conf`.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::syntax::{self, Setting, Value};
use crate::error::{Error, Result};
use crate::files;
use crate::uri::{ConnectUri, Mode};

/// The settings of `libvirt.conf`. Each is checked when it is used.
#[derive(Debug, Clone, Default)]
pub(crate) struct Config {
    path: PathBuf,
    settings: Vec<Setting>,
}

impl Config {
    /// Reads the file; one that does not exist sets nothing. Blocks.
    pub(crate) fn load(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        match files::read(path) {
            // Bytes that are not UTF-8 may be in a comment, and cannot be in a valid URI.
            Ok(bytes) => Self::parse(path, &String::from_utf8_lossy(&bytes)),
            Err(error) => match error.kind() {
                ErrorKind::NotFound | ErrorKind::NotADirectory => Ok(Self::default()),
                // In a directory that this user may not search, the file does not exist for it.
                ErrorKind::PermissionDenied if !files::exists(path) => Ok(Self::default()),
                _ => Err(Error::Unreadable { path: path.to_owned(), source: error }),
            },
        }
    }

    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self> {
        let settings = syntax::parse(text).map_err(|error| Error::Config {
            path: path.to_owned(),
            line: Some(error.line),
            reason: error.reason,
        })?;
        Ok(Self { path: path.to_owned(), settings })
    }

    /// Returns `uri_default`: the URI to open where nothing else gives one.
    pub(super) fn uri_default(&self) -> Result<Option<&str>> {
        self.string("uri_default")
    }

    /// Returns the URI of an alias, from the `alias=uri` entries of `uri_aliases`.
    pub(super) fn alias(&self, name: &str) -> Result<Option<&str>> {
        let Some(setting) = self.setting("uri_aliases") else {
            return Ok(None);
        };
        let Value::List(entries) = &setting.value else {
            return Err(self.error(setting, "it must be a list of strings"));
        };
        for entry in entries {
            let Value::String(entry) = entry else {
                return Err(self.error(setting, "each of its entries must be a string"));
            };
            let Some((alias, uri)) = entry.split_once('=') else {
                let reason = format!("{entry:?} is not of the form \"alias=uri\"");
                return Err(self.error(setting, &reason));
            };
            let may_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
            if !alias.bytes().all(may_name) {
                let reason = format!(
                    "the alias {alias:?} has other characters than letters, digits, _ and -"
                );
                return Err(self.error(setting, &reason));
            }
            if alias == name {
                return Ok(Some(uri));
            }
        }
        Ok(None)
    }

    /// Returns `remote_mode`: the socket mode of URIs that have none.
    pub(super) fn remote_mode(&self) -> Result<Option<Mode>> {
        self.one_of("remote_mode", Mode::from_name, Mode::NAMES)
    }

    /// Returns the socket mode of a URI: its `mode` parameter, or else the configured one.
    pub(super) fn mode_of(&self, uri: &ConnectUri) -> Result<Mode> {
        match uri.mode() {
            Some(mode) => Ok(mode),
            None => Ok(self.remote_mode()?.unwrap_or_default()),
        }
    }

    /// Returns a setting with a fixed set of values, which `names` lists for error messages.
    pub(super) fn one_of<T>(
        &self,
        name: &str,
        from_name: impl Fn(&str) -> Option<T>,
        names: &str,
    ) -> Result<Option<T>> {
        let Some(setting) = self.setting(name) else {
            return Ok(None);
        };
        let value = match &setting.value {
            Value::String(text) => from_name(text),
            _ => None,
        };
        value
            .map(Some)
            .ok_or_else(|| self.error(setting, &format!("it must be {names}")))
    }

    /// Returns `tls_priority`: the TLS priority string of URIs that have none.
    #[cfg(feature = "tls")]
    pub(crate) fn tls_priority(&self) -> Result<Option<&str>> {
        self.string("tls_priority")
    }

    fn string(&self, name: &str) -> Result<Option<&str>> {
        match self.setting(name) {
            None => Ok(None),
            Some(setting) => match &setting.value {
                Value::String(text) => Ok(Some(text)),
                _ => Err(self.error(setting, "it must be a string")),
            },
        }
    }

    /// Returns the first setting of a name.
    fn setting(&self, name: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.name == name)
    }

    fn error(&self, setting: &Setting, reason: &str) -> Error {
        Error::Config {
            path: self.path.clone(),
            line: Some(setting.line),
            reason: format!("{}: {reason}", setting.name),
        }
    }
}
