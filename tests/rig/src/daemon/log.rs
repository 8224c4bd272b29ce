//! What a daemon left to read for those who wonder why it failed.

use std::fs;

use super::layout::Layout;

/// The ends of what the daemon wrote.
pub(super) fn last_words(layout: &Layout) -> String {
    [layout.output(), layout.log()]
        .map(|path| match fs::read(&path) {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                format!("the end of {}:\n{}", path.display(), tail(&text))
            }
            Err(error) => format!("{}: {error}\n", path.display()),
        })
        .concat()
}

/// The last lines of a text.
pub(crate) fn tail(text: &str) -> String {
    const LINES: usize = 30;
    let lines: Vec<_> = text.lines().collect();
    let start = lines.len().saturating_sub(LINES);
    let mut tail = lines[start..].join("\n");
    tail.push('\n');
    tail
}
