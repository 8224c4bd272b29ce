//! Differences between the wires that two definitions describe.

use std::collections::BTreeSet;

use super::{Kind, Report};
use crate::error::Result;
use crate::xdr::model::{Declaration, Enum, File, Struct, Union};
use crate::xdr::{Bound, Definition, Named, Procedure, Shape, declaration};

/// Compares file by file, the older definition first.
pub(super) fn compare(old: &Definition, new: &Definition, report: &mut Report) -> Result<()> {
    let mut comparison = Comparison { old, new, report };
    let pairs = pairs(old, new);
    for (old, new) in &pairs {
        match (old, new) {
            (Some(old), Some(new)) => comparison.files(old, new)?,
            (Some(old), None) => comparison.report.push(Kind::Removed, &old.name),
            (None, Some(new)) => comparison.report.push(Kind::Added, &new.name),
            (None, None) => {}
        }
    }
    Ok(())
}

type Pair<'d> = (Option<&'d File>, Option<&'d File>);

/// Pairs files of the same name, and the only two that are left over.
fn pairs<'d>(old: &'d Definition, new: &'d Definition) -> Vec<Pair<'d>> {
    let alone = |file: &&File, other: &Definition| other.file(&file.name).is_none();
    let gone: Vec<&File> = old.files().iter().filter(|file| alone(file, new)).collect();
    let come: Vec<&File> = new.files().iter().filter(|file| alone(file, old)).collect();
    let common = old.files().iter().filter(|file| !alone(file, new));
    let mut pairs: Vec<Pair<'d>> = common.map(|file| (Some(file), new.file(&file.name))).collect();
    if let ([one], [other]) = (&gone[..], &come[..]) {
        pairs.push((Some(one), Some(other)));
    } else {
        pairs.extend(gone.into_iter().map(|file| (Some(file), None)));
        pairs.extend(come.into_iter().map(|file| (None, Some(file))));
    }
    pairs
}

struct Comparison<'d, 'r> {
    old: &'d Definition,
    new: &'d Definition,
    report: &'r mut Report,
}

