//! Loading of definitions: our folder, an upstream tree, or one file.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::{Error, Result};
use crate::import::headers::Headers;
use crate::import::tree::{PROTOCOLS, Tree};
use crate::xdr::model::File;
use crate::xdr::{Definition, parse};

/// Reads a definition from a `.x` file, a folder of them, or an upstream source tree.
///
/// A file's dependencies are loaded from beside it. Constants from headers are looked up in
/// `include/libvirt` of the file's tree.
pub fn load(path: &Path) -> Result<Definition> {
    if Tree::is_tree(path) {
        return crate::import::definition(&Tree::open(path)?);
    }
    if path.is_dir() {
        let mut files = Vec::new();
        for name in PROTOCOLS {
            let file = path.join(format!("{name}.x"));
            if file.exists() {
                files.push(read(&file)?);
            }
        }
        if files.is_empty() {
            return Err(Error::invalid(format!(
                "{} is neither a libvirt source tree nor a folder of definitions",
                path.display()
            )));
        }
        return Definition::new(files, &BTreeMap::new());
    }
    let mut files = vec![read(path)?];
    let mut at = 0;
    while let Some(file) = files.get(at) {
        for used in file.uses.clone() {
            let beside = path.with_file_name(format!("{used}.x"));
            if !files.iter().any(|file| file.name == used) && beside.exists() {
                files.push(read(&beside)?);
            }
        }
        at += 1;
    }
    Definition::new(files, &headers_around(path)?)
}

fn read(path: &Path) -> Result<File> {
    let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    parse(&path.display().to_string(), &name, &text)
}

fn headers_around(path: &Path) -> Result<BTreeMap<String, i64>> {
    let Some(root) = path.ancestors().find(|folder| Tree::is_tree(folder)) else {
        return Ok(BTreeMap::new());
    };
    let tree = Tree::open(root)?;
    let mut headers = Headers::default();
    for (path, name) in tree.headers() {
        headers.add(path, name, &tree.peek(path)?)?;
    }
    Ok(headers.resolve()?.by_name)
}
