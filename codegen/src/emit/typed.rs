//! Fields of wire types that are numbers in the protocol, and members of a public set in the API.

use std::collections::BTreeMap;

use super::sets::Sets;
use crate::annotations::Annotations;
use crate::constants::Constants;
use crate::error::{Error, Result};
use crate::xdr::model::Struct;
use crate::xdr::{Definition, Shape};

/// Structure and field in C to module and name of the Rust type.
#[derive(Debug)]
pub struct Typed(BTreeMap<(String, String), (String, String)>);

impl Typed {
    /// Collects `flags` of procedures that are documented with exactly one set, and the
    /// annotations' fields.
    pub fn new(
        definition: &Definition,
        annotations: &Annotations,
        constants: &Constants,
        sets: &Sets<'_>,
    ) -> Result<Self> {
        let mut named: BTreeMap<(&str, &str), &str> = BTreeMap::new();
        let mut structs: BTreeMap<&str, &Struct> = BTreeMap::new();
        for file in definition.files() {
            structs.extend(file.structs.iter().map(|item| (item.name.as_str(), item)));
            let program = definition.program(file)?;
            for procedure in program.iter().flat_map(|program| &program.procedures) {
                if let Some([set]) = constants.flags.get(procedure.name).map(Vec::as_slice)
                    && let Some(args) = procedure.args
                    && args.fields.iter().any(|field| field.name == "flags")
                {
                    named.insert((&args.name, "flags"), set);
                }
            }
        }
        for (name, fields) in &annotations.fields {
            for (field, set) in fields {
                named.insert((name, field), set);
            }
        }
        let mut typed = BTreeMap::new();
        for ((name, field), set) in named {
            let wrong = |what: &str| {
                Error::invalid(format!("annotations.toml: {name}.{field} = {set}: {what}"))
            };
            let item = structs.get(name).ok_or_else(|| wrong("no such structure"))?;
            let declaration = item.fields.iter().find(|declaration| declaration.name == field);
            let declaration = declaration.ok_or_else(|| wrong("no such field"))?;
            if !matches!(definition.shape(declaration)?, Shape::Int | Shape::UnsignedInt) {
                return Err(wrong("the field is not an integer of 32 bits"));
            }
            let (module, rust) = sets.place(set).ok_or_else(|| wrong("no such set"))?;
            let place = (module.to_owned(), rust.to_owned());
            typed.insert((name.to_owned(), field.to_owned()), place);
        }
        Ok(Self(typed))
    }

    /// Returns module and name of a field's type, if it has one.
    pub fn get(&self, structure: &str, field: &str) -> Option<(&str, &str)> {
        let place = self.0.get(&(structure.to_owned(), field.to_owned()))?;
        Some((&place.0, &place.1))
    }
}
