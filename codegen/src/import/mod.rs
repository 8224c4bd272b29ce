//! Import of upstream sources into `protocol/`.

pub mod expression;
pub mod functions;
pub mod headers;
pub mod params;
pub mod symbols;
pub mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::annotations::Annotations;
use crate::constants::{Constants, Kind};
use crate::error::{Error, Result};
use crate::functions::Functions;
use crate::provenance::{EDITED, Provenance};
use crate::xdr::model::{Constant, File, Value};
use crate::xdr::{Definition, parse, print};
use headers::Headers;
use tree::{PROTOCOLS, Tree};

/// The facts of a source tree.
#[derive(Debug)]
pub struct Facts {
    /// The definitions, with notes from the public symbols.
    pub files: Vec<File>,
    /// The public constants.
    pub constants: Constants,
    /// The public functions.
    pub functions: Functions,
    /// The source of the facts.
    pub provenance: Provenance,
    /// Facts that could not be determined.
    pub warnings: Vec<String>,
}

/// Reads the definitions of a source tree unchanged, and the header constants they use.
pub fn definition(tree: &Tree) -> Result<Definition> {
    let files = definitions(tree)?;
    let mut headers = Headers::default();
    for (path, name) in tree.headers() {
        headers.add(path, name, &tree.peek(path)?)?;
    }
    Definition::new(files, &headers.resolve()?.by_name)
}

fn definitions(tree: &Tree) -> Result<Vec<File>> {
    let mut files = Vec::new();
    for name in PROTOCOLS {
        if let Some(path) = tree.protocol(name) {
            files.push(parse(path, name, &tree.read(path)?)?);
        }
    }
    if files.is_empty() {
        return Err(Error::invalid("the source tree has no remote_protocol.x"));
    }
    Ok(files)
}

/// Returns the checksums of the files that were read, under the first release that has them.
/// Without other trees, all of them are the tree's own.
fn inputs(tree: &Tree, parts: &[Tree]) -> Result<BTreeMap<String, BTreeMap<String, String>>> {
    let published = if parts.is_empty() {
        std::slice::from_ref(tree)
    } else {
        parts
    };
    let mut inputs: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for (path, sum) in tree.used() {
        let origin = published.iter().find(|part| part.sum(&path).as_ref() == Some(&sum));
        let origin = match origin {
            Some(part) => part.release()?,
            None => EDITED.to_owned(),
        };
        inputs.entry(origin).or_default().insert(path, sum);
    }
    Ok(inputs)
}

/// Collects the facts of a source tree; `parts` are the trees that it was assembled from, if it was
/// not published as such.
pub fn read(tree: &Tree, parts: &[Tree], annotations: &Annotations) -> Result<Facts> {
    let release = tree.release()?;
    let mut warnings = Vec::new();
    let mut headers = Headers::default();
    for (path, name) in tree.headers() {
        headers.add(path, name, &tree.read(path)?)?;
    }
    let facts = headers.resolve()?;
    let mut sets = facts.sets;
    for set in &mut sets {
        if let Some(kind) = annotations.sets.kinds.get(&set.name) {
            set.kind = *kind;
        }
        set.members.retain(|member| !annotations.sets.sentinels.contains(&member.name));
    }
    for set in sets.iter().filter(|set| set.kind == Kind::Flags) {
        for member in set.members.iter().filter(|member| u32::try_from(member.value).is_err()) {
            warnings.push(format!("{} is no set of 32 flags", member.name));
        }
    }
    let strings = params::with_kinds(tree, headers.strings, &annotations.kinds)?;

    let mut files = definitions(tree)?;
    let mut flags = BTreeMap::new();
    let functions = functions::flags(tree, &sets)?;
    let libraries = symbols::libraries(tree)?;
    for file in &mut files {
        add_header_constants(file, &facts.by_name);
        let symbols = libraries.iter().find(|((_, definition), _)| *definition == file.name);
        let Some(procedures) = &mut file.procedures else {
            continue;
        };
        let program = procedures.name.trim_end_matches("_procedure").to_owned();
        for procedure in &mut procedures.list {
            let (_, topic) = procedure.name.split_once("_PROC_").unwrap_or_default();
            let topic = topic.to_lowercase();
            let is_message =
                file.structs.iter().any(|item| item.name == format!("{program}_{topic}_msg"));
            if is_message || program == "keepalive" {
                continue;
            }
            let symbol = symbols.and_then(|(_, symbols)| symbols.of_procedure(&topic));
            procedure.notes.api = symbol.map(|symbol| symbol.name.clone());
            procedure.notes.since = symbol
                .map(|symbol| symbol.since.as_str())
                .or_else(|| annotations.since(&program, &topic))
                .or_else(|| annotations.since(&program, &format!("connect_{topic}")))
                .map(str::to_owned);
            if procedure.notes.since.is_none() {
                warnings.push(format!(
                    "no public function stands for {}: write its first release into \
                     annotations.toml, [since.{program}]",
                    procedure.name
                ));
            }
            if let Some(sets) = symbol.and_then(|symbol| functions.get(&symbol.name)) {
                flags.insert(procedure.name.clone(), sets.clone());
            }
        }
    }
    Ok(Facts {
        files,
        constants: Constants {
            release: release.clone(),
            numbers: facts.numbers,
            strings,
            sets,
            flags,
        },
        functions: Functions {
            release: release.clone(),
            libraries: libraries
                .into_iter()
                .map(|((library, _), symbols)| {
                    let functions = symbols.list.into_iter();
                    let functions = functions.map(|symbol| (symbol.name, symbol.since));
                    (library.to_owned(), functions.collect())
                })
                .collect(),
        },
        provenance: Provenance { release, inputs: inputs(tree, parts)? },
        warnings,
    })
}

