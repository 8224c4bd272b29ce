//! Guests that boot in seconds under software emulation: a Debian kernel with a tiny initramfs.
//!
//! The console gives a root shell, the guest agent runs where the guest has a channel for it, and
//! the guest shuts down when its power button is pressed.

mod agent;
mod cpio;
mod devices;
mod disk;
mod image;
mod packages;
mod serial;
mod xml;

pub use agent::wait_agent;
pub use disk::Disk;
pub use image::{initrd, is_cached, kernel};
pub use serial::{READY, boots, wait_boots, wait_ready};
pub use xml::Guest;
