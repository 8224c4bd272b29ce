//! The differences that stay, and why.

use std::collections::BTreeSet;

use libvirt_client::connect::Version;

use super::transcript::Transcript;

/// A difference that is known.
struct Known {
    scenario: &'static str,
    /// The label, or what several of them begin and end with, and a star between.
    label: &'static str,
    /// The first release that does as we do, which is what the newest does; none if none does.
    until: Option<Version>,
    /// Why it stays.
    #[allow(dead_code, reason = "for who reads the table")]
    reason: &'static str,
}

const TRIXIE: Option<Version> = Some(Version::new(11, 3, 0));
const NEWEST: Option<Version> = Some(Version::new(12, 0, 0));

const DOMAINS: &[Known] = &[
    older(
        "memory_and_processors",
        "false 0 max vcpus *",
        NEWEST,
        "named the flag otherwise",
    ),
    older(
        "memory_and_processors",
        "false 1 max vcpus *",
        NEWEST,
        "named the flag otherwise",
    ),
    older(
        "memory_and_processors",
        "true 0 max vcpus *",
        NEWEST,
        "named the flag otherwise",
    ),
    older(
        "memory_and_processors",
        "true 1 max vcpus *",
        NEWEST,
        "named the flag otherwise",
    ),
    older("documents", "controllers: *", TRIXIE, "put added controllers last"),
    older("documents", "disks_addressed: *", TRIXIE, "put added controllers last"),
    older("documents", "cpu: *", TRIXIE, "did not know clusters"),
    older("documents", "small_tuning: *", TRIXIE, "did not know of polling"),
    older("documents", "cpu_model: *", TRIXIE, "did not know clusters"),
    older(
        "documents",
        "firmware_chosen: migratable",
        TRIXIE,
        "told of the choice of firmware",
    ),
    older("documents", "graphics_socket: migratable", TRIXIE, "left the element open"),
    older("mistakes_are_reported", "nothing", TRIXIE, "named what was parsed"),
    older("mistakes_are_reported", "text", TRIXIE, "named what was parsed"),
    older("mistakes_are_reported", "open", TRIXIE, "named what was parsed"),
    older("mistakes_are_reported", "crossed", TRIXIE, "named what was parsed"),
    older("mistakes_are_reported", "two roots", TRIXIE, "named what was parsed"),
    older("mistakes_are_reported", "slots without max", TRIXIE, "had one text for both"),
    older("mistakes_are_reported", "network disk pool", NEWEST, "did not know namespaces"),
    older("mistakes_are_reported", "address type", TRIXIE, "had words of its own"),
    older("mistakes_are_reported", "address kind", TRIXIE, "had words of its own"),
    older("mistakes_are_reported", "video", TRIXIE, "had words of its own"),
    older("mistakes_are_reported", "hostdev", TRIXIE, "had words of its own"),
    older("mistakes_are_reported", "hostdev type", TRIXIE, "had words of its own"),
    older("mistakes_are_reported", "watchdog", TRIXIE, "had words of its own"),
    older("metadata", "element no element", TRIXIE, "named what was parsed"),
    older("metadata", "element open", TRIXIE, "named what was parsed"),
    older("metadata", "removed", TRIXIE, "kept the element that held nothing more"),
    older("hotplug", "*", Some(Version::new(10, 0, 0)), "could not do it"),
    older("updates", "*", Some(Version::new(10, 6, 0)), "could not do it"),
];

/// A difference to the releases before one.
const fn older(
    scenario: &'static str,
    label: &'static str,
    until: Option<Version>,
    reason: &'static str,
) -> Known {
    Known { scenario, label, until, reason }
}

