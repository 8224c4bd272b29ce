//! Calls that change what guests are, and what else there is on a host.

use libvirt_client::domain::{Domain, MetadataType, ModificationImpact};
use libvirt_client::domain::{MemoryLimit, MemoryParameters};
use libvirt_client::secret::DefineFlags;
use libvirt_client::{Connect, Optional as _, Reconnect};

use crate::crew::Work;
use crate::dice::Dice;
use crate::guests::{self, Guests};
use crate::ledger::{Outcome, Setback};
use crate::stage::connected;

const CONFIG: ModificationImpact = ModificationImpact::CONFIG;

pub(crate) struct Tuning {
    pub(crate) host: Reconnect,
    pub(crate) guests: Guests,
    pub(crate) dice: Dice,
}

impl Work for Tuning {
    const KIND: &'static str = "tuning";

    async fn step(&mut self) -> Outcome {
        let conn = connected(&self.host).await?;
        if self.dice.below(5) == 0 {
            return secret(&conn, self.dice.below(1_000_000)).await;
        }
        let name = self.guests.any(&mut self.dice);
        let Some(domain) = conn.domain_lookup_by_name(&name).await.optional()? else {
            return Ok(());
        };
        match self.dice.below(3) {
            0 => self.title(&domain).await,
            1 => self.limit(&domain).await,
            _ => {
                let on = self.dice.below(2) == 0;
                domain.set_autostart(on).await?;
                // Others may be at the same guest, so whatever it is now is right.
                domain.autostart().await?;
                domain.set_autostart(false).await?;
                Ok(())
            }
        }
    }
}

impl Tuning {
    async fn title(&mut self, domain: &Domain) -> Outcome {
        let title = format!("number {}", self.dice.below(1_000_000));
        let kind = MetadataType::Title;
        domain.set_metadata(kind, Some(&title), None, None, CONFIG).await?;
        // Somebody else may define it anew.
        domain.metadata(kind, None, CONFIG).await.optional()?;
        Ok(())
    }

    async fn limit(&mut self, domain: &Domain) -> Outcome {
        let mut limits = MemoryParameters::default();
        limits.soft_limit = Some(MemoryLimit::Kib(65_536 + 1024 * self.dice.below(64) as u64));
        domain.set_memory_parameters(&limits, CONFIG).await?;
        domain.memory_parameters(CONFIG).await?;
        domain.scheduler_parameters_flags(CONFIG).await?;
        domain.blkio_parameters(CONFIG).await?;
        Ok(())
    }
}

/// A secret that only this step knows, so what it holds is known, too.
async fn secret(conn: &Connect, number: usize) -> Outcome {
    let secret = conn.secret_define_xml(&guests::secret(number), DefineFlags::empty()).await?;
    let value = number.to_be_bytes();
    let kept = async {
        secret.set_value(&value).await?;
        secret.value().await
    };
    let kept = kept.await;
    let undefined = secret.undefine().await;
    if kept?.expose() != value {
        return Err(Setback::Wrong(String::from("a secret has another value")));
    }
    Ok(undefined?)
}
