//! What elements a definition has, in which order, and what their values are.
//!
//! It is read from the tables in `shapes`, because it is nothing but a table. An element stands on
//! a line of its own, its children are indented below it:
//!
//! ```text
//! name FLAGS attributes #value
//! ```
//!
//! The flags are `*` for any number of them, `!` for one that is written although it is empty, `+`
//! for one that is made if it is missing, `%` for one that is kept as it is, `@` for a device's
//! address, and `?type=a|b` or `?type!=a|b` for one that is only there if its parent's attribute
//! says so. An attribute is `name`, `name:kind`, and behind that `=default` or `!` if it must be
//! there; `name==constant` is always written. `#value` is the kind of the text, `#=text` a default.
//! Children that several elements have are under `@block` and are named `&block`.
//!
//! A domain has hundreds of elements whose values are checked by a few rules, so the tables say those as well:
//! reading by them can fail. They are not `document::Shape`, by which the other documents are written, because
//! that only orders what code has checked, and needs neither kinds of values nor defaults nor conditions.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::value::Kind;

const TABLES: [&str; 4] = [
    include_str!("shapes/domain.txt"),
    include_str!("shapes/devices.txt"),
    include_str!("shapes/storage.txt"),
    include_str!("shapes/network.txt"),
];

/// The attributes that every virtio device's driver has.
const VIRTIO: &str = "iommu:switch ats:switch packed:switch page_per_vq:switch";

static SHAPES: LazyLock<Shapes> = LazyLock::new(|| Shapes::read(&TABLES).unwrap_or_default());

/// All tables.
#[derive(Debug, Default)]
struct Shapes {
    domain: Shape,
    blocks: BTreeMap<&'static str, Shape>,
}

/// An element.
#[derive(Debug, Default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the tables"
)]
pub(super) struct Shape {
    pub(super) name: &'static str,
    pub(super) is_repeated: bool,
    pub(super) is_written_empty: bool,
    pub(super) is_made: bool,
    pub(super) is_kept: bool,
    pub(super) is_address: bool,
    pub(super) condition: Option<Condition>,
    pub(super) attributes: Vec<Attribute>,
    pub(super) text: Option<Text>,
    parts: Vec<Part>,
}

/// What an element's text is.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) kind: Kind,
    pub(super) default: &'static str,
}

#[derive(Debug)]
enum Part {
    Child(Shape),
    Block(&'static str),
}

/// What the parent's attribute must be.
#[derive(Debug)]
pub(super) struct Condition {
    attribute: &'static str,
    values: Vec<&'static str>,
    is_negated: bool,
}

#[derive(Debug)]
pub(super) struct Attribute {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) is_required: bool,
    pub(super) default: Option<&'static str>,
    /// Set where it is written whatever was given.
    pub(super) is_constant: bool,
}

impl Shape {
    /// Returns the shape of a domain.
    pub(super) fn domain() -> &'static Self {
        &SHAPES.domain
    }

    /// Returns the shape of a list of devices.
    pub(super) fn devices() -> &'static Self {
        SHAPES.blocks.get("devices").unwrap_or(&SHAPES.domain)
    }

    /// Returns the children in their order.
    pub(super) fn children(&'static self) -> Vec<&'static Self> {
        let mut children = Vec::new();
        self.add_children(&mut children);
        children
    }

    fn add_children(&'static self, children: &mut Vec<&'static Self>) {
        for part in &self.parts {
            match part {
                Part::Child(child) => children.push(child),
                Part::Block(name) => {
                    if let Some(block) = SHAPES.blocks.get(name) {
                        block.add_children(children);
                    }
                }
            }
        }
    }

    /// Reads a line.
    fn read(line: &'static str) -> Result<Self, String> {
        let mut words = line.split_whitespace();
        let mut shape = Self { name: words.next().unwrap_or_default(), ..Self::default() };
        for word in words {
            match word {
                "*" => shape.is_repeated = true,
                "!" => shape.is_written_empty = true,
                "!*" => (shape.is_repeated, shape.is_written_empty) = (true, true),
                "+" => shape.is_made = true,
                "%" => shape.is_kept = true,
                "@" => shape.is_address = true,
                "&virtio" => {
                    for word in VIRTIO.split(' ') {
                        shape.attributes.push(Attribute::read(word)?);
                    }
                }
                _ => {
                    if let Some(condition) = word.strip_prefix('?') {
                        shape.condition = Some(Condition::read(condition)?);
                    } else if let Some(text) = word.strip_prefix('#') {
                        shape.text = Some(match text.strip_prefix('=') {
                            Some(default) => Text { kind: Kind::Text, default },
                            None => Text { kind: Kind::read(text)?, default: "" },
                        });
                    } else {
                        shape.attributes.push(Attribute::read(word)?);
                    }
                }
            }
        }
        Ok(shape)
    }
}

