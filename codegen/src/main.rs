//! The command line.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use codegen::annotations::Annotations;
use codegen::check::{self, Side, Verdict};
use codegen::coverage::{self, Status};
use codegen::emit;
use codegen::project::Project;
use codegen::{Result, import};

/// Extracts libvirt's protocol and generates code from it.
#[derive(Parser)]
struct Options {
    /// The workspace, if the current folder is not in it.
    #[arg(long, global = true)]
    root: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Imports the facts of a libvirt source tree into `protocol/`.
    Import {
        /// The unpacked source tree.
        source: PathBuf,
        /// A published tree that this one was assembled from; provenance.toml then lists each file
        /// under the first of them that has it, or as edited. May be given several times.
        #[arg(long = "from", value_name = "TREE")]
        parts: Vec<PathBuf>,
        /// The output folder; `protocol/` of the workspace if not given.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Compares two definitions of the wire.
    ///
    /// A definition is a `.x` file, a folder like `protocol/`, or a libvirt source tree. With one,
    /// it is taken as the older one and `protocol/` as the newer. With none, the project is checked
    /// for consistency.
    Check {
        /// The older definition.
        old: Option<PathBuf>,
        /// The newer definition.
        new: Option<PathBuf>,
        /// Compare `protocol/` with this source tree too.
        #[arg(long, env = "LIBVIRT_SOURCE")]
        upstream: Option<PathBuf>,
    },
    /// Lists procedures and whether the API covers them.
    Coverage {
        /// List only what is missing, and fail if anything is.
        #[arg(long)]
        missing: bool,
        /// Print one JSON object per line instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Writes the generated modules of the library.
    Generate {
        /// Write nothing; fail if a file is not up to date.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> ExitCode {
    match run(Options::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: Options) -> Result<ExitCode> {
    let root = options.root.map_or_else(Project::find_root, Ok)?;
    match options.command {
        Command::Check { old: Some(old), new, .. } => {
            compare(&root, &old, &new.unwrap_or_else(|| root.join("protocol")))
        }
        Command::Check { upstream, .. } => check(&root, upstream.as_deref()),
        Command::Import { source, parts, out } => {
            let out = out.unwrap_or_else(|| root.join("protocol"));
            let annotations = Annotations::load(&root.join("protocol"))?;
            for warning in import::import(&source, &parts, &out, &annotations)? {
                eprintln!("warning: {warning}");
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Coverage { missing, json } => {
            let entries = coverage::coverage(&Project::open(&root)?)?;
            let text = if json {
                coverage::json(&entries, missing)
            } else {
                coverage::table(&entries, missing)
            };
            print!("{text}");
            let complete = entries.iter().all(|entry| entry.status != Status::Missing);
            Ok(success(complete || !missing))
        }
        Command::Generate { check } => {
            let files = emit::generate(&Project::open(&root)?)?;
            if check {
                let stale = emit::stale(&root, &files)?;
                for path in &stale {
                    println!("stale: {path}");
                }
                return Ok(success(stale.is_empty()));
            }
            for path in emit::write(&root, &files)? {
                println!("{path}");
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn compare(root: &Path, old: &Path, new: &Path) -> Result<ExitCode> {
    let annotations = Annotations::load(&root.join("protocol"))?;
    let old = Side::load(old, &annotations)?;
    let new = Side::load(new, &annotations)?;
    let report = check::compare(&old, &new)?;
    for difference in &report.differences {
        println!("{difference}");
    }
    println!("{}", report.verdict());
    Ok(success(report.verdict() != Verdict::Incompatible))
}

fn check(root: &Path, upstream: Option<&Path>) -> Result<ExitCode> {
    let project = Project::open(root)?;
    let mut faults = check::consistency(&project)?;
    if let Some(upstream) = upstream {
        faults.extend(check::provenance(&project, upstream)?);
    }
    for fault in &faults {
        println!("{fault}");
    }
    if !faults.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    println!("protocol/ and the generated code are consistent");
    upstream.map_or(Ok(ExitCode::SUCCESS), |upstream| {
        compare(root, upstream, &root.join("protocol"))
    })
}

fn success(success: bool) -> ExitCode {
    if success {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
