//! Texts of unknown origin on one line.

use std::fmt;

/// A writer that escapes control characters: daemons, hosts and programs choose the texts that
/// errors quote, and terminals and logs would obey them.
pub(crate) struct Line<'a, 'b>(pub(crate) &'a mut fmt::Formatter<'b>);

impl fmt::Write for Line<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some((at, character)) = rest.char_indices().find(|(_, it)| acts(*it)) {
            let (before, behind) = rest.split_at(at);
            self.0.write_str(before)?;
            write!(self.0, "{}", character.escape_default())?;
            rest = behind.get(character.len_utf8()..).unwrap_or_default();
        }
        self.0.write_str(rest)
    }
}

/// A text that is shown as [`Line`] writes it.
#[cfg(any(feature = "ssh-native", test))]
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

#[cfg(any(feature = "ssh-native", test))]
impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Write::write_str(&mut Line(f), self.0)
    }
}

/// Returns whether a character moves or reorders the text around it instead of being shown.
fn acts(character: char) -> bool {
    let sets_direction = matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    character.is_control() || sets_direction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown_as_escapes() {
        for (text, shown) in [
            ("", ""),
            ("caf\u{e9} \u{1f980}", "caf\u{e9} \u{1f980}"),
            ("two\nlines\r\n", r"two\nlines\r\n"),
            ("\x1b[31mred\x07\0", r"\u{1b}[31mred\u{7}\u{0}"),
            ("\u{9b}2J", r"\u{9b}2J"),
            ("\u{202e}gnp.exe\u{2028}", r"\u{202e}gnp.exe\u{2028}"),
            (r"C:\new", r"C:\new"),
        ] {
            assert_eq!(Escaped(text).to_string(), shown);
        }
    }
}