/// Reads a source tree and writes its facts; for `parts` see [`read`]. Returns the facts that could
/// not be determined.
pub fn import(
    source: &Path,
    parts: &[PathBuf],
    out: &Path,
    annotations: &Annotations,
) -> Result<Vec<String>> {
    let parts: Vec<Tree> = parts.iter().map(|path| Tree::open(path)).collect::<Result<_>>()?;
    let facts = read(&Tree::open(source)?, &parts, annotations)?;
    std::fs::create_dir_all(out).map_err(Error::io(out))?;
    let release = &facts.constants.release;
    for name in PROTOCOLS {
        let path = out.join(format!("{name}.x"));
        match facts.files.iter().find(|file| file.name == name) {
            Some(file) => {
                let heading = format!(
                    "Facts of libvirt {release}, written by `codegen import`; not edited by hand."
                );
                write(&path, &print(file, &heading))?;
            }
            None if path.exists() => std::fs::remove_file(&path).map_err(Error::io(&path))?,
            None => {}
        }
    }
    write(&out.join("constants.toml"), &facts.constants.print())?;
    write(&out.join("functions.toml"), &facts.functions.print())?;
    write(&out.join("provenance.toml"), &facts.provenance.print())?;
    Ok(facts.warnings)
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(Error::io(path))
}

/// Adds the header constants that a definition uses, so that it can be read alone.
fn add_header_constants(file: &mut File, headers: &BTreeMap<String, i64>) {
    let declared: BTreeSet<&str> =
        file.constants.iter().map(|constant| constant.name.as_str()).collect();
    let declarations = file
        .structs
        .iter()
        .flat_map(|item| &item.fields)
        .chain(&file.typedefs)
        .chain(file.unions.iter().flat_map(|union| union.arms.iter().map(|arm| &arm.body)));
    let sizes = declarations.filter_map(|declaration| match &declaration.form {
        crate::xdr::model::Form::Fixed(size) | crate::xdr::model::Form::Variable(Some(size)) => {
            Some(size)
        }
        _ => None,
    });
    let cases = file
        .unions
        .iter()
        .flat_map(|union| union.arms.iter().flat_map(|arm| &arm.cases));
    let values = file.constants.iter().map(|constant| &constant.value);
    let mut wanted = Vec::new();
    for value in values.chain(sizes).chain(cases) {
        if let Value::Name(name) = value
            && !declared.contains(name.as_str())
            && let Some(number) = headers.get(name)
            && !wanted.iter().any(|constant: &Constant| constant.name == *name)
        {
            wanted.push(Constant {
                name: name.clone(),
                value: Value::Number(*number),
                header: true,
            });
        }
    }
    file.constants.splice(0..0, wanted);
}
