//! The differences that stay, and why.

use libvirt_client::connect::Version;

use super::transcript::Transcript;

/// A difference that is known.
struct Known {
    scenario: &'static str,
    /// The label, or what several of them begin with, and a star.
    label: &'static str,
    /// The first release that does as we do, which is what the newest does; none if none does.
    until: Option<Version>,
    /// Why it stays.
    #[allow(dead_code, reason = "for who reads the table")]
    reason: &'static str,
}

const TRIXIE: Option<Version> = Some(Version::new(11, 3, 0));
const NEWEST: Option<Version> = Some(Version::new(12, 0, 0));

const KNOWN: &[Known] = &[
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

impl Known {
    fn is(&self, scenario: &str, label: &str, release: Version) -> bool {
        let is_label = match self.label.strip_suffix('*') {
            Some(beginning) => label.starts_with(beginning),
            None => label == self.label,
        };
        let is_release = self.until.is_none_or(|until| release < until);
        self.scenario == scenario && is_label && is_release
    }
}

/// Asserts that two transcripts differ where that is known of a release, and nowhere else.
pub fn assert_known(scenario: &str, release: Version, theirs: &Transcript, ours: &Transcript) {
    let mut report = String::new();
    let nothing = "(nothing)".to_owned();
    let labels = theirs.lines.iter().chain(&ours.lines).map(|(label, _)| label);
    let mut seen: Vec<&String> = Vec::new();
    for label in labels {
        if seen.contains(&label) {
            continue;
        }
        seen.push(label);
        let of = |transcript: &Transcript| -> String {
            let found = transcript.lines.iter().find(|(other, _)| other == label);
            found.map_or_else(|| nothing.clone(), |(_, value)| value.clone())
        };
        let (real, our) = (of(theirs), of(ours));
        let is_known = KNOWN.iter().any(|known| known.is(scenario, label, release));
        if real != our && !is_known {
            report += &format!("== {label}\n-- real\n{real}\n-- ours\n{our}\n");
        }
    }
    assert!(report.is_empty(), "{scenario}:\n{report}");
}
