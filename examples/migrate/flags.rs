//! The command line: the options of `virsh migrate`.

use std::fs;
use std::str::FromStr;
use std::time::Duration;

use libvirt_client::domain::{MigrateFlags, MigrateParameters};

const USAGE: &str = "usage: migrate SOURCE DOMAIN DESTINATION [options of virsh migrate] [--quiet]";

const FLAGS: [(&str, MigrateFlags); 23] = [
    ("abort-on-error", MigrateFlags::ABORT_ON_ERROR),
    ("auto-converge", MigrateFlags::AUTO_CONVERGE),
    ("change-protection", MigrateFlags::CHANGE_PROTECTION),
    ("compressed", MigrateFlags::COMPRESSED),
    ("copy-storage-all", MigrateFlags::NON_SHARED_DISK),
    ("copy-storage-inc", MigrateFlags::NON_SHARED_INC),
    ("copy-storage-synchronous-writes", MigrateFlags::NON_SHARED_SYNCHRONOUS_WRITES),
    ("live", MigrateFlags::LIVE),
    ("offline", MigrateFlags::OFFLINE),
    ("p2p", MigrateFlags::PEER2PEER),
    ("parallel", MigrateFlags::PARALLEL),
    ("persistent", MigrateFlags::PERSIST_DEST),
    ("postcopy", MigrateFlags::POSTCOPY),
    ("postcopy-after-precopy", MigrateFlags::POSTCOPY), // And a switch.
    ("postcopy-resume", MigrateFlags::POSTCOPY_RESUME),
    ("rdma-pin-all", MigrateFlags::RDMA_PIN_ALL),
    ("suspend", MigrateFlags::PAUSED),
    ("tls", MigrateFlags::TLS),
    ("tunneled", MigrateFlags::TUNNELLED),
    ("tunnelled", MigrateFlags::TUNNELLED),
    ("undefinesource", MigrateFlags::UNDEFINE_SOURCE),
    ("unsafe", MigrateFlags::UNSAFE),
    ("zerocopy", MigrateFlags::ZEROCOPY),
];

/// Options that say what this program does, and not what the migration is.
const SWITCHES: [&str; 6] = [
    "direct",
    "postcopy-after-precopy",
    "quiet",
    "timeout-postcopy",
    "timeout-suspend",
    "verbose",
];

#[derive(Default)]
pub(crate) struct Options {
    pub(crate) source: String,
    pub(crate) domain: String,
    pub(crate) destination: String,
    pub(crate) flags: MigrateFlags,
    pub(crate) parameters: MigrateParameters,
    /// For how long the guest may run on the source.
    pub(crate) timeout: Option<Duration>,
    switches: Vec<String>,
}

impl Options {
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut options, mut words) = (Self::default(), Vec::new());
        while let Some(argument) = arguments.next() {
            let Some(name) = argument.strip_prefix("--") else {
                words.push(argument);
                continue;
            };
            let flag = FLAGS.iter().find(|(known, _)| *known == name);
            options.flags |= flag.map_or(MigrateFlags::empty(), |(_, flag)| *flag);
            if SWITCHES.contains(&name) {
                options.switches.push(name.to_owned());
            } else if flag.is_none() {
                let (name, value) = match name.split_once('=') {
                    Some((name, value)) => (name, Some(value.to_owned())),
                    None => (name, arguments.next()),
                };
                options.set(name, value.unwrap_or_default())?;
            }
        }
        let switch = options.switches.iter().find(|name| name.starts_with("timeout-"));
        if let (Some(name), None) = (switch, options.timeout) {
            return Err(format!("--{name} needs --timeout"));
        }
        if options.has("timeout-postcopy") && !options.flags.contains(MigrateFlags::POSTCOPY) {
            return Err("--timeout-postcopy needs --postcopy".to_owned());
        }
        [options.source, options.domain, options.destination] =
            words.try_into().map_err(|_| USAGE.to_owned())?;
        Ok(options)
    }

    /// Whether one of `SWITCHES` was given.
    pub(crate) fn has(&self, switch: &str) -> bool {
        self.switches.iter().any(|given| given == switch)
    }

    /// Sets an option that has a value.
    fn set(&mut self, name: &str, value: String) -> Result<(), String> {
        let list = |value: &str| value.split(',').map(str::to_owned).collect();
        let to = &mut self.parameters;
        match name {
            "auto-converge-increment" => {
                to.auto_converge_increment_percent = number(name, &value)?;
            }
            "auto-converge-initial" => to.auto_converge_initial_percent = number(name, &value)?,
            "available-switchover-bandwidth" => {
                to.bandwidth_switchover_mib_per_second = number(name, &value)?;
            }
            "bandwidth" => to.bandwidth_mib_per_second = number(name, &value)?,
            "comp-methods" => to.compression = list(&value),
            "comp-mt-dthreads" => to.compression_mt_dthreads = number(name, &value)?,
            "comp-mt-level" => to.compression_mt_level = number(name, &value)?,
            "comp-mt-threads" => to.compression_mt_threads = number(name, &value)?,
            "comp-xbzrle-cache" => to.compression_xbzrle_cache_bytes = number(name, &value)?,
            "comp-zlib-level" => to.compression_zlib_level = number(name, &value)?,
            "comp-zstd-level" => to.compression_zstd_level = number(name, &value)?,
            "disks-port" => to.disks_port = number(name, &value)?,
            "disks-uri" => to.disks_uri = Some(value),
            "dname" => to.destination_name = Some(value),
            "graphicsuri" => to.graphics_uri = Some(value),
            "listen-address" => to.listen_address = Some(value),
            "migrate-disks" => to.migrate_disks = list(&value),
            "migrate-disks-detect-zeroes" => to.migrate_disks_detect_zeroes = list(&value),
            "migrateuri" => to.uri = Some(value),
            "parallel-connections" => to.parallel_connections = number(name, &value)?,
            "persistent-xml" => to.persistent_xml = content(&value)?,
            "postcopy-bandwidth" => to.bandwidth_postcopy_mib_per_second = number(name, &value)?,
            "timeout" => self.timeout = number(name, &value)?.map(Duration::from_secs),
            "tls-destination" => to.tls_destination = Some(value),
            "xml" => to.destination_xml = content(&value)?,
            _ => return Err(format!("there is no option --{name}; {USAGE}")),
        }
        Ok(())
    }
}

fn number<T: FromStr>(name: &str, value: &str) -> Result<Option<T>, String> {
    value
        .parse()
        .map(Some)
        .map_err(|_| format!("--{name} '{value}': not such a number"))
}

fn content(path: &str) -> Result<Option<String>, String> {
    fs::read_to_string(path).map(Some).map_err(|error| format!("'{path}': {error}"))
}
