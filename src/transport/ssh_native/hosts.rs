//! Known host keys, in a file of OpenSSH's format.

use std::fs::{DirBuilder, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use ring::hmac;
use russh::keys::PublicKey;
use russh::keys::ssh_key::Algorithm;
use russh::keys::ssh_key::known_hosts::{Entry, HostPatterns, Marker};

use crate::error::SshFailure;
use crate::files;

/// The policy for hosts whose key is not known (`known_hosts_verify`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Verify {
    /// Ask the user.
    #[default]
    Normal,
    /// Accept the key and store it.
    Auto,
    /// Do not check keys.
    Ignore,
}

impl Verify {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "normal" => Self::Normal,
            "auto" => Self::Auto,
            "ignore" => Self::Ignore,
            _ => return None,
        })
    }
}

/// The entries for one host, of the user's file and of the system's.
#[derive(Clone)]
pub(crate) struct Hosts {
    /// The user's file, the one that is written.
    file: PathBuf,
    /// The host's name as such files write it.
    name: String,
    known: Vec<Known>,
}

#[derive(Clone)]
struct Known {
    file: PathBuf,
    line: usize,
    key: PublicKey,
    is_revoked: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum HostKeyStatus {
    Known,
    Unknown,
    Changed { file: PathBuf, line: usize },
}

impl Hosts {
    /// Loads the entries of the user's file and the system's; a file that does not exist has none.
    /// Blocks.
    pub(super) fn load(
        host: &str,
        port: u16,
        users: PathBuf,
        systems: &Path,
    ) -> Result<Self, SshFailure> {
        let text = read(&users)?;
        let mut hosts = Self::parse(host, port, users, &text);
        hosts.known.extend(entries(systems, &hosts.name, &read(systems)?));
        Ok(hosts)
    }

    /// Reads the text of the user's file.
    pub(crate) fn parse(host: &str, port: u16, file: PathBuf, text: &str) -> Self {
        let name = match port {
            22 => host.to_ascii_lowercase(),
            _ => format!("[{}]:{port}", host.to_ascii_lowercase()),
        };
        let known = entries(&file, &name, text);
        Self { file, name, known }
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// Returns whether a key of that kind is known.
    pub(super) fn has_kind(&self, kind: &Algorithm) -> bool {
        self.known
            .iter()
            .any(|known| !known.is_revoked && known.key.algorithm() == *kind)
    }

    pub(super) fn judge(&self, key: &PublicKey) -> HostKeyStatus {
        let is_same = |known: &&Known| known.key.key_data() == key.key_data();
        if let Some(revoked) = self.known.iter().filter(is_same).find(|it| it.is_revoked) {
            return revoked.is_not_it();
        }
        if self.known.iter().any(|known| is_same(&known)) {
            return HostKeyStatus::Known;
        }
        match self.known.iter().find(|known| !known.is_revoked) {
            Some(other) => other.is_not_it(),
            None => HostKeyStatus::Unknown,
        }
    }

    /// Stores the key as the host's. Blocks.
    pub(super) fn add(&self, key: &PublicKey) -> Result<(), SshFailure> {
        self.append(key)
            .map_err(|source| SshFailure::KnownHosts { file: self.file.clone(), source })
    }

    fn append(&self, key: &PublicKey) -> io::Result<()> {
        if let Some(dir) = self.file.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        }
        // The file tells where the user logs in.
        let options = File::options().read(true).append(true).create(true).mode(0o600).clone();
        let mut file = options.open(&self.file)?;
        let mut last = [b'\n'];
        if file.seek(SeekFrom::End(-1)).is_ok() {
            // There may still be nothing to read, as in /dev/null.
            let _whether_there_is = file.read(&mut last)?;
        }
        let end = if last == *b"\n" { "" } else { "\n" };
        let key = key.to_openssh().map_err(io::Error::other)?;
        // In one write, as other processes may write too.
        file.write_all(format!("{end}{} {key}\n", self.name).as_bytes())
    }
}

impl Known {
    fn is_not_it(&self) -> HostKeyStatus {
        HostKeyStatus::Changed { file: self.file.clone(), line: self.line }
    }
}

fn read(file: &Path) -> Result<String, SshFailure> {
    match files::read(file) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(source) => Err(SshFailure::KnownHosts { file: file.to_owned(), source }),
    }
}

/// Returns a file's entries for a name; lines that are no entries are ignored.
fn entries(file: &Path, name: &str, text: &str) -> Vec<Known> {
    let mut known = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        // Kinds of keys that are unknown here cannot be used here.
        let Ok(entry) = with_single_blanks(text).parse::<Entry>() else {
            continue;
        };
        let is_revoked = match entry.marker() {
            None => false,
            Some(Marker::Revoked) => true,
            // Hosts are not asked for certificates.
            Some(Marker::CertAuthority) => continue,
        };
        if matches(entry.host_patterns(), name) {
            let (file, key) = (file.to_owned(), entry.public_key().clone());
            known.push(Known { file, line, key, is_revoked });
        }
    }
    known
}

/// Rewrites a line as the parser wants it: with exactly one blank between fields. OpenSSH allows any
/// run of blanks and tabs there, and an entry that goes unread makes a changed key an unknown one.
fn with_single_blanks(line: &str) -> String {
    let fields = line.trim().split([' ', '\t']).filter(|field| !field.is_empty());
    fields.collect::<Vec<_>>().join(" ")
}

fn matches(patterns: &HostPatterns, name: &str) -> bool {
    match patterns {
        HostPatterns::HashedName { salt, hash } => {
            let salt = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, salt);
            hmac::verify(&salt, name.as_bytes(), hash).is_ok()
        }
        HostPatterns::Patterns(patterns) => {
            let mut is_meant = false;
            for pattern in patterns {
                match pattern.strip_prefix('!') {
                    Some(pattern) if is_like(name, pattern) => return false,
                    Some(_) => {}
                    None => is_meant |= is_like(name, pattern),
                }
            }
            is_meant
        }
    }
}

/// Returns whether a name matches a pattern with `*` and `?`.
///
/// Where they part, only the last `*` takes one character more: whatever an earlier one could take
/// instead, the last can too. So the time is at most the product of both lengths.
fn is_like(name: &str, pattern: &str) -> bool {
    let (mut name, mut pattern) = (name.chars(), pattern.chars());
    let mut last_star = None;
    loop {
        let here = name.clone();
        match (name.next(), pattern.next()) {
            (None, None) => return true,
            (_, Some('*')) => {
                last_star = Some((here.clone(), pattern.clone()));
                name = here;
            }
            (Some(own), Some(wanted)) if wanted == '?' || wanted.eq_ignore_ascii_case(&own) => {}
            _ => {
                let Some((start, after)) = &mut last_star else {
                    return false;
                };
                if start.next().is_none() {
                    return false;
                }
                name = start.clone();
                pattern = after.clone();
            }
        }
    }
}

#[cfg(test)]
#[path = "hosts_tests.rs"]
mod tests;
