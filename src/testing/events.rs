//! Disturbed events.

use super::host::TestHost;
use crate::test_driver::Treatment;

/// # Events
impl TestHost {
    /// Holds events back from now on, until one of the following is called.
    pub fn hold_events(&self) {
        self.host.state().events.treat(Treatment::Hold);
    }

    /// Delivers the events that were held back, and others at once again.
    pub fn release_events(&self) {
        let mut state = self.host.state();
        state.events.release(false);
        state.events.treat(Treatment::Faithful);
    }

    /// Delivers the events that were held back in reverse, and others at once again.
    pub fn release_events_reversed(&self) {
        let mut state = self.host.state();
        state.events.release(true);
        state.events.treat(Treatment::Faithful);
    }

    /// Forgets the events that were held back, and delivers others at once again.
    pub fn lose_events(&self) {
        let mut state = self.host.state();
        state.events.lose();
        state.events.treat(Treatment::Faithful);
    }

    /// Delivers each event twice from now on, or once again.
    pub fn double_events(&self, double: bool) {
        let treatment = if double {
            Treatment::Double
        } else {
            Treatment::Faithful
        };
        self.host.state().events.treat(treatment);
    }
}
