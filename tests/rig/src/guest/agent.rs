//! Waiting for a guest's agent.

use std::thread;
use std::time::{Duration, Instant};

use crate::daemon::Daemon;
use crate::error::{Error, Result};

const POLL: Duration = Duration::from_millis(50);

/// Waits until the agent of a guest answers, which it does shortly after the guest has booted.
pub fn wait_agent(daemon: &Daemon, name: &str, limit: Duration) -> Result<()> {
    let deadline = Instant::now() + limit;
    loop {
        let ping = r#"{"execute":"guest-ping"}"#;
        let output = daemon.virsh_output(["qemu-agent-command", "--timeout", "5", name, ping])?;
        if output.status.success() {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(Error::Failed(format!(
                "the agent of guest {name} did not answer within {limit:?}: {}",
                String::from_utf8_lossy(&output.stderr)
            )));
        }
        thread::sleep(POLL);
    }
}