impl Condition {
    fn read(text: &'static str) -> Result<Self, String> {
        let (attribute, values) =
            text.split_once('=').ok_or_else(|| format!("condition {text}"))?;
        let plain = attribute.strip_suffix('!');
        Ok(Self {
            attribute: plain.unwrap_or(attribute),
            values: values.split('|').collect(),
            is_negated: plain.is_some(),
        })
    }

    /// Returns whether a parent whose attributes are looked up by that function fulfils it.
    pub(super) fn holds<'a>(&self, get: impl Fn(&str) -> Option<&'a str>) -> bool {
        let value = get(self.attribute).unwrap_or_default();
        self.values.contains(&value) != self.is_negated
    }
}

impl Attribute {
    fn read(word: &'static str) -> Result<Self, String> {
        let (word, constant) = match word.split_once("==") {
            Some((name, constant)) => (name, Some(constant)),
            None => (word, None),
        };
        let (word, default) = match word.rsplit_once('=') {
            Some((word, default)) => (word, Some(default)),
            None => (word, constant),
        };
        let required = word.strip_suffix('!');
        let (name, kind) = match required.unwrap_or(word).split_once(':') {
            Some((name, kind)) => (name, Kind::read(kind)?),
            None => (required.unwrap_or(word), Kind::Text),
        };
        Ok(Self {
            name,
            kind,
            is_required: required.is_some(),
            default,
            is_constant: constant.is_some(),
        })
    }
}

impl Shapes {
    fn read(tables: &[&'static str]) -> Result<Self, String> {
        let mut shapes = Self::default();
        for table in tables {
            let lines: Vec<(usize, &'static str)> = table
                .lines()
                .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
                .map(|line| (line.len() - line.trim_start().len(), line.trim()))
                .collect();
            let mut rest = lines.as_slice();
            while let Some(((0, line), below)) = rest.split_first() {
                let mut shape = Shape::read(line)?;
                rest = read_parts(below, 0, &mut shape.parts)?;
                match shape.name.strip_prefix('@') {
                    Some(block) => drop(shapes.blocks.insert(block, shape)),
                    None => shapes.domain = shape,
                }
            }
            if let Some((_, line)) = rest.first() {
                return Err(format!("{line} is indented"));
            }
        }
        Ok(shapes)
    }
}

type Lines = [(usize, &'static str)];

/// Reads the lines that are indented deeper than `indent`; returns the others.
fn read_parts<'a>(
    mut lines: &'a Lines,
    indent: usize,
    parts: &mut Vec<Part>,
) -> Result<&'a Lines, String> {
    while let Some((&(depth, line), below)) = lines.split_first() {
        if depth <= indent {
            break;
        }
        if let Some(block) = line.strip_prefix('&') {
            parts.push(Part::Block(block));
            lines = below;
        } else {
            let mut shape = Shape::read(line)?;
            lines = read_parts(below, depth, &mut shape.parts)?;
            parts.push(Part::Child(shape));
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_can_be_read() {
        let shapes = Shapes::read(&TABLES).unwrap();
        assert_eq!(shapes.domain.name, "domain");
        let mut waiting: Vec<&Shape> = shapes.blocks.values().chain([&shapes.domain]).collect();
        while let Some(shape) = waiting.pop() {
            for part in &shape.parts {
                match part {
                    Part::Child(child) => waiting.push(child),
                    Part::Block(block) => assert!(shapes.blocks.contains_key(block), "{block}"),
                }
            }
        }
    }
}
