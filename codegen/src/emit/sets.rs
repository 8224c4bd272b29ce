//! Public enumerations and flag sets.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{bits, camel, common_prefix, grouped};
use super::text::Text;
use crate::annotations::Annotations;
use crate::constants::{Constants, Kind, Member, Set};
use crate::error::{Error, Result};
use crate::words::{ABOUT, NUMBERS, Words};

/// The modules and names of all sets.
#[derive(Debug)]
pub struct Sets<'c> {
    constants: &'c Constants,
    annotations: &'c Annotations,
    words: &'c Words,
    /// C name to module and Rust name.
    places: BTreeMap<&'c str, (String, String)>,
}

/// Prefixes of C names that tell the object of a set; they are dropped. The first that fits counts.
const OBJECTS: [(&str, &str); 21] = [
    ("virDomainSnapshot", "domain_snapshot"),
    ("virDomainCheckpoint", "domain_checkpoint"),
    ("virDomainQemu", "qemu"),
    ("virConnectDomainQemu", "qemu"),
    ("virConnectDomainEvent", "domain"),
    ("virDomain", "domain"),
    ("virConnect", "connect"),
    ("virNetwork", "network"),
    ("virStoragePool", "storage_pool"),
    ("virStorageVol", "storage_vol"),
    ("virNodeDevice", "node_device"),
    ("virNode", "node"),
    ("virInterface", "interface"),
    ("virNWFilter", "nwfilter"),
    ("virSecret", "secret"),
    ("virStream", "stream"),
    ("virEvent", "event"),
    ("virTypedParameter", "typed_param"),
    ("virAdmConnect", "admin"),
    ("virAdm", "admin"),
    ("virLxc", "lxc"),
];

/// Modules of sets whose name does not tell the object, by header.
const HEADERS: [(&str, &str); 12] = [
    ("libvirt-domain-checkpoint", "domain_checkpoint"),
    ("libvirt-domain-snapshot", "domain_snapshot"),
    ("libvirt-domain", "domain"),
    ("libvirt-network", "network"),
    ("libvirt-storage", "storage_pool"),
    ("libvirt-nodedev", "node_device"),
    ("libvirt-interface", "interface"),
    ("libvirt-nwfilter", "nwfilter"),
    ("libvirt-secret", "secret"),
    ("libvirt-admin", "admin"),
    ("libvirt-qemu", "qemu"),
    ("virterror", "error"),
];

/// Modules whose objects only exist with a feature of the same name.
pub const FEATURES: [&str; 3] = ["admin", "lxc", "qemu"];

impl<'c> Sets<'c> {
    /// Places all sets.
    pub fn new(
        constants: &'c Constants,
        annotations: &'c Annotations,
        words: &'c Words,
    ) -> Result<Self> {
        let mut places = BTreeMap::new();
        let mut taken = BTreeSet::new();
        for set in &constants.sets {
            let place = match annotations.sets.rename.get(&set.name) {
                Some(path) => {
                    let (module, name) = path.split_once("::").ok_or_else(|| {
                        Error::invalid(format!(
                            "annotations.toml renames {} to {path}, which is not module::Name",
                            set.name
                        ))
                    })?;
                    (module.to_owned(), name.to_owned())
                }
                None => place(set),
            };
            if !taken.insert(place.clone()) {
                return Err(Error::invalid(format!(
                    "{} would be a second {}::{}: rename it in annotations.toml, [sets.rename]",
                    set.name, place.0, place.1
                )));
            }
            places.insert(set.name.as_str(), place);
        }
        Ok(Self { constants, annotations, words, places })
    }

    /// Returns a documentation link to a set.
    pub fn link(&self, set: &str) -> Option<String> {
        let (module, name) = self.place(set)?;
        Some(format!("[`crate::types::{module}::{name}`]"))
    }

    /// Returns module and Rust name of a set.
    pub fn place(&self, set: &str) -> Option<(&str, &str)> {
        let (module, name) = self.places.get(set)?;
        Some((module, name))
    }

    /// Returns what needs words: the tables and their members.
    pub fn named(&self) -> Result<Vec<(&'c str, &'c str)>> {
        let numbers = &self.constants.numbers;
        let mut names: Vec<_> =
            numbers.iter().map(|number| (NUMBERS, number.name.as_str())).collect();
        for set in &self.constants.sets {
            names.push((&set.name, ABOUT));
            names.extend(self.members(set)?.into_iter().map(|(_, rest)| (set.name.as_str(), rest)));
        }
        Ok(names)
    }

