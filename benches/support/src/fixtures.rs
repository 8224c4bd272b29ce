//! Encoded replies like those of a daemon with many busy guests.

use std::fmt::Write as _;

/// The domain of small calls.
pub const DOMAIN: &str = "test";
/// Its maximum memory, in KiB, which the check value of a small call is computed from.
pub const MAX_MEMORY_KIB: u64 = 2_097_152;

/// The pool of the volume that is transferred.
pub const POOL: &str = "bench";
/// The volume that is transferred.
pub const VOLUME: &str = "volume";
/// What transfers are counted in.
pub const MIB: u64 = 1024 * 1024;

/// Domains in the long list.
pub const DOMAINS: u32 = 16_000;
/// Domains with statistics.
pub const STATS_DOMAINS: u32 = 1_000;

/// Encodings, one after the other.
#[derive(Debug, Clone, Default)]
pub struct Encoder(pub Vec<u8>);

impl Encoder {
    /// One word.
    #[must_use]
    pub fn word(mut self, word: u32) -> Self {
        self.0.extend(word.to_be_bytes());
        self
    }

    /// Two words.
    #[must_use]
    pub fn long(mut self, long: u64) -> Self {
        self.0.extend(long.to_be_bytes());
        self
    }

    /// A string.
    #[must_use]
    pub fn string(mut self, text: &str) -> Self {
        self = self.word(text.len() as u32);
        self.0.extend(text.as_bytes());
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        self
    }

