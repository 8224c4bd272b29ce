//! The order in which devices are written, by what they can do.

use crate::test_driver::document::Shape;

/// What can be said of a device: its kind, and the order of what is in it.
pub(super) const CAPABILITIES: &[Shape] = &[
    of(&[
        Shape::text("product"),
        Shape::new("hardware")
            .children(&[
                Shape::text("vendor"),
                Shape::text("version"),
                Shape::text("serial"),
                Shape::text("uuid"),
            ])
            .open(),
        Shape::new("firmware")
            .children(&[
                Shape::text("vendor"),
                Shape::text("version"),
                Shape::text("release_date"),
            ])
            .open(),
    ]),
    of(&[
        Shape::text("class"),
        Shape::text("domain"),
        Shape::text("bus"),
        Shape::text("slot"),
        Shape::text("function"),
        Shape::text("product").attributes(&["id"]),
        Shape::text("vendor").attributes(&["id"]),
        Shape::whole("capability").repeated(),
        Shape::whole("iommuGroup"),
        Shape::new("numa").attributes(&["node"]),
        Shape::whole("pci-express"),
    ]),
    of(&[
        Shape::text("bus"),
        Shape::text("device"),
        Shape::text("product").attributes(&["id"]),
        Shape::text("vendor").attributes(&["id"]),
    ]),
    of(&[
        Shape::text("number"),
        Shape::text("class"),
        Shape::text("subclass"),
        Shape::text("protocol"),
        Shape::text("description"),
    ]),
    of(&[
        Shape::text("interface"),
        Shape::text("address"),
        Shape::new("link").attributes(&["speed", "state"]),
        Shape::new("feature").attributes(&["name"]).repeated(),
        Shape::new("capability").attributes(&["type"]),
    ]),
    of(&[
        Shape::text("host"),
        Shape::text("unique_id"),
        Shape::new("capability")
            .attributes(&["type"])
            .children(&[
                Shape::text("wwnn"),
                Shape::text("wwpn"),
                Shape::text("fabric_wwn"),
                Shape::text("max_vports"),
                Shape::text("vports"),
            ])
            .repeated(),
    ]),
    of(&[Shape::text("target"), Shape::whole("capability")]),
    of(&[
        Shape::text("host"),
        Shape::text("bus"),
        Shape::text("target"),
        Shape::text("lun"),
        Shape::text("type"),
    ]),
    of(&[
        Shape::text("block"),
        Shape::text("bus"),
        Shape::text("drive_type"),
        Shape::text("model"),
        Shape::text("vendor"),
        Shape::text("serial"),
        Shape::text("size"),
        Shape::text("logical_block_size"),
        Shape::text("num_blocks"),
        Shape::whole("capability").repeated(),
    ]),
    of(&[]),
    of(&[]),
    of(&[Shape::text("char")]),
    of(&[Shape::text("type")]),
    of(&[Shape::whole("type").repeated()]),
    of(&[
        Shape::new("type").attributes(&["id"]),
        Shape::text("uuid"),
        Shape::text("parent_addr"),
        Shape::new("iommuGroup").attributes(&["number"]),
        Shape::new("attr").attributes(&["name", "value"]).repeated(),
    ]),
    of(&[
        Shape::text("state"),
        Shape::text("cssid"),
        Shape::text("ssid"),
        Shape::text("devno"),
        Shape::whole("capability"),
    ]),
    of(&[
        Shape::text("cssid"),
        Shape::text("ssid"),
        Shape::text("devno"),
        Shape::whole("channel_dev_addr"),
        Shape::whole("capability"),
    ]),
    of(&[Shape::text("chardev")]),
    of(&[Shape::text("ap-adapter")]),
    of(&[Shape::text("ap-adapter"), Shape::text("ap-domain")]),
    of(&[Shape::whole("capability")]),
    of(&[Shape::text("name"), Shape::whole("fields").repeated()]),
    of(&[
        Shape::text("state"),
        Shape::text("cssid"),
        Shape::text("ssid"),
        Shape::text("devno"),
        Shape::whole("members"),
        Shape::whole("capability"),
    ]),
    of(&[Shape::text("group_device")]),
];

/// The kinds, each in the place of its shape and of its flag.
pub(crate) const KINDS: [&str; 24] = [
    "system",
    "pci",
    "usb_device",
    "usb",
    "net",
    "scsi_host",
    "scsi_target",
    "scsi",
    "storage",
    "fc_host",
    "vports",
    "scsi_generic",
    "drm",
    "mdev_types",
    "mdev",
    "ccw",
    "css",
    "vdpa",
    "ap_card",
    "ap_queue",
    "ap_matrix",
    "vpd",
    "ccwgroup",
    "ccwgroup_member",
];

const fn of(children: &'static [Shape]) -> Shape {
    Shape::new("capability").attributes(&["type"]).children(children).open()
}

/// Returns the number of a kind.
pub(crate) fn number_of(kind: &str) -> Option<usize> {
    KINDS.iter().position(|known| *known == kind)
}
