//! Generation of Rust code.

pub mod families;
pub mod names;
pub mod numbers;
pub mod params;
pub mod procedures;
pub mod sets;
pub mod table;
pub mod text;
pub mod typed;
pub mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::functions;
use crate::project::Project;
use crate::xdr::Program;
use crate::xdr::model::{File, Struct};
use families::{COMMON, about, family};
use sets::{FEATURES, Sets};
use text::Text;
use wire::{Wire, module, stripped};

/// The folders that hold nothing but generated files, relative to the workspace.
pub const FOLDERS: [&str; 6] = [
    "src/protocol/generated",
    "src/types/generated",
    "src/params/generated",
    "tests/offline/generated",
    "src/test_driver/generated",
    functions::FOLDER,
];

/// Generates all files, by path relative to the workspace.
pub fn generate(project: &Project) -> Result<BTreeMap<String, String>> {
    let (annotations, constants) = (&project.annotations, &project.constants);
    let sets = Sets::new(constants, annotations, &project.words)?;
    let wire = Wire::new(&project.definition, annotations, constants, &sets)?;
    let mut out = BTreeMap::new();

    let mut protocol = Vec::new();
    for file in project.definition.files() {
        let module = module(&file.name)?;
        protocol.push(module);
        if module == "remote" {
            for (name, text) in remote(project, &wire, &sets, file)? {
                out.insert(format!("{}/remote/{name}.rs", FOLDERS[0]), text);
            }
        } else {
            let text = flat(project, &wire, &sets, file, module)?;
            out.insert(format!("{}/{module}.rs", FOLDERS[0]), text);
        }
    }
    out.insert(
        format!("{}/mod.rs", FOLDERS[0]),
        modules(&protocol, "The programs, one module each."),
    );

    let faults = faults_of_words(project)?;
    if !faults.is_empty() {
        return Err(Error::invalid(faults.join("\n")));
    }
    let types = sets.modules()?;
    let names: Vec<&str> = types.keys().map(String::as_str).collect();
    out.insert(
        format!("{}/mod.rs", FOLDERS[1]),
        modules(&names, "Public enumerations and flag sets, one module an object."),
    );
    for (name, text) in types {
        out.insert(format!("{}/{name}.rs", FOLDERS[1]), text);
    }

    out.insert(
        format!("{}/mod.rs", FOLDERS[2]),
        modules(&["names"], "What the definitions say of typed parameters."),
    );
    out.insert(
        format!("{}/names.rs", FOLDERS[2]),
        params::names(constants, annotations, &project.words)?,
    );
    out.insert(format!("{}/wire_table.rs", FOLDERS[3]), table::table(&wire)?);
    out.insert(format!("{}/procedures.rs", FOLDERS[4]), numbers::procedures(project)?);
    out.insert(
        format!("{}/mod.rs", FOLDERS[4]),
        modules(&["procedures"], "What the definitions say of procedures.")
            .replace("pub mod", "pub(super) mod"),
    );
    out.extend(functions::page(project)?);
    Ok(out)
}

/// Returns the public constants without words, and the words for none.
pub fn faults_of_words(project: &Project) -> Result<Vec<String>> {
    let Project { annotations, constants, words, .. } = project;
    let mut names = Sets::new(constants, annotations, words)?.named()?;
    names.extend(params::named(constants, annotations)?);
    Ok(words.faults(names))
}

/// Returns a file that declares modules.
fn modules(names: &[&str], about: &str) -> String {
    let mut names = names.to_vec();
    names.sort_unstable();
    let mut text = Text::default();
    for name in names {
        if FEATURES.contains(&name) {
            text.line(format!("#[cfg(feature = \"{name}\")]"));
        }
        text.line(format!("pub mod {name};"));
    }
    text.finish(&[about])
}

/// Generates a program in one file.
fn flat(
    project: &Project,
    wire: &Wire<'_>,
    sets: &Sets<'_>,
    file: &File,
    module: &str,
) -> Result<String> {
    let mut text = Text::default();
    let program = project.definition.program(file)?;
    if let Some(program) = &program {
        wire.program(&mut text, program);
    }
    wire.limits(&mut text, file)?;
    for item in &file.enums {
        wire.enumeration(&mut text, item)?;
    }
    for item in &file.unions {
        wire.union(&mut text, module, item)?;
    }
    let owned = owned(program.as_ref());
    for item in file.structs.iter().filter(|item| !owned.contains(item.name.as_str())) {
        wire.structure(&mut text, module, item)?;
    }
    for procedure in program.iter().flat_map(|program| &program.procedures) {
        for item in parts(procedure) {
            wire.structure(&mut text, module, item)?;
        }
        if let Some(program) = &program {
            let constants = &project.constants;
            procedures::procedure(&mut text, wire, sets, constants, program, procedure)?;
        }
    }
    let about = match module {
        "net" => "What all programs share: message header, errors, holes in streams.",
        "keepalive" => "The program that asks whether the peer still lives.",
        "qemu" => "The program for what only QEMU has.",
        "lxc" => "The program for what only LXC has.",
        "admin" => "The program that administers a daemon.",
        _ => "A program.",
    };
    Ok(text.listed(module).finish(&[about]))
}

