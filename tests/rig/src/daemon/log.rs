//! Output of a daemon, for messages about its failure.

use std::fs;

use super::layout::Layout;

/// Returns the ends of the daemon's log and output.
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

/// Returns the last lines of a text.
pub(crate) fn tail(text: &str) -> String {
    const LINES: usize = 30;
    let lines: Vec<_> = text.lines().collect();
    let start = lines.len().saturating_sub(LINES);
    let mut tail = lines[start..].join("\n");
    tail.push('\n');
    tail
}
