//! Drawing.

mod columns;
mod dialog;
mod list;
mod numbers;
mod plot;

use std::time::Instant;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Color, Style, Stylize as _};
use ratatui::text::{Line, Span};

use crate::app::{App, Host, Link, Mode};
use numbers::{amount_kib, percent};

/// Lines for hosts at most; those that are lost come first.
const HOST_LINES: usize = 6;

pub(crate) fn draw(app: &mut App, frame: &mut Frame<'_>) {
    let hosts = host_lines(app);
    let height = u16::try_from(hosts.len()).unwrap_or(1);
    let [top, middle, bottom] = Layout::vertical([
        Constraint::Length(height),
        Constraint::Min(2),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    frame.render_widget(ratatui::text::Text::from(hosts), top);
    if let Mode::Text(text) = &app.mode {
        app.page = dialog::text(text, frame, middle);
    } else {
        // Below the heading.
        app.page = usize::from(middle.height.saturating_sub(1)).max(1);
        app.scroll();
        list::draw(app, frame, middle);
    }
    if matches!(app.mode, Mode::Help) {
        dialog::help(frame, middle);
    }
    frame.render_widget(footer(app), bottom);
}

fn host_lines(app: &App) -> Vec<Line<'static>> {
    let now = Instant::now();
    let is_up = |host: &Host| host.link == Link::Up;
    let mut hosts: Vec<_> = app.hosts.iter().collect();
    let are_many = hosts.len() > HOST_LINES;
    if are_many {
        hosts.sort_by_key(|host| is_up(host));
    }
    let shown = if are_many {
        HOST_LINES - 1
    } else {
        hosts.len()
    };
    let mut lines: Vec<_> = hosts.iter().take(shown).map(|host| host_line(host, now)).collect();
    if are_many {
        let up = hosts.iter().filter(|host| is_up(host)).count();
        let rest = hosts.len() - shown;
        let text = format!("  and {rest} more; {up} of {} hosts answer", hosts.len());
        lines.push(Line::from(text).dim());
    }
    lines
}

fn host_line(host: &Host, now: Instant) -> Line<'static> {
    let since = host.answered.map(|then| format!(", {} s ago", (now - then).as_secs()));
    let since = since.unwrap_or_default();
    let name = Span::from(format!("{}: ", host.name)).bold();
    let reason = |reason: &str| reason.replace('\n', " ");
    let (mark, color, text) = match &host.link {
        Link::Opening => ("…", Color::Yellow, "connecting".to_owned()),
        Link::Lost(why) => ("✕", Color::Red, format!("lost{since}: {}", reason(why))),
        Link::Ended(why) => ("✕", Color::Red, reason(why)),
        Link::Up => ("●", Color::Green, load(host)),
    };
    Line::from(vec![
        Span::from(format!("{mark} ")).fg(color),
        name,
        Span::from(text),
    ])
}

/// What all guests of a host use together.
fn load(host: &Host) -> String {
    let guests = || host.guests.iter().map(|(_, guest)| guest);
    let active = || guests().filter(|guest| guest.is_active());
    let cpu = guests().filter_map(|guest| guest.rates.cpu).reduce(|one, other| one + other);
    let memory: u64 = active().filter_map(|guest| guest.memory_kib).sum();
    let silent = guests().filter(|guest| guest.is_silent).count();
    let silent = if silent > 0 {
        format!(", {silent} hanging")
    } else {
        String::new()
    };
    format!(
        "{} of {} guests active{silent}, CPU {} %, memory {}",
        active().count(),
        guests().count(),
        percent(cpu).trim_start(),
        amount_kib(Some(memory)).trim_start(),
    )
}

fn footer(app: &App) -> Line<'static> {
    let key = |key: &'static str, does: &'static str| {
        [Span::from(key).bold(), Span::from(format!(" {does}  "))]
    };
    match &app.mode {
        Mode::Filter => Line::from(format!("/{}▏", app.filter)),
        Mode::Confirm(id) => {
            let name = app.guest(*id).map_or("it", |guest| guest.domain.name());
            let text = format!("Destroy {name}? What it has not saved is lost. y destroys it");
            Line::from(text).style(Style::new().fg(Color::Red).bold())
        }
        Mode::Text(_) => Line::from([key("↑ ↓ PgUp PgDn", "read"), key("q", "back")].concat()),
        _ if !app.message.is_empty() => Line::from(app.message.replace('\n', " ")).bold(),
        _ => {
            let keys = [
                key("q", "quit"),
                key("?", "help"),
                key("/", "filter"),
                key("< > r", "sort"),
                key("s", "start"),
                key("t", "shut down"),
                key("p", "pause"),
                key("c", "console"),
            ];
            let filter = if app.filter.is_empty() {
                String::new()
            } else {
                format!("[{}] ", app.filter)
            };
            let mut spans = vec![Span::from(filter).bold()];
            spans.extend(keys.concat());
            Line::from(spans)
        }
    }
}
