//! The terminal is left as it was, whatever ends the program.

use std::env;
use std::process::{Command, Stdio};

use super::view::View;
use crate::programs::{assert_fails, built};

#[allow(dead_code, unreachable_pub)]
#[path = "../../../examples/top/screen.rs"]
mod screen;

const HERE: &str = "top::ending::a_panic_leaves_the_terminal_as_it_was";
const PANICS: &str = "LIBVIRT_CLIENT_TEST_PANICS";

/// This program is run again on a terminal, and panics there.
#[tokio::test]
async fn a_panic_leaves_the_terminal_as_it_was() {
    if env::var_os(PANICS).is_some() {
        let mut screen = screen::Screen::enter().unwrap();
        screen
            .draw(|frame| frame.render_widget("about to panic", frame.area()))
            .unwrap();
        panic!("all is lost");
    }
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", HERE, "--nocapture"])
        .env(PANICS, "")
        .env("RUST_BACKTRACE", "0");
    View::of(&command).has_ended(101, "all is lost");
}

#[test]
fn an_error_leaves_the_terminal_as_it_was() {
    let view = View::start(&["test+nothing:///default"]);
    view.has_ended(1, "there is no transport \"nothing\"");
}

#[test]
fn a_signal_leaves_the_terminal_as_it_was() {
    let view = View::start(&["test+unix:///default?socket=/nowhere"]);
    view.shows("the host", |screen| screen.is_full() && screen.has("✕ /nowhere: lost: cannot"));
    view.terminate();
    view.has_ended(0, "");
}

#[test]
fn what_it_cannot_do_is_one_line() {
    let run = |words: &[&str]| {
        let mut command = Command::new(built("top"));
        command.args(words).stdin(Stdio::null()).output().unwrap()
    };
    for (words, reason) in [
        (&["x"][..], "this is no terminal; --once prints a table"),
        (&["--twice", "x"], "there is no option --twice; usage: top"),
        (&["--interval", "0", "x"], "--interval '0': not from 0.1 to 3600 seconds"),
        (&["--interval"], "--interval '': not"),
        (&["--once", "x", "x"], "'x' is given twice"),
    ] {
        assert_fails(&run(words), reason);
    }
}
