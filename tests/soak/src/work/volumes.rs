//! Volumes that are written and read again, byte by byte.

use std::path::PathBuf;

use libvirt_client::storage::StoragePool;
use libvirt_client::storage::storage_pool::CreateFlags as PoolFlags;
use libvirt_client::storage::storage_vol::{CreateFlags, DeleteFlags, DownloadFlags, UploadFlags};
use libvirt_client::{Chunk, Connect, Optional as _, Reconnect};

use crate::crew::Work;
use crate::dice::Dice;
use crate::ledger::{Outcome, Setback};
use crate::stage::connected;

const POOL: &str = "soak";
const LARGEST: usize = 2 << 20;

pub(crate) struct Volumes {
    pub(crate) host: Reconnect,
    pub(crate) dir: PathBuf,
    /// No other worker's.
    pub(crate) name: &'static str,
    pub(crate) dice: Dice,
}

impl Work for Volumes {
    const KIND: &'static str = "volumes";

    async fn step(&mut self) -> Outcome {
        let conn = connected(&self.host).await?;
        let pool = self.pool(&conn).await?;
        if let Some(left) = pool.storage_vol_lookup_by_name(self.name).await.optional()? {
            left.delete(DeleteFlags::NORMAL).await?;
        }
        let length = 1 + self.dice.below(LARGEST);
        let sent = self.dice.bytes(length);
        let xml = format!(
            "<volume><name>{}</name><capacity unit='bytes'>{length}</capacity></volume>",
            self.name
        );
        let volume = pool.storage_vol_create_xml(&xml, CreateFlags::empty()).await?;
        let mut up = volume.upload(0, Some(length as u64), UploadFlags::empty()).await?;
        if self.dice.below(5) == 0 {
            up.write_all(sent.get(..length / 2).unwrap_or_default()).await?;
            up.abort().await?;
            return Ok(());
        }
        up.write_all(&sent).await?;
        up.finish().await?;
        let mut down = volume.download(0, Some(length as u64), DownloadFlags::empty()).await?;
        if self.dice.below(5) == 0 {
            down.read_chunk().await?;
            drop(down);
            return Ok(());
        }
        let mut got = Vec::new();
        while let Some(chunk) = down.read_chunk().await? {
            let Chunk::Data(data) = chunk else {
                return Err(Setback::Wrong(format!("a stream without holes has {chunk:?}")));
            };
            got.extend_from_slice(&data);
        }
        down.finish().await?;
        if got != sent {
            let same = got.iter().zip(&sent).take_while(|(got, sent)| got == sent).count();
            let what = format!("{} of {length} bytes came, {same} are right", got.len());
            return Err(Setback::Wrong(what));
        }
        Ok(())
    }
}

impl Volumes {
    /// The pool, which a daemon that was killed may have forgotten.
    async fn pool(&self, conn: &Connect) -> libvirt_client::Result<StoragePool> {
        if let Some(pool) = conn.storage_pool_lookup_by_name(POOL).await.optional()? {
            return Ok(pool);
        }
        let xml = format!(
            "<pool type='dir'><name>{POOL}</name><target><path>{}</path></target></pool>",
            self.dir.display()
        );
        conn.storage_pool_create_xml(&xml, PoolFlags::NORMAL).await
    }
}
