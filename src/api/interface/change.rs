//! Changes to the host's interfaces that can be undone.

use crate::client::Connect;
use crate::error::Result;
use crate::protocol::{Request as _, remote};

/// Changes to the host's interfaces that are undone unless they are committed; from
/// [`Connect::interface_change_begin`].
///
/// Dropping it rolls them back, on the connection's runtime, and keeps the connection open until
/// the daemon has answered. If the connection is lost, the changes stay as they are until any
/// client calls [`Connect::interface_change_rollback`], or the host is started again.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> libvirt_client::Result<()> {
/// # let conn = libvirt_client::Connect::open("test:///default").await?;
/// # let xml = "<interface type='ethernet' name='eth7'><start mode='none'/></interface>";
/// use libvirt_client::interface::DefineFlags;
///
/// let change = conn.interface_change_begin().await?;
/// let bridge = conn.interface_define_xml(xml, DefineFlags::empty()).await?;
/// bridge.create().await?; // An error here undoes the definition.
/// change.commit().await?;
/// # assert!(conn.interface_lookup_by_name("eth7").await?.is_active().await?);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "dropping it rolls the changes back"]
pub struct InterfaceChange {
    conn: Connect,
    is_open: bool,
}

impl InterfaceChange {
    /// Begins. If nobody waits for that any more, the value is dropped, which undoes it.
    pub(super) async fn begin(conn: &Connect) -> Result<Self> {
        // What ends the changes has the caller's deadlines.
        let callers = conn.clone();
        conn.to_the_end(remote::InterfaceChangeBegin::INFO.name, async move |conn: Connect| {
            conn.run(remote::InterfaceChangeBegin { flags: 0 }).await?;
            Ok(Self { conn: callers, is_open: true })
        })
        .await
    }

    /// Commits the changes (`virInterfaceChangeCommit`). If the daemon refuses, they are rolled
    /// back.
    ///
    /// Dropping the future does not stop it.
    #[doc(alias = "virInterfaceChangeCommit")]
    #[doc(alias = "changeCommit")]
    pub async fn commit(self) -> Result<()> {
        let conn = self.conn.clone();
        conn.to_the_end(remote::InterfaceChangeCommit::INFO.name, async move |conn: Connect| {
            conn.run(remote::InterfaceChangeCommit { flags: 0 }).await?;
            self.leave();
            Ok(())
        })
        .await
    }

    /// Rolls the changes back (`virInterfaceChangeRollback`), and waits until they are undone.
    ///
    /// Dropping the future does not stop it.
    #[doc(alias = "virInterfaceChangeRollback")]
    #[doc(alias = "changeRollback")]
    pub async fn rollback(self) -> Result<()> {
        let conn = self.conn.clone();
        self.leave();
        conn.to_the_end(remote::InterfaceChangeRollback::INFO.name, async move |conn: Connect| {
            conn.run(remote::InterfaceChangeRollback { flags: 0 }).await
        })
        .await
    }

    /// Leaves the changes neither committed nor rolled back, for another client to decide.
    pub fn leave(mut self) {
        self.is_open = false;
    }
}

impl Drop for InterfaceChange {
    fn drop(&mut self) {
        if !self.is_open {
            return;
        }
        let conn = self.conn.without_timeout();
        self.conn.runtime().spawn(async move {
            let undone = conn.run(remote::InterfaceChangeRollback { flags: 0 }).await;
            if let Err(error) = undone {
                tracing::warn!(%error, "changes to interfaces were not rolled back");
            }
        });
    }
}
