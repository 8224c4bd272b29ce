//! The example `top`: what it shows, what its keys do, and how it leaves the terminal.

mod ending;
mod hosts;
mod once;
mod view;

#[allow(dead_code, unreachable_pub)]
#[path = "../../examples/top/draw/numbers.rs"]
mod numbers;

use libvirt_client::domain::{CreateFlags, State};
use rig::Daemon;
use rustix::process::{Signal, kill_process};

use crate::common::{GUESTS, describe, wait_for_shell, wait_for_state};
use crate::exporter::hypervisor;
use view::View;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_is_shown_paused_talked_to_and_destroyed() {
    const NAME: &str = "top-guest";
    if !rig::available(GUESTS).unwrap() {
        return;
    }
    let daemon = Daemon::builder().start().unwrap();
    let conn = libvirt_client::Connect::open(&daemon.uri()).await.unwrap();
    let (xml, log) = describe(&daemon, NAME, |guest| guest);
    let domain = conn.domain_create_xml(&xml, CreateFlags::empty()).await.unwrap();
    wait_for_shell(&log).await;

    let mut view = View::start(&["--interval=0.2", &daemon.uri()]);
    view.shows("the guest", |screen| screen.row(NAME).contains("running  "));
    view.shows("its memory", |screen| screen.row(NAME).contains(" 128M "));
    // Nothing is done to a guest that nobody chose.
    view.types("p");
    view.shows("what to do first", |screen| screen.has("first choose a guest"));
    view.types("\x1b[Bp");
    wait_for_state(&domain, State::Paused).await;
    view.shows("that it is paused", |screen| {
        screen.row(NAME).contains("paused  ") && screen.has(&format!("{NAME} is paused"))
    });
    view.types("p");
    wait_for_state(&domain, State::Running).await;

    let hypervisor = hypervisor(&domain);
    kill_process(hypervisor, Signal::STOP).unwrap();
    view.shows("that it hangs", |screen| {
        screen.row(NAME).contains("hangs  ") && screen.has("1 of 1 guests active, 1 hanging")
    });
    kill_process(hypervisor, Signal::CONT).unwrap();
    view.shows("that it goes on", |screen| screen.row(NAME).contains("running  "));

    view.types("x");
    view.shows("its XML", |screen| screen.has("<domain type='qemu' id='1'>"));
    view.types("q");
    view.shows("the list", |screen| screen.row(NAME).contains("running  "));

    view.types("c");
    view.shows("where one is", |screen| screen.has(&format!("Connected to {NAME}")));
    view.types("echo $((6*7))-$((1+1))\r");
    view.shows("the guest's answer", |screen| screen.has("42-2"));
    view.types("\x1d");
    view.shows("the list again", |screen| {
        screen.is_full() && screen.has(&format!("the console of {NAME} was left"))
    });

    // Only `y` destroys it.
    view.types("D");
    view.shows("a question", |screen| screen.has(&format!("Destroy {NAME}?")));
    view.types("n");
    view.shows("no question", |screen| !screen.has("Destroy"));
    assert_eq!(domain.state().await.unwrap(), State::Running);
    view.types("Dy");
    view.shows("nothing", |screen| screen.has("no guests"));
    assert!(domain.state().await.unwrap_err().is_not_found());

    view.types("q");
    view.has_ended(0, "");
}

#[test]
fn numbers_are_five_characters_wide() {
    let mut number = 0.001;
    while number < 1e18 {
        for text in [
            numbers::amount(Some(number)),
            numbers::percent(Some(number.min(9e4))),
        ] {
            assert_eq!(text.len(), 5, "{number}: {text}");
        }
        number *= 1.007;
    }
    let amount = |number| numbers::amount(Some(number));
    assert_eq!(
        (amount(0.0), amount(999.0), amount(1000.0)),
        ("    0".into(), "  999".into(), " 1.0K".into())
    );
    assert_eq!(
        (amount(1536.0), amount(20480.0), amount(134_217_728.0)),
        (" 1.5K".into(), "  20K".into(), " 128M".into())
    );
    assert_eq!(
        (numbers::amount(None), numbers::percent(Some(99.96))),
        ("    -".into(), "  100".into())
    );
    assert_eq!(numbers::part(Some(3), Some(4)), " 75%");
}
