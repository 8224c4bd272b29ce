//! Backups of a running domain's disks.

use super::{BackupBeginFlags, Domain};
use crate::error::Result;
use crate::protocol::remote;

impl Domain {
    /// Begins to back up the disks of the running domain as the `<domainbackup>` element
    /// `backup_xml` describes, and creates the checkpoint `checkpoint_xml` at that very moment
    /// (`virDomainBackupBegin`). Takes long. Since libvirt 6.0.0.
    ///
    /// Returns when the backup has begun. It shows the disks as they were then, and it is the
    /// domain's job, of which it can have one: [`job_stats`](Self::job_stats) has its progress and,
    /// with `COMPLETED`, its outcome, the event
    /// [`JobCompleted`](crate::events::domain::JobCompleted) comes at its end.
    /// With `mode='push'` the hypervisor writes to files and the job ends by itself; with
    /// `mode='pull'` it serves the disks over NBD until [`abort_job`](Self::abort_job), which is
    /// success there. A file that `backup_xml` names must not exist, unless
    /// [`REUSE_EXTERNAL`](BackupBeginFlags::REUSE_EXTERNAL) says that it is to be used.
    ///
    /// A whole backup that others can be based on, and one of what has changed since:
    ///
    /// ```no_run
    /// # async fn example(domain: &libvirt_client::domain::Domain) -> libvirt_client::Result<()> {
    /// use libvirt_client::domain::BackupBeginFlags;
    ///
    /// let to = |disk: &str| {
    ///     format!("<disks><disk name='vda'><target file='/backup/{disk}'/></disk></disks>")
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
    pub async fn backup_xml_desc(&self) -> Result<String> {
        let request = remote::DomainBackupGetXmlDesc { dom: self.wire(), flags: 0 };
        Ok(self.call(request).await?.decode()?.xml.into_owned())
    }
}
