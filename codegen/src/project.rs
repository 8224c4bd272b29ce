//! The folder `protocol/` as a whole, and the paths of the workspace.

use std::path::{Path, PathBuf};

use crate::annotations::Annotations;
use crate::constants::Constants;
use crate::error::{Error, Result};
use crate::functions::Functions;
use crate::load::load;
use crate::provenance::Provenance;
use crate::words::Words;
use crate::xdr::Definition;

/// The input of the code generator.
#[derive(Debug)]
pub struct Project {
    /// The workspace.
    pub root: PathBuf,
    /// The wire.
    pub definition: Definition,
    /// The public constants.
    pub constants: Constants,
    /// The public functions.
    pub functions: Functions,
    /// The project's own annotations.
    pub annotations: Annotations,
    /// What the constants mean.
    pub words: Words,
    /// The source of the facts.
    pub provenance: Provenance,
}

impl Project {
    /// Reads the folder `protocol/` of a workspace.
    pub fn open(root: &Path) -> Result<Self> {
        let folder = root.join("protocol");
        Ok(Self {
            definition: load(&folder)?,
            constants: Constants::load(&folder)?,
            functions: Functions::load(&folder)?,
            annotations: Annotations::load(&folder)?,
            words: Words::load(&folder)?,
            provenance: Provenance::load(&folder)?,
            root: root.to_owned(),
        })
    }

    /// Returns the workspace that contains the current folder.
    pub fn find_root() -> Result<PathBuf> {
        let here = std::env::current_dir().map_err(Error::io(Path::new(".")))?;
        here.ancestors()
            .find(|folder| folder.join("codegen/Cargo.toml").exists())
            .map(Path::to_owned)
            .ok_or_else(|| Error::invalid("not inside the workspace; say where it is with --root"))
    }
}
