//! Serves metrics of the guests of one or many hosts to Prometheus.
//!
//! ```text
//! exporter [--listen ADDRESS:PORT] [--deadline SECONDS] URI...
//! exporter qemu:///system qemu+ssh://root@kvm2/system
//! ```
//!
//! Metrics are named as by other exporters for libvirt, and each has the label `uri`. They are asked
//! for whenever somebody asks here, at <http://127.0.0.1:9177/metrics> unless `--listen` says
//! otherwise. The answer takes as long as the slowest host, but no longer than `--deadline`, which is
//! 5 seconds by default: a host that has not answered by then, or is lost, has `libvirt_up 0` and no
//! guests. A guest that hangs has `libvirt_domain_answers 0`, and only what is known without it.

mod hosts;
mod metrics;
mod options;
mod server;
#[path = "../shared/statistics.rs"]
mod statistics;

use std::error::Error;
use std::io::{self, Write as _};
use std::process::ExitCode;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use hosts::Hosts;
use options::Options;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let result = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => run(options).await,
        Err(text) => Err(text.into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let listen = options.listen;
    let listener = TcpListener::bind(listen).await.map_err(|error| format!("{listen}: {error}"))?;
    let mut hosts = Hosts::new(&options)?;
    writeln!(io::stdout(), "listening on http://{}/metrics", listener.local_addr()?)?;
    let (scrapes, waiting) = server::queue();
    tokio::select! {
        () = server::serve(listener, scrapes, options.deadline) => {}
        () = hosts.attend(waiting) => {}
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

fn complain(text: &str) {
    // Some of the daemon's messages have several lines.
    eprintln!("exporter: {}", text.replace('\n', " "));
}