const OTHERS: &[Known] = &[
    until("memory", "32 pages of 33*", (11, 3, 0), "too many were refused in other words"),
    until("titles_and_metadata", "3: *", (11, 3, 0), "an empty element was kept"),
    until("domain_capabilities", "*", (9, 8, 0), "it was added"),
    until(
        "memory",
        "1 pages of 1 cells from -2",
        (9, 1, 0),
        "the daemon took success for failure",
    ),
    until("memory", "1 pages of 3*", (9, 1, 0), "the daemon took success for failure"),
    until("memory", "2 pages*", (9, 1, 0), "the daemon took success for failure"),
    until("memory", "3 pages*", (9, 1, 0), "the daemon took success for failure"),
    until("the_host", "capabilities", (10, 1, 0), "clusters of processors were added"),
    until("the_host", "cpu models of *", (12, 8, 0), "each release knows more models"),
    until("common_x86", "*", (12, 8, 0), "each release knows more models"),
    until("common_others", "riscv64 *", (11, 3, 0), "nothing was known of it"),
    until("refused_cpus", "", (11, 3, 0), "named what was parsed"),
    until("refused_cpus", "x", (11, 3, 0), "named what was parsed"),
    until("refused_cpus", "<cpu>", (11, 3, 0), "named what was parsed"),
    until("refused_cpus", "*limit='0'/>", (11, 3, 0), "the limit was added"),
    until("refused_cpus", "*limit='1'/>", (11, 3, 0), "the limit was added"),
    until(
        "refused_cpus",
        "*clusters='0' cores='1' threads='1'/>",
        (11, 3, 0),
        "clusters were added",
    ),
    until("what_users_keep", "network *", (9, 7, 0), "it was added"),
    until("what_users_keep", "* gone: xml", (11, 3, 0), "an empty element was kept"),
    until("what_users_keep", "* gone: inactive", (11, 3, 0), "an empty element was kept"),
    until("what_users_keep", "guest 16 *", (12, 8, 0), "libxml2 joined sections"),
    until("what_users_keep", "network 16 *", (12, 8, 0), "libxml2 joined sections"),
    until("node_files", "0: network n: xml", (12, 8, 0), "an empty <ip> had an end tag"),
    until("wrong_files", "21: opened", (11, 3, 0), "unreadable files were no documents"),
    until("wrong_files", "26: opened", (11, 3, 0), "showed the line that there is not"),
    until("wrong_files", "30: opened", (11, 3, 0), "unreadable files were no documents"),
    until("the_host", "cpu stats of *", (12, 8, 0), "the time of guests was added"),
    until(
        "numbers_and_flags",
        "0 stats of -1, flags 0",
        (12, 8, 0),
        "the time of guests was added",
    ),
    until("addresses_and_routes", "2: *, xml", (12, 8, 0), "an empty <ip> had an end tag"),
    until("addresses_and_routes", "8: *, xml", (12, 8, 0), "an empty <ip> had an end tag"),
    until("addresses_and_routes", "13: *, xml", (12, 8, 0), "an empty <ip> had an end tag"),
    until("addresses_and_routes", "18: *, xml", (12, 8, 0), "an empty <ip> had an end tag"),
    until("addresses_and_routes", "20: *, xml", (12, 8, 0), "an empty <ip> had an end tag"),
    until("addresses_and_routes", "30: *", (12, 8, 0), "a route had to have an address"),
    until(
        "addresses_that_are_given_away",
        "0: *, xml",
        (12, 8, 0),
        "an empty <ip> had an end tag",
    ),
    until(
        "addresses_that_are_given_away",
        "29: *, xml",
        (12, 8, 0),
        "an empty <ip> had an end tag",
    ),
    until(
        "addresses_that_are_given_away",
        "39: *, xml",
        (12, 8, 0),
        "an empty <ip> had an end tag",
    ),
    until(
        "addresses_that_are_given_away",
        "31: *",
        (9, 8, 0),
        "files for booting could lack a name",
    ),
    until("names_bridges_and_the_like", "16: *", (10, 2, 0), "the attribute was added"),
    until("names_bridges_and_the_like", "17: *", (10, 2, 0), "the attribute was added"),
    until(
        "names_bridges_and_the_like",
        "39: *",
        (9, 8, 0),
        "numbers were refused in other words",
    ),
    until(
        "names_bridges_and_the_like",
        "42: *",
        (9, 8, 0),
        "numbers were refused in other words",
    ),
    until(
        "names_bridges_and_the_like",
        "46: *",
        (12, 8, 0),
        "values were refused in other words",
    ),
    until(
        "names_bridges_and_the_like",
        "49: *",
        (12, 8, 0),
        "values were refused in other words",
    ),
    until(
        "names_bridges_and_the_like",
        "51: *",
        (12, 8, 0),
        "values were refused in other words",
    ),
    until(
        "names_bridges_and_the_like",
        "54: *",
        (12, 8, 0),
        "values were refused in other words",
    ),
    until("titles_and_metadata", "0: *", (9, 7, 0), "titles and descriptions were added"),
    until("titles_and_metadata", "1: *", (9, 7, 0), "titles and descriptions were added"),
    until("titles_and_metadata", "2: *", (11, 3, 0), "an empty element was kept"),
    until("where_packets_go", "3: *", (9, 4, 0), "open networks had to have an address"),
    until("where_packets_go", "4: *", (9, 4, 0), "open networks had to have an address"),
    until("where_packets_go", "21: *", (9, 4, 0), "open networks had to have an address"),
    until("where_packets_go", "32: *", (9, 8, 0), "the name of the network was missing"),
    until("where_packets_go", "37: *", (10, 0, 0), "drivers were refused in other words"),
    until(
        "names_to_resolve",
        "Modify DnsHost*",
        (11, 3, 0),
        "entries could not be modified",
    ),
    until(
        "names_to_resolve",
        "Modify DnsTxt*",
        (11, 3, 0),
        "entries could not be modified",
    ),
    until(
        "names_to_resolve",
        "AddFirst DnsHost None <host/>",
        (11, 3, 0),
        "entries could not be modified",
    ),
    until(
        "names_to_resolve",
        "AddLast DnsHost None <host/>",
        (11, 3, 0),
        "entries could not be modified",
    ),
    until("events_of_metadata", "*", (9, 8, 0), "they were added"),
    until(
        "numa_parameters",
        "*: wrong type",
        (12, 8, 0),
        "types were named the right way round",
    ),
    until(
        "numa_parameters",
        "*: two mistakes",
        (12, 8, 0),
        "types were named the right way round",
    ),
    until(
        "numa_parameters_auto",
        "*: wrong type",
        (12, 8, 0),
        "types were named the right way round",
    ),
    until(
        "numa_parameters_auto",
        "*: two mistakes",
        (12, 8, 0),
        "types were named the right way round",
    ),
    until(
        "block_parameters",
        "*: wrong type",
        (12, 8, 0),
        "types were named the right way round",
    ),
    until(
        "performance_events",
        "*: wrong type",
        (12, 8, 0),
        "types were named the right way round",
    ),
    until(
        "threads_none",
        "*bad type 2",
        (12, 8, 0),
        "types were named the right way round",
    ),
    until(
        "threads_counted",
        "*bad type 2",
        (12, 8, 0),
        "types were named the right way round",
    ),
    until(
        "threads_listed",
        "*bad type 2",
        (12, 8, 0),
        "types were named the right way round",
    ),
    until("threads_none", "*weight 2", (12, 8, 0), "it was added"),
    until("threads_counted", "*weight 2", (12, 8, 0), "it was added"),
    until("threads_listed", "*weight 2", (12, 8, 0), "it was added"),
    until("threads_none", "on, *: stats", (12, 8, 0), "the weight was added"),
    until("threads_counted", "on, *: stats", (12, 8, 0), "the weight was added"),
    until("threads_listed", "on, *: stats", (12, 8, 0), "the weight was added"),
    until("networks_have_metadata", "*", (9, 7, 0), "it was added"),
    until(
        "the_devices_of_the_host",
        "at first: all *00000",
        (11, 1, 0),
        "filters were added",
    ),
    until("the_devices_of_the_host", "*: xml, inactive", (10, 3, 0), "they were added"),
    until("the_devices_of_the_host", "*: is active", (10, 3, 0), "they were added"),
    until("the_devices_of_the_host", "*: is persistent", (10, 3, 0), "they were added"),
    until("virtual_adapters", "with another: all *00000", (11, 1, 0), "filters were added"),
    until("virtual_adapters", "*: xml, inactive", (10, 3, 0), "they were added"),
    until("virtual_adapters", "*: is active", (10, 3, 0), "they were added"),
    until("virtual_adapters", "*: is persistent", (10, 3, 0), "they were added"),
    until(
        "parts_of_pools",
        "<pool type='iscsi'*<secret uuid='x' usage='y'/></auth></source><target><path>/t</path></target></pool>",
        (12, 8, 0),
        "a UUID was refused in other words",
    ),
    until(
        "parts_of_pools",
        "<pool type='iscsi'*<secret uuid='x'/></auth></source><target><path>/t</path></target></pool>",
        (12, 8, 0),
        "a UUID was refused in other words",
    ),
];

