//! Calls that only ask: one after the other, many at once, and some that nobody waits for.

use std::time::Duration;

use libvirt_client::connect::{ListAllDomainsFlags, ListAllNetworksFlags};
use libvirt_client::domain::snapshot::ListFlags;
use libvirt_client::domain::stats::GetAllDomainStatsFlags;
use libvirt_client::domain::{Domain, StatsTypes, XmlFlags};
use libvirt_client::{Connect, Optional as _, Reconnect};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::crew::Work;
use crate::dice::Dice;
use crate::ledger::{Outcome, Setback};
use crate::stage::connected;

/// So many callers share a connection for a moment.
const MANY: usize = 64;

pub(crate) struct Calls {
    pub(crate) host: Reconnect,
    pub(crate) dice: Dice,
}

impl Work for Calls {
    const KIND: &'static str = "calls";

    async fn step(&mut self) -> Outcome {
        let conn = connected(&self.host).await?;
        match self.dice.below(10) {
            0 => self.about_the_host(&conn).await,
            1 => many_at_once(&conn).await,
            2 | 3 => self.given_up(&conn).await,
            4 => {
                // Guests that start or move would keep it waiting.
                let flags = GetAllDomainStatsFlags::NOWAIT;
                conn.all_domain_stats(StatsTypes::STATE | StatsTypes::VCPU, flags).await?;
                Ok(())
            }
            _ => self.about_a_guest(&conn).await,
        }
    }
}

impl Calls {
    async fn about_the_host(&mut self, conn: &Connect) -> Outcome {
        match self.dice.below(6) {
            0 => drop(conn.capabilities().await?),
            1 => drop(conn.node_info().await?),
            2 => drop(conn.node_memory_stats(None).await?),
            3 => drop(conn.list_all_networks(ListAllNetworksFlags::empty()).await?),
            4 => drop(conn.list_all_nwfilters().await?),
            _ => {
                let missing = conn.domain_lookup_by_name("nobody").await.optional()?;
                if let Some(domain) = missing {
                    return Err(Setback::Wrong(format!("there is {domain:?}")));
                }
            }
        }
        Ok(())
    }

    async fn about_a_guest(&mut self, conn: &Connect) -> Outcome {
        let Some(domain) = self.any(conn).await? else {
            return Ok(());
        };
        let said = match self.dice.below(4) {
            0 => domain.xml_desc(XmlFlags::empty()).await.map(|xml| {
                let name = format!("<name>{}</name>", domain.name());
                (!xml.contains(&name)).then(|| format!("no {name} in {xml}"))
            }),
            1 => domain.info().await.map(|_| None),
            2 => domain.state().await.map(|_| None),
            _ => domain.list_all_snapshots(ListFlags::empty()).await.map(|_| None),
        };
        // It may have gone meanwhile.
        match said.optional()?.flatten() {
            Some(wrong) => Err(Setback::Wrong(wrong)),
            None => Ok(()),
        }
    }

    /// Begins calls, and does not wait for their ends.
    async fn given_up(&mut self, conn: &Connect) -> Outcome {
        for _ in 0..8 {
            let patience = Duration::from_micros(self.dice.below(3_000) as u64);
            let list = conn.list_all_domains(ListAllDomainsFlags::empty());
            if let Ok(list) = timeout(patience, list).await {
                list?;
            }
        }
        Ok(())
    }

    async fn any(&mut self, conn: &Connect) -> libvirt_client::Result<Option<Domain>> {
        let mut all = conn.list_all_domains(ListAllDomainsFlags::empty()).await?;
        let chosen = self.dice.below(all.len());
        Ok((chosen < all.len()).then(|| all.swap_remove(chosen)))
    }
}

async fn many_at_once(conn: &Connect) -> Outcome {
    let mut callers = JoinSet::new();
    for _ in 0..MANY {
        let conn = conn.clone();
        callers.spawn(async move { conn.hostname().await });
    }
    let mut names = Vec::new();
    while let Some(name) = callers.join_next().await {
        names.push(name.map_err(|error| Setback::Wrong(error.to_string()))??);
    }
    names.dedup();
    if names.len() == 1 {
        Ok(())
    } else {
        Err(Setback::Wrong(format!("a host has the names {names:?}")))
    }
}