/// Generates the remote program: a file for each family, and one that combines them.
fn remote(
    project: &Project,
    wire: &Wire<'_>,
    sets: &Sets<'_>,
    file: &File,
) -> Result<BTreeMap<String, String>> {
    let Some(program) = project.definition.program(file)? else {
        return Err(Error::invalid("the remote program has no procedures"));
    };
    let mut texts: BTreeMap<&str, Text> = BTreeMap::new();
    let common = texts.entry(COMMON).or_default();
    wire.limits(common, file)?;
    for item in &file.enums {
        let text = texts.entry(family(stripped(&file.name, &item.name))).or_default();
        wire.enumeration(text, item)?;
    }
    for item in &file.unions {
        let text = texts.entry(family(stripped(&file.name, &item.name))).or_default();
        wire.union(text, "remote", item)?;
    }
    let owned = owned(Some(&program));
    for item in file.structs.iter().filter(|item| !owned.contains(item.name.as_str())) {
        let text = texts.entry(family(stripped(&file.name, &item.name))).or_default();
        wire.structure(text, "remote", item)?;
    }
    for procedure in &program.procedures {
        let text = texts.entry(family(&procedure.topic())).or_default();
        for item in parts(procedure) {
            wire.structure(text, "remote", item)?;
        }
        procedures::procedure(text, wire, sets, &project.constants, &program, procedure)?;
    }
    let mut root = Text::default();
    for name in texts.keys() {
        root.line(format!("pub mod {name};"));
    }
    root.gap();
    for name in texts.keys() {
        root.line("#[doc(no_inline)]");
        root.line(format!("pub use {name}::*;"));
    }
    wire.program(&mut root, &program);
    let mut out: BTreeMap<String, String> = texts
        .into_iter()
        .map(|(name, text)| (name.to_owned(), text.listed(name).finish(&[about(name)])))
        .collect();
    out.insert(
        "mod".to_owned(),
        root.finish(&["The program for everything that is not particular to one hypervisor."]),
    );
    Ok(out)
}

/// Returns the structures that belong to one procedure and precede it, apart from its arguments.
fn parts<'d>(procedure: &crate::xdr::Procedure<'d>) -> impl Iterator<Item = &'d Struct> {
    let message = procedure.message.flatten();
    procedure.ret.into_iter().chain(message)
}

fn owned<'d>(program: Option<&Program<'d>>) -> BTreeSet<&'d str> {
    program
        .into_iter()
        .flat_map(|program| &program.procedures)
        .flat_map(|procedure| procedure.args.into_iter().chain(parts(procedure)))
        .map(|item| item.name.as_str())
        .collect()
}

/// Writes the generated files and removes those that no longer exist. Returns the changes.
pub fn write(root: &Path, files: &BTreeMap<String, String>) -> Result<Vec<String>> {
    let stale = stale(root, files)?;
    for path in &stale {
        let full = root.join(path);
        match files.get(path) {
            Some(text) => {
                if let Some(folder) = full.parent() {
                    std::fs::create_dir_all(folder).map_err(Error::io(folder))?;
                }
                std::fs::write(&full, text).map_err(Error::io(&full))?;
            }
            None => std::fs::remove_file(&full).map_err(Error::io(&full))?,
        }
    }
    Ok(stale)
}

/// Returns the generated files that are missing, different, or no longer generated.
pub fn stale(root: &Path, files: &BTreeMap<String, String>) -> Result<Vec<String>> {
    let mut stale = Vec::new();
    for (path, text) in files {
        let current = std::fs::read_to_string(root.join(path)).ok();
        if current.as_ref() != Some(text) {
            stale.push(path.clone());
        }
    }
    for folder in FOLDERS {
        let mut open = vec![PathBuf::from(folder)];
        while let Some(folder) = open.pop() {
            let Ok(entries) = std::fs::read_dir(root.join(&folder)) else {
                continue;
            };
            for entry in entries {
                let entry = entry.map_err(Error::io(&folder))?;
                let path = folder.join(entry.file_name());
                if entry.path().is_dir() {
                    open.push(path);
                } else {
                    let path = path.to_string_lossy().replace('\\', "/");
                    if !files.contains_key(&path) {
                        stale.push(path);
                    }
                }
            }
        }
    }
    Ok(stale)
}