    /// Returns the modules and their text.
    pub fn modules(&self) -> Result<BTreeMap<String, String>> {
        let mut texts: BTreeMap<&str, Text> = BTreeMap::new();
        for number in &self.constants.numbers {
            let (module, name) = number_place(&number.name, &number.header);
            let text = texts.entry(module).or_default();
            let value = u64::try_from(number.value)
                .map_err(|_| Error::invalid(format!("{} is negative", number.name)))?;
            text.gap();
            text.document("", self.words.of(NUMBERS, &number.name)?);
            constant(text, "", &number.name, number.since.as_deref());
            text.line(format!("pub const {name}: u64 = {};", grouped(value)));
        }
        for set in &self.constants.sets {
            let Some((module, name)) = self.places.get(set.name.as_str()) else {
                continue;
            };
            let text = texts.entry(module).or_default();
            match set.kind {
                Kind::Enum => self.enumeration(text, set, name)?,
                Kind::Flags => self.flags(text, set, name)?,
            }
        }
        let documented = texts.into_iter().map(|(module, text)| {
            let about = format!("Enumerations and flag sets of `{module}`.");
            (module.to_owned(), text.finish(&[&about]))
        });
        Ok(documented.collect())
    }

    fn enumeration(&self, text: &mut Text, set: &Set, name: &str) -> Result<()> {
        text.import("crate::types", "open_enum");
        text.gap();
        text.line("open_enum! {");
        text.document("    ", self.words.of(&set.name, ABOUT)?);
        head(text, "enum", name, set);
        let mut first: BTreeMap<i64, String> = BTreeMap::new();
        let mut aliases = Vec::new();
        for (member, rest) in self.members(set)? {
            let variant = match camel(rest).as_str() {
                // The macro adds a variant of that name, for unknown numbers.
                "Other" => "OtherKind".to_owned(),
                variant if variant.starts_with(|c: char| c.is_ascii_digit()) => {
                    format!("N{variant}")
                }
                variant => variant.to_owned(),
            };
            if let Some(same) = first.get(&member.value) {
                aliases.push((member, rest, same.clone()));
                continue;
            }
            text.document("        ", self.words.of(&set.name, rest)?);
            member_line(text, &format!("{variant} = {}", member.value), member);
            first.insert(member.value, variant);
        }
        text.line("    }");
        text.line("}");
        if !aliases.is_empty() {
            text.gap();
            text.line(format!("impl {name} {{"));
            for (member, alias, same) in aliases {
                text.document("    ", self.words.of(&set.name, alias)?);
                constant(text, "    ", &member.name, member.since.as_deref());
                text.line(format!("    pub const {alias}: Self = Self::{same};"));
            }
            text.line("}");
        }
        Ok(())
    }

    fn flags(&self, text: &mut Text, set: &Set, name: &str) -> Result<()> {
        text.import("crate::types", "flag_set");
        text.gap();
        text.line("flag_set! {");
        text.document("    ", self.words.of(&set.name, ABOUT)?);
        head(text, "flags", name, set);
        let mut zero = Vec::new();
        for (member, rest) in self.members(set)? {
            let flag = if rest.starts_with(|c: char| c.is_ascii_digit()) {
                format!("N{rest}")
            } else {
                rest.to_owned()
            };
            let value = u32::try_from(member.value).map_err(|_| {
                Error::invalid(format!(
                    "{} is no set of 32 flags: say what {} is in annotations.toml, [sets.kinds]",
                    member.name, set.name
                ))
            })?;
            if value == 0 {
                zero.push((member, rest, flag));
                continue;
            }
            text.document("        ", self.words.of(&set.name, rest)?);
            member_line(text, &format!("{flag} = {}", bits(value)), member);
        }
        text.line("    }");
        if !zero.is_empty() {
            text.line("    zero {");
            for (member, rest, flag) in zero {
                text.document("        ", self.words.of(&set.name, rest)?);
                member_line(text, &flag, member);
            }
            text.line("    }");
        }
        text.line("}");
        Ok(())
    }

    /// Returns the members with the rest of their names.
    fn members<'s>(&self, set: &'s Set) -> Result<Vec<(&'s Member, &'s str)>> {
        let names: Vec<&str> = set.members.iter().map(|member| member.name.as_str()).collect();
        let prefixes = self.annotations.sets.prefixes.get(&set.name);
        let mut common = common_prefix(&names);
        if let [name] = names[..] {
            common = own_prefix(&set.name, name);
        }
        let mut out = Vec::new();
        let mut taken = BTreeSet::new();
        for member in &set.members {
            let rest = prefixes
                .into_iter()
                .flatten()
                .find_map(|prefix| member.name.strip_prefix(prefix.as_str()))
                .or(member.name.strip_prefix(common))
                .unwrap_or(&member.name);
            if !taken.insert(rest) {
                return Err(Error::invalid(format!(
                    "{} has two members called {rest}: choose its prefixes in annotations.toml",
                    set.name
                )));
            }
            out.push((member, rest));
        }
        Ok(out)
    }
}

