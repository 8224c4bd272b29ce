//! Guests that take little, and never boot.

use std::path::Path;

use libvirt_client::Connect;

use crate::Result;
use crate::dice::Dice;

/// Every second guest: those of one host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guests {
    pub(crate) in_all: usize,
    pub(crate) host: usize,
}

impl Guests {
    /// The name of any of them.
    pub(crate) fn any(self, dice: &mut Dice) -> String {
        name(dice.below(self.in_all / 2) * 2 + self.host)
    }

    pub(crate) async fn define(self, conn: &Connect) -> Result<()> {
        for number in (self.host..self.in_all).step_by(2) {
            conn.domain_define_xml(&tiny(&name(number))).await?;
        }
        Ok(())
    }
}

fn name(number: usize) -> String {
    format!("soak-{number}")
}

pub(crate) fn tiny(name: &str) -> String {
    with_devices(name, "")
}

pub(crate) fn with_disk(name: &str, image: &Path) -> String {
    let image = image.display();
    let disk = format!(
        "<disk type='file'><driver name='qemu' type='qcow2'/><source file='{image}'/>\
         <target dev='hda' bus='ide'/></disk>"
    );
    with_devices(name, &disk)
}

fn with_devices(name: &str, more: &str) -> String {
    format!(
        "<domain type='qemu'><name>{name}</name><memory unit='MiB'>4</memory>\
         <os><type arch='x86_64' machine='pc'>hvm</type></os>\
         <devices><controller type='usb' model='none'/><memballoon model='none'/>{more}</devices>\
         </domain>"
    )
}

pub(crate) fn secret(number: usize) -> String {
    format!(
        "<secret ephemeral='yes'><usage type='volume'><volume>/soak/{number}</volume></usage></secret>"
    )
}
