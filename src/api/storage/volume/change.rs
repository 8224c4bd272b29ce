//! Deleting, resizing and wiping storage volumes.

use super::StorageVol;
use crate::error::Result;
use crate::protocol::remote;
use crate::types::storage_vol::{DeleteFlags, ResizeFlags, WipeAlgorithm};

/// # Changes
///
/// While a volume is created, copied or wiped, but not while one is transferred, the daemon refuses
/// [`delete`](Self::delete), [`resize`](Self::resize) and
/// [`wipe_pattern`](Self::wipe_pattern) with
/// [`OperationInvalid`](crate::types::error::ErrorCode::OperationInvalid).
impl StorageVol {
    /// Deletes the volume and its content (`virStorageVolDelete`).
    /// [Takes long](crate#calls-that-take-long).
    ///
    /// Daemons refuse [`ZEROED`](DeleteFlags::ZEROED) for files and most others;
    /// [wipe](Self::wipe_pattern) the volume before instead.
    #[doc(alias = "virStorageVolDelete")]
    pub async fn delete(&self, flags: DeleteFlags) -> Result<()> {
        self.run(remote::StorageVolDelete { vol: self.wire(), flags }).await
    }

    /// Overwrites the volume's content, so that it is hard to recover (`virStorageVolWipePattern`;
    /// `virStorageVolWipe` is this with [`Zero`](WipeAlgorithm::Zero)).
    /// [Takes long](crate#calls-that-take-long).
    ///
    /// [`Zero`](WipeAlgorithm::Zero) overwrites as much as the volume's allocation was when the
    /// daemon looked last: call [`info`](Self::info) before, which has it look, or what was written
    /// since stays.
    ///
    /// It is the file that is overwritten: after a wipe with [`Zero`](WipeAlgorithm::Zero) a qcow2
    /// volume is no image any more. All other algorithms but [`Trim`](WipeAlgorithm::Trim) need the
    /// program `scrub` on the daemon's host; `Trim` is only for ploop and RBD.
    #[doc(alias = "virStorageVolWipePattern")]
    #[doc(alias = "virStorageVolWipe")]
    pub async fn wipe_pattern(&self, algorithm: WipeAlgorithm) -> Result<()> {
        self.run(remote::StorageVolWipePattern { vol: self.wire(), algorithm, flags: 0 })
            .await
    }

    /// Changes the volume's capacity (`virStorageVolResize`).
    /// [Takes long](crate#calls-that-take-long).
    ///
    /// `capacity_bytes` is the new capacity; with [`DELTA`](ResizeFlags::DELTA) it is added to the
    /// present one, and with [`SHRINK`](ResizeFlags::SHRINK) as well taken off it. Less than the
    /// present capacity needs `SHRINK`, and less than the allocation is refused: so a volume that
    /// is fully allocated cannot become smaller.
    ///
    /// The daemon reckons from the capacity that it saw last, also where a file has another by now,
    /// and would then cut it even without `SHRINK`. [`info`](Self::info) has it look, so call that
    /// before, e.g. after an upload.
    ///
    /// [`ALLOCATE`](ResizeFlags::ALLOCATE) takes the storage at once, and is for raw volumes.
    #[doc(alias = "virStorageVolResize")]
    pub async fn resize(&self, capacity_bytes: u64, flags: ResizeFlags) -> Result<()> {
        self.run(remote::StorageVolResize { vol: self.wire(), capacity: capacity_bytes, flags })
            .await
    }
}