impl<'d> Comparison<'d, '_> {
    fn files(&mut self, old: &'d File, new: &'d File) -> Result<()> {
        self.constants(old, new)?;
        self.types(old, new)?;
        self.programs(old, new)
    }

    fn constants(&mut self, old: &File, new: &File) -> Result<()> {
        // Constants from headers are compared where they are used.
        for constant in old.constants.iter().filter(|constant| !constant.header) {
            let before = self.old.constant(constant)?;
            match new.constants.iter().find(|other| other.name == constant.name) {
                None => {
                    let what = format!("const {} = {before}", constant.name);
                    self.report.push(Kind::Removed, what);
                }
                Some(other) => {
                    let now = self.new.constant(other)?;
                    if now != before {
                        let what = format!("const {}: {before}, now {now}", constant.name);
                        self.report.push(Kind::Changed, what);
                    }
                }
            }
        }
        for constant in new.constants.iter().filter(|constant| !constant.header) {
            if !old.constants.iter().any(|other| other.name == constant.name) {
                let now = self.new.constant(constant)?;
                let what = format!("const {} = {now}", constant.name);
                self.report.push(Kind::Added, what);
            }
        }
        Ok(())
    }

    fn types(&mut self, old: &'d File, new: &'d File) -> Result<()> {
        // A type that procedures use may change its name; its content is compared there.
        let used = used(self.old, old)?;
        for name in names(old) {
            match (self.old.named(name), self.new.named(name)) {
                (Some(before), Some(now)) => {
                    if let Some(difference) = self.named(before, now)? {
                        self.report.push(Kind::Changed, format!("{name}: {difference}"));
                    } else if let (Named::Enum(before), Named::Enum(now)) = (before, now)
                        && now.members.len() > before.members.len()
                    {
                        self.report.push(Kind::Added, format!("members of {name}"));
                    } else if let (Named::Union(before), Named::Union(now)) = (before, now)
                        && now.arms.len() > before.arms.len()
                    {
                        self.report.push(Kind::Added, format!("arms of {name}"));
                    }
                }
                (Some(_), None) if !used.contains(name) => {
                    self.report.push(Kind::Removed, format!("type {name}"));
                }
                _ => {}
            }
        }
        for name in names(new) {
            if self.old.named(name).is_none() {
                self.report.push(Kind::Added, format!("type {name}"));
            }
        }
        Ok(())
    }

    fn programs(&mut self, old: &'d File, new: &'d File) -> Result<()> {
        let (before, now) = (self.old.program(old)?, self.new.program(new)?);
        let (before, now) = match (before, now) {
            (Some(before), Some(now)) => (before, now),
            (None, None) => return Ok(()),
            (Some(before), None) => {
                let what = format!("program {}", before.name);
                self.report.push(Kind::Removed, what);
                return Ok(());
            }
            (None, Some(now)) => {
                self.report.push(Kind::Added, format!("program {}", now.name));
                return Ok(());
            }
        };
        for procedure in &before.procedures {
            let number = procedure.number;
            let Some(other) = now.procedures.iter().find(|other| other.number == number) else {
                let what = format!("procedure {number} {}", procedure.name);
                self.report.push(Kind::Removed, what);
                continue;
            };
            if let Some(difference) = self.procedure(procedure, other)? {
                let what = format!("procedure {number} {}: {difference}", procedure.name);
                self.report.push(Kind::Changed, what);
            } else if procedure.name != other.name {
                let what = format!("procedure {number} {}, now {}", procedure.name, other.name);
                self.report.push(Kind::Renamed, what);
            }
        }
        for procedure in &now.procedures {
            let number = procedure.number;
            if !before.procedures.iter().any(|other| other.number == number) {
                let what = format!("procedure {number} {}", procedure.name);
                self.report.push(Kind::Added, what);
            }
        }
        Ok(())
    }

    fn procedure(&self, before: &Procedure<'d>, now: &Procedure<'d>) -> Result<Option<String>> {
        if before.message.is_some() != now.message.is_some() {
            return Ok(Some("a call became an event, or the other way round".into()));
        }
        for (part, before, now) in [
            ("arguments", before.args, now.args),
            ("results", before.ret, now.ret),
            ("message", before.message.flatten(), now.message.flatten()),
        ] {
            let difference = match (before, now) {
                (Some(before), Some(now)) => {
                    self.shapes(&Shape::Struct(before), &Shape::Struct(now), 0)?
                }
                (None, None) => None,
                (Some(before), None) => Some(format!("{}, now void", before.name)),
                (None, Some(now)) => Some(format!("void, now {}", now.name)),
            };
            if let Some(difference) = difference {
                return Ok(Some(format!("{part}: {difference}")));
            }
        }
        Ok(None)
    }

    fn named(&self, before: Named<'d>, now: Named<'d>) -> Result<Option<String>> {
        match (before, now) {
            (Named::Struct(before), Named::Struct(now)) => self.structs(before, now, 0),
            (Named::Union(before), Named::Union(now)) => self.unions(before, now, 0),
            (Named::Enum(before), Named::Enum(now)) => self.enums(before, now),
            (Named::Typedef(before), Named::Typedef(now)) => self.declarations(before, now, 0),
            _ => Ok(Some("another kind of type".into())),
        }
    }

    fn structs(&self, before: &'d Struct, now: &'d Struct, depth: u32) -> Result<Option<String>> {
        for (field, other) in before.fields.iter().zip(&now.fields) {
            if let Some(difference) = self.declarations(field, other, depth)? {
                return Ok(Some(format!("field {}: {difference}", field.name)));
            }
        }
        Ok((before.fields.len() != now.fields.len())
            .then(|| format!("{} fields, now {}", before.fields.len(), now.fields.len())))
    }

    fn unions(&self, before: &'d Union, now: &'d Union, depth: u32) -> Result<Option<String>> {
        if let Some(difference) =
            self.declarations(&before.discriminant, &now.discriminant, depth)?
        {
            return Ok(Some(format!("discriminant: {difference}")));
        }
        let arms = |definition: &'d Definition, union: &'d Union| -> Result<Vec<_>> {
            let mut arms = Vec::new();
            for arm in &union.arms {
                for case in &arm.cases {
                    arms.push((definition.number(case)?, &arm.body));
                }
            }
            Ok(arms)
        };
        let (old_arms, new_arms) = (arms(self.old, before)?, arms(self.new, now)?);
        for (case, body) in &old_arms {
            let Some((_, other)) = new_arms.iter().find(|(other, _)| other == case) else {
                return Ok(Some(format!("no arm {case} any more")));
            };
            if let Some(difference) = self.declarations(body, other, depth)? {
                return Ok(Some(format!("arm {case}: {difference}")));
            }
        }
        Ok(match (&before.default, &now.default) {
            (None, None) => None,
            (Some(before), Some(now)) => self.declarations(before, now, depth)?,
            _ => Some("a default arm on one side only".into()),
        })
    }

    fn enums(&self, before: &Enum, now: &Enum) -> Result<Option<String>> {
        for member in &before.members {
            let value = self.old.number(&member.value)?;
            let Some(other) = now.members.iter().find(|other| other.name == member.name) else {
                return Ok(Some(format!("no member {} any more", member.name)));
            };
            let other = self.new.number(&other.value)?;
            if other != value {
                return Ok(Some(format!("{}: {value}, now {other}", member.name)));
            }
        }
        Ok(None)
    }

    fn declarations(
        &self,
        before: &'d Declaration,
        now: &'d Declaration,
        depth: u32,
    ) -> Result<Option<String>> {
        let difference = self.shapes(&self.old.shape(before)?, &self.new.shape(now)?, depth)?;
        Ok(difference.map(|difference| {
            if difference.is_empty() {
                format!("`{}`, now `{}`", declaration(before), declaration(now))
            } else {
                difference
            }
        }))
    }

    /// Describes the difference of two encodings; empty if the declarations themselves show it
    /// best.
    fn shapes(&self, before: &Shape<'d>, now: &Shape<'d>, depth: u32) -> Result<Option<String>> {
        let differs = |differs: bool| differs.then(String::new);
        // Types of the same name on both sides are compared once, under their own name.
        let elsewhere = |before: &str, now: &str| {
            depth > 64 || (before == now && self.old.named(now).is_some())
        };
        let deeper = depth + 1;
        Ok(match (before, now) {
            (Shape::Struct(before), Shape::Struct(now)) => {
                if elsewhere(&before.name, &now.name) {
                    None
                } else {
                    self.structs(before, now, deeper)?
                }
            }
            (Shape::Union(before), Shape::Union(now)) => {
                if elsewhere(&before.name, &now.name) {
                    None
                } else {
                    self.unions(before, now, deeper)?
                }
            }
            (Shape::Enum(before), Shape::Enum(now)) => {
                if elsewhere(&before.name, &now.name) {
                    None
                } else {
                    self.enums(before, now)?
                }
            }
            (Shape::Optional(before), Shape::Optional(now)) => self.shapes(before, now, deeper)?,
            (Shape::String(before), Shape::String(now))
            | (Shape::Opaque(before), Shape::Opaque(now)) => sizes(*before, *now),
            (Shape::FixedOpaque(before, _), Shape::FixedOpaque(now, _)) => {
                differs(before.value != now.value)
            }
            (Shape::Array(size, before), Shape::Array(other, now)) => match sizes(*size, *other) {
                None => self.shapes(before, now, deeper)?,
                difference => difference,
            },
            (Shape::FixedArray(size, before), Shape::FixedArray(other, now)) => {
                match differs(size.value != other.value) {
                    None => self.shapes(before, now, deeper)?,
                    difference => difference,
                }
            }
            (before, now) => differs(std::mem::discriminant(before) != std::mem::discriminant(now)),
        })
    }
}

