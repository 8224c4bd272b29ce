//! The order of elements and attributes in what is written.
//!
//! These tables say the order alone, since code has checked and completed all values before: writing by them
//! cannot fail, and the compiler checks them. They are not of the kind that domains have
//! (`state/domain/definition/shape.rs`), which checks values, too, and so fails, and leaves it to domains' own
//! writer which empty elements have end tags; here the table says that.

use crate::test_driver::xml::Element;

/// What of an element is written, and in which order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    name: &'static str,
    attributes: &'static [&'static str],
    children: &'static [Shape],
    has_text: bool,
    is_repeated: bool,
    is_whole: bool,
    when_bare: Bare,
}

/// How an element is written that says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bare {
    Left,
    Short,
    /// With an end tag on a line of its own.
    Long,
}

impl Shape {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self {
            name,
            attributes: &[],
            children: &[],
            has_text: false,
            is_repeated: false,
            is_whole: false,
            when_bare: Bare::Left,
        }
    }

    /// The shape of an element that is nothing but text.
    pub(crate) const fn text(name: &'static str) -> Self {
        Self { has_text: true, ..Self::new(name) }
    }

    pub(crate) const fn attributes(self, attributes: &'static [&'static str]) -> Self {
        Self { attributes, ..self }
    }

    pub(crate) const fn children(self, children: &'static [Self]) -> Self {
        Self { children, ..self }
    }

    /// Writes all elements of the name, not the first alone.
    pub(crate) const fn repeated(self) -> Self {
        Self { is_repeated: true, ..self }
    }

    /// Writes the element where it says nothing, too.
    pub(crate) const fn kept(self) -> Self {
        Self { when_bare: Bare::Short, ..self }
    }

    /// Writes the element with an end tag where nothing is in it.
    pub(crate) const fn open(self) -> Self {
        Self { when_bare: Bare::Long, ..self }
    }

    /// Writes the element as it is.
    pub(crate) const fn whole(name: &'static str) -> Self {
        Self { is_whole: true, ..Self::new(name).kept() }
    }

    /// Returns a document's root in this shape.
    pub(crate) fn arrange(&self, root: &Element) -> Element {
        self.arranged(root, 0)
    }

    /// Returns an element in this shape that stands so deep in its document.
    pub(crate) fn arrange_at(&self, element: &Element, depth: usize) -> Element {
        self.arranged(element, depth)
    }

    fn arranged(&self, element: &Element, depth: usize) -> Element {
        if self.is_whole {
            return element.clone();
        }
        let mut arranged = Element::new(self.name);
        for name in self.attributes {
            if let Some(value) = element.get(name) {
                arranged.set(name, value);
            }
        }
        if self.has_text {
            arranged.text.clone_from(&element.text);
        }
        for shape in self.children {
            let most = if shape.is_repeated { usize::MAX } else { 1 };
            for child in element.children(shape.name).take(most) {
                let child = shape.arranged(child, depth + 1);
                if shape.when_bare != Bare::Left || !says_nothing(&child) {
                    arranged.children.push(child);
                }
            }
        }
        if self.when_bare == Bare::Long && arranged.children.is_empty() {
            arranged.text = format!("\n{:1$}", "", depth * 2);
        }
        arranged
    }
}

fn says_nothing(element: &Element) -> bool {
    element.attributes.is_empty() && element.children.is_empty() && element.text.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_get_the_order_of_their_shape() {
        const SHAPE: Shape = Shape::new("a").attributes(&["x", "y"]).children(&[
            Shape::text("name"),
            Shape::new("bare").attributes(&["z"]),
            Shape::new("list").open().children(&[Shape::new("i").repeated().kept()]),
            Shape::new("none").open(),
        ]);
        let text = "<a y='1' w='2' x='3'><none/><bare w='0'/><list><i/><j/><i/></list><name> n</name><name/></a>";
        let arranged = SHAPE.arrange(&Element::parse(text).unwrap()).to_string();
        let expected = "<a x='3' y='1'>\n  <name> n</name>\n  <list>\n    <i/>\n    <i/>\n  </list>\n  <none>\n  </none>\n</a>\n";
        assert_eq!(arranged, expected);
        assert_eq!(SHAPE.arrange(&Element::parse(&arranged).unwrap()).to_string(), expected);
    }
}
