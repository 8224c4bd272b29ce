//! The files of one release together, with all names resolved.

use std::collections::BTreeMap;

use super::model::{Base, Constant, Declaration, Enum, File, Form, Notes, Struct, Union, Value};
use crate::error::{Error, Result};

/// The files of one release.
#[derive(Debug, Clone)]
pub struct Definition {
    files: Vec<File>,
    constants: BTreeMap<String, i64>,
}

/// A type that has a name.
#[derive(Debug, Clone, Copy)]
pub enum Named<'d> {
    /// A type definition.
    Typedef(&'d Declaration),
    /// An enumeration.
    Enum(&'d Enum),
    /// A union.
    Union(&'d Union),
    /// A structure.
    Struct(&'d Struct),
}

/// A size, with the name of its constant if it was written as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound<'d> {
    /// The number.
    pub value: u64,
    /// The constant.
    pub name: Option<&'d str>,
}

/// The encoding of a declaration, with typedefs resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the variants are the types of RFC 4506")]
pub enum Shape<'d> {
    Void,
    Int,
    UnsignedInt,
    Hyper,
    UnsignedHyper,
    Short,
    UnsignedShort,
    Char,
    UnsignedChar,
    Bool,
    Float,
    Double,
    Enum(&'d Enum),
    Struct(&'d Struct),
    Union(&'d Union),
    /// A string of at most this many bytes.
    String(Bound<'d>),
    /// At most this many bytes.
    Opaque(Bound<'d>),
    /// Exactly this many bytes, and the name of the typedef if there is one.
    FixedOpaque(Bound<'d>, Option<&'d str>),
    /// No element or one.
    Optional(Box<Shape<'d>>),
    /// At most this many elements.
    Array(Bound<'d>, Box<Shape<'d>>),
    /// Exactly this many elements.
    FixedArray(Bound<'d>, Box<Shape<'d>>),
}

/// An RPC program.
#[derive(Debug, Clone)]
pub struct Program<'d> {
    /// The prefix of its names, e.g. `remote`.
    pub name: &'d str,
    /// The number.
    pub number: u32,
    /// The version.
    pub version: u32,
    /// The procedures and events.
    pub procedures: Vec<Procedure<'d>>,
}

/// A procedure, or an event, which has a message instead of arguments and results.
#[derive(Debug, Clone)]
pub struct Procedure<'d> {
    /// The name, e.g. `REMOTE_PROC_DOMAIN_GET_INFO`.
    pub name: &'d str,
    /// The number.
    pub number: u32,
    /// The annotations.
    pub notes: &'d Notes,
    /// The arguments, `None` for void.
    pub args: Option<&'d Struct>,
    /// The results, `None` for void.
    pub ret: Option<&'d Struct>,
    /// The body of the event; the inner option is `None` for void.
    pub message: Option<Option<&'d Struct>>,
}

impl Procedure<'_> {
    /// Returns the name without program and `PROC`, in lower case, e.g. `domain_get_info`.
    pub fn topic(&self) -> String {
        topic(self.name)
    }
}

fn topic(procedure: &str) -> String {
    let name = procedure.split_once("_PROC_").map_or(procedure, |(_, name)| name);
    name.to_lowercase()
}

/// The maximum of sizes without a limit, from the range of the count.
const UNLIMITED: u64 = u32::MAX as u64;

impl Definition {
    /// Combines files. `headers` has the constants from headers.
    pub fn new(files: Vec<File>, headers: &BTreeMap<String, i64>) -> Result<Self> {
        let mut constants = headers.clone();
        let enumerators = |file: &File| -> Vec<(String, Value)> {
            file.enums
                .iter()
                .flat_map(|set| &set.members)
                .map(|member| (member.name.clone(), member.value.clone()))
                .collect()
        };
        let mut open: Vec<(String, Value)> = files
            .iter()
            .flat_map(|file| {
                let constants = file.constants.iter();
                constants
                    .map(|constant| (constant.name.clone(), constant.value.clone()))
                    .chain(enumerators(file))
                    .collect::<Vec<_>>()
            })
            .collect();
        // Constants may refer to later ones.
        loop {
            let before = open.len();
            open.retain(|(name, value)| {
                let known = match value {
                    Value::Number(number) => Some(*number),
                    Value::Name(other) => constants.get(other).copied(),
                };
                if let Some(number) = known {
                    constants.insert(name.clone(), number);
                }
                known.is_none()
            });
            if open.len() == before {
                break;
            }
        }
        if let Some((name, Value::Name(other))) = open.first() {
            return Err(Error::invalid(format!(
                "the constant {name} is {other}, which neither the definition nor the headers define"
            )));
        }
        Ok(Self { files, constants })
    }

    /// Returns the files.
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// Returns the file of that name.
    pub fn file(&self, name: &str) -> Option<&File> {
        self.files.iter().find(|file| file.name == name)
    }

    /// Returns the number of a value.
    pub fn number(&self, value: &Value) -> Result<i64> {
        match value {
            Value::Number(number) => Ok(*number),
            Value::Name(name) => self.constants.get(name).copied().ok_or_else(|| {
                Error::invalid(format!(
                    "neither the definition nor the headers define the constant {name}"
                ))
            }),
        }
    }

    /// Returns the value of a constant of a file.
    pub fn constant(&self, constant: &Constant) -> Result<i64> {
        self.number(&constant.value)
    }

    /// Returns the type of that name.
    pub fn named(&self, name: &str) -> Option<Named<'_>> {
        self.files.iter().find_map(|file| {
            let typedef = file.typedefs.iter().find(|item| item.name == name);
            let structure = file.structs.iter().find(|item| item.name == name);
            let set = file.enums.iter().find(|item| item.name == name);
            let union = file.unions.iter().find(|item| item.name == name);
            typedef
                .map(Named::Typedef)
                .or(structure.map(Named::Struct))
                .or(set.map(Named::Enum))
                .or(union.map(Named::Union))
        })
    }

    /// Returns the structure of that name.
    pub fn structure(&self, name: &str) -> Option<&Struct> {
        match self.named(name) {
            Some(Named::Struct(item)) => Some(item),
            _ => None,
        }
    }

    /// Returns the encoding of a declaration.
    pub fn shape<'d>(&'d self, declaration: &'d Declaration) -> Result<Shape<'d>> {
        self.shape_within(declaration, None, 0)
    }

    /// Returns the encoding of a named type.
    pub fn shape_of(&self, name: &str) -> Result<Shape<'_>> {
        self.named_shape(name, 0)
    }

    fn named_shape(&self, name: &str, depth: u32) -> Result<Shape<'_>> {
        if depth > 64 {
            return Err(Error::invalid(format!("the type {name} contains itself")));
        }
        Ok(match self.named(name) {
            Some(Named::Typedef(inner)) => {
                self.shape_within(inner, Some(&inner.name), depth + 1)?
            }
            Some(Named::Enum(item)) => Shape::Enum(item),
            Some(Named::Union(item)) => Shape::Union(item),
            Some(Named::Struct(item)) => Shape::Struct(item),
            None => {
                return Err(Error::invalid(format!("the type {name} is not defined")));
            }
        })
    }

    fn shape_within<'d>(
        &'d self,
        declaration: &'d Declaration,
        typedef: Option<&'d str>,
        depth: u32,
    ) -> Result<Shape<'d>> {
        let bound = |value: &'d Value| -> Result<Bound<'d>> {
            let number = self.number(value)?;
            Ok(Bound {
                value: u64::try_from(number).map_err(|_| {
                    Error::invalid(format!("the size of {} is negative", declaration.name))
                })?,
                name: match value {
                    Value::Name(name) => Some(name),
                    Value::Number(_) => None,
                },
            })
        };
        let max = |max: &'d Option<Value>| match max {
            Some(value) => bound(value),
            None => Ok(Bound { value: UNLIMITED, name: None }),
        };
        let element = match (&declaration.base, &declaration.form) {
            (Base::String, Form::Variable(size)) => return Ok(Shape::String(max(size)?)),
            (Base::Opaque, Form::Variable(size)) => return Ok(Shape::Opaque(max(size)?)),
            (Base::Opaque, Form::Fixed(size)) => {
                return Ok(Shape::FixedOpaque(bound(size)?, typedef));
            }
            (Base::String | Base::Opaque, _) => {
                return Err(Error::invalid(format!("{} has no size", declaration.name)));
            }
            (Base::Void, _) => Shape::Void,
            (Base::Int, _) => Shape::Int,
            (Base::UnsignedInt, _) => Shape::UnsignedInt,
            (Base::Hyper, _) => Shape::Hyper,
            (Base::UnsignedHyper, _) => Shape::UnsignedHyper,
            (Base::Short, _) => Shape::Short,
            (Base::UnsignedShort, _) => Shape::UnsignedShort,
            (Base::Char, _) => Shape::Char,
            (Base::UnsignedChar, _) => Shape::UnsignedChar,
            (Base::Bool, _) => Shape::Bool,
            (Base::Float, _) => Shape::Float,
            (Base::Double, _) => Shape::Double,
            (Base::Named(name), _) => self.named_shape(name, depth)?,
        };
        Ok(match &declaration.form {
            Form::One => element,
            Form::Optional => Shape::Optional(Box::new(element)),
            Form::Fixed(size) => Shape::FixedArray(bound(size)?, Box::new(element)),
            Form::Variable(size) => Shape::Array(max(size)?, Box::new(element)),
        })
    }

    /// Returns the program of a file, if it has procedures.
    pub fn program<'d>(&'d self, file: &'d File) -> Result<Option<Program<'d>>> {
        let Some(procedures) = &file.procedures else {
            return Ok(None);
        };
        let name = procedures.name.strip_suffix("_procedure").unwrap_or(&procedures.name);
        let constant = |suffix: &str| {
            let wanted = format!("{}_{suffix}", name.to_uppercase());
            let number = self.number(&Value::Name(wanted.clone()))?;
            u32::try_from(number)
                .map_err(|_| Error::invalid(format!("{wanted} does not fit 32 bits")))
        };
        let mut list = Vec::new();
        for procedure in &procedures.list {
            let number = u32::try_from(self.number(&procedure.number)?).map_err(|_| {
                Error::invalid(format!("the number of {} is negative", procedure.name))
            })?;
            let part = |suffix: &str| {
                self.structure(&format!("{name}_{}_{suffix}", topic(&procedure.name)))
            };
            let message = part("msg");
            list.push(Procedure {
                name: &procedure.name,
                number,
                notes: &procedure.notes,
                args: part("args"),
                ret: part("ret"),
                // Keepalive has only messages, and they are empty.
                message: match message {
                    Some(message) => Some(Some(message)),
                    None if name == "keepalive" => Some(None),
                    None => None,
                },
            });
        }
        Ok(Some(Program {
            name,
            number: constant("PROGRAM")?,
            version: constant("PROTOCOL_VERSION")?,
            procedures: list,
        }))
    }

    /// Returns all programs.
    pub fn programs(&self) -> Result<Vec<Program<'_>>> {
        let programs = self.files.iter().map(|file| self.program(file));
        Ok(programs.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }

    /// Checks that all names that the files use are defined.
    pub fn verify(&self) -> Result<()> {
        for file in &self.files {
            for typedef in &file.typedefs {
                self.shape(typedef)?;
            }
            for field in file.structs.iter().flat_map(|item| &item.fields) {
                self.shape(field)?;
            }
            for union in &file.unions {
                self.shape(&union.discriminant)?;
                for arm in &union.arms {
                    self.shape(&arm.body)?;
                    arm.cases.iter().try_for_each(|case| self.number(case).map(drop))?;
                }
            }
            self.program(file)?;
        }
        Ok(())
    }
}
