//! Formatting of definitions in the layout of `protocol/`.

use std::fmt::Write as _;

use super::model::{Base, Declaration, File, Form, Value};
use super::notes;

/// Formats a definition: constants, type definitions, enumerations, unions, structures, procedures.
pub fn print(file: &File, heading: &str) -> String {
    let mut out = format!("/* {heading} */\n");
    for used in &file.uses {
        push(&mut out, format_args!("/* uses {used} */"));
    }
    blank_if(&mut out, !file.constants.is_empty());
    for constant in &file.constants {
        let header = if constant.header { " /* header */" } else { "" };
        let value = match constant.value {
            // Program numbers are known by their hexadecimal form.
            Value::Number(number) if constant.name.ends_with("_PROGRAM") => {
                format!("0x{number:08x}")
            }
            ref other => value(other),
        };
        push(&mut out, format_args!("const {} = {value};{header}", constant.name));
    }
    blank_if(&mut out, !file.typedefs.is_empty());
    for typedef in &file.typedefs {
        push(&mut out, format_args!("typedef {};", declaration(typedef)));
    }
    for set in &file.enums {
        push(&mut out, format_args!("\nenum {} {{", set.name));
        for (at, member) in set.members.iter().enumerate() {
            let comma = if at + 1 < set.members.len() { "," } else { "" };
            push(&mut out, format_args!("    {} = {}{comma}", member.name, value(&member.value)));
        }
        out.push_str("};\n");
    }
    for union in &file.unions {
        push(
            &mut out,
            format_args!("\nunion {} switch ({}) {{", union.name, declaration(&union.discriminant)),
        );
        for arm in &union.arms {
            for case in &arm.cases {
                push(&mut out, format_args!("case {}:", value(case)));
            }
            push(&mut out, format_args!("    {};", declaration(&arm.body)));
        }
        if let Some(default) = &union.default {
            push(&mut out, format_args!("default:\n    {};", declaration(default)));
        }
        out.push_str("};\n");
    }
    for item in &file.structs {
        push(&mut out, format_args!("\nstruct {} {{", item.name));
        for field in &item.fields {
            push(&mut out, format_args!("    {};", declaration(field)));
        }
        out.push_str("};\n");
    }
    if let Some(procedures) = &file.procedures {
        push(&mut out, format_args!("\nenum {} {{", procedures.name));
        for (at, procedure) in procedures.list.iter().enumerate() {
            let comma = if at + 1 < procedures.list.len() {
                ","
            } else {
                ""
            };
            let notes = match notes::write(&procedure.notes) {
                notes if notes.is_empty() => notes,
                notes => format!(" /* {notes} */"),
            };
            push(
                &mut out,
                format_args!("    {} = {}{comma}{notes}", procedure.name, value(&procedure.number)),
            );
        }
        out.push_str("};\n");
    }
    out
}

fn push(out: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{line}");
}

fn blank_if(out: &mut String, wanted: bool) {
    if wanted {
        out.push('\n');
    }
}

fn value(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Name(name) => name.clone(),
    }
}

/// Formats a declaration in XDR, without the semicolon.
pub fn declaration(declaration: &Declaration) -> String {
    let base = base(&declaration.base);
    let name = &declaration.name;
    match &declaration.form {
        Form::One if declaration.base == Base::Void => "void".into(),
        Form::One => format!("{base} {name}"),
        Form::Optional => format!("{base} *{name}"),
        Form::Fixed(size) => format!("{base} {name}[{}]", value(size)),
        Form::Variable(Some(max)) => format!("{base} {name}<{}>", value(max)),
        Form::Variable(None) => format!("{base} {name}<>"),
    }
}

fn base(base: &Base) -> &str {
    match base {
        Base::Int => "int",
        Base::UnsignedInt => "unsigned int",
        Base::Hyper => "hyper",
        Base::UnsignedHyper => "unsigned hyper",
        Base::Short => "short",
        Base::UnsignedShort => "unsigned short",
        Base::Char => "char",
        Base::UnsignedChar => "unsigned char",
        Base::Bool => "bool",
        Base::Float => "float",
        Base::Double => "double",
        Base::String => "string",
        Base::Opaque => "opaque",
        Base::Void => "void",
        Base::Named(name) => name,
    }
}
