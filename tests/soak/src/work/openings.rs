//! Connections that are opened in every way, and closed, dropped or never opened.

use std::time::Duration;

use libvirt_client::Connect;
use libvirt_client::events::domain::{Lifecycle, Reboot};

use crate::crew::Work;
use crate::dice::Dice;
use crate::ledger::Outcome;
use crate::stage::Uris;

const LIMIT: Duration = Duration::from_secs(30);

pub(crate) struct Openings {
    pub(crate) uris: Uris,
    pub(crate) dice: Dice,
}

impl Work for Openings {
    const KIND: &'static str = "openings";

    async fn step(&mut self) -> Outcome {
        let [a, b] = &self.uris.unix;
        let uri = match self.dice.below(12) {
            0 => &self.uris.ssh,
            1..4 => &self.uris.tls,
            4..8 => a,
            _ => b,
        };
        let builder = Connect::builder(uri).call_timeout(Some(LIMIT));
        if self.dice.below(4) == 0 {
            let patience = Duration::from_micros(self.dice.below(5_000) as u64);
            // Whatever has come of it until then.
            drop(tokio::time::timeout(patience, builder.open()).await);
            return Ok(());
        }
        let conn = builder.open_timeout(Some(LIMIT)).open().await?;
        let all = conn.subscribe::<Lifecycle>(None).await?;
        let again = conn.subscribe::<Lifecycle>(None).await?;
        let other = conn.subscribe::<Reboot>(None).await?;
        drop(all);
        conn.hostname().await?;
        match self.dice.below(3) {
            0 => conn.close().await,
            1 => drop((again, other)),
            _ => drop(conn),
        }
        Ok(())
    }
}
