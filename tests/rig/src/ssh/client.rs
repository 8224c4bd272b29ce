use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::make_key;
use crate::error::{Attempt as _, Result};
use crate::need::{Need, require};

/// An SSH client with a key, known hosts and settings of its own, independent of the user who runs
/// the tests.
#[derive(Debug)]
pub struct Client {
    dir: TempDir,
    public_key: String,
}

impl Client {
    /// Creates a client that knows no host yet and refuses unknown ones.
    pub fn new() -> Result<Self> {
        require(&[Need::Ssh])?;
        let dir = tempfile::Builder::new()
            .prefix("rig-ssh-")
            .tempdir()
            .attempt(|| String::from("creating a temporary directory"))?;
        let public_key = make_key(&dir.path().join("key"))?;
        let client = Self { dir, public_key };
        write(&client.known_hosts(), "")?;
        write(
            &client.config(),
            &format!(
                "StrictHostKeyChecking yes
UserKnownHostsFile {}
GlobalKnownHostsFile none
IdentitiesOnly yes
IdentityAgent none
",
                client.known_hosts().display(),
            ),
        )?;
        let program = client.program();
        let text = format!("#!/bin/sh\nexec ssh -F '{}' \"$@\"\n", client.config().display());
        write(&program, &text)?;
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755))
            .attempt(|| format!("making {} a program", program.display()))?;
        Ok(client)
    }

    /// Returns the parameters of a URI that make libvirt use this client's ssh and its key.
    pub fn parameters(&self) -> String {
        format!("command={}&keyfile={}", self.program().display(), self.key().display())
    }

    /// Returns a program that takes ssh's arguments and uses this client's settings, but not its
    /// key.
    pub fn program(&self) -> PathBuf {
        self.dir().join("ssh")
    }

    /// Returns the path of the private key.
    pub fn key(&self) -> PathBuf {
        self.dir().join("key")
    }

    /// Returns the public key, in the form of lists of keys.
    pub fn public_key(&self) -> &str {
        &self.public_key
    }

    /// Returns the path of the settings, as in `~/.ssh/config`.
    pub fn config(&self) -> PathBuf {
        self.dir().join("config")
    }

    /// Returns the path of the known host keys.
    pub fn known_hosts(&self) -> PathBuf {
        self.dir().join("known_hosts")
    }

    /// Returns the directory of all these files.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Adds settings.
    pub fn configure(&self, text: &str) -> Result<()> {
        append(&self.config(), text)
    }

    /// Adds the host key of `address`, of the form `host:port`.
    pub fn trust(&self, address: &str, host_key: &str) -> Result<()> {
        let name = match address.rsplit_once(':') {
            Some((host, port)) => format!("[{host}]:{port}"),
            None => address.to_owned(),
        };
        append(&self.known_hosts(), &format!("{name} {host_key}"))
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).attempt(|| format!("writing {}", path.display()))
}

fn append(path: &Path, line: &str) -> Result<()> {
    File::options()
        .append(true)
        .open(path)
        .and_then(|mut file| writeln!(file, "{line}"))
        .attempt(|| format!("writing {}", path.display()))
}
