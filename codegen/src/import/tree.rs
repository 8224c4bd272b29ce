//! Files of a libvirt source tree of any release.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::provenance::sum;

/// The definitions that make up the protocol.
pub const PROTOCOLS: [&str; 6] = [
    "remote_protocol",
    "qemu_protocol",
    "lxc_protocol",
    "admin_protocol",
    "virnetprotocol",
    "virkeepaliveprotocol",
];

/// A source tree.
#[derive(Debug)]
pub struct Tree {
    root: PathBuf,
    /// All files with a relevant name, relative to the root.
    files: Vec<String>,
    used: RefCell<BTreeMap<String, String>>,
}

/// Folders to skip.
const SKIP: [&str; 8] = [
    "tests",
    "po",
    "docs",
    "examples",
    "tools",
    "build",
    "gnulib",
    "subprojects",
];

impl Tree {
    /// Returns whether a folder looks like a libvirt source tree.
    pub fn is_tree(path: &Path) -> bool {
        path.join("include/libvirt").is_dir()
    }

    /// Lists the files of a source tree.
    pub fn open(root: &Path) -> Result<Self> {
        if !Self::is_tree(root) {
            return Err(Error::invalid(format!(
                "{} is not a libvirt source tree: it has no include/libvirt",
                root.display()
            )));
        }
        let mut files = Vec::new();
        walk(root, "", &mut files)?;
        files.sort();
        Ok(Self { root: root.to_owned(), files, used: RefCell::default() })
    }

    /// Returns the path of a protocol definition, if this release has it.
    pub fn protocol(&self, name: &str) -> Option<&str> {
        self.named(&format!("{name}.x"))
    }

    /// Returns the path of a file by its name alone.
    pub fn named(&self, name: &str) -> Option<&str> {
        self.files
            .iter()
            .map(String::as_str)
            .find(|path| path.rsplit('/').next() == Some(name))
    }

    /// Returns the public headers: path, and the name that programs include them by.
    pub fn headers(&self) -> Vec<(&str, &str)> {
        let mut headers: Vec<(&str, &str)> = Vec::new();
        for path in &self.files {
            let Some(name) = path.strip_prefix("include/libvirt/") else {
                continue;
            };
            let installed = name.strip_suffix(".in").unwrap_or(name);
            // A configured tree also has an `x.h` made from `x.h.in`.
            let template = format!("{path}.in");
            if extension(installed) == Some("h") && !self.files.contains(&template) {
                headers.push((path, installed));
            }
        }
        headers
    }

    /// Returns the C sources of libvirt itself.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        let files = self.files.iter().map(String::as_str);
        files.filter(|path| path.starts_with("src/") && matches!(extension(path), Some("c" | "h")))
    }

    /// Reads a file without recording it as a source of facts.
    pub fn peek(&self, path: &str) -> Result<String> {
        let full = self.root.join(path);
        let bytes = std::fs::read(&full).map_err(Error::io(&full))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Reads a file that facts are taken from.
    pub fn read(&self, path: &str) -> Result<String> {
        let text = self.peek(path)?;
        self.mark(path)?;
        Ok(text)
    }

    /// Records a file as a source of facts.
    pub fn mark(&self, path: &str) -> Result<()> {
        let full = self.root.join(path);
        let bytes = std::fs::read(&full).map_err(Error::io(&full))?;
        self.used.borrow_mut().insert(path.to_owned(), sum(&bytes));
        Ok(())
    }

    /// Returns the checksums of the files that facts were taken from.
    pub fn used(&self) -> BTreeMap<String, String> {
        self.used.borrow().clone()
    }

    /// Returns the checksum of a file, if the tree has it.
    pub fn sum(&self, path: &str) -> Option<String> {
        std::fs::read(self.root.join(path)).ok().map(|bytes| sum(&bytes))
    }

    /// Returns the release, from the build system or from a generated header.
    pub fn release(&self) -> Result<String> {
        let meson = self.peek("meson.build").ok().and_then(|text| {
            let line = text.lines().map(str::trim).find(|line| line.starts_with("version:"))?;
            Some(line.split('\'').nth(1)?.to_owned())
        });
        let autoconf = ["configure.ac", "configure.in"].iter().find_map(|name| {
            let text = self.peek(name).ok()?;
            let arguments = text.split_once("AC_INIT(")?.1;
            let version = arguments.split(',').nth(1)?;
            let version = version.split(')').next()?;
            Some(version.trim().trim_matches(['[', ']']).to_owned())
        });
        let header = || {
            let text = self.peek("include/libvirt/libvirt-common.h").ok()?;
            let rest = text.split_once("define LIBVIR_VERSION_NUMBER ")?.1;
            let number: u32 = rest.lines().next()?.trim().parse().ok()?;
            let (major, minor) = (number / 1_000_000, number / 1000 % 1000);
            Some(format!("{major}.{minor}.{}", number % 1000))
        };
        meson.or(autoconf).or_else(header).ok_or_else(|| {
            Error::invalid(format!(
                "{}: neither meson.build nor configure.ac nor libvirt-common.h names the release",
                self.root.display()
            ))
        })
    }
}

fn extension(path: &str) -> Option<&str> {
    Some(path.rsplit_once('.')?.1)
}

fn walk(root: &Path, folder: &str, out: &mut Vec<String>) -> Result<()> {
    let path = root.join(folder);
    for entry in std::fs::read_dir(&path).map_err(Error::io(&path))? {
        let entry = entry.map_err(Error::io(&path))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let relative = if folder.is_empty() {
            name.clone()
        } else {
            format!("{folder}/{name}")
        };
        let kind = entry.file_type().map_err(Error::io(&path))?;
        if kind.is_dir() {
            if !SKIP.contains(&name.as_str()) && !name.starts_with('.') {
                walk(root, &relative, out)?;
            }
        } else if kind.is_file()
            && [".x", ".h", ".h.in", ".c", ".syms"].iter().any(|suffix| name.ends_with(suffix))
        {
            out.push(relative);
        }
    }
    Ok(())
}
