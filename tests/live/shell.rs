//! The shell on a guest's serial console.

use libvirt_client::Stream;
use libvirt_client::domain::{ConsoleFlags, Domain};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::common::LIMIT;

pub struct Shell {
    console: Stream,
    commands: u32,
}

impl Shell {
    /// Takes the console, whoever has it.
    pub async fn open(domain: &Domain) -> Self {
        let console = domain.open_console(None, ConsoleFlags::FORCE).await;
        Self { console: console.unwrap(), commands: 0 }
    }

    /// Types a command.
    pub async fn tell(&mut self, command: &str) {
        let line = format!("{command}\n");
        self.console.write_all(line.as_bytes()).await.unwrap();
    }

    /// Runs a command to its end, and gives what the console showed meanwhile.
    pub async fn run(&mut self, command: &str) -> String {
        self.commands += 1;
        // Not how it is typed, so that the echo does not look like the answer.
        let done = format!("done-{}-", self.commands * 1001);
        self.tell(command).await;
        self.tell(&format!("echo done-$(({}*1001))-", self.commands)).await;
        read_until(&mut self.console, &done).await
    }

    /// Lets go of the console. Who takes it while the daemon is still at that may have it stand
    /// still: libvirt's side of a console has two locks, which these take in opposite orders.
    pub async fn close(self) {
        self.console.abort().await.unwrap();
    }
}

/// Reads until `text` has come, and gives all that came.
pub async fn read_until(stream: &mut (impl AsyncRead + Unpin), text: &str) -> String {
    let mut read = Vec::new();
    let reading = async {
        while !String::from_utf8_lossy(&read).contains(text) {
            let count = stream.read_buf(&mut read).await.unwrap();
            assert_ne!(count, 0, "the stream ended before {text:?}");
        }
    };
    let found = tokio::time::timeout(LIMIT, reading).await;
    let read = String::from_utf8_lossy(&read).into_owned();
    assert!(found.is_ok(), "{text:?} did not come: {read:?}");
    read
}
