//! Definitions that nobody would write.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::Definition;
use super::shape::Shape;
use super::value::Kind;
use crate::test_driver::xml::Element;
use crate::types::domain::XmlFlags;

/// What may stand where something else belongs.
const VALUES: [&str; 24] = [
    "",
    "0",
    "1",
    "2",
    "-1",
    "7",
    "99",
    "4294967295",
    "18446744073709551615",
    "x",
    "yes",
    "no",
    "on",
    "off",
    "0x7",
    "0-16383",
    "1,^1",
    "vda",
    "sdzzzzzz",
    "hda",
    "/a",
    "52:54:00:00:00:01",
    "EiB",
    "äöü\u{2028}",
];

/// What a walk through the tables is led by.
struct Walk<'a> {
    bytes: std::slice::Iter<'a, u8>,
}

impl Walk<'_> {
    fn choice(&mut self, count: usize) -> usize {
        self.bytes.next().map_or(0, |byte| usize::from(*byte) % count.max(1))
    }

    /// Returns a value that is mostly a good one.
    fn value(&mut self, kind: &Kind) -> String {
        let words: Vec<&str> = match kind {
            Kind::Choice { words, .. } => words.iter().map(|(word, _)| *word).collect(),
            Kind::Unsigned { .. } | Kind::Signed { .. } | Kind::Hex { .. } => vec!["1", "3"],
            Kind::Text | Kind::Set | Kind::Scaled { .. } => VALUES.to_vec(),
        };
        let any = self.choice(64) == 63;
        let from = if any {
            VALUES.as_slice()
        } else {
            words.as_slice()
        };
        from[self.choice(from.len())].to_owned()
    }

    fn element(&mut self, shape: &'static Shape, depth: usize) -> Element {
        let mut element = Element::new(shape.name);
        for attribute in &shape.attributes {
            if attribute.is_required || self.choice(3) == 1 {
                let value = self.value(&attribute.kind);
                element.set(attribute.name, value);
            }
        }
        if let Some(text) = &shape.text {
            element.text = self.value(&text.kind);
        }
        if shape.is_address {
            let kinds = ["pci", "drive", "usb", "ccid", "virtio-serial", "isa"];
            element.set("type", kinds[self.choice(kinds.len())]);
            for part in ["controller", "bus", "slot", "port"] {
                let value = VALUES[self.choice(VALUES.len())];
                element.set(part, value);
            }
        }
        let children = shape.children();
        for _ in 0..if depth == 0 { 0 } else { self.choice(9) } {
            if let Some(child) = children.get(self.choice(children.len())) {
                element.children.push(self.element(child, depth - 1));
            }
        }
        element
    }
}

/// Returns a definition that has what every definition must have.
fn completed(mut root: Element) -> Element {
    root.set("type", "test");
    for (name, text) in [("name", "x"), ("memory", "1024")] {
        root.remove_children(name);
        root.children.push(Element::new(name).with_text(text));
    }
    for name in ["uuid", "genid", "title"] {
        root.remove_children(name);
    }
    root.child_or_new("os").child_or_new("type").text = "hvm".to_owned();
    root
}

fn check(text: &str) {
    let Ok(definition) = Definition::parse(text) else {
        return;
    };
    for flags in [XmlFlags::empty(), XmlFlags::SECURE, XmlFlags::MIGRATABLE] {
        let written = definition.to_xml_with(Some(1), flags);
        Element::parse(&written).unwrap();
    }
    definition.reread();
    let _ = definition.device(text, true);
}

proptest! {
    #[test]
    fn elements_in_any_order_with_any_values(bytes in vec(any::<u8>(), 0..600)) {
        let root = Walk { bytes: bytes.iter() }.element(Shape::domain(), 6);
        check(&completed(root).to_string());
    }

    #[test]
    fn devices_with_any_values(bytes in vec(any::<u8>(), 0..200)) {
        let definition = Definition::parse(&completed(Element::new("domain")).to_string()).unwrap();
        let mut walk = Walk { bytes: bytes.iter() };
        let shapes = Shape::devices().children();
        let shape = shapes[walk.choice(shapes.len())];
        let device = walk.element(shape, 5);
        if let Ok(device) = definition.device(&device.to_string(), false) {
            let mut changed = definition.clone();
            changed.add_device(device.clone());
            changed.replace_disk("vda", device);
            Element::parse(&changed.to_xml(None)).unwrap();
        }
        let mut root = completed(Element::new("domain"));
        root.child_or_new("devices").children.push(device);
        check(&root.to_string());
    }

    #[test]
    fn texts_with_holes_and_insertions(
        bytes in vec(any::<u8>(), 0..200),
        places in vec((any::<Index>(), any::<Index>()), 1..4),
        insertion in "[<>/='\"&a-c;! \\n\\[\\]]{0,6}",
    ) {
        let root = Walk { bytes: bytes.iter() }.element(Shape::domain(), 4);
        let mut text: Vec<char> = completed(root).to_string().chars().collect();
        for (from, to) in places {
            let (from, to) = (from.index(text.len()), to.index(text.len()));
            let hole = from.min(to)..from.max(to).min(from.min(to) + 9);
            text.splice(hole, insertion.chars());
            if text.is_empty() {
                text.push('<');
            }
        }
        check(&text.into_iter().collect::<String>());
    }
}
