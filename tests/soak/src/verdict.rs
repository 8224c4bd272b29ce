//! Whether anything has grown.

use crate::measures::Sample;

/// By so much may it be more than it ever was while it warmed up: the memory that an allocator
/// keeps in pieces, and what a runtime has open now and then.
const RESIDENT_KIB: usize = 16 << 10;
const DESCRIPTORS: usize = 4;
const TASKS: usize = 0;
const PROGRAMS: usize = 0;
/// Besides those of each guest that is active.
const DESCRIPTORS_OF_A_DAEMON: usize = 16;
const DESCRIPTORS_OF_A_GUEST: usize = 2;

/// Holds a sample against those of the first minutes.
pub(crate) fn grown(warm_up: &[Sample], now: &Sample) -> Vec<String> {
    let mut all = vec![
        Row("resident KiB", RESIDENT_KIB, |it| it.resident_kib),
        Row("descriptors", DESCRIPTORS, |it| it.descriptors),
        Row("tasks", TASKS, |it| it.tasks),
        Row("ssh programs", PROGRAMS, |it| it.programs),
    ];
    all.push(Row("descriptors of A", DESCRIPTORS_OF_A_DAEMON, |it| of_daemon(it, 0)));
    all.push(Row("descriptors of B", DESCRIPTORS_OF_A_DAEMON, |it| of_daemon(it, 1)));
    all.iter().filter_map(|row| row.complaint(warm_up, now)).collect()
}

/// A name, a slack, and the value.
struct Row(&'static str, usize, fn(&Sample) -> usize);

impl Row {
    fn complaint(&self, warm_up: &[Sample], now: &Sample) -> Option<String> {
        let Self(name, slack, value) = self;
        let most = warm_up.iter().map(value).max()?;
        let now = value(now);
        (now > most + slack).then(|| format!("{name}: {now}, and {most} at first"))
    }
}

/// A daemon's descriptors without those of its guests.
fn of_daemon(sample: &Sample, index: usize) -> usize {
    sample.hosts.get(index).map_or(0, |host| {
        host.descriptors.saturating_sub(host.active as usize * DESCRIPTORS_OF_A_GUEST)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::Host;

    fn sample() -> Sample {
        let host = Host { clients: 2, descriptors: 100, active: 10 };
        Sample {
            resident_kib: 50_000,
            descriptors: 60,
            tasks: 20,
            programs: 1,
            hosts: [host.clone(), host],
        }
    }

    #[test]
    fn what_grows_beyond_its_slack_is_told() {
        let warm_up = [sample(), sample()];
        assert_eq!(grown(&warm_up, &sample()), [""; 0]);
        let mut now = sample();
        now.resident_kib += RESIDENT_KIB;
        now.descriptors += DESCRIPTORS;
        now.hosts[0].active += 5;
        now.hosts[0].descriptors += DESCRIPTORS_OF_A_DAEMON + 5 * DESCRIPTORS_OF_A_GUEST;
        assert_eq!(grown(&warm_up, &now), [""; 0]);
        now.resident_kib += 1;
        now.descriptors += 1;
        now.tasks += 1;
        now.programs += 1;
        now.hosts[0].active -= 1;
        now.hosts[1].descriptors += DESCRIPTORS_OF_A_DAEMON + 1;
        let names: Vec<_> = [
            "resident",
            "descriptors:",
            "tasks",
            "ssh",
            "descriptors of A",
            "descriptors of B",
        ]
        .into_iter()
        .zip(grown(&warm_up, &now))
        .filter(|(name, complaint)| complaint.starts_with(name))
        .collect();
        assert_eq!(names.len(), 6, "{names:?}");
    }

    #[test]
    fn what_was_more_at_first_may_be_that_much_again() {
        let mut high = sample();
        high.tasks += 10;
        assert_eq!(grown(&[high.clone(), sample()], &high), [""; 0]);
    }
}
