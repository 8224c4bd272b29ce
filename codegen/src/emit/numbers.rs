//! The names of the remote program's procedures by number, for who answers calls.

use super::names::camel;
use super::text::Text;
use crate::error::Result;
use crate::project::Project;

/// Generates the file `procedures.rs`.
pub fn procedures(project: &Project) -> Result<String> {
    let mut text = Text::default();
    text.line("/// The numbers of the procedures, ascending, with the names that errors have.");
    text.line("pub(crate) const PROCEDURES: &[(u32, &str)] = &[");
    for program in project.definition.programs()?.iter().filter(|it| it.name == "remote") {
        for procedure in program.procedures.iter().filter(|it| it.message.is_none()) {
            let own = camel(&procedure.topic());
            let name = procedure.notes.api.as_ref().unwrap_or(&own);
            text.line(format!("    ({}, \"{name}\"),", procedure.number));
        }
    }
    text.line("];");
    Ok(text.finish(&["The remote program's procedures."]))
}
