//! What is shown over the list.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::Stylize as _;
use ratatui::text::{Line, Span, Text as Lines};
use ratatui::widgets::{Block, Clear};

use crate::app::Text;
use crate::keys::HELP;

/// Returns how many lines there are to read at once.
pub(super) fn text(text: &Text, frame: &mut Frame<'_>, area: Rect) -> usize {
    let block = Block::bordered().title(Line::from(format!(" {} ", text.title)).bold());
    let inner = block.inner(area);
    let page = usize::from(inner.height);
    let shown = text.lines.iter().skip(text.first).take(page);
    let lines: Lines<'_> = shown.map(|line| Line::from(line.as_str())).collect();
    frame.render_widget(block, area);
    frame.render_widget(lines, inner);
    page.max(1)
}

pub(super) fn help(frame: &mut Frame<'_>, area: Rect) {
    let lines = HELP.iter().map(|(keys, does)| {
        Line::from(vec![
            Span::from(format!("{keys:>24}  ")).bold(),
            Span::from(*does),
        ])
    });
    let lines: Lines<'_> = lines.collect();
    let (width, height) = (lines.width() + 4, lines.height() + 2);
    let size = |size: usize| Constraint::Length(u16::try_from(size).unwrap_or(u16::MAX));
    let area = area.centered(size(width), size(height));
    frame.render_widget(Clear, area);
    let block = Block::bordered().title(Line::from(" Keys ").bold());
    frame.render_widget(lines, block.inner(area));
    frame.render_widget(block, area);
}
