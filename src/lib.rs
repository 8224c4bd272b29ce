//! Pure-Rust async client of libvirt.