    /// A reference to the domain of that number.
    #[must_use]
    pub fn domain(mut self, name: &str, number: u32) -> Self {
        self = self.string(name);
        // Spread over the bytes as a real one is.
        let uuid = (u128::from(number) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        self.0.extend(uuid.to_be_bytes());
        self.word(number)
    }
}

/// A name of the usual length.
pub fn name(number: u32) -> String {
    format!("instance-{number:08x}")
}

/// Results of `DomainGetInfo`.
pub fn info() -> Vec<u8> {
    let info = Encoder::default().word(1).long(MAX_MEMORY_KIB).long(1_048_576);
    info.word(4).long(123_456_789_000).0
}

/// Results of `ConnectListDefinedDomains`.
pub fn names(count: u32) -> Vec<u8> {
    let names = (0..count).map(name);
    names
        .fold(Encoder::default().word(count), |encoder, name| encoder.string(&name))
        .0
}

/// Results of `ConnectListAllDomains`.
pub fn domains(count: u32) -> Vec<u8> {
    let domains = (0..count).fold(Encoder::default().word(count), |encoder, number| {
        encoder.domain(&name(number), number)
    });
    domains.word(count).0
}

/// Results of `DomainGetXMLDesc`: of the size that a server's definition has.
pub fn xml() -> Vec<u8> {
    let mut xml = format!("<domain type='kvm'>\n  <name>{DOMAIN}</name>\n  <devices>\n");
    for device in 0..24 {
        // Writing to a string does not fail.
        let _infallible = write!(
            xml,
            "    <disk type='file' device='disk'>\n      <driver name='qemu' type='qcow2'/>\n      \
             <source file='/var/lib/libvirt/images/{DOMAIN}-{device}.qcow2'/>\n      <target \
             dev='vd{device}' bus='virtio'/>\n    </disk>\n"
        );
    }
    xml.push_str("  </devices>\n</domain>\n");
    Encoder::default().string(&xml).0
}

/// The type of a typed parameter and the source of its value.
#[derive(Clone, Copy)]
enum Kind {
    Int,
    Uint,
    Ullong,
    Text(&'static str),
}

/// The statistics of a guest with four processors, an interface and two disks: 60 parameters.
fn parameters() -> Vec<(String, Kind)> {
    let mut list: Vec<(String, Kind)> = Vec::new();
    let mut add = |prefix: &str, names: &[&str], kind: Kind| {
        list.extend(names.iter().map(|name| (format!("{prefix}{name}"), kind)));
    };
    add("state.", &["state", "reason"], Kind::Int);
    add("cpu.", &["time", "user", "system"], Kind::Ullong);
    add("balloon.", &["current", "maximum", "swap_in", "swap_out"], Kind::Ullong);
    add("balloon.", &["major_fault", "minor_fault", "unused", "available"], Kind::Ullong);
    add("balloon.", &["usable", "last-update", "disk_caches", "rss"], Kind::Ullong);
    add("vcpu.", &["current", "maximum"], Kind::Uint);
    for vcpu in 0..4 {
        add(&format!("vcpu.{vcpu}."), &["state"], Kind::Int);
        add(&format!("vcpu.{vcpu}."), &["time", "wait"], Kind::Ullong);
    }
    add("net.", &["count"], Kind::Uint);
    add("net.0.", &["name"], Kind::Text("vnet17"));
    add("net.0.rx.", &["bytes", "pkts", "errs", "drop"], Kind::Ullong);
    add("net.0.tx.", &["bytes", "pkts", "errs", "drop"], Kind::Ullong);
    add("block.", &["count"], Kind::Uint);
    for (block, target) in ["vda", "vdb"].into_iter().enumerate() {
        add(&format!("block.{block}."), &["name"], Kind::Text(target));
        add(&format!("block.{block}."), &["backingIndex"], Kind::Uint);
        add(&format!("block.{block}.rd."), &["reqs", "bytes", "times"], Kind::Ullong);
        add(&format!("block.{block}.wr."), &["reqs", "bytes", "times"], Kind::Ullong);
        add(&format!("block.{block}."), &["physical"], Kind::Ullong);
    }
    list
}

/// Results of `ConnectGetAllDomainStats`.
pub fn stats(count: u32) -> Vec<u8> {
    let parameters = parameters();
    let record = |encoder: Encoder, number: u32| {
        let mut encoder = encoder.domain(&name(number), number);
        encoder = encoder.word(parameters.len() as u32);
        for ((name, kind), index) in parameters.iter().zip(0_u64..) {
            let value = u64::from(number) * 1_000_003 + index;
            encoder = encoder.string(name);
            encoder = match kind {
                Kind::Int => encoder.word(1).word(value as u32 & 7),
                Kind::Uint => encoder.word(2).word(value as u32 & 0xffff),
                Kind::Ullong => encoder.word(4).long(value * 4099),
                Kind::Text(text) => encoder.word(7).string(text),
            };
        }
        encoder
    };
    (0..count).fold(Encoder::default().word(count), record).0
}

/// Results of `DomainGetJobStats`, of a migration.
pub fn job_stats() -> Vec<u8> {
    const UNBOUNDED: u32 = 2;
    const NAMES: [&str; 26] = [
        "time_elapsed",
        "time_elapsed_net",
        "downtime",
        "setup_time",
        "data_total",
        "data_processed",
        "data_remaining",
        "memory_total",
        "memory_processed",
        "memory_remaining",
        "memory_bps",
        "memory_constant",
        "memory_normal",
        "memory_normal_bytes",
        "memory_dirty_rate",
        "memory_iteration",
        "memory_page_size",
        "memory_postcopy_requests",
        "disk_total",
        "disk_processed",
        "disk_remaining",
        "disk_bps",
        "compression_cache",
        "compression_bytes",
        "compression_pages",
        "compression_cache_misses",
    ];
    let header = Encoder::default().word(UNBOUNDED).word(NAMES.len() as u32 + 1);
    let encoder = header.string("operation").word(1).word(5);
    let longs = NAMES.iter().zip(1_u64..);
    longs
        .fold(encoder, |encoder, (name, value)| encoder.string(name).word(4).long(value << 20))
        .0
}

/// The body of a lifecycle event: the domain resumed.
pub fn event(callback: u32) -> Vec<u8> {
    Encoder::default().word(callback).domain(DOMAIN, 0).word(4).word(1).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixtures_are_as_large_as_the_rows_say() {
        assert_eq!(parameters().len(), 60);
        assert_eq!(Encoder::default().string("abcde").0, b"\0\0\0\x05abcde\0\0\0");
        assert_eq!(domains(2).len(), 4 + 2 * (4 + 20 + 16 + 4) + 4);
    }
}
