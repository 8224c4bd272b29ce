//! The auth file, `auth.conf`, with user names and passwords.
//!
//! ```text
//! [credentials-work]
//! authname=fred
//! password=secret
//!
//! [auth-libvirt-kvm1.example.com]
//! credentials=work
//! ```

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use rustix::io::Errno;
use zeroize::Zeroizing;

use super::Credential;
use crate::error::{Error, Result};
use crate::files;

/// The system's auth file.
const SYSTEM: &str = "/etc/libvirt/auth.conf";

/// The groups of an auth file.
pub(crate) struct AuthFile {
    path: PathBuf,
    groups: Vec<Group>,
}

struct Group {
    name: String,
    entries: Vec<(String, Credential)>,
}

/// Returns the path of the auth file: the environment's, the URI's, the user's own, or the
/// system's. The last two are skipped where they cannot be read. Blocks.
pub(crate) fn locate(parameter: Option<&str>) -> Option<PathBuf> {
    let own = env::var_os("XDG_CONFIG_HOME")
        .filter(|dir| !dir.is_empty())
        .map(PathBuf::from)
        .or_else(|| env::home_dir().map(|home| home.join(".config")))
        .map(|dir| dir.join("libvirt/auth.conf"));
    choose(env::var_os("LIBVIRT_AUTH_FILE"), parameter, own)
}

fn choose(
    environment: Option<OsString>,
    parameter: Option<&str>,
    own: Option<PathBuf>,
) -> Option<PathBuf> {
    let named = environment.or_else(|| parameter.map(OsString::from));
    if let Some(path) = named {
        return Some(path.into());
    }
    let mut usual = own.into_iter().chain([PathBuf::from(SYSTEM)]);
    usual.find(|path| match access(path, Access::READ_OK) {
        Ok(()) => true,
        // Reading the file reports any other error.
        Err(error) => !matches!(error, Errno::NOENT | Errno::NOTDIR | Errno::ACCESS),
    })
}

impl AuthFile {
    /// Reads the file. Blocks.
    pub(crate) fn load(path: &Path) -> Result<Self> {
        let bytes = files::read(path)
            .map_err(|source| Error::Unreadable { path: path.to_owned(), source })?;
        let bytes = Zeroizing::new(bytes);
        let text = str::from_utf8(&bytes).map_err(|_| Error::Config {
            path: path.to_owned(),
            line: None,
            reason: "it is not UTF-8".to_owned(),
        })?;
        Self::parse(path, text)
    }

    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self> {
        let mut groups: Vec<Group> = Vec::new();
        // Groups of the same name are merged.
        let mut current = None;
        for (index, line) in text.lines().enumerate() {
            let bad = |reason: &str| Error::Config {
                path: path.to_owned(),
                line: Some(index + 1),
                reason: reason.to_owned(),
            };
            let line = line.trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(rest) = line.strip_prefix('[') {
                let name = rest.trim_end().strip_suffix(']');
                let name = name.ok_or_else(|| bad("a group's name ends with ]"))?;
                let known = groups.iter().position(|group| group.name == name);
                current = Some(known.unwrap_or_else(|| {
                    groups.push(Group { name: name.to_owned(), entries: Vec::new() });
                    groups.len() - 1
                }));
                continue;
            }
            let (key, value) = line
                .split_once('=')
                .ok_or_else(|| bad("it is neither [a group] nor key=value"))?;
            let group = current.and_then(|index| groups.get_mut(index));
            let group = group.ok_or_else(|| bad("there is no [group] before it"))?;
            let value = unescape(value.trim_start())
                .ok_or_else(|| bad("a backslash stands before s, n, t, r or another backslash"))?;
            group.entries.push((key.trim_end().to_owned(), value));
        }
        Ok(Self { path: path.to_owned(), groups })
    }

    /// Returns an entry for a service on a host; a host without a group has the credentials of the
    /// host `default`.
    pub(crate) fn find(&self, service: &str, host: &str, key: &str) -> Result<Option<Credential>> {
        let of_host = self.group(&format!("auth-{service}-{host}"));
        let of_all = || self.group(&format!("auth-{service}-default"));
        let Some(group) = of_host.or_else(of_all) else {
            return Ok(None);
        };
        let wrong = |reason: String| Error::Config { path: self.path.clone(), line: None, reason };
        let credentials = group
            .get("credentials")
            .ok_or_else(|| wrong(format!("[{}] has no entry credentials=", group.name)))?;
        let name = format!("credentials-{}", credentials.expose());
        let holder = self.group(&name).ok_or_else(|| {
            wrong(format!("there is no [{name}], which [{}] speaks of", group.name))
        })?;
        Ok(holder.get(key).cloned())
    }

    fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == name)
    }
}

impl Group {
    /// Returns the last entry with this key.
    fn get(&self, key: &str) -> Option<&Credential> {
        let mut found = self.entries.iter().rev().filter(|(name, _)| name == key);
        found.next().map(|(_, value)| value)
    }
}

/// Replaces the escapes of a value; `None` if one of them is unknown.
fn unescape(value: &str) -> Option<Credential> {
    let mut text = Zeroizing::new(String::with_capacity(value.len()));
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        text.push(match character {
            '\\' => match characters.next()? {
                's' => ' ',
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                '\\' => '\\',
                _ => return None,
            },
            other => other,
        });
    }
    Some(Credential::from(text.as_str()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const GOOD: &str = "# comment\n\n [credentials-a]\nauthname=fred\npassword = p=w\\s#\\\\ \n\
                        password2=x\n[auth-libvirt-kvm1]\ncredentials=a\n\
                        [credentials-b]\nauthname=old\nauthname=barney\n\
                        [auth-libvirt-default]\ncredentials=b\n[auth-ssh-kvm1]\n\
                        [auth-ssh-kvm2]\ncredentials=nowhere\n[credentials-b]\nusername=root\n";

    fn find(service: &str, host: &str, key: &str) -> Result<Option<String>> {
        let file = AuthFile::parse(Path::new("auth.conf"), GOOD)?;
        let found = file.find(service, host, key)?;
        Ok(found.map(|secret| secret.expose().to_owned()))
    }

    #[test]
    fn what_is_written_there() -> Result<()> {
        for (host, key, value) in [
            ("kvm1", "authname", Some("fred")),
            ("kvm1", "password", Some("p=w #\\ ")),
            ("kvm1", "realm", None),
            ("localhost", "authname", Some("barney")),
            ("localhost", "username", Some("root")),
        ] {
            assert_eq!(find("libvirt", host, key)?.as_deref(), value, "{host} {key}");
        }
        assert_eq!(find("esx", "kvm1", "authname")?, None);
        Ok(())
    }

    #[test]
    fn what_is_wrong_with_it() {
        for (host, reason) in [
            ("kvm1", "auth.conf: [auth-ssh-kvm1] has no entry credentials="),
            (
                "kvm2",
                "auth.conf: there is no [credentials-nowhere], which [auth-ssh-kvm2] speaks of",
            ),
        ] {
            let error = find("ssh", host, "password").map_err(|error| error.to_string());
            assert_eq!(error, Err(reason.to_owned()));
        }
        for (text, reason) in [
            ("a=b\n", "auth.conf:1: there is no [group] before it"),
            ("[a\n", "auth.conf:1: a group's name ends with ]"),
            ("[a]\nb\n", "auth.conf:2: it is neither [a group] nor key=value"),
            (
                "[a]\nb=\\x\n",
                "auth.conf:2: a backslash stands before s, n, t, r or another backslash",
            ),
        ] {
            let parsed = AuthFile::parse(Path::new("auth.conf"), text);
            let error = parsed.err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), Some(reason));
        }
        let missing = AuthFile::load(Path::new("/nonexistent/auth.conf")).err();
        let text = missing.map(|error| error.to_string()).unwrap_or_default();
        assert!(text.contains("/nonexistent/auth.conf: No such file"), "{text}");
        let device = AuthFile::load(Path::new("/dev/zero")).err();
        assert!(matches!(device, Some(Error::Unreadable { .. })), "{device:?}");
    }

    #[test]
    fn where_it_is() -> std::io::Result<()> {
        let dir = tempfile::tempdir()?;
        let own = dir.path().join("auth.conf");
        let of_environment = Some(OsString::from("/a"));
        let choose = |environment: &Option<OsString>, parameter| {
            choose(environment.clone(), parameter, Some(own.clone()))
        };
        assert_eq!(choose(&of_environment, Some("/b")), Some("/a".into()));
        assert_eq!(choose(&None, Some("/b")), Some("/b".into()));
        assert_ne!(choose(&None, None), Some(own.clone()));
        fs::write(&own, "")?;
        assert_eq!(choose(&None, None), Some(own.clone()));
        Ok(())
    }
}
