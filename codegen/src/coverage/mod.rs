//! Coverage of procedures by the library's API.

mod scan;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::emit::names::camel;
use crate::error::{Error, Result};
use crate::project::Project;
use scan::Known;

/// The coverage of a procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Methods or macros of the API that use it.
    Api(Vec<String>),
    /// The API does not offer it, for this reason.
    Internal(String),
    /// Neither used nor marked as internal.
    Missing,
}

/// A procedure and its coverage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The program.
    pub program: String,
    /// The object that it operates on, e.g. `storage_pool`.
    pub object: String,
    /// The number.
    pub number: u32,
    /// The name in Rust.
    pub name: String,
    /// The coverage.
    pub status: Status,
}

/// Folders of `src/` with the library's public API.
const PUBLIC: [&str; 2] = ["api", "events"];

/// Folders that call procedures on the library's own behalf.
const OWN: [&str; 2] = ["client", "auth"];

/// The programs whose procedures an API could offer.
const PROGRAMS: [&str; 4] = ["remote", "qemu", "lxc", "admin"];

/// Looks up every procedure and event of the project in the library's sources.
pub fn coverage(project: &Project) -> Result<Vec<Entry>> {
    let programs = project.definition.programs()?;
    let programs = || programs.iter().filter(|program| PROGRAMS.contains(&program.name));
    let mut known = Known::default();
    for program in programs() {
        for procedure in &program.procedures {
            known.add(program.name, camel(&procedure.topic()), procedure.message.is_some());
        }
    }
    let public = hits(project, &known, &PUBLIC)?;
    let own = hits(project, &known, &OWN)?;
    let mut entries = Vec::new();
    for program in programs() {
        for procedure in &program.procedures {
            let topic = procedure.topic();
            let name = camel(&topic);
            let key = (program.name.to_owned(), name.clone());
            let reason = project.annotations.internal(program.name, &topic);
            let status = match (public.get(&key), reason, own.get(&key)) {
                (Some(by), ..) | (None, None, Some(by)) => Status::Api(by.clone()),
                (None, Some(reason), _) => Status::Internal(reason.to_owned()),
                (None, None, None) => Status::Missing,
            };
            entries.push(Entry {
                program: program.name.to_owned(),
                object: object(program.name, &topic).to_owned(),
                number: procedure.number,
                name,
                status,
            });
        }
    }
    Ok(entries)
}

/// Program and procedure to the code that uses it.
type Hits = BTreeMap<(String, String), Vec<String>>;

fn hits(project: &Project, known: &Known, folders: &[&str]) -> Result<Hits> {
    let mut hits = Hits::new();
    for folder in folders {
        let mut files = Vec::new();
        let src = project.root.join("src");
        sources(&src.join(folder), &mut files)?;
        let beside = src.join(format!("{folder}.rs"));
        if beside.exists() {
            files.push(beside);
        }
        files.sort();
        for path in files {
            let text = std::fs::read_to_string(&path).map_err(Error::io(&path))?;
            let relative = path.strip_prefix(&src).unwrap_or(&path);
            let module = relative.with_extension("").to_string_lossy().replace(['/', '\\'], "::");
            let module = module.trim_end_matches("::mod");
            for hit in scan::scan(&path, module, &text, known)? {
                let by = hits.entry((hit.program, hit.name)).or_default();
                if !by.contains(&hit.by) {
                    by.push(hit.by);
                }
            }
        }
    }
    Ok(hits)
}

fn sources(folder: &Path, out: &mut Vec<std::path::PathBuf>) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder).map_err(Error::io(folder))? {
        let path = entry.map_err(Error::io(folder))?.path();
        if path.is_dir() {
            sources(&path, out)?;
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && path.file_name().is_some_and(|name| name != "tests.rs")
        {
            out.push(path);
        }
    }
    Ok(())
}

fn object<'t>(program: &'t str, topic: &'t str) -> &'t str {
    const TWO_WORDS: [&str; 7] = [
        "domain_checkpoint",
        "domain_snapshot",
        "network_port",
        "node_device",
        "nwfilter_binding",
        "storage_pool",
        "storage_vol",
    ];
    if program != "remote" {
        return program;
    }
    TWO_WORDS
        .into_iter()
        .find(|object| topic.starts_with(&format!("{object}_")))
        .or(topic.split('_').next())
        .unwrap_or(topic)
}

/// Formats the entries as a table with totals for each object.
pub fn table(entries: &[Entry], only_missing: bool) -> String {
    let mut out = String::new();
    let mut totals: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for entry in entries {
        let (column, word, detail) = match &entry.status {
            Status::Api(by) => (0, "api", by.join(", ")),
            Status::Internal(reason) => (1, "internal", reason.clone()),
            Status::Missing => (2, "missing", String::new()),
        };
        for key in [entry.object.as_str(), "total"] {
            if let Some(count) = totals.entry(key).or_default().get_mut(column) {
                *count += 1;
            }
        }
        if !only_missing || entry.status == Status::Missing {
            let line =
                format!("{word:<8} {} {} {}  {detail}", entry.program, entry.number, entry.name);
            let _ = writeln!(out, "{}", line.trim_end());
        }
    }
    let total = totals.remove("total").unwrap_or_default();
    let _ = writeln!(out, "\n{:<18} {:>5} {:>8} {:>7}", "", "api", "internal", "missing");
    for (object, [api, internal, missing]) in totals.into_iter().chain([("total", total)]) {
        let _ = writeln!(out, "{object:<18} {api:>5} {internal:>8} {missing:>7}");
    }
    out
}

/// Formats the entries as JSON, one object per line.
pub fn json(entries: &[Entry], only_missing: bool) -> String {
    let quoted = |text: &str| crate::constants::quote(text);
    let mut out = String::new();
    for entry in entries {
        let status = match &entry.status {
            Status::Missing => "\"status\": \"missing\"".to_owned(),
            _ if only_missing => continue,
            Status::Api(by) => {
                let by: Vec<String> = by.iter().map(|by| quoted(by)).collect();
                format!("\"status\": \"api\", \"by\": [{}]", by.join(", "))
            }
            Status::Internal(reason) => {
                format!("\"status\": \"internal\", \"reason\": {}", quoted(reason))
            }
        };
        let _ = writeln!(
            out,
            "{{\"program\": {}, \"object\": {}, \"number\": {}, \"name\": {}, {status}}}",
            quoted(&entry.program),
            quoted(&entry.object),
            entry.number,
            quoted(&entry.name)
        );
    }
    out
}
