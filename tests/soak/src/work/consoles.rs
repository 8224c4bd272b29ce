//! The shell on a guest's console, which is opened, asked something, and closed.

use std::time::Duration;

use libvirt_client::domain::{ConsoleFlags, Domain};
use libvirt_client::{Connect, Optional as _, Reconnect, Stream};
use tokio::time::timeout;

use crate::crew::Work;
use crate::dice::Dice;
use crate::ledger::{Outcome, Setback};
use crate::stage::connected;

/// The guest's name.
pub(crate) const GUEST: &str = "console";
const LIMIT: Duration = Duration::from_secs(60);

pub(crate) struct Consoles {
    pub(crate) host: Reconnect,
    pub(crate) xml: String,
    pub(crate) dice: Dice,
}

impl Work for Consoles {
    const KIND: &'static str = "consoles";

    async fn step(&mut self) -> Outcome {
        let conn = connected(&self.host).await?;
        let domain = self.guest(&conn).await?;
        let mut console = domain.open_console(None, ConsoleFlags::FORCE).await?;
        let number = 1 + self.dice.below(1_000_000);
        let asked = timeout(LIMIT, ask(&mut console, number)).await;
        // Who only drops it may meet the daemon at tidying up with the next opening.
        let closed = console.abort().await;
        asked.map_err(|_| Setback::Unlucky("no answer"))??;
        Ok(closed?)
    }
}

impl Consoles {
    async fn guest(&self, conn: &Connect) -> libvirt_client::Result<Domain> {
        let found = conn.domain_lookup_by_name(GUEST).await.optional()?;
        let domain = match found {
            Some(domain) => domain,
            None => conn.domain_define_xml(&self.xml).await?,
        };
        if !domain.is_active().await? {
            domain.create().await?;
        }
        Ok(domain)
    }
}

/// Has the shell calculate, so that its answer is not what was typed.
async fn ask(console: &mut Stream, number: usize) -> Outcome {
    let answer = format!("is-{}-", number * 1001);
    console.write_all(format!("echo is-$(({number}*1001))-\n").as_bytes()).await?;
    let mut read = String::new();
    while !read.contains(&answer) {
        let Some(chunk) = console.read_chunk().await? else {
            return Err(Setback::Unlucky("ended"));
        };
        if let libvirt_client::Chunk::Data(data) = chunk {
            read.push_str(&String::from_utf8_lossy(&data));
        }
    }
    Ok(())
}
