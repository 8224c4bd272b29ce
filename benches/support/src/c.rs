//! C programs, compiled when a benchmark runs.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Compiles `source` with these flags after it into `dir`; the error says what is missing.
pub fn compile(source: &Path, flags: &[&str], dir: &Path) -> Result<PathBuf, String> {
    let name = source.file_stem().unwrap_or(source.as_os_str());
    let program = dir.join(name);
    run(Command::new("cc")
        .args(["-O2", "-Wall", "-Wextra", "-Werror", "-o"])
        .arg(&program)
        .arg(source)
        .args(flags))?;
    Ok(program)
}

/// Runs a compiler tool; the error has its output.
pub fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let first = said.lines().find(|line| line.contains("rror")).unwrap_or_default();
    Err(format!("{name}: {}: {first}", output.status))
}
