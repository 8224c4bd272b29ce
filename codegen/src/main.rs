//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use codegen::Result;
use codegen::emit;
use codegen::project::Project;

/// Facts of libvirt's protocol, and code from them.
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
    /// Takes the facts of a libvirt source tree into `protocol/`.
    Import {
        /// The unpacked source tree.
        source: PathBuf,
        /// Where the facts go; `protocol/` of the workspace if not given.
        #[arg(long)]
        out: Option<PathBuf>,
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
        Command::Import { source, out } => {
            let out = out.unwrap_or_else(|| root.join("protocol"));
            for warning in codegen::import::import(&source, &out)? {
                eprintln!("warning: {warning}");
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Generate { check } => {
            let files = emit::generate(&Project::open(&root)?)?;
            if check {
                let stale = emit::stale(&root, &files)?;
                for path in &stale {
                    println!("stale: {path}");
                }
                return Ok(if stale.is_empty() {
                    ExitCode::SUCCESS
                } else {
                    ExitCode::FAILURE
                });
            }
            for path in emit::write(&root, &files)? {
                println!("{path}");
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}
