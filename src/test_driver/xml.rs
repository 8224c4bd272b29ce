//! XML documents as trees of elements.

use std::fmt::{self, Write as _};

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, escape};

/// The depth up to which elements may be nested; libxml2's own limit.
const DEPTH_MAX: usize = 256;

/// An element. Text between the elements of one that has both is kept in front of them, except in what
/// users keep in documents as they like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
}

/// What stands in an element. What is no element has no name, but text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    #[default]
    Element,
    Text,
    CData,
    Comment,
    Instruction,
}

impl Kind {
    /// Returns whether it is text, of whatever form.
    pub(crate) fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::CData)
    }
}

/// Where all that stands in a document is kept: comments, and text between elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// In what users keep under `<metadata>`.
    Metadata,
    Everywhere,
}

impl Element {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Returns the element with one more attribute.
    pub(crate) fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.set(name, value);
        self
    }

    /// Returns the element with that text.
    pub(crate) fn with_text(mut self, text: impl fmt::Display) -> Self {
        self.text = text.to_string();
        self
    }

    /// Returns the element with one more child.
    pub(crate) fn with_child(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// Returns an attribute.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Sets an attribute, which keeps its place if it is there.
    pub(crate) fn set(&mut self, name: &str, value: impl fmt::Display) {
        let value = value.to_string();
        match self.attributes.iter_mut().find(|(other, _)| other == name) {
            Some((_, old)) => *old = value,
            None => self.attributes.push((name.to_owned(), value)),
        }
    }

    pub(crate) fn remove(&mut self, attribute: &str) {
        self.attributes.retain(|(name, _)| name != attribute);
    }

    /// Returns the first child of that name.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    pub(crate) fn child_mut(&mut self, name: &str) -> Option<&mut Self> {
        self.children.iter_mut().find(|child| child.name == name)
    }

    /// Returns the first child of that name, which it appends if there is none.
    pub(crate) fn child_or_new(&mut self, name: &str) -> &mut Self {
        let found = self.children.iter().position(|child| child.name == name);
        let at = found.unwrap_or_else(|| {
            self.children.push(Self::new(name));
            self.children.len() - 1
        });
        &mut self.children[at]
    }

    pub(crate) fn children<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    pub(crate) fn remove_children(&mut self, name: &str) {
        self.children.retain(|child| child.name != name);
    }

    /// Returns the text of the first child of that name, without space around it.
    pub(crate) fn text_of(&self, child: &str) -> Option<&str> {
        self.child(child).map(|child| child.text.trim())
    }

    /// Returns the descendant that is reached by those names.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |element, name| element.child(name))
    }

    /// Parses a document and returns its root. Space between the elements of metadata is none of it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        Self::parse_with(text, Scope::Metadata, false)
    }

    /// Parses a document, and takes space between the elements of metadata for text.
    pub(crate) fn parse_spaced(text: &str) -> Result<Self, String> {
        Self::parse_with(text, Scope::Metadata, true)
    }

    /// Parses what a user keeps: all that stands in it.
    pub(crate) fn parse_whole(text: &str) -> Result<Self, String> {
        Self::parse_with(text, Scope::Everywhere, true)
    }

    fn parse_with(text: &str, scope: Scope, keeps_blanks: bool) -> Result<Self, String> {
        let mut reader = Reader::from_str(text);
        // The open elements.
        let mut path: Vec<Self> = Vec::new();
        loop {
            let event = reader.read_event().map_err(|error| error.to_string())?;
            let complete = match event {
                Event::Start(start) => {
                    if path.len() == DEPTH_MAX {
                        return Err(format!("elements are nested more than {DEPTH_MAX} deep"));
                    }
                    path.push(Self::of(&start)?);
                    continue;
                }
                Event::Empty(start) => Self::of(&start)?,
                Event::End(_) => path.pop().ok_or("an element ends that has not begun")?,
                Event::Eof => {
                    return Err(match path.last() {
                        Some(open) => format!("the element {} does not end", open.name),
                        None => "there is no element".to_owned(),
                    });
                }
                other => {
                    let is_whole = scope == Scope::Everywhere
                        || path.iter().any(|open| open.name == "metadata");
                    if let Some(open) = path.last_mut() {
                        if is_whole {
                            let at = usize::try_from(reader.buffer_position()).unwrap_or_default();
                            let rest = text.get(at..).unwrap_or_default();
                            open.append_node(&other, keeps_blanks, rest)?;
                        } else {
                            open.append_text(&other)?;
                        }
                    }
                    continue;
                }
            };
            match path.last_mut() {
                Some(parent) => parent.children.push(complete),
                None => return end_of_document(&mut reader).map(|()| complete),
            }
        }
    }

    fn of(start: &BytesStart<'_>) -> Result<Self, String> {
        let mut element = Self::new(start.name().as_ref());
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            let value = value.map_err(|error| error.to_string())?.into_owned();
            element.attributes.push((attribute.key.as_ref().to_owned(), value));
        }
        Ok(element)
    }

    fn append_text(&mut self, event: &Event<'_>) -> Result<(), String> {
        if let Some((_, text)) = text_of(event)? {
            self.text.push_str(&text);
        }
        Ok(())
    }

    /// Appends what is no element as a child of its own. `rest` is what follows in the document.
    fn append_node(
        &mut self,
        event: &Event<'_>,
        keeps_blanks: bool,
        rest: &str,
    ) -> Result<(), String> {
        let (kind, text) = match event {
            Event::Comment(comment) => (Kind::Comment, comment.xml10_content().into_owned()),
            Event::PI(instruction) => (Kind::Instruction, (**instruction).to_owned()),
            event => match text_of(event)? {
                Some(found) => found,
                None => return Ok(()),
            },
        };
        let is_text = |child: Option<&Self>| child.is_some_and(|child| child.kind == Kind::Text);
        // What libxml2 takes for layout: blanks in front of a tag, unless text is beside them.
        let is_layout = kind == Kind::Text
            && text.chars().all(|char| char.is_ascii_whitespace())
            && rest.starts_with('<')
            && !(self.children.is_empty() && rest.starts_with("</"))
            && !is_text(self.children.first())
            && !is_text(self.children.last());
        if is_layout && !keeps_blanks {
            return Ok(());
        }
        match self.children.last_mut() {
            Some(last) if last.kind == Kind::Text && kind == Kind::Text => {
                last.text.push_str(&text);
            }
            _ => self.children.push(Self { kind, text, ..Self::default() }),
        }
        Ok(())
    }

    fn write(&self, out: &mut String, indent: usize) -> fmt::Result {
        write!(out, "{:indent$}<{}", "", self.name)?;
        for (name, value) in &self.attributes {
            write!(out, " {name}='{}'", escape::escape(value.as_str()))?;
        }
        let text = if self.children.is_empty() {
            &*self.text
        } else {
            self.text.trim()
        };
        if self.children.is_empty() && text.is_empty() {
            return out.write_str("/>\n");
        }
        write!(out, ">{}", escape::escape(text))?;
        if !self.children.is_empty() {
            out.push('\n');
            for child in &self.children {
                child.write(out, indent + 2)?;
            }
            write!(out, "{:indent$}", "")?;
        }
        writeln!(out, "</{}>", self.name)
    }
}

