//! The differences that stay, and why.

use super::transcript::Transcript;

/// A difference that is known.
struct Known {
    scenario: &'static str,
    label: &'static str,
    /// Why it stays.
    #[allow(dead_code, reason = "for who reads the table")]
    reason: &'static str,
}

const KNOWN: &[Known] = &[];

/// Asserts that two transcripts differ where that is known, and nowhere else.
pub fn assert_known(scenario: &str, theirs: &Transcript, ours: &Transcript) {
    let mut report = String::new();
    for (label, real) in &theirs.lines {
        let is_known =
            KNOWN.iter().any(|known| known.scenario == scenario && known.label == *label);
        let our = ours.get(label).unwrap_or("(nothing)");
        if real != our && !is_known {
            report += &format!("== {label}\n-- real\n{real}\n-- ours\n{our}\n");
        }
    }
    for (label, our) in &ours.lines {
        if theirs.get(label).is_none() {
            report += &format!("== {label}\n-- real\n(nothing)\n-- ours\n{our}\n");
        }
    }
    assert!(report.is_empty(), "{scenario}:\n{report}");
}
