//! A guest's console on the terminal.

#[path = "../console/talk.rs"]
mod talk;

use std::error::Error;
use std::io::{self, PipeReader};
use std::thread;

use libvirt_client::domain::{ConsoleFlags, Domain};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::retry_on_intr;
use tokio::sync::mpsc;

use talk::talk;

/// Returns what there is to say in the end.
pub(crate) async fn connect(domain: &Domain) -> String {
    match converse(domain).await {
        Ok(()) => format!("the console of {} was left", domain.name()),
        Err(error) => format!("{}: {error}", domain.name()),
    }
}

async fn converse(domain: &Domain) -> Result<(), Box<dyn Error>> {
    let stream = domain.open_console(None, ConsoleFlags::empty()).await?;
    println!("Connected to {}; ^] comes back.\r", domain.name());
    let (stop, going_on) = io::pipe()?;
    let (sender, input) = mpsc::channel(1);
    let reading = thread::spawn(move || read_terminal(&stop, &sender));
    let result = talk(stream, input).await;
    drop(going_on);
    reading.join().map_err(|_| "the terminal cannot be read")??;
    result
}

/// Passes on what is typed, but takes nothing that is typed after the other end of `stop` is gone.
fn read_terminal(stop: &PipeReader, typed: &mpsc::Sender<io::Result<Vec<u8>>>) -> io::Result<()> {
    let terminal = io::stdin();
    let mut buffer = [0; 4096];
    loop {
        let mut ready = [
            PollFd::new(stop, PollFlags::IN),
            PollFd::new(&terminal, PollFlags::IN),
        ];
        retry_on_intr(|| poll(&mut ready, None))?;
        if !ready[0].revents().is_empty() {
            return Ok(());
        }
        let count = retry_on_intr(|| rustix::io::read(&terminal, &mut buffer))?;
        if count == 0 || typed.blocking_send(Ok(buffer[..count].to_vec())).is_err() {
            return Ok(());
        }
    }
}
