//! Waiting for block jobs.

use std::time::Duration;

use super::followed::{Followed, within};
use crate::api::domain::targets::{Attributes, Device};
use crate::api::domain::{BlockJobStatus, Domain};
use crate::error::{Error, Optional as _, Result};
use crate::events::domain::Change;
use crate::events::{DomainEvent, DomainEventKinds};
use crate::types::error::ErrorCode;

/// How a block job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BlockJobEnd {
    /// It has done its work.
    Completed,
    /// It failed, e.g. because the destination is full.
    Failed,
    /// It was aborted.
    Canceled,
    /// There is none: it is over, and the event that said how was lost, with the connection or
    /// otherwise; or it never began.
    Unknown,
}

/// The present or next block job of a disk; from [`Domain::watch_block_job`].
///
/// It goes on over the next connection of a [`Reconnect`](crate::Reconnect).
#[derive(Debug)]
pub struct BlockJobWatch {
    followed: Followed,
    disk: String,
    is_ready: bool,
    end: Option<Result<BlockJobEnd, &'static str>>,
    /// Set while events may have been lost.
    is_unsure: bool,
}

/// # Waiting for block jobs
impl Domain {
    /// Watches the block job of the disk with that target, e.g. `vda`: one that runs, or one that is
    /// to be started.
    ///
    /// Called before the job is started it misses nothing, however short the job is.
    ///
    /// ```no_run
    /// # async fn example(domain: &libvirt_client::domain::Domain) -> libvirt_client::Result<()> {
    /// use std::time::Duration;
    /// use libvirt_client::domain::BlockJobAbortFlags;
    /// use libvirt_client::waiting::BlockJobEnd;
    ///
    /// let timeout = Duration::from_secs(3600);
    /// let mut job = domain.watch_block_job("vda").await?;
    /// // … domain.block_copy("vda", …)
    /// job.wait_ready(timeout).await?;
    /// domain.block_job_abort("vda", BlockJobAbortFlags::PIVOT).await?;
    /// assert_eq!(job.wait_done(timeout).await?, BlockJobEnd::Completed);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn watch_block_job(&self, disk: &str) -> Result<BlockJobWatch> {
        let kinds = DomainEventKinds::BLOCK_JOB_2 | DomainEventKinds::LIFECYCLE;
        Ok(BlockJobWatch {
            followed: Followed::begin(self, kinds).await?,
            disk: disk.to_owned(),
            is_ready: false,
            end: None,
            is_unsure: true,
        })
    }
}

/// The time for an event that is still on its way after its job is over.
const GRACE: Duration = Duration::from_secs(2);

impl BlockJobWatch {
    /// Waits until the job, a copy or an active commit, has copied all and only follows what the
    /// guest writes: until it can be aborted with `PIVOT`.
    ///
    /// Call it once the job was started. A job that ends before, or that there is not (any more), is
    /// [`Error::Failed`]; after `timeout` it fails with [`Error::Timeout`], and the job goes on.
    /// Cancel-safe.
    pub async fn wait_ready(&mut self, timeout: Duration) -> Result<()> {
        let domain = self.followed.domain().clone();
        within(timeout, &domain, "the block job's readiness", async {
            loop {
                if self.is_ready {
                    return Ok(());
                }
                if let Some(end) = self.end {
                    let how = match end {
                        Ok(BlockJobEnd::Unknown) => "there is no job".to_owned(),
                        Ok(end) => format!("it ended: {end:?}"),
                        Err(how) => how.to_owned(),
                    };
                    let disk = &self.disk;
                    return Err(Error::Failed(format!("{disk}'s job was never ready: {how}")));
                }
                self.advance().await?;
            }
        })
        .await
    }

    /// Waits until the job has ended, and returns how.
    ///
    /// Call it once the job was started. After `timeout` it fails with [`Error::Timeout`], and the job
    /// goes on; if the guest ends while it has a job it fails with [`Error::Failed`]. Cancel-safe.
    pub async fn wait_done(&mut self, timeout: Duration) -> Result<BlockJobEnd> {
        let domain = self.followed.domain().clone();
        within(timeout, &domain, "the block job's end", async {
            loop {
                if let Some(end) = self.end {
                    let disk = &self.disk;
                    return end.map_err(|how| Error::Failed(format!("{disk}'s job: {how}")));
                }
                self.advance().await?;
            }
        })
        .await
    }

    /// Takes the next event, or looks where events may have been lost.
    async fn advance(&mut self) -> Result<()> {
        if self.is_unsure {
            if self.look().await? {
                return Ok(());
            }
            // It is over, and the event of that may be on its way.
            match self.followed.event(Some(GRACE)).await? {
                Some(event) => self.take(&event),
                None => self.end = Some(Ok(BlockJobEnd::Unknown)),
            }
            return Ok(());
        }
        match self.followed.event(None).await? {
            Some(event) => self.take(&event),
            None => self.is_unsure = true,
        }
        Ok(())
    }

    /// Asks whether there is a job, and whether it is ready.
    async fn look(&mut self) -> Result<bool> {
        let domain = self.followed.domain().clone();
        let looked = async {
            match domain.block_job_info(&self.disk).await.optional()?.flatten() {
                Some(_) => domain.devices("disk").await.optional(),
                None => Ok(None),
            }
        };
        let disks: Option<Vec<Mirrored>> = match looked.await {
            // The guest does not run, or does not exist.
            Err(error) if error.code() == Some(ErrorCode::OperationInvalid) => None,
            // The next event says that the connection was lost, and has it looked at again.
            Err(error) if domain.connect().was_lost(&error) => {
                self.is_unsure = false;
                return Ok(true);
            }
            disks => disks?,
        };
        let Some(disks) = disks else {
            return Ok(false);
        };
        self.is_ready |= disks.iter().any(|disk| disk.target == self.disk && disk.is_ready);
        self.is_unsure = false;
        Ok(true)
    }

    fn take(&mut self, event: &DomainEvent) {
        match event {
            DomainEvent::BlockJob2(event) if event.target == self.disk => match event.status {
                BlockJobStatus::Ready => self.is_ready = true,
                BlockJobStatus::Completed => self.end = Some(Ok(BlockJobEnd::Completed)),
                BlockJobStatus::Failed => self.end = Some(Ok(BlockJobEnd::Failed)),
                BlockJobStatus::Canceled => self.end = Some(Ok(BlockJobEnd::Canceled)),
                BlockJobStatus::Other(_) => {}
            },
            DomainEvent::Lifecycle(event) if matches!(event.change, Change::Stopped(_)) => {
                self.end = Some(Err("the guest has ended"));
            }
            _ => {}
        }
    }
}

/// A disk and whether its copy is ready.
#[derive(Default)]
struct Mirrored {
    target: String,
    is_ready: bool,
}

impl Device for Mirrored {
    fn element(&mut self, _attributes: &Attributes) {}

    fn child(&mut self, name: &str, attributes: &Attributes) {
        match name {
            "target" => self.target = attributes.get("dev").unwrap_or_default(),
            "mirror" => self.is_ready = attributes.get("ready").as_deref() == Some("yes"),
            _ => {}
        }
    }
}
