//! Snapshots of a guest that has a disk, and is never started.

use std::path::PathBuf;

use libvirt_client::domain::DomainSnapshot;
use libvirt_client::domain::snapshot::{CreateFlags, DeleteFlags, ListFlags, XmlFlags};
use libvirt_client::{Optional as _, Reconnect};

use crate::crew::Work;
use crate::guests;
use crate::ledger::{Outcome, Setback};
use crate::stage::connected;

const GUEST: &str = "snapshots";

pub(crate) struct Snapshots {
    pub(crate) host: Reconnect,
    /// An image in qcow2, which holds the snapshots.
    pub(crate) disk: PathBuf,
}

impl Work for Snapshots {
    const KIND: &'static str = "snapshots";

    async fn step(&mut self) -> Outcome {
        let conn = connected(&self.host).await?;
        let domain = match conn.domain_lookup_by_name(GUEST).await.optional()? {
            Some(domain) => domain,
            None => conn.domain_define_xml(&guests::with_disk(GUEST, &self.disk)).await?,
        };
        // What was left by a connection that was lost.
        for left in domain.list_all_snapshots(ListFlags::empty()).await? {
            left.delete(DeleteFlags::empty()).await?;
        }
        for name in ["first", "second"] {
            let xml = format!("<domainsnapshot><name>{name}</name></domainsnapshot>");
            let taken = domain.snapshot_create_xml(&xml, CreateFlags::empty()).await?;
            taken.xml_desc(XmlFlags::empty()).await?;
        }
        let all = domain.list_all_snapshots(ListFlags::TOPOLOGICAL).await?;
        let names: Vec<_> = all.iter().map(DomainSnapshot::name).collect();
        if names != ["first", "second"] {
            return Err(Setback::Wrong(format!("the guest has the snapshots {names:?}")));
        }
        Ok(())
    }
}
