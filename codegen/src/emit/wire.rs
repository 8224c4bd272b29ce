//! Wire types as invocations of the library's XDR macros.

use std::collections::BTreeMap;

use super::names::{camel, common_prefix, field, grouped};
use super::sets::Sets;
use super::text::Text;
use super::typed::Typed;
use crate::annotations::Annotations;
use crate::constants::Constants;
use crate::error::{Error, Result};
use crate::xdr::model::{Constant, Declaration, Enum, File, Struct, Union};
use crate::xdr::{Bound, Definition, Program, Shape};

/// The only maximum of strings that the library's decoder supports.
const STRING_MAX: u64 = 4_194_304;

/// The Rust names of a definition's types and constants.
#[derive(Debug)]
pub struct Wire<'d> {
    pub(super) definition: &'d Definition,
    pub(super) annotations: &'d Annotations,
    /// C name of a type or constant to its module and Rust name.
    names: BTreeMap<String, (&'static str, String)>,
    typed: Typed,
}

/// The prefixes of each file's names and the module of its types.
const FILES: [(&str, &[&str], &str); 6] = [
    ("remote_protocol", &["remote_", "REMOTE_"], "remote"),
    ("qemu_protocol", &["qemu_", "QEMU_"], "qemu"),
    ("lxc_protocol", &["lxc_", "LXC_"], "lxc"),
    ("admin_protocol", &["admin_", "ADMIN_"], "admin"),
    ("virnetprotocol", &["virNet", "VIR_NET_"], "net"),
    ("virkeepaliveprotocol", &["keepalive_", "KEEPALIVE_"], "keepalive"),
];

/// Returns the module of a definition file.
pub fn module(file: &str) -> Result<&'static str> {
    FILES
        .iter()
        .find(|(name, ..)| *name == file)
        .map(|(.., module)| *module)
        .ok_or_else(|| Error::invalid(format!("{file}.x has no module in the library")))
}

/// Returns a C name without the prefix of all names of its file.
pub fn stripped<'n>(file: &str, name: &'n str) -> &'n str {
    let prefixes = FILES.iter().find(|(name, ..)| *name == file);
    prefixes
        .into_iter()
        .flat_map(|(_, prefixes, _)| *prefixes)
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(name)
}

impl<'d> Wire<'d> {
    /// Names all types and constants. Arguments have the name of their procedure; `Item` is
    /// appended to another type of that name.
    pub fn new(
        definition: &'d Definition,
        annotations: &'d Annotations,
        constants: &Constants,
        sets: &Sets<'_>,
    ) -> Result<Self> {
        let mut names = BTreeMap::new();
        for file in definition.files() {
            let module = module(&file.name)?;
            let mut taken: BTreeMap<String, &str> = BTreeMap::new();
            let program = definition.program(file)?;
            for procedure in program.iter().flat_map(|program| &program.procedures) {
                let rust = camel(&procedure.topic());
                if let Some(other) = taken.insert(rust.clone(), procedure.name) {
                    let message = format!("{other} and {} get one name", procedure.name);
                    return Err(Error::invalid(message));
                }
                if let Some(args) = procedure.args
                    && names.insert(args.name.clone(), (module, rust)).is_some()
                {
                    let message = format!("{} are the arguments of two procedures", args.name);
                    return Err(Error::invalid(message));
                }
            }
            let types = file.structs.iter().map(|item| item.name.as_str());
            let types = types.filter(|name| !names.contains_key(*name));
            let types: Vec<_> = types.collect();
            let types = types.into_iter();
            let types = types
                .chain(file.unions.iter().map(|item| item.name.as_str()))
                .chain(file.enums.iter().map(|item| item.name.as_str()));
            for name in types {
                let mut rust = camel(stripped(&file.name, name));
                if taken.contains_key(&rust) {
                    rust.push_str("Item");
                }
                if let Some(other) = taken.insert(rust.clone(), name) {
                    return Err(Error::invalid(format!("{other} and {name} get one name")));
                }
                names.insert(name.to_owned(), (module, rust));
            }
            for constant in file.constants.iter().filter(|constant| is_limit(constant)) {
                let rust = stripped(&file.name, &constant.name).to_owned();
                names.insert(constant.name.clone(), (module, rust));
            }
        }
        Ok(Self {
            definition,
            annotations,
            names,
            typed: Typed::new(definition, annotations, constants, sets)?,
        })
    }

    /// Returns the Rust name of a type or constant.
    pub fn name(&self, c_name: &str) -> Result<&str> {
        Ok(&self.entry(c_name)?.1)
    }

    fn entry(&self, c_name: &str) -> Result<&(&'static str, String)> {
        self.names
            .get(c_name)
            .ok_or_else(|| Error::invalid(format!("{c_name} has no name in Rust")))
    }

    /// Returns the name of a type or constant for use in `text` and imports it there; `here` is the
    /// module of the text. Types of the same module come from its root.
    pub fn refer(&self, text: &mut Text, here: &str, c_name: &str) -> Result<String> {
        let (module, name) = self.entry(c_name)?;
        if *module == here {
            if here == "remote" {
                text.import("super", name);
            }
        } else {
            text.import(&format!("crate::protocol::{module}"), name);
        }
        Ok(name.clone())
    }

