//! Building, starting, ending and removing storage pools.

use super::StoragePool;
use crate::error::Result;
use crate::protocol::remote;
use crate::types::storage_pool::{BuildFlags, CreateFlags, DeleteFlags};

/// # Life cycle
///
/// While a job works on one of the pool's volumes, such as its creation, a copy or a wipe, the daemon
/// refuses [`destroy`](Self::destroy), [`delete`](Self::delete),
/// [`undefine`](Self::undefine) and [`refresh`](Self::refresh). The error has no code of its own: it
/// is [`InternalError`](crate::types::error::ErrorCode::InternalError), and going on means to try
/// again after the job. A transfer that has begun is no such job.
impl StoragePool {
    /// Starts a defined pool (`virStoragePoolCreate`). [Takes long](crate#calls-that-take-long).
    ///
    /// One that is active already is
    /// [`OperationInvalid`](crate::types::error::ErrorCode::OperationInvalid). With
    /// [`WITH_BUILD`](CreateFlags::WITH_BUILD) it is [built](Self::build) before.
    #[doc(alias = "virStoragePoolCreate")]
    pub async fn create(&self, flags: CreateFlags) -> Result<()> {
        self.run(remote::StoragePoolCreate { pool: self.wire(), flags }).await
    }

    /// Builds what the pool stands on: a directory, a file system, a volume group
    /// (`virStoragePoolBuild`). [Takes long](crate#calls-that-take-long).
    ///
    /// For pools that are formatted, [`NO_OVERWRITE`](BuildFlags::NO_OVERWRITE) fails where there
    /// is one already, and [`OVERWRITE`](BuildFlags::OVERWRITE) replaces it; pools of other kinds
    /// refuse both. A directory that exists is left as it is, and a pool that is active is
    /// [`OperationInvalid`](crate::types::error::ErrorCode::OperationInvalid).
    #[doc(alias = "virStoragePoolBuild")]
    pub async fn build(&self, flags: BuildFlags) -> Result<()> {
        self.run(remote::StoragePoolBuild { pool: self.wire(), flags }).await
    }

    /// Ends the pool (`virStoragePoolDestroy`). Its data and its definition stay; a transient pool
    /// no longer exists then.
    #[doc(alias = "virStoragePoolDestroy")]
    pub async fn destroy(&self) -> Result<()> {
        self.run(remote::StoragePoolDestroy { pool: self.wire() }).await
    }

    /// Deletes what an ended pool stands on, beyond recovery (`virStoragePoolDelete`).
    /// [Takes long](crate#calls-that-take-long).
    ///
    /// The definition stays. A directory must be empty, so delete the volumes first. Few kinds of
    /// pools can do it, and daemons refuse [`ZEROED`](DeleteFlags::ZEROED) for most of those.
    #[doc(alias = "virStoragePoolDelete")]
    pub async fn delete(&self, flags: DeleteFlags) -> Result<()> {
        self.run(remote::StoragePoolDelete { pool: self.wire(), flags }).await
    }

    /// Removes the definition of an ended pool (`virStoragePoolUndefine`). Its data stay.
    #[doc(alias = "virStoragePoolUndefine")]
    pub async fn undefine(&self) -> Result<()> {
        self.run(remote::StoragePoolUndefine { pool: self.wire() }).await
    }

    /// Refreshes what the daemon knows of the pool's volumes and sizes (`virStoragePoolRefresh`).
    /// [Takes long](crate#calls-that-take-long).
    ///
    /// Volumes that came or went behind the daemon's back are seen only then. A refresh that fails,
    /// e.g. because the directory is gone, ends the pool; a transient one no longer exists then.
    #[doc(alias = "virStoragePoolRefresh")]
    pub async fn refresh(&self) -> Result<()> {
        self.run(remote::StoragePoolRefresh { pool: self.wire(), flags: 0 }).await
    }
}
