//! libvirt's daemons for one driver each, in place of libvirtd.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use super::process::{Launch, Process};
use super::{Daemon, Mode};
use crate::error::{Attempt as _, Error, Result};
use crate::modular;

impl Daemon {
    /// Stops libvirtd and starts these daemons in its place, such as `virtqemud`; see
    /// [`modular::DAEMONS`]. System daemons only.
    ///
    /// Their sockets are at the usual paths for clients; seen from here, in
    /// [`run_dir`](Self::run_dir).
    pub fn split(&mut self, daemons: &[&str]) -> Result<()> {
        if self.mode() != Mode::System {
            return Err(Error::Failed(String::from(
                "a session's daemons are started by its clients",
            )));
        }
        let programs = modular::programs()?;
        self.stop()?;
        for name in daemons {
            let conf = self.layout.conf_dir().join(format!("{name}.conf"));
            let log = self.dir().join(format!("log/{name}.log"));
            let text = format!(
                "auth_unix_ro = \"none\"\nauth_unix_rw = \"none\"\nlog_outputs = \"3:file:{}\"\n",
                log.display()
            );
            fs::write(&conf, text).attempt(|| format!("writing {}", conf.display()))?;
            let launch = Launch {
                program: programs.join(name),
                arguments: vec![
                    OsString::from("--config"),
                    conf.into(),
                    OsString::from("--pid-file"),
                    self.dir().join(format!("{name}.pid")).into(),
                ],
                ..self.launch.clone()
            };
            let socket = match *name {
                "virtproxyd" => self.run_dir().join("libvirt-sock"),
                _ => self.run_dir().join(format!("{name}-sock")),
            };
            let process = Process::start(&launch, &self.layout, &socket)?;
            self.parts.push((String::from(*name), process));
        }
        Ok(())
    }

    /// Ends one of these daemons, and waits.
    pub fn stop_part(&mut self, daemon: &str) -> Result<()> {
        let place = self.parts.iter().position(|(name, _)| name == daemon);
        let place = place.ok_or_else(|| Error::Failed(format!("{daemon} does not run")))?;
        self.parts.swap_remove(place).1.terminate()
    }

    /// Returns the directory that a system daemon and its clients see as `/run/libvirt`.
    pub fn run_dir(&self) -> PathBuf {
        self.dir().join("run")
    }
}
