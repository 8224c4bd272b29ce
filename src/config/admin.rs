//! URIs of administration interfaces: `libvirtd:///system`, `virtqemud:///session`, ….

use std::ffi::OsString;
use std::path::PathBuf;

use super::{Config, Environment, defaults};
use crate::error::{Error, Result};
use crate::uri::{ConnectUri, TransportKind};

impl Environment {
    /// Returns the configuration file of administration clients.
    pub(crate) fn admin_config_file(&self) -> Option<PathBuf> {
        let file = self.config_file.as_deref()?;
        Some(file.with_file_name("libvirt-admin.conf"))
    }
}

/// Resolves the URI to open: `given`, or if that is empty the environment's
/// `LIBVIRT_ADMIN_DEFAULT_URI`, or the configuration's, or that of libvirtd.
pub(crate) fn resolve(
    given: &str,
    environment: Option<OsString>,
    config: &Config,
    aliases: bool,
    is_root: bool,
) -> Result<ConnectUri> {
    if let Some(uri) = environment.as_ref().filter(|uri| uri.to_str().is_none()) {
        return Err(Error::Uri {
            uri: uri.to_string_lossy().into_owned(),
            reason: "LIBVIRT_ADMIN_DEFAULT_URI is not UTF-8".to_owned(),
        });
    }
    let chosen = defaults::resolve(given, environment, config, aliases)?;
    let usual = if is_root {
        "libvirtd:///system"
    } else {
        "libvirtd:///session"
    };
    chosen.map_or_else(|| ConnectUri::parse(usual), Ok)
}

impl ConnectUri {
    /// Returns the socket of the administration interface.
    pub(crate) fn admin_socket(&self, environment: &Environment) -> Result<PathBuf> {
        let wrong = |reason: String| Error::Uri { uri: self.as_str().to_owned(), reason };
        if !self.is_for_admin() {
            return Err(wrong(format!(
                "{:?} is no daemon; libvirtd, virtqemud, virtproxyd and the like can be \
                 administered",
                self.scheme()
            )));
        }
        if self.transport() != TransportKind::Unix {
            return Err(wrong(
                "daemons can only be administered on the host that they run on".to_owned(),
            ));
        }
        if let Some((name, _)) = self.parameters().iter().find(|(name, _)| *name != "socket") {
            return Err(wrong(format!("there is no parameter {name:?} here; known is socket")));
        }
        if let Some(path) = self.parameters().get("socket") {
            return Ok(PathBuf::from(path));
        }
        let dir = match (self.path(), &environment.user_dir) {
            ("/system", _) => environment.system_dir.clone(),
            ("/session", Some(dir)) => dir.clone(),
            ("/session", None) => {
                return Err(wrong(
                    "there is neither XDG_RUNTIME_DIR nor a home directory".to_owned(),
                ));
            }
            (path, _) => {
                return Err(wrong(format!("the path is /system or /session, not {path:?}")));
            }
        };
        let daemon = match self.driver() {
            "libvirtd" => "libvirt",
            modular => modular,
        };
        Ok(dir.join(format!("{daemon}-admin-sock")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment() -> Environment {
        Environment {
            is_root: false,
            system_dir: PathBuf::from("/var/run/libvirt"),
            user_dir: Some(PathBuf::from("/run/user/1000/libvirt")),
            config_file: Some(PathBuf::from("/etc/libvirt/libvirt.conf")),
            daemon_dirs: Vec::new(),
        }
    }

    #[test]
    fn sockets() -> Result<()> {
        for (uri, socket) in [
            ("libvirtd:///system", "/var/run/libvirt/libvirt-admin-sock"),
            ("libvirtd:///session", "/run/user/1000/libvirt/libvirt-admin-sock"),
            ("virtqemud:///system", "/var/run/libvirt/virtqemud-admin-sock"),
            ("virtlogd:///session", "/run/user/1000/libvirt/virtlogd-admin-sock"),
            ("libvirtd:///system?socket=/a%20b", "/a b"),
            ("virtproxyd:///nowhere?socket=/a", "/a"),
        ] {
            let found = ConnectUri::parse(uri)?.admin_socket(&environment())?;
            assert_eq!(found, PathBuf::from(socket), "{uri}");
        }
        Ok(())
    }

    #[test]
    fn what_cannot_be() -> Result<()> {
        for (uri, reason) in [
            ("qemu:///system", "\"qemu\" is no daemon"),
            ("libvirtd://host/system", "only be administered on the host"),
            ("virtqemud+ssh://host/system", "only be administered on the host"),
            ("libvirtd:///", "/system or /session, not \"/\""),
            ("libvirtd:///system?mode=auto", "no parameter \"mode\""),
        ] {
            let refused = ConnectUri::parse(uri)?.admin_socket(&environment()).err();
            let text = refused.map(|error| error.to_string()).unwrap_or_default();
            assert!(text.contains(reason), "{uri}: {text}");
        }
        Ok(())
    }

    #[test]
    fn what_is_opened_where_nothing_is_said() -> Result<()> {
        let resolve = |given, environment: Option<&str>, is_root| {
            let path = std::path::Path::new("libvirt-admin.conf");
            let text = "uri_aliases = [ \"log=virtlogd:///system\" ]";
            let config = Config::parse(path, text)?;
            let uri = resolve(given, environment.map(OsString::from), &config, true, is_root)?;
            Ok::<_, Error>(uri.as_str().to_owned())
        };
        assert_eq!(resolve("", None, true)?, "libvirtd:///system");
        assert_eq!(resolve("", None, false)?, "libvirtd:///session");
        assert_eq!(resolve("", Some("log"), false)?, "virtlogd:///system");
        assert_eq!(resolve("a:///b", Some("log"), false)?, "a:///b");
        assert_eq!(
            environment().admin_config_file(),
            Some(PathBuf::from("/etc/libvirt/libvirt-admin.conf"))
        );
        Ok(())
    }
}
