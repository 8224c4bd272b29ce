//! Faults on purpose.

use std::collections::VecDeque;
use std::time::Duration;

use super::failure::Failure;

/// The number of calls that are remembered.
const MADE_MAX: usize = 65_536;

/// The number of times of what never ends.
pub(crate) const ALWAYS: u64 = u64::MAX;

/// What happens to a call instead of its answer.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// It fails, and nothing was done.
    Fail(Failure),
    /// The procedure is not known, as to a daemon that is too old for it.
    Unknown,
    /// It is answered with that, and nothing is done.
    Answer(Vec<u8>),
    /// It is never answered, and nothing is done.
    Hang,
    /// It is done, and answered so much later.
    Delay(Duration),
    /// The connection is cut before anything was done.
    CutBefore,
    /// The connection is cut when it was done.
    CutAfter,
}

/// A fault of some calls of one procedure.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub(crate) procedure: u32,
    /// The number of calls that pass before it.
    pub(crate) after: u64,
    /// The number of calls that it happens to, or [`ALWAYS`].
    pub(crate) times: u64,
    pub(crate) fault: Fault,
}

/// A call that has been made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) procedure: u32,
    pub(crate) arguments: Vec<u8>,
}

/// The faults of a host, and what was asked of it.
#[derive(Debug)]
pub(crate) struct Faults {
    planned: Vec<Planned>,
    /// The last calls, if they are recorded.
    pub(crate) made: Option<VecDeque<Made>>,
    pub(crate) requests_at_a_time: usize,
}

impl Default for Faults {
    fn default() -> Self {
        Self { planned: Vec::new(), made: None, requests_at_a_time: 5 }
    }
}

impl Faults {
    pub(crate) fn plan(&mut self, planned: Planned) {
        self.planned.push(planned);
    }

    /// Forgets all faults that have not happened.
    pub(crate) fn forget(&mut self) {
        self.planned.clear();
    }

    /// Notes a call, and returns what happens to it.
    pub(super) fn called(&mut self, procedure: u32, arguments: &[u8]) -> Option<Fault> {
        if let Some(made) = &mut self.made {
            if made.len() == MADE_MAX {
                made.pop_front();
            }
            made.push_back(Made { procedure, arguments: arguments.to_vec() });
        }
        let mut once = None;
        let mut always = None;
        for planned in self.planned.iter_mut().filter(|it| it.procedure == procedure) {
            if planned.after > 0 {
                planned.after -= 1;
            } else if planned.times == ALWAYS {
                always = Some(planned.fault.clone());
            } else if once.is_none() && planned.times > 0 {
                planned.times -= 1;
                once = Some(planned.fault.clone());
            }
        }
        self.planned.retain(|planned| planned.times > 0);
        once.or(always)
    }
}
