//! Where the files are.

use std::env;
use std::path::{Path, PathBuf};

/// The files of one place.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    authorities: PathBuf,
    revoked: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

/// Where to look, in order.
#[derive(Debug, Clone)]
pub(super) struct Places(Vec<Place>);

/// A certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

impl Place {
    fn directory(dir: &Path) -> Self {
        Self {
            authorities: dir.join("cacert.pem"),
            revoked: dir.join("cacrl.pem"),
            certificate: dir.join("clientcert.pem"),
            key: dir.join("clientkey.pem"),
        }
    }

    fn system() -> Self {
        let [authorities, own] = ["/etc/pki/CA", "/etc/pki/libvirt"].map(Path::new);
        Self {
            authorities: authorities.join("cacert.pem"),
            revoked: authorities.join("cacrl.pem"),
            certificate: own.join("clientcert.pem"),
            key: own.join("private/clientkey.pem"),
        }
    }
}

impl Places {
    /// One directory and no other, if that is given; else the user's and then the system's, which
    /// is root's only one.
    pub(super) fn new(directory: Option<&Path>) -> Self {
        if let Some(directory) = directory {
            return Self(vec![Place::directory(directory)]);
        }
        let home = env::home_dir().filter(|home| !home.as_os_str().is_empty());
        let home = home.filter(|_| !rustix::process::geteuid().is_root());
        let user = home.map(|home| Place::directory(&home.join(".pki/libvirt")));
        Self(user.into_iter().chain([Place::system()]).collect())
    }

    /// The first file of authorities that exists; the last place if none does.
    pub(super) fn authorities(&self) -> PathBuf {
        let mut found = PathBuf::new();
        for place in &self.0 {
            found.clone_from(&place.authorities);
            if found.exists() {
                break;
            }
        }
        found
    }

    /// The first list of revoked certificates that exists.
    pub(super) fn revoked(&self) -> Option<PathBuf> {
        let mut files = self.0.iter().map(|place| &place.revoked);
        files.find(|file| file.exists()).cloned()
    }

    /// The first certificate that exists together with its key; or, in the last place, one that
    /// lacks it.
    pub(super) fn identity(&self) -> Option<Pair> {
        let whole = |place: &&Place| place.certificate.exists() && place.key.exists();
        let half = |place: &&Place| place.certificate.exists() || place.key.exists();
        let found = self.0.iter().find(whole);
        let place = found.or_else(|| self.0.last().filter(half))?;
        Some(Pair {
            certificate: place.certificate.clone(),
            key: place.key.clone(),
        })
    }

    /// The certificates that were looked for.
    pub(super) fn searched(&self) -> String {
        let files = self.0.iter().map(|place| &place.certificate);
        let shown: Vec<_> = files.map(|file| file.display().to_string()).collect();
        shown.join(" and ")
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn each_file_is_looked_for_by_itself_but_certificate_and_key_together() -> std::io::Result<()> {
        let dir = tempfile::tempdir()?;
        let [user, system] = ["user", "system"].map(|name| dir.path().join(name));
        fs::create_dir(&user)?;
        fs::create_dir(&system)?;
        let places = Places(vec![Place::directory(&user), Place::directory(&system)]);
        assert_eq!(places.authorities(), system.join("cacert.pem"));
        assert_eq!(places.revoked(), None);
        assert_eq!(places.identity(), None);

        fs::write(user.join("cacert.pem"), "")?;
        fs::write(user.join("clientcert.pem"), "")?;
        fs::write(system.join("cacrl.pem"), "")?;
        assert_eq!(places.authorities(), user.join("cacert.pem"));
        assert_eq!(places.revoked(), Some(system.join("cacrl.pem")));
        assert_eq!(places.identity(), None);

        let in_system = Some(Pair {
            certificate: system.join("clientcert.pem"),
            key: system.join("clientkey.pem"),
        });
        fs::write(system.join("clientkey.pem"), "")?;
        assert_eq!(places.identity(), in_system);
        fs::write(system.join("clientcert.pem"), "")?;
        assert_eq!(places.identity(), in_system);
        fs::write(user.join("clientkey.pem"), "")?;
        let in_user = places.identity().map(|pair| pair.certificate);
        assert_eq!(in_user, Some(user.join("clientcert.pem")));
        Ok(())
    }

    #[test]
    fn one_directory_has_no_fallback() {
        let places = Places::new(Some(Path::new("/nowhere")));
        assert_eq!(places.authorities(), Path::new("/nowhere/cacert.pem"));
        assert_eq!(places.searched(), "/nowhere/clientcert.pem");
    }

    #[test]
    fn the_systems_files() {
        let places = Places(vec![Place::system()]);
        assert_eq!(places.authorities(), Path::new("/etc/pki/CA/cacert.pem"));
        assert_eq!(places.searched(), "/etc/pki/libvirt/clientcert.pem");
        let key = Path::new("/etc/pki/libvirt/private/clientkey.pem");
        assert!(places.0.iter().all(|place| place.key == key));
    }
}
