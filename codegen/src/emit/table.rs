//! The table of all wire types for the library's tests.

use super::names::field;
use super::sets::FEATURES;
use super::text::Text;
use super::wire::{Wire, module};
use crate::error::Result;
use crate::xdr::model::Declaration;
use crate::xdr::{Definition, Shape};

/// Generates the file `wire_table.rs`.
pub fn table(wire: &Wire<'_>) -> Result<String> {
    let mut text = Text::default();
    text.line("rows! {");
    for file in wire.definition.files() {
        let module = module(&file.name)?;
        if file.structs.is_empty() && file.unions.is_empty() {
            continue;
        }
        if FEATURES.contains(&module) {
            text.line(format!("    #[cfg(feature = \"{module}\")]"));
        }
        text.line(format!("    {module} {{"));
        for union in &file.unions {
            row(&mut text, &union.name, wire.name(&union.name)?, &[]);
        }
        for item in &file.structs {
            let fields = bounded(wire.definition, &item.fields)?;
            row(&mut text, &item.name, wire.name(&item.name)?, &fields);
        }
        text.line("    }");
    }
    text.line("}");
    Ok(text.finish(&[]))
}

fn row(text: &mut Text, c_name: &str, name: &str, fields: &[String]) {
    let mut line = format!("        \"{c_name}\" {name} [");
    // Room for the end of the row.
    if line.len() + 2 > 100 {
        text.line(format!("        \"{c_name}\""));
        line = format!("            {name} [");
    }
    for (at, field) in fields.iter().enumerate() {
        let comma = if at + 1 < fields.len() { "," } else { "" };
        if line.len() + field.len() + 4 > 100 {
            text.line(line.trim_end());
            line = String::from("            ");
        }
        line.push_str(field);
        line.push_str(comma);
        if !comma.is_empty() {
            line.push(' ');
        }
    }
    line.push_str("],");
    text.line(line);
}

/// Returns the fields that must be rejected when they are too long, with their maxima.
fn bounded(definition: &Definition, fields: &[Declaration]) -> Result<Vec<String>> {
    let mut out = Vec::new();
    for declaration in fields {
        let shape = definition.shape(declaration)?;
        let inner = match &shape {
            Shape::Optional(inner) => inner,
            shape => shape,
        };
        if let Shape::String(max) | Shape::Opaque(max) | Shape::Array(max, _) = inner {
            out.push(format!("{}: {}", field(&declaration.name), max.value));
        }
    }
    Ok(out)
}
