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
        let message = match message {
            Some(message) => wire.type_with_lifetime(text, here, message, "'a")?,
            None => "()".to_owned(),
        };
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
    let descriptors = if annotations.carries_descriptors(here, &topic) {
        ", with descriptors"
    } else {
        ""
    };
    let reply = match procedure.ret {
        Some(reply) => {
            let reply = wire.type_with_lifetime(text, here, reply, "'static")?;
            format!(" => {reply}")
        }
        None => String::new(),
    };
    text.import("crate::protocol", "procedure");
    text.line("procedure! {");
    text.line(format!("    /// `{api}` (procedure {number})"));
    let sets_of_flags = constants.flags.get(procedure.name);
    // A single set is the field's type.
    if let Some(several) = sets_of_flags.filter(|sets| sets.len() > 1) {
        let links: Vec<String> = several.iter().filter_map(|set| sets.link(set)).collect();
        text.line("    ///");
        text.line(format!("    /// `flags`: {}", links.join(",\n    /// ")));
    }
    let line = format!(" = {number} in PROGRAM{reply},");
    if let Some(args) = procedure.args {
        wire.body(text, here, args, &line)?;
    } else {
        text.define(&name);
        text.line(format!("    struct {name} {{}}{line}"));
    }
    let function = notes.api.as_ref().map(|api| format!("for \"{api}\" ")).unwrap_or_default();
    text.line(format!(
        "    {function}since \"{since}\", {priority}{stream}{long}{descriptors}"
    ));
    text.line("}");
    Ok(())
}

/// Writes the line with number and types, in two lines if it is too long for one.
fn head(text: &mut Text, number: &str, types: &str) {
    if number.len() + types.len() + 5 <= 100 {
        text.line(format!("    {number} {types}"));
    } else {
        text.line(format!("    {number}"));
        text.line(format!("        {types}"));
    }
}
