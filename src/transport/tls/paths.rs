//! The locations of certificate and key files.

use std::env;
use std::path::{Path, PathBuf};

use crate::files;

/// The limit on client certificates, besides the one without a number.
const NUMBERED: usize = 4;

/// The files of one location: of a user, of the system, or of one directory.
#[derive(Debug, Clone, PartialEq, Eq)]
struct PkiPaths {
    authorities: PathBuf,
    revoked: PathBuf,
    /// The directories of client certificates and of their keys.
    certificates: PathBuf,
    keys: PathBuf,
}

/// The locations to look in, in order. Looking blocks.
#[derive(Debug, Clone)]
pub(super) struct SearchPath(Vec<PkiPaths>);

/// A certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

impl PkiPaths {
    fn directory(dir: &Path) -> Self {
        Self {
            authorities: dir.join("cacert.pem"),
            revoked: dir.join("cacrl.pem"),
            certificates: dir.to_owned(),
            keys: dir.to_owned(),
        }
    }

    fn system() -> Self {
        let [authorities, own] = ["/etc/pki/CA", "/etc/pki/libvirt"].map(Path::new);
        Self {
            authorities: authorities.join("cacert.pem"),
            revoked: authorities.join("cacrl.pem"),
            certificates: own.to_owned(),
            keys: own.join("private"),
        }
    }

    fn certificate(&self, number: &str) -> PathBuf {
        self.certificates.join(format!("clientcert{number}.pem"))
    }

    fn pair(&self, number: &str) -> Pair {
        Pair {
            certificate: self.certificate(number),
            key: self.keys.join(format!("clientkey{number}.pem")),
        }
    }

    /// Returns the pairs of which at least one file exists: the one without a number, and the
    /// others up to the first gap.
    fn identities(&self) -> Vec<Pair> {
        let exists = |pair: &Pair| files::exists(&pair.certificate) || files::exists(&pair.key);
        let numbered = (0..NUMBERED).map(|number| self.pair(&number.to_string()));
        let plain = Some(self.pair("")).filter(exists);
        plain.into_iter().chain(numbered.take_while(exists)).collect()
    }
}

impl SearchPath {
    /// Returns only the given directory, or else the user's location, unless the user is root, and
    /// then the system's.
    pub(super) fn new(directory: Option<&Path>) -> Self {
        if let Some(directory) = directory {
            return Self(vec![PkiPaths::directory(directory)]);
        }
        let home = env::home_dir().filter(|home| !home.as_os_str().is_empty());
        let home = home.filter(|_| !rustix::process::geteuid().is_root());
        let user = home.map(|home| PkiPaths::directory(&home.join(".pki/libvirt")));
        Self(user.into_iter().chain([PkiPaths::system()]).collect())
    }

    /// Returns the first CA file that exists, or the last location if none does.
    pub(super) fn authorities(&self) -> PathBuf {
        let mut found = PathBuf::new();
        for place in &self.0 {
            found.clone_from(&place.authorities);
            if files::exists(&found) {
                break;
            }
        }
        found
    }

    /// Returns the first revocation list that exists.
    pub(super) fn revoked(&self) -> Option<PathBuf> {
        let mut files = self.0.iter().map(|place| &place.revoked);
        files.find(|file| files::exists(file)).cloned()
    }

    /// Returns the client certificates and keys of the first location that has any.
    pub(super) fn identities(&self) -> Vec<Pair> {
        let mut found = self.0.iter().map(PkiPaths::identities);
        found.find(|pairs| !pairs.is_empty()).unwrap_or_default()
    }

    /// Returns the client certificates that were looked for.
    pub(super) fn searched(&self) -> String {
        let files = self.0.iter().map(|place| place.certificate(""));
        let shown: Vec<_> = files.map(|file| file.display().to_string()).collect();
        shown.join(" and ")
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn each_kind_of_file_is_looked_for_by_itself() -> std::io::Result<()> {
        let dir = tempfile::tempdir()?;
        let [user, system] = ["user", "system"].map(|name| dir.path().join(name));
        fs::create_dir(&user)?;
        fs::create_dir(&system)?;
        let search_path =
            SearchPath(vec![PkiPaths::directory(&user), PkiPaths::directory(&system)]);
        assert_eq!(search_path.authorities(), system.join("cacert.pem"));
        assert_eq!(search_path.revoked(), None);
        assert_eq!(search_path.identities(), []);

        fs::write(user.join("cacert.pem"), "")?;
        fs::write(system.join("cacrl.pem"), "")?;
        fs::write(system.join("clientcert.pem"), "")?;
        fs::write(system.join("clientkey.pem"), "")?;
        assert_eq!(search_path.authorities(), user.join("cacert.pem"));
        assert_eq!(search_path.revoked(), Some(system.join("cacrl.pem")));
        let own = |place: &Path| PkiPaths::directory(place).pair("");
        assert_eq!(search_path.identities(), [own(&system)]);
        // A half pair is reported, not skipped.
        fs::write(user.join("clientkey.pem"), "")?;
        assert_eq!(search_path.identities(), [own(&user)]);
        Ok(())
    }

    #[test]
    fn several_identities_up_to_the_first_gap() -> std::io::Result<()> {
        let dir = tempfile::tempdir()?;
        let place = PkiPaths::directory(dir.path());
        let numbers = || {
            let pairs = SearchPath(vec![place.clone()]).identities();
            let names = pairs.iter().filter_map(|pair| pair.key.file_stem());
            let names = names.map(|name| name.to_string_lossy().into_owned());
            names.collect::<Vec<_>>()
        };
        for number in [1, 2, 3, 4] {
            fs::write(place.certificate(&number.to_string()), "")?;
        }
        assert!(numbers().is_empty());
        fs::write(place.pair("0").key, "")?;
        let numbered = ["clientkey0", "clientkey1", "clientkey2", "clientkey3"];
        assert_eq!(numbers(), numbered);
        fs::write(place.certificate(""), "")?;
        fs::remove_file(place.certificate("2"))?;
        assert_eq!(numbers(), ["clientkey", "clientkey0", "clientkey1"]);
        Ok(())
    }

    #[test]
    fn one_directory_has_no_fallback() {
        let search_path = SearchPath::new(Some(Path::new("/nowhere")));
        assert_eq!(search_path.authorities(), Path::new("/nowhere/cacert.pem"));
        assert_eq!(search_path.searched(), "/nowhere/clientcert.pem");
    }

    #[test]
    fn the_systems_files() {
        let search_path = SearchPath(vec![PkiPaths::system()]);
        assert_eq!(search_path.authorities(), Path::new("/etc/pki/CA/cacert.pem"));
        assert_eq!(search_path.searched(), "/etc/pki/libvirt/clientcert.pem");
        let key = Path::new("/etc/pki/libvirt/private/clientkey0.pem");
        assert!(search_path.0.iter().all(|place| place.pair("0").key == key));
    }
}
