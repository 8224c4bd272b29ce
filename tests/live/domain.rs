//! Domains: a file for each topic, as in the API.

mod agent;
mod backup;
mod block;
mod block_jobs;
mod checkpoint;
mod cpu;
mod describe;
mod device;
mod image;
mod install;
mod interface;
mod jobs;
mod lifecycle;
mod lookup;
pub mod media;
mod memory;
mod provision;
mod refusals;
mod save;
mod snapshot;
mod stats;
mod tuning;

use libvirt_client::domain::Domain;
use rig::Daemon;

use crate::common::eventually;

/// Runs a shell command in a guest by its agent, and waits until it has succeeded.
async fn run_in_guest(daemon: &'static Daemon, domain: &Domain, command: &str) {
    let execute = format!(
        r#"{{"execute":"guest-exec","arguments":{{"path":"/bin/sh","arg":["-c","{command}"]}}}}"#
    );
    let answer = agent(daemon, domain, execute).await;
    let pid: String = answer.chars().filter(char::is_ascii_digit).collect();
    let status = format!(r#"{{"execute":"guest-exec-status","arguments":{{"pid":{pid}}}}}"#);
    eventually(&format!("{command:?} has ended"), async || {
        let answer = agent(daemon, domain, status.clone()).await;
        let ended = answer.contains(r#""exited":true"#);
        assert!(!ended || answer.contains(r#""exitcode":0"#), "{command:?}: {answer}");
        ended
    })
    .await;
}

async fn agent(daemon: &'static Daemon, domain: &Domain, command: String) -> String {
    virsh(daemon, ["qemu-agent-command", domain.name(), &command]).await
}

/// What the real `virsh` says, without keeping this thread's other work from going on.
async fn virsh<const N: usize>(daemon: &'static Daemon, args: [&str; N]) -> String {
    let args = args.map(str::to_owned);
    let run = move || daemon.virsh(args).unwrap();
    tokio::task::spawn_blocking(run).await.unwrap()
}

/// The value behind `name` in a listing of virsh's: `name: value`, `name value` or `name = value`.
fn value_of<'a>(listing: &'a str, name: &str) -> &'a str {
    listing
        .lines()
        .find_map(|line| {
            let rest = line.trim().strip_prefix(name)?;
            let value = rest.trim_start_matches([' ', '\t', ':', '=']);
            (value.len() < rest.len()).then(|| value.trim())
        })
        .unwrap_or_else(|| panic!("no {name} in {listing}"))
}
