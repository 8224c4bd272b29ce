//! Procedures and events as invocations of the library's macros.

use super::names::camel;
use super::sets::Sets;
use super::text::Text;
use super::wire::Wire;
use crate::constants::Constants;
use crate::error::{Error, Result};
use crate::xdr::{Procedure, Program};

/// Writes a procedure or an event.
pub fn procedure(
    text: &mut Text,
    wire: &Wire<'_>,
    sets: &Sets<'_>,
    constants: &Constants,
    program: &Program<'_>,
    procedure: &Procedure<'_>,
) -> Result<()> {
    let here = program.name;
    let topic = procedure.topic();
    let name = camel(&topic);
    let number = procedure.number;
    if here == "remote" {
        text.import("super", "PROGRAM");
    }
    text.gap();
    if let Some(message) = procedure.message {
        let message = wire.type_with_lifetime(text, here, message)?;
        text.import("crate::protocol", "event");
        text.line("event! {");
        text.line(format!("    /// `{}` (procedure {number})", procedure.name));
        head(text, &format!("{name}<'a> = {number} in PROGRAM:"), &message);
        text.line("}");
        return Ok(());
    }
    let annotations = wire.annotations;
    let notes = procedure.notes;
    let api = notes.api.as_deref().unwrap_or(procedure.name);
    let since = notes.since.as_deref().or(annotations.since(here, &topic)).ok_or_else(|| {
        Error::invalid(format!(
            "the first release of {} is not known: write it into annotations.toml, \
                 [since.{here}]",
            procedure.name
        ))
    })?;
    let priority = match notes.priority.as_deref() {
        Some("high") => "High",
        Some("low") | None => "Low",
        Some(other) => {
            return Err(Error::invalid(format!(
                "{} has the unknown priority {other}",
                procedure.name
            )));
        }
    };
    let stream = match annotations.stream(here, &topic) {
        Some("read") => ", stream Read",
        Some("write") => ", stream Write",
        Some(other) => {
            return Err(Error::invalid(format!(
                "annotations.toml says that {} opens a {other} stream; it is read or write",
                procedure.name
            )));
        }
        None if notes.readstream.is_some() => ", stream Read",
        None if notes.writestream.is_some() => ", stream Write",
        None => "",
    };
    let long = annotations
        .waits_for(here, &topic)
        .map(|what| format!(", waits for {what}"))
        .unwrap_or_default();
    let args = wire.type_with_lifetime(text, here, procedure.args)?;
    let ret = wire.type_with_lifetime(text, here, procedure.ret)?;
    text.import("crate::protocol", "procedure");
    text.line("procedure! {");
    text.line(format!("    /// `{api}` (procedure {number})"));
    let flags: Vec<String> = constants
        .flags
        .get(procedure.name)
        .into_iter()
        .flatten()
        .filter_map(|set| sets.link(set))
        .collect();
    if !flags.is_empty() {
        text.line("    ///");
        text.line(format!("    /// `flags`: {}", flags.join(",\n    /// ")));
    }
    head(
        text,
        &format!("{name}<'a> = {number} in PROGRAM:"),
        &format!("{args} => {ret},"),
    );
    text.line(format!("    since \"{since}\", {priority}{stream}{long}"));
    text.line("}");
    Ok(())
}

/// The line that says number and types, in two if it is too long for one.
fn head(text: &mut Text, number: &str, types: &str) {
    if number.len() + types.len() + 5 <= 100 {
        text.line(format!("    {number} {types}"));
    } else {
        text.line(format!("    {number}"));
        text.line(format!("        {types}"));
    }
}
