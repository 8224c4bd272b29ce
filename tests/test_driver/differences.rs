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
    let labels = |transcript: &Transcript| -> Vec<String> {
        transcript.lines.iter().map(|(label, _)| label.clone()).collect()
    };
    let mut report = String::new();
    if labels(theirs) != labels(ours) {
        report += &format!("steps\n  real: {:?}\n  ours: {:?}\n", labels(theirs), labels(ours));
    }
    for ((label, real), (_, our)) in theirs.lines.iter().zip(&ours.lines) {
        let is_known =
            KNOWN.iter().any(|known| known.scenario == scenario && known.label == *label);
        if real != our && !is_known {
            report += &format!("== {label}\n-- real\n{real}\n-- ours\n{our}\n");
        }
    }
    assert!(report.is_empty(), "{scenario}:\n{report}");
}
