//! The list of guests.

use libvirt_client::domain::State;
use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize as _};
use ratatui::text::{Line, Text};
use ratatui::widgets::{Cell, Row, Table};
use unicode_width::UnicodeWidthStr as _;

use super::columns::{Column, fit};
use super::numbers::{amount, amount_kib, part, percent};
use super::plot::plot;
use crate::app::{App, Host, Link};
use crate::guests::Guest;
use crate::state::name_of;

/// Bytes in a second that are not worth a high bar.
const SLOW: f32 = 65536.0;

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let shown = || {
        let ids = app.order.iter().skip(app.first).take(app.page);
        ids.filter_map(|id| Some((*id, app.hosts.get(id.host)?, app.guest(*id)?)))
    };
    let width = |text: &str| u16::try_from(text.width()).unwrap_or(u16::MAX);
    let name = shown().map(|(_, _, guest)| width(guest.domain.name())).max();
    let hosts = app.hosts.iter().map(|host| width(&host.name)).max();
    let hosts = hosts.filter(|_| app.hosts.len() > 1);
    let columns = fit(area.width, name.unwrap_or_default(), hosts);

    let rows = shown().map(|(id, host, guest)| {
        let cells = columns.iter().map(|(column, width)| cell(*column, *width, host, guest));
        let row = Row::new(cells);
        let row = if guest.is_active() && host.link == Link::Up {
            row
        } else {
            row.dim()
        };
        let is_selected = app.selected == Some(id);
        row.style(if is_selected {
            Style::new().reversed()
        } else {
            Style::new()
        })
    });
    let heading = columns.iter().map(|(column, _)| {
        let is_sorted = column.sort() == Some(app.sort);
        let style = if is_sorted {
            Modifier::UNDERLINED
        } else {
            Modifier::empty()
        };
        Cell::from(column.title()).style(Style::new().add_modifier(style))
    });
    let widths = columns.iter().map(|(_, width)| Constraint::Length(*width));
    let table = Table::new(rows, widths).column_spacing(1);
    frame.render_widget(table.header(Row::new(heading).bold()), area);

    if app.order.is_empty() {
        let text = if app.hosts.iter().all(|host| host.link == Link::Opening) {
            "connecting …"
        } else if app.filter.is_empty() && app.are_all_shown {
            "no guests"
        } else {
            "no such guests"
        };
        let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        frame.render_widget(Text::from(Line::from(text).dim()), below);
    }
}

fn cell<'a>(column: Column, width: u16, host: &'a Host, guest: &'a Guest) -> Cell<'a> {
    let rates = &guest.rates;
    let is_up = host.link == Link::Up;
    // What was is no longer so.
    let now = |text: String| if is_up { text } else { String::new() };
    let plot = |history, full| Cell::from(plot(history, usize::from(width), full));
    match column {
        Column::Host => Cell::from(host.name.as_str()),
        Column::Name => Cell::from(guest.domain.name()),
        Column::State if !is_up => Cell::from("?"),
        Column::State => Cell::from(name_of(guest)).style(Style::new().fg(color(guest))),
        Column::Vcpus => {
            let number = guest.vcpus.map(|number| number.to_string());
            Cell::from(format!("{:>4}", number.unwrap_or_default()))
        }
        Column::Cpu => Cell::from(now(percent(rates.cpu))),
        // All of its processors.
        Column::CpuPlot => plot(&guest.cpu, processors(guest)).cyan(),
        Column::Memory => Cell::from(amount_kib(guest.memory_kib)),
        Column::Used => Cell::from(now(part(guest.used_kib, guest.memory_kib))),
        Column::Read => Cell::from(now(amount(rates.read))),
        Column::Written => Cell::from(now(amount(rates.written))),
        Column::DiskPlot => plot(&guest.disk, SLOW).magenta(),
        Column::Received => Cell::from(now(amount(rates.received))),
        Column::Sent => Cell::from(now(amount(rates.sent))),
        Column::NetPlot => plot(&guest.net, SLOW).blue(),
    }
}

/// All that a guest has, in percent of one.
fn processors(guest: &Guest) -> f32 {
    let vcpus = guest.vcpus.and_then(|vcpus| u16::try_from(vcpus).ok());
    f32::from(vcpus.unwrap_or(1)) * 100.0
}

fn color(guest: &Guest) -> Color {
    match guest.state {
        _ if guest.is_silent => Color::Red,
        State::Running | State::Blocked => Color::Green,
        State::Crashed => Color::Red,
        State::Shutoff => Color::Reset,
        _ => Color::Yellow,
    }
}
