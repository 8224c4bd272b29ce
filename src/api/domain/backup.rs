//! Backups of a running domain's disks.

use super::{BackupBeginFlags, Domain};
use crate::error::Result;
use crate::protocol::remote;

/// # Backups
impl Domain {
    /// Begins to back up the disks of the running domain as the `<domainbackup>` element
    /// `backup_xml` describes, and creates the checkpoint `checkpoint_xml` at that very moment
    /// (`virDomainBackupBegin`). [Takes long](crate#calls-that-take-long). Since libvirt 6.0.0.
    ///
    /// Returns when the backup has begun. It shows the disks as they were then, and it is the
    /// domain's job: [`job_stats`](Self::job_stats) has its progress and, with `COMPLETED`, its
    /// outcome, and the event [`JobCompleted`](crate::events::domain::JobCompleted) comes at its
    /// end. While the domain has a job, the daemon lets another one wait, for half a minute by
    /// default, and then fails with
    /// [`OperationTimeout`](crate::types::error::ErrorCode::OperationTimeout).
    ///
    /// With `mode='push'` the hypervisor writes to files and the job ends by itself; a disk's file
    /// is closed, and so complete, only when its event
    /// [`BlockJob2`](crate::events::domain::BlockJob2) comes, the last after the job's end. With
    /// `mode='pull'` it serves the disks over NBD until [`abort_job`](Self::abort_job), after which
    /// the job's outcome is success, with the error message "Operation canceled"; libvirt 9.0.0
    /// wants a `<scratch file='…'/>` in each `<disk>` then. A file that
    /// `backup_xml` names must not exist, unless
    /// [`REUSE_EXTERNAL`](BackupBeginFlags::REUSE_EXTERNAL) says that it is to be used. Fails with
    /// [`NoDomainCheckpoint`](crate::types::error::ErrorCode::NoDomainCheckpoint) where
    /// `<incremental>` names a checkpoint that the domain does not have.
    ///
    /// The file of an incremental backup names the disk's own image as its backing image, which is
    /// right only until the guest writes again: `qemu-img rebase -u` puts it on the backup before.
    ///
    /// A whole backup that others can be based on, and one of what has changed since:
    ///
    /// ```no_run
    /// # async fn example(domain: &libvirt_client::domain::Domain) -> libvirt_client::Result<()> {
    /// use libvirt_client::domain::BackupBeginFlags;
    ///
    /// let to = |file: &str| {
    ///     let target = format!("<target file='/backup/{file}'/>");
    ///     format!("<disks><disk name='vda' type='file'>{target}</disk></disks>")
    /// };
    /// let whole = format!("<domainbackup>{}</domainbackup>", to("monday"));
    /// let monday = "<domaincheckpoint><name>monday</name></domaincheckpoint>";
    /// domain.backup_begin(&whole, Some(monday), BackupBeginFlags::empty()).await?;
    /// // On Tuesday:
    /// let changes = "<incremental>monday</incremental>";
    /// let changes = format!("<domainbackup>{changes}{}</domainbackup>", to("tuesday"));
    /// domain.backup_begin(&changes, None, BackupBeginFlags::empty()).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "virDomainBackupBegin")]
    pub async fn backup_begin(
        &self,
        backup_xml: &str,
        checkpoint_xml: Option<&str>,
        flags: BackupBeginFlags,
    ) -> Result<()> {
        self.run(remote::DomainBackupBegin {
            dom: self.wire(),
            backup_xml: backup_xml.into(),
            checkpoint_xml: checkpoint_xml.map(Into::into),
            flags,
        })
        .await
    }

    /// Returns the XML of the backup under way, with all that the daemon has chosen, such as an
    /// NBD server's port (`virDomainBackupGetXMLDesc`). Since libvirt 6.0.0.
    ///
    /// Fails with an error for which [`is_not_found`](crate::Error::is_not_found) holds where there
    /// is none.
    #[doc(alias = "virDomainBackupGetXMLDesc")]
    #[doc(alias = "backupGetXMLDesc")]
    pub async fn backup_xml_desc(&self) -> Result<String> {
        let request = remote::DomainBackupGetXmlDesc { dom: self.wire(), flags: 0 };
        Ok(self.call(request).await?.decode()?.xml.into_owned())
    }
}
