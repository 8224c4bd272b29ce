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

const KNOWN: &[Known] = &[];

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
