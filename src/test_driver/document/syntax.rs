//! What is wrong with a document that is none, in libxml2's words and with libvirt's marker.

use quick_xml::Reader;
use quick_xml::events::Event;

/// Returns what is wrong and where: the line, and a marker below it. What is not known better is said
/// in other words than libxml2's.
pub(super) fn describe(text: &str, otherwise: &str) -> String {
    if text.is_empty() {
        return "at line 1: Document is empty\n".to_owned();
    }
    let (problem, at) = find(text, otherwise);
    let before = text.get(..at).unwrap_or(text);
    let number = 1 + before.matches('\n').count();
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let marker = "-".repeat(at.saturating_sub(start));
    format!("at line {number}: {problem}\n{line}\n{marker}^")
}

/// Returns what is wrong, and the place in bytes.
fn find(text: &str, otherwise: &str) -> (String, usize) {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = false;
    let place = |reader: &Reader<&[u8]>| {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        at.min(text.len())
    };
    // The open elements, and the lines that they begin on.
    let mut open: Vec<(String, usize)> = Vec::new();
    let mut is_complete = false;
    loop {
        let start = place(&reader);
        let Ok(event) = reader.read_event() else {
            return (otherwise.to_owned(), start);
        };
        let end = place(&reader);
        match event {
            Event::Start(_) | Event::Empty(_) | Event::Text(_) | Event::CData(_)
                if is_complete && !is_space(&event) =>
            {
                return ("Extra content at the end of the document".to_owned(), start);
            }
            Event::Text(_) | Event::CData(_) | Event::GeneralRef(_)
                if open.is_empty() && !is_space(&event) =>
            {
                return ("Start tag expected, '<' not found".to_owned(), start);
            }
            Event::Start(element) => {
                let line = 1 + text.get(..start).unwrap_or_default().matches('\n').count();
                open.push((element.name().as_ref().to_owned(), line));
            }
            Event::Empty(_) => is_complete = open.is_empty(),
            Event::End(element) => {
                let name = element.name().as_ref().to_owned();
                match open.pop() {
                    Some((expected, line)) if expected != name => {
                        let problem = format!(
                            "Opening and ending tag mismatch: {expected} line {line} and {name}"
                        );
                        return (problem, end);
                    }
                    _ => is_complete = open.is_empty(),
                }
            }
            Event::Eof => {
                return match open.last() {
                    Some((name, line)) => {
                        (format!("Premature end of data in tag {name} line {line}"), end)
                    }
                    None if is_complete => (otherwise.to_owned(), end),
                    None => ("Start tag expected, '<' not found".to_owned(), end),
                };
            }
            _ => {}
        }
    }
}

fn is_space(event: &Event<'_>) -> bool {
    matches!(event, Event::Text(text) if text.xml10_content().trim().is_empty())
}
