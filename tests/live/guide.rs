//! The programs of the example `guide`, each on a real guest.

mod configuration;
mod devices;
mod events;
mod installing;
mod live;
mod lookup;
mod migration;
mod performance;
mod provisioning;
mod running;
mod saving;
mod state;
mod stopping;
mod table;

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use rig::Daemon;
use tokio::process::Command;
use tokio::time::timeout;

use crate::common::LIMIT;
use crate::programs::{assert_fails, example};

/// The example, and the daemon that its programs are given.
pub struct Guide<'a> {
    daemon: &'a Daemon,
}

impl<'a> Guide<'a> {
    pub fn of(daemon: &'a Daemon) -> Self {
        Self { daemon }
    }

    /// Runs a program of the guide, and gives what it has printed. `table` looks for these calls.
    pub async fn run(&self, number: &str, arguments: &[&str]) -> String {
        let output = self.output(number, arguments).await;
        assert!(output.status.success() && output.stderr.is_empty(), "{number} {output:?}");
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// Runs a program that is to fail for that reason, before it has printed anything.
    pub async fn fail(&self, number: &str, arguments: &[&str], reason: &str) {
        assert_fails(&self.output(number, arguments).await, reason);
    }

    pub async fn output(&self, number: &str, arguments: &[&str]) -> Output {
        let mut command = self.command(number, arguments).await;
        let output = timeout(LIMIT, command.kill_on_drop(true).output()).await;
        output.unwrap_or_else(|_| panic!("{number} goes on")).unwrap()
    }

    pub async fn command(&self, number: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(example("guide").await);
        command.arg(number).arg(self.daemon.uri()).args(arguments);
        command
    }

    /// What virsh says, without the white space around it.
    pub fn virsh(&self, arguments: &[&str]) -> String {
        self.daemon.virsh(arguments).unwrap().trim().to_owned()
    }

    /// The state and its reason as the programs print them, which virsh has as `running (booted)`.
    pub fn reason(&self, name: &str) -> String {
        let said = self.virsh(&["domstate", "--reason", name]);
        let said = if said.starts_with("shut off") {
            said.replacen(' ', "", 1)
        } else {
            said
        };
        said.replace([' ', '-'], "")
    }

    /// A file for a program to read.
    pub fn file(&self, name: &str, contents: &str) -> String {
        let path = self.path(name);
        fs::write(&path, contents).unwrap();
        path
    }

    /// The path of a file that belongs to the test.
    pub fn path(&self, name: &str) -> String {
        self.scratch(name).to_str().unwrap().to_owned()
    }

    pub fn scratch(&self, name: &str) -> PathBuf {
        self.daemon.scratch().join(name)
    }
}

/// The first word behind `name` in a listing: `name: value`, `name value` or `name=value`.
pub fn value_of(listing: &str, name: &str) -> String {
    let line = listing.lines().find_map(|line| {
        let rest = line.trim().strip_prefix(name)?;
        let value = rest.trim_start_matches([' ', '\t', ':', '=']);
        (value.len() < rest.len()).then(|| value.split_whitespace().next().unwrap_or_default())
    });
    line.unwrap_or_else(|| panic!("no {name} in {listing}")).to_owned()
}
