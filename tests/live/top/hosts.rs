//! Several hosts, of which one is lost.

use libvirt_client::Connect;
use libvirt_client::domain::Domain;
use rig::{Daemon, Need};

use super::view::View;

async fn define(conn: &Connect, name: &str) -> Domain {
    let xml = format!(
        "<domain type='test'><name>{name}</name><memory>1024</memory>\
         <os><type>hvm</type></os></domain>"
    );
    conn.domain_define_xml(&xml).await.unwrap()
}

/// What guests use is never asked again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guests_come_and_go_at_once() {
    const NAME: &str = "top-new";
    if !rig::available(&[Need::Daemon, Need::Virsh]).unwrap() {
        return;
    }
    let daemon = Daemon::builder().test_driver().start().unwrap();
    let conn = Connect::open(&daemon.test_uri()).await.unwrap();
    let view = View::start(&["--interval=3600", &daemon.test_uri()]);
    view.shows("the first guest", |screen| screen.has("1 of 1 guests active"));
    let domain = define(&conn, NAME).await;
    view.shows("another", |screen| screen.row(NAME).contains("shut off  "));
    domain.create().await.unwrap();
    view.shows("that it runs", |screen| {
        screen.row(NAME).contains("running  ") && screen.has("2 of 2 guests active")
    });
    domain.destroy().await.unwrap();
    domain.undefine().await.unwrap();
    view.shows("the first alone", |screen| screen.row(NAME).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_is_lost_is_shown_as_such_and_comes_back() {
    if !rig::available(&[Need::Daemon, Need::Virsh]).unwrap() {
        return;
    }
    let start = || Daemon::builder().test_driver().start().unwrap();
    let (stays, mut goes) = (start(), start());
    // The test driver knows a domain for as long as somebody is connected.
    let mut conns = Vec::new();
    for (daemon, name) in [(&stays, "top-stays"), (&goes, "top-goes")] {
        let conn = Connect::open(&daemon.test_uri()).await.unwrap();
        define(&conn, name).await;
        conns.push(conn);
    }
    let socket = |daemon: &Daemon| daemon.socket().display().to_string();
    let (stays_at, goes_at) = (socket(&stays), socket(&goes));
    let mut view = View::start(&["--interval=0.2", &stays.test_uri(), &goes.test_uri()]);
    view.shows("both", |screen| {
        [&stays_at, &goes_at]
            .iter()
            .all(|at| screen.has(&format!("● {at}: 1 of 2 guests active")))
    });
    let places = |name: &'static str| {
        move |screen: &super::view::Screen<'_>| {
            let rows = screen.rows();
            let rows = rows.iter().enumerate().filter(|(_, row)| row.contains(name));
            rows.map(|(place, _)| place).collect::<Vec<_>>()
        }
    };
    let (stays_is, goes_is) = (places("top-stays"), places("top-goes"));

    // By name, then the other way round.
    view.types("<<");
    view.shows("names in order", |screen| goes_is(screen) < stays_is(screen));
    view.types("r");
    view.shows("names in the other order", |screen| stays_is(screen) < goes_is(screen));
    // Only those that run, then only one by its name.
    view.types("a");
    view.shows("only active ones", |screen| !screen.has("shut off") && screen.has("running"));
    view.types("a/GOES\r");
    view.shows("one of them", |screen| {
        !goes_is(screen).is_empty() && stays_is(screen).is_empty()
    });
    view.types("\x1b");
    view.shows("both again", |screen| {
        !goes_is(screen).is_empty() && !stays_is(screen).is_empty()
    });

    goes.kill9().unwrap();
    view.shows("that it is lost", |screen| {
        screen.has(&format!("✕ {goes_at}: lost, "))
            && screen.row("top-goes").contains(" ? ")
            && screen.row("top-stays").contains("shut off")
    });
    goes.restart().unwrap();
    // The new daemon does not know what the old one was told.
    view.shows("that it is back", |screen| {
        screen.has(&format!("● {goes_at}: 1 of 1 guests active")) && goes_is(screen).is_empty()
    });
    view.terminate();
    view.has_ended(0, "");
}
