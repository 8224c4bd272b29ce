//! What keys do.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use libvirt_client::domain::State;

use crate::act::Action;
use crate::app::{App, Id, Mode, Text};

/// What is more than a change of what is shown.
#[derive(Debug)]
pub(crate) enum Command {
    Quit,
    Act(Action, Id),
    Console(Id),
    Xml(Id),
}

/// All keys of the list, for people.
pub(crate) const HELP: &[(&str, &str)] = &[
    ("↑ ↓ PgUp PgDn Home End", "choose a guest"),
    ("< >", "sort by another column"),
    ("r", "the other way round"),
    ("/", "only guests or hosts with this in their names; Esc ends it"),
    ("a", "all guests, or only those that are active"),
    ("s", "start"),
    ("t", "ask the guest to shut down"),
    ("p", "pause, or go on"),
    ("D", "destroy: end it at once"),
    ("c", "its console; Ctrl-] comes back"),
    ("x", "its XML"),
    ("q", "quit"),
];

pub(crate) fn press(app: &mut App, key: KeyEvent) -> Option<Command> {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return (key.code == KeyCode::Char('c')).then_some(Command::Quit);
    }
    app.message.clear();
    match &mut app.mode {
        Mode::List => list(app, key.code),
        Mode::Filter => {
            filter(app, key.code);
            None
        }
        Mode::Confirm(id) => {
            let id = *id;
            app.mode = Mode::List;
            (key.code == KeyCode::Char('y')).then_some(Command::Act(Action::Destroy, id))
        }
        Mode::Help => {
            app.mode = Mode::List;
            None
        }
        Mode::Text(text) => {
            if !read(text, key.code, app.page) {
                app.mode = Mode::List;
            }
            None
        }
    }
}

fn list(app: &mut App, key: KeyCode) -> Option<Command> {
    match key {
        KeyCode::Char('q') => return Some(Command::Quit),
        KeyCode::Char('?' | 'h') => app.mode = Mode::Help,
        KeyCode::Char('/') => app.mode = Mode::Filter,
        KeyCode::Esc => app.filter.clear(),
        KeyCode::Char('<') => app.sort = app.sort.next(-1),
        KeyCode::Char('>') => app.sort = app.sort.next(1),
        KeyCode::Char('r') => app.is_reversed = !app.is_reversed,
        KeyCode::Char('a') => app.are_all_shown = !app.are_all_shown,
        key => match lines(key, app.page) {
            Some(by) => app.go(by),
            None => return on_guest(app, key),
        },
    }
    app.arrange();
    None
}

fn on_guest(app: &mut App, key: KeyCode) -> Option<Command> {
    let Some((id, guest)) = app.selected() else {
        "first choose a guest, by ↓ and ↑".clone_into(&mut app.message);
        return None;
    };
    Some(match key {
        KeyCode::Char('s') => Command::Act(Action::Start, id),
        KeyCode::Char('t') => Command::Act(Action::ShutDown, id),
        KeyCode::Char('p') if guest.state == State::Paused => Command::Act(Action::Resume, id),
        KeyCode::Char('p') => Command::Act(Action::Suspend, id),
        KeyCode::Char('c') | KeyCode::Enter => Command::Console(id),
        KeyCode::Char('x') => Command::Xml(id),
        KeyCode::Char('D') => {
            app.mode = Mode::Confirm(id);
            return None;
        }
        _ => return None,
    })
}

fn filter(app: &mut App, key: KeyCode) {
    match key {
        KeyCode::Char(c) => {
            app.filter.push(c);
            app.arrange();
            app.go(0);
        }
        KeyCode::Backspace => drop(app.filter.pop()),
        KeyCode::Enter => app.mode = Mode::List,
        KeyCode::Esc => {
            app.filter.clear();
            app.mode = Mode::List;
        }
        key => {
            if let Some(by) = lines(key, app.page) {
                app.go(by);
            }
        }
    }
    app.arrange();
}

/// Returns whether there is more to read.
fn read(text: &mut Text, key: KeyCode, page: usize) -> bool {
    let last = text.lines.len().saturating_sub(page);
    match lines(key, page) {
        Some(by) => text.first = text.first.saturating_add_signed(by).min(last),
        None if key == KeyCode::Char(' ') => text.first = (text.first + page).min(last),
        None => return false,
    }
    true
}

/// How far a key goes.
fn lines(key: KeyCode, page: usize) -> Option<isize> {
    let page = isize::try_from(page.max(1)).unwrap_or(isize::MAX);
    Some(match key {
        KeyCode::Up | KeyCode::Char('k') => -1,
        KeyCode::Down | KeyCode::Char('j') => 1,
        KeyCode::PageUp => -page,
        KeyCode::PageDown => page,
        KeyCode::Home => isize::MIN,
        KeyCode::End => isize::MAX,
        _ => return None,
    })
}
