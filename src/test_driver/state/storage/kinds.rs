//! The kinds of pools, and what each takes and holds.

use crate::types::connect::ListAllStoragePoolsFlags as Filter;
use crate::types::storage_vol;

/// A kind of pool.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// What of the source is written.
    pub(crate) source: &'static [Source],
    /// The formats of the source, the default first.
    pub(crate) formats: &'static [&'static str],
    /// The formats of volumes, the default first.
    pub(crate) volume_formats: &'static [&'static str],
    pub(crate) volumes: storage_vol::Type,
    pub(crate) filter: Filter,
}

/// A part of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Host,
    Device,
    Dir,
    Adapter,
    Name,
    Initiator,
    /// There is no path on the host.
    Network,
}

impl Kind {
    pub(crate) fn of(name: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.name == name)
    }

    pub(crate) fn has(&self, part: Source) -> bool {
        self.source.contains(&part)
    }
}

const FILES: &[&str] = &[
    "raw", "dir", "bochs", "cloop", "dmg", "iso", "vpc", "vdi", "fat", "vhd", "ploop", "cow",
    "qcow", "qcow2", "qed", "vmdk",
];
const DISK_FORMATS: &[&str] = &[
    "unknown", "dos", "dvh", "gpt", "mac", "bsd", "pc98", "sun", "lvm2",
];
const FS_FORMATS: &[&str] = &[
    "auto", "ext2", "ext3", "ext4", "ufs", "iso9660", "udf", "gfs", "gfs2", "vfat", "hfs+", "xfs",
    "ocfs2", "vmfs",
];
const PARTITIONS: &[&str] = &[
    "none",
    "linux",
    "fat16",
    "fat32",
    "linux-swap",
    "linux-lvm",
    "linux-raid",
    "extended",
];

use Source::{Adapter, Device, Dir, Host, Initiator, Name, Network};
use storage_vol::Type::{Block, File, Network as Remote};

const KINDS: &[Kind] = &[
    kind("dir", &[], &[], FILES, File, Filter::DIR),
    kind("fs", &[Device], FS_FORMATS, FILES, File, Filter::FS),
    kind(
        "netfs",
        &[Host, Dir],
        &["auto", "nfs", "glusterfs", "cifs"],
        FILES,
        File,
        Filter::NETFS,
    ),
    kind("logical", &[Name, Device], &["lvm2", "unknown"], &[], Block, Filter::LOGICAL),
    kind("disk", &[Device], DISK_FORMATS, PARTITIONS, Block, Filter::DISK),
    kind("iscsi", &[Host, Device, Initiator], &[], &[], Block, Filter::ISCSI),
    kind(
        "iscsi-direct",
        &[Host, Device, Network, Initiator],
        &[],
        &[],
        Remote,
        Filter::ISCSI_DIRECT,
    ),
    kind("scsi", &[Adapter], &[], &[], Block, Filter::SCSI),
    kind("mpath", &[], &[], &[], Block, Filter::MPATH),
    kind("rbd", &[Host, Network, Name], &[], FILES, Remote, Filter::RBD),
    kind("sheepdog", &[Host, Network, Name], &[], &[], Remote, Filter::SHEEPDOG),
    kind("gluster", &[Host, Network, Name, Dir], &[], FILES, Remote, Filter::GLUSTER),
    kind("zfs", &[Name, Device], &[], &[], Block, Filter::ZFS),
    kind("vstorage", &[Name], &[], FILES, File, Filter::VSTORAGE),
];

const fn kind(
    name: &'static str,
    source: &'static [Source],
    formats: &'static [&'static str],
    volume_formats: &'static [&'static str],
    volumes: storage_vol::Type,
    filter: Filter,
) -> Kind {
    Kind { name, source, formats, volume_formats, volumes, filter }
}

/// All flags that choose by kind.
pub(crate) fn filters() -> impl Iterator<Item = (&'static Kind, u32)> {
    KINDS.iter().map(|kind| (kind, kind.filter.bits()))
}