/// Returns the text that a part of a document is, and in which form.
fn text_of(event: &Event<'_>) -> Result<Option<(Kind, String)>, String> {
    Ok(Some(match event {
        Event::Text(text) => (Kind::Text, text.xml10_content().into_owned()),
        Event::CData(text) => (Kind::CData, text.xml10_content().into_owned()),
        Event::GeneralRef(reference) => {
            let char = reference.resolve_char_ref().map_err(|error| error.to_string())?;
            let text = if let Some(char) = char {
                char.to_string()
            } else {
                let name = reference.xml10_content();
                let text = escape::resolve_predefined_entity(&name)
                    .ok_or_else(|| format!("there is no entity {name}"))?;
                text.to_owned()
            };
            (Kind::Text, text)
        }
        _ => return Ok(None),
    }))
}

/// Checks that nothing but comments follows.
fn end_of_document(reader: &mut Reader<&[u8]>) -> Result<(), String> {
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Eof => return Ok(()),
            Event::Comment(_) | Event::PI(_) => {}
            Event::Text(text) if text.xml10_content().trim().is_empty() => {}
            _ => return Err("extra content at the end of the document".to_owned()),
        }
    }
}

/// Writes the element as libvirt does: two spaces for each level, single quotes, a line each.
impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        self.write(&mut out, 0)?;
        f.write_str(&out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_written_as_libvirt_writes_it() {
        let text = "<?xml version='1.0'?><!-- x --><a x=\"1 &amp; '2'\">\n<b/> <c>a&lt;b&#65;</c><d></d></a>";
        let root = Element::parse(text).unwrap();
        assert_eq!(
            root.to_string(),
            "<a x='1 &amp; &apos;2&apos;'>\n  <b/>\n  <c>a&lt;bA</c>\n  <d/>\n</a>\n"
        );
        assert_eq!(Element::parse(&root.to_string()).unwrap().to_string(), root.to_string());
    }

    #[test]
    fn what_is_no_document_is_refused() {
        let deep = "<a>".repeat(1_000_000);
        for text in [
            "",
            "x",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<a x=1/>",
            "<a>&x;</a>",
            "</a>",
            &deep,
        ] {
            Element::parse(text).unwrap_err();
        }
    }
}