/// A difference from releases before that one.
const fn until(
    scenario: &'static str,
    label: &'static str,
    (major, minor, micro): (u32, u32, u32),
    reason: &'static str,
) -> Known {
    older(scenario, label, Some(Version::new(major, minor, micro)), reason)
}

/// What libvirt-python sees.
const PYTHON: &[Known] = &[
    until(
        "session",
        "host: getCapabilities",
        (10, 1, 0),
        "clusters of processors were added",
    ),
    until("session", "malformed *", (11, 3, 0), "named what was parsed"),
    until("every_method", "*, xml", (11, 3, 0), "named what was parsed"),
    until("every_method", "*, xmlDesc", (11, 3, 0), "named what was parsed"),
    until(
        "every_method",
        "virConnect.getCPUModelNames*",
        (12, 8, 0),
        "each release knows more models",
    ),
    until(
        "every_method",
        "virConnect.getCPUStats*",
        (12, 8, 0),
        "the time of guests was added",
    ),
    until(
        "every_method",
        "virConnect.getCapabilities*",
        (10, 1, 0),
        "clusters of processors were added",
    ),
    until("every_method", "virConnect.getDomainCapabilities*", (9, 8, 0), "it was added"),
    until(
        "every_method",
        "virConnect.getFreePages*",
        (9, 1, 0),
        "the daemon took success for failure",
    ),
    until("every_method", "virConnect.listAllDevices*", (11, 1, 0), "filters were added"),
    until("every_method", "virDomain.attachDevice*", (10, 0, 0), "could not do it"),
    until("every_method", "virDomain.detachDeviceAlias*", (10, 0, 0), "could not do it"),
    until("every_method", "virDomain.securityLabelList*", (10, 0, 0), "forgot to say why"),
    until("every_method", "virDomain.updateDeviceFlags*", (10, 6, 0), "could not do it"),
    until("every_method", "virNodeDevice.is*", (10, 3, 0), "they were added"),
];