/// Returns a set's module and name by the general rule.
fn place(set: &Set) -> (String, String) {
    let object = OBJECTS.iter().find_map(|(prefix, module)| {
        let rest = set.name.strip_prefix(prefix)?;
        // `virNodeDeviceX` is no `virNode`; `virEvent` alone leaves nothing.
        (rest.starts_with(|c: char| c.is_ascii_uppercase())).then_some((*module, rest))
    });
    let (module, rest) = object.unwrap_or_else(|| {
        let rest = set.name.strip_prefix("vir").unwrap_or(&set.name);
        (header_module(&set.header), rest)
    });
    let rest = rest.strip_suffix("Values").unwrap_or(rest);
    let name = match rest.strip_suffix("Flag") {
        Some(rest) => format!("{rest}Flags"),
        None if set.name.ends_with("Values") && !rest.ends_with("Flags") => format!("{rest}Values"),
        None => rest.to_owned(),
    };
    (module.to_owned(), camel(&name))
}

fn header_module(header: &str) -> &'static str {
    let name = header.strip_suffix(".h").unwrap_or(header);
    HEADERS
        .iter()
        .find(|(header, _)| *header == name)
        .map_or("connect", |(_, module)| module)
}

/// Returns a macro's module and name: `VIR_DOMAIN_SEND_KEY_MAX_KEYS` to `domain`,
/// `SEND_KEY_MAX_KEYS`.
fn number_place<'n>(name: &'n str, header: &str) -> (&'static str, &'n str) {
    let module = match name {
        name if name.starts_with("VIR_TYPED_PARAM_") => "typed_param",
        name if name.starts_with("VIR_NODE_") => "node",
        _ => header_module(header),
    };
    let object = format!("VIR_{}_", module.to_uppercase());
    let rest = name.strip_prefix(&object).or(name.strip_prefix("VIR_")).unwrap_or(name);
    (module, rest)
}

/// Returns the part of an only member's name that repeats the name of its set.
fn own_prefix<'n>(set: &str, member: &'n str) -> &'n str {
    let set = set.to_uppercase();
    let mut rest = set.as_str();
    let mut end = 0;
    for word in member.split_inclusive('_') {
        let found = word.strip_suffix('_').and_then(|bare| Some(rest.split_once(bare)?.1));
        let Some(after) = found else {
            break;
        };
        rest = after;
        end += word.len();
    }
    member.get(..end).unwrap_or_default()
}

/// Writes a member of a set with its C name and first release, in two lines if one is too short.
fn member_line(text: &mut Text, head: &str, member: &Member) {
    let since = member
        .since
        .as_ref()
        .map_or_else(String::new, |since| format!(" since \"{since}\""));
    let tail = format!("=> \"{}\"{since},", member.name);
    if 8 + head.len() + 1 + tail.len() <= 100 {
        text.line(format!("        {head} {tail}"));
    } else {
        text.line(format!("        {head}"));
        text.line(format!("            {tail}"));
    }
}

/// Writes the first line of a set, with its C name, its header and its first release.
fn head(text: &mut Text, kind: &str, name: &str, set: &Set) {
    let since = set
        .since
        .as_ref()
        .map_or_else(String::new, |since| format!(" since \"{since}\""));
    let header = set.header.strip_suffix(".h").unwrap_or(&set.header);
    let tail = format!("=> \"{}\" in \"{header}\"{since} {{", set.name);
    let start = format!("    {kind} {name}");
    if start.len() + 1 + tail.len() <= 100 {
        text.line(format!("{start} {tail}"));
    } else {
        text.line(start);
        text.line(format!("        {tail}"));
    }
}

/// Writes an item's C name behind its words, and for rustdoc's search.
fn constant(text: &mut Text, indent: &str, name: &str, since: Option<&str>) {
    let since = since.map_or_else(String::new, |since| format!(", since {since}"));
    text.line(format!("{indent}///"));
    text.line(format!("{indent}/// `{name}`{since}"));
    text.line(format!("{indent}#[doc(alias = \"{name}\")]"));
}
