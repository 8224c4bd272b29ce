//! Consistency of `protocol/` and the code generated from it.

use std::collections::BTreeSet;
use std::path::Path;

use crate::emit;
use crate::error::Result;
use crate::import::tree::{PROTOCOLS, Tree};
use crate::project::Project;

/// Returns the faults of the project.
pub fn consistency(project: &Project) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    project.definition.verify()?;
    for name in PROTOCOLS {
        if project.definition.file(name).is_none() {
            faults.push(format!("protocol/{name}.x is missing"));
        }
        let wanted = format!("/{name}.x");
        if !project.provenance.paths().any(|path| path.ends_with(&wanted)) {
            faults.push(format!("provenance.toml does not say where {name}.x comes from"));
        }
    }
    if project.provenance.release != project.constants.release {
        faults.push(format!(
            "constants.toml is of {}, provenance.toml of {}",
            project.constants.release, project.provenance.release
        ));
    }
    if project.provenance.release != project.functions.release {
        faults.push(format!(
            "functions.toml is of {}, provenance.toml of {}",
            project.functions.release, project.provenance.release
        ));
    }
    annotations(project, &mut faults)?;
    // Nothing can be generated without them.
    let words = emit::faults_of_words(project)?;
    if !words.is_empty() {
        faults.extend(words);
        return Ok(faults);
    }
    for path in emit::stale(&project.root, &emit::generate(project)?)? {
        faults.push(format!("{path} is not what would be generated"));
    }
    Ok(faults)
}

/// Checks that annotations are about things that exist.
fn annotations(project: &Project, faults: &mut Vec<String>) -> Result<()> {
    let annotations = &project.annotations;
    let programs = project.definition.programs()?;
    let mut check = |section: &str, program: &str, names: &mut dyn Iterator<Item = &String>| {
        let known: BTreeSet<String> = programs
            .iter()
            .filter(|known| known.name == program)
            .flat_map(|program| &program.procedures)
            .map(|procedure| procedure.topic().to_uppercase())
            .collect();
        for name in names.filter(|name| !known.contains(*name)) {
            faults.push(format!(
                "annotations.toml, [{section}.{program}]: there is no procedure {name}"
            ));
        }
    };
    for (section, lists) in [
        ("long.guest", &annotations.long.guest),
        ("long.host", &annotations.long.host),
        ("descriptors", &annotations.descriptors),
    ] {
        for (program, names) in lists {
            check(section, program, &mut names.iter());
        }
    }
    for (section, map) in [
        ("internal", &annotations.internal),
        ("since", &annotations.since),
        ("stream", &annotations.stream),
    ] {
        for (program, names) in map {
            check(section, program, &mut names.keys());
        }
    }
    for name in &annotations.secret {
        if project.definition.structure(name).is_none() {
            faults.push(format!("annotations.toml, secret: there is no structure {name}"));
        }
    }
    let sets = &annotations.sets;
    for name in sets.rename.keys().chain(sets.prefixes.keys()).chain(sets.kinds.keys()) {
        if !project.constants.sets.iter().any(|set| set.name == *name) {
            faults.push(format!("annotations.toml, [sets]: there is no set {name}"));
        }
    }
    Ok(())
}

/// Returns the project's inputs that differ from the files of its release's source tree.
pub fn provenance(project: &Project, upstream: &Path) -> Result<Vec<String>> {
    let tree = Tree::open(upstream)?;
    let inputs = project.provenance.inputs.get(&tree.release()?);
    let differing = inputs
        .into_iter()
        .flatten()
        .filter(|(path, sum)| tree.sum(path).as_ref() != Some(sum));
    Ok(differing
        .map(|(path, _)| format!("{path} is not the file that provenance.toml names"))
        .collect())
}
