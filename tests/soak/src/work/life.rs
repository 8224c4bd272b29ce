//! Guests that are defined, started, paused, ended and removed.

use libvirt_client::domain::{CreateFlags, State, UndefineFlags};
use libvirt_client::{Optional as _, Reconnect};

use crate::crew::Work;
use crate::dice::Dice;
use crate::guests::{Guests, tiny};
use crate::ledger::Outcome;
use crate::stage::connected;

pub(crate) struct Life {
    pub(crate) host: Reconnect,
    pub(crate) guests: Guests,
    pub(crate) dice: Dice,
}

impl Work for Life {
    const KIND: &'static str = "life";

    async fn step(&mut self) -> Outcome {
        let conn = connected(&self.host).await?;
        let name = self.guests.any(&mut self.dice);
        let Some(domain) = conn.domain_lookup_by_name(&name).await.optional()? else {
            conn.domain_define_xml(&tiny(&name)).await?;
            return Ok(());
        };
        match (domain.state().await?.state, self.dice.below(5)) {
            (State::Shutoff, 0) => domain.undefine_flags(UndefineFlags::SNAPSHOTS_METADATA).await?,
            (State::Shutoff, _) => {
                // A quarter of them is active at most, for the machine's sake.
                if conn.num_of_domains().await? as usize * 8 < self.guests.in_all {
                    domain.create_with_flags(CreateFlags::PAUSED).await?;
                }
            }
            (State::Running, 0 | 1) => domain.suspend().await?,
            (State::Paused, 0 | 1) => domain.resume().await?,
            (_, 2) => domain.reset().await?,
            _ => domain.destroy().await?,
        }
        Ok(())
    }
}