/// Describes the difference of two limits. The same constant on both sides is compared elsewhere.
fn sizes(before: Bound<'_>, now: Bound<'_>) -> Option<String> {
    let same_constant = before.name.is_some() && before.name == now.name;
    (!same_constant && before.value != now.value)
        .then(|| format!("at most {}, now {}", before.value, now.value))
}

/// Returns the names of all types of a file.
fn names(file: &File) -> impl Iterator<Item = &str> {
    let typedefs = file.typedefs.iter().map(|item| item.name.as_str());
    let enums = file.enums.iter().map(|item| item.name.as_str());
    let unions = file.unions.iter().map(|item| item.name.as_str());
    let structs = file.structs.iter().map(|item| item.name.as_str());
    typedefs.chain(enums).chain(unions).chain(structs)
}

/// Returns the types that the procedures of a file use.
fn used(definition: &Definition, file: &File) -> Result<BTreeSet<String>> {
    let mut used = BTreeSet::new();
    let mut open: Vec<&Struct> = Vec::new();
    let program = definition.program(file)?;
    for procedure in program.iter().flat_map(|program| &program.procedures) {
        open.extend(procedure.args);
        open.extend(procedure.ret);
        open.extend(procedure.message.flatten());
    }
    while let Some(item) = open.pop() {
        if !used.insert(item.name.clone()) {
            continue;
        }
        for field in &item.fields {
            if let crate::xdr::model::Base::Named(name) = &field.base {
                mark(definition, name, &mut used, &mut open);
            }
        }
    }
    Ok(used)
}

fn mark<'d>(
    definition: &'d Definition,
    name: &str,
    used: &mut BTreeSet<String>,
    open: &mut Vec<&'d Struct>,
) {
    match definition.named(name) {
        Some(Named::Struct(item)) => open.push(item),
        Some(Named::Typedef(inner)) => {
            used.insert(name.to_owned());
            if let crate::xdr::model::Base::Named(inner) = &inner.base {
                mark(definition, inner, used, open);
            }
        }
        _ => {
            used.insert(name.to_owned());
        }
    }
}