    /// Returns `Name<lifetime>` or `Name`.
    pub fn type_with_lifetime(
        &self,
        text: &mut Text,
        here: &str,
        item: &Struct,
        lifetime: &str,
    ) -> Result<String> {
        let name = self.refer(text, here, &item.name)?;
        Ok(if self.struct_borrows(item)? {
            format!("{name}<{lifetime}>")
        } else {
            name
        })
    }

    /// Returns whether values of a structure may borrow from the message.
    pub fn struct_borrows(&self, item: &Struct) -> Result<bool> {
        for field in &item.fields {
            if self.borrows(&self.definition.shape(field)?)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn borrows(&self, shape: &Shape<'_>) -> Result<bool> {
        Ok(match shape {
            // The macro for unions always takes a lifetime.
            Shape::String(_) | Shape::Opaque(_) | Shape::Union(_) => true,
            Shape::Struct(item) => self.struct_borrows(item)?,
            Shape::Optional(inner) | Shape::Array(_, inner) | Shape::FixedArray(_, inner) => {
                self.borrows(inner)?
            }
            _ => false,
        })
    }

    /// Writes a structure.
    pub fn structure(&self, text: &mut Text, here: &str, item: &Struct) -> Result<()> {
        text.import("crate::xdr", "xdr_struct");
        text.gap();
        text.line("xdr_struct! {");
        text.line(format!("    /// `{}`", item.name));
        self.body(text, here, item, "")?;
        text.line("}");
        Ok(())
    }

    /// Writes a structure's name and fields, and `behind` after them.
    pub fn body(&self, text: &mut Text, here: &str, item: &Struct, behind: &str) -> Result<()> {
        let (_, name) = self.entry(&item.name)?;
        text.define(name);
        let lifetime = if self.struct_borrows(item)? {
            "<'a>"
        } else {
            ""
        };
        let secret = if self.annotations.secret.contains(&item.name) {
            "secret "
        } else {
            ""
        };
        if item.fields.is_empty() {
            text.line(format!("    {secret}struct {name}{lifetime} {{}}{behind}"));
            return Ok(());
        }
        text.line(format!("    {secret}struct {name}{lifetime} {{"));
        for declaration in &item.fields {
            let (ty, max) = self.field(text, here, &item.name, declaration)?;
            let max = max.map_or_else(String::new, |max| format!(" = {max}"));
            text.line(format!("        {}: {ty}{max},", field(&declaration.name)));
        }
        text.line(format!("    }}{behind}"));
        Ok(())
    }

    /// Returns the type of a field, and its declared maximum where the type has none of its own.
    fn field(
        &self,
        text: &mut Text,
        here: &str,
        owner: &str,
        declaration: &Declaration,
    ) -> Result<(String, Option<String>)> {
        if let Some((module, name)) = self.typed.get(owner, &declaration.name) {
            text.import("crate::types", module);
            return Ok((format!("{module}::{name}"), None));
        }
        let unsupported = || {
            Error::invalid(format!(
                "the library has no type for `{}`",
                crate::xdr::declaration(declaration)
            ))
        };
        Ok(match self.definition.shape(declaration)? {
            Shape::Opaque(max) => {
                text.import("std::borrow", "Cow");
                let max = self.maximum(text, here, max)?;
                ("Cow<'a, [u8]>".into(), Some(max))
            }
            Shape::Array(max, element) => {
                let ty = if *element == Shape::Char {
                    text.import("crate::xdr", "CharVec");
                    "CharVec".into()
                } else {
                    let element = self.rust_type(text, here, &element)?.ok_or_else(unsupported)?;
                    format!("Vec<{element}>")
                };
                (ty, Some(self.maximum(text, here, max)?))
            }
            shape => {
                let ty = self.rust_type(text, here, &shape)?.ok_or_else(unsupported)?;
                (ty, None)
            }
        })
    }

    /// Returns the Rust type of a shape that needs no maximum beside it.
    fn rust_type(&self, text: &mut Text, here: &str, shape: &Shape<'_>) -> Result<Option<String>> {
        Ok(Some(match shape {
            Shape::Int | Shape::Bool => "i32".into(),
            Shape::UnsignedInt => "u32".into(),
            Shape::Hyper => "i64".into(),
            Shape::UnsignedHyper => "u64".into(),
            Shape::Short => "i16".into(),
            Shape::UnsignedShort => "u16".into(),
            Shape::Char => "i8".into(),
            Shape::UnsignedChar => "u8".into(),
            Shape::Double => "f64".into(),
            Shape::Enum(item) => self.refer(text, here, &item.name)?,
            Shape::Union(item) => format!("{}<'a>", self.refer(text, here, &item.name)?),
            Shape::Struct(item) => self.type_with_lifetime(text, here, item, "'a")?,
            Shape::String(max) if max.value == STRING_MAX => {
                text.import("crate::xdr", "WireStr");
                "WireStr<'a>".into()
            }
            Shape::FixedOpaque(size, via)
                if size.value == 16
                    && via.is_some_and(|via| via.to_lowercase().ends_with("uuid")) =>
            {
                text.import("uuid", "Uuid");
                "Uuid".into()
            }
            Shape::FixedOpaque(size, _) => format!("[u8; {}]", size.value),
            Shape::FixedArray(size, element) if **element == Shape::Char => {
                text.import("crate::xdr", "CharArray");
                format!("CharArray<{}>", size.value)
            }
            Shape::Optional(inner) => {
                let Some(inner) = self.rust_type(text, here, inner)? else {
                    return Ok(None);
                };
                format!("Option<{inner}>")
            }
            Shape::Void
            | Shape::Float
            | Shape::String(_)
            | Shape::Opaque(_)
            | Shape::Array(..)
            | Shape::FixedArray(..) => return Ok(None),
        }))
    }

    fn maximum(&self, text: &mut Text, here: &str, max: Bound<'_>) -> Result<String> {
        match max.name.filter(|name| self.names.contains_key(*name)) {
            Some(name) => self.refer(text, here, name),
            None => Ok(grouped(max.value)),
        }
    }

    /// Writes a union.
    pub fn union(&self, text: &mut Text, here: &str, item: &Union) -> Result<()> {
        let (_, name) = self.entry(&item.name)?;
        text.define(name);
        if item.default.is_some() || item.arms.iter().any(|arm| arm.cases.len() != 1) {
            return Err(Error::invalid(format!(
                "the library's macro for unions cannot express {}",
                item.name
            )));
        }
        let cases: Vec<&str> = item
            .arms
            .iter()
            .flat_map(|arm| &arm.cases)
            .filter_map(|case| match case {
                crate::xdr::model::Value::Name(name) => Some(name.as_str()),
                crate::xdr::model::Value::Number(_) => None,
            })
            .collect();
        let prefix = common_prefix(&cases);
        text.import("crate::xdr", "xdr_union");
        text.gap();
        text.line("xdr_union! {");
        text.line(format!("    /// `{}`", item.name));
        text.line(format!("    union {name}<'a> {{"));
        for arm in &item.arms {
            for case in &arm.cases {
                let number = self.definition.number(case)?;
                let variant = match case {
                    crate::xdr::model::Value::Name(name) => {
                        camel(name.strip_prefix(prefix).unwrap_or(name))
                    }
                    crate::xdr::model::Value::Number(_) => camel(&arm.body.name),
                };
                let (ty, max) = self.field(text, here, &item.name, &arm.body)?;
                if max.is_some() {
                    return Err(Error::invalid(format!(
                        "the library's macro for unions cannot express {}",
                        item.name
                    )));
                }
                text.line(format!("        {variant}({ty}) = {number},"));
            }
        }
        text.line("    }");
        text.line("}");
        Ok(())
    }

    /// Writes an enumeration.
    pub fn enumeration(&self, text: &mut Text, item: &Enum) -> Result<()> {
        let (_, name) = self.entry(&item.name)?;
        text.define(name);
        let members: Vec<&str> = item.members.iter().map(|member| member.name.as_str()).collect();
        let prefix = common_prefix(&members);
        text.import("crate::types", "open_enum");
        text.gap();
        text.line("open_enum! {");
        text.line(format!("    /// `{}`", item.name));
        text.line(format!("    enum {name} {{"));
        for member in &item.members {
            let variant = camel(member.name.strip_prefix(prefix).unwrap_or(&member.name));
            let value = self.definition.number(&member.value)?;
            text.line(format!("        {variant} = {value} => \"{}\",", member.name));
        }
        text.line("    }");
        text.line("}");
        Ok(())
    }

    /// Writes the limits that a file declares.
    pub fn limits(&self, text: &mut Text, file: &File) -> Result<()> {
        for constant in file.constants.iter().filter(|constant| is_limit(constant)) {
            let (_, name) = self.entry(&constant.name)?;
            text.define(name);
            let value = self.definition.constant(constant)?;
            let value = u64::try_from(value)
                .map_err(|_| Error::invalid(format!("{} is negative", constant.name)))?;
            text.gap();
            text.line(format!("/// `{}`", constant.name));
            text.line(format!("pub const {name}: usize = {};", grouped(value)));
        }
        Ok(())
    }

    /// Writes the constant of a program.
    pub fn program(&self, text: &mut Text, program: &Program<'_>) {
        let digits = format!("{:08x}", program.number);
        let (high, low) = digits.split_at(4);
        text.import("crate::protocol", "Program");
        text.gap();
        text.line(format!("/// The {} program.", program.name));
        text.line(format!(
            "pub const PROGRAM: Program = Program {{ number: 0x{high}_{low}, version: {}, name: \"{}\" }};",
            program.version, program.name
        ));
    }
}

/// Returns whether a constant limits the number of something in a message.
fn is_limit(constant: &Constant) -> bool {
    !constant.header
        && !constant.name.ends_with("_PROGRAM")
        && !constant.name.ends_with("_PROTOCOL_VERSION")
}