/// What virsh sees.
const VIRSH: &[Known] = &[
    until("virsh", "cpu-models i686", (12, 8, 0), "each release knows more models"),
    until("virsh", "domcapabilities", (9, 8, 0), "it was added"),
    until("virsh", "attach-*", (10, 0, 0), "could not do it"),
    until("virsh", "detach-disk test vdb", (10, 0, 0), "could not do it"),
    until("virsh", "domblklist test (2)", (10, 0, 0), "the disk could not be attached"),
    until("virsh", "checkpoint-dumpxml*", (10, 0, 0), "the disk could not be attached"),
    until("virsh", "snapshot-dumpxml*", (10, 0, 0), "the disk could not be attached"),
    until("virsh", "nodedev-list*", (11, 1, 0), "filters were added"),
];

impl Known {
    fn is(&self, scenario: &str, label: &str, release: Version) -> bool {
        let is_label = match self.label.split_once('*') {
            Some((beginning, end)) => label.starts_with(beginning) && label.ends_with(end),
            None => label == self.label,
        };
        let is_release = self.until.is_none_or(|until| release < until);
        self.scenario == scenario && is_label && is_release
    }
}

/// Asserts that two transcripts differ where that is known of a release, and nowhere else.
pub fn assert_known(scenario: &str, release: Version, theirs: &Transcript, ours: &Transcript) {
    let mut report = String::new();
    let labels = |transcript: &Transcript| -> BTreeSet<String> {
        transcript.lines.iter().map(|(label, _)| label.clone()).collect()
    };
    for label in labels(theirs).union(&labels(ours)) {
        let [real, our] = [theirs, ours].map(|it| it.get(label).unwrap_or("(nothing)"));
        let is_known = DOMAINS
            .iter()
            .chain(OTHERS)
            .chain(PYTHON)
            .chain(VIRSH)
            .any(|known| known.is(scenario, label, release));
        if real != our && !is_known {
            report += &format!("== {label}\n-- real\n{real}\n-- ours\n{our}\n");
        }
    }
    assert!(report.is_empty(), "{scenario}:\n{report}");
}
