//! Plots of what was, in a line of text.

use ratatui::symbols::bar;

use crate::rates::History;

/// The newest values, in relation to `full` or to the highest of them, whichever is higher.
pub(super) fn plot(history: &History, width: usize, full: f32) -> String {
    let values = || history.last(width);
    let highest = values().fold(full, f32::max);
    let bars = values().map(|value| bar_of(value / highest));
    let text: String = bars.collect();
    format!("{text:>width$}")
}

/// What is there at all is seen.
fn bar_of(part: f32) -> &'static str {
    const BARS: [&str; 8] = [
        bar::ONE_EIGHTH,
        bar::ONE_QUARTER,
        bar::THREE_EIGHTHS,
        bar::HALF,
        bar::FIVE_EIGHTHS,
        bar::THREE_QUARTERS,
        bar::SEVEN_EIGHTHS,
        bar::FULL,
    ];
    if part <= 0.0 {
        return " ";
    }
    BARS[((part * 8.0).ceil() as usize).clamp(1, 8) - 1]
}
