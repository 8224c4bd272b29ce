//! The guest's clock.

use std::time::{Duration, SystemTime};

use super::{Domain, SetTimeFlags};
use crate::api::wire::unix_time;
use crate::error::{Error, Result};
use crate::protocol::{Request, remote};

/// # Guest clock
impl Domain {
    /// Returns the time of the guest's clock (`virDomainGetTime`). Asks the guest agent;
    /// [takes long](crate#calls-that-take-long) if that does.
    #[doc(alias = "virDomainGetTime")]
    #[doc(alias = "getTime")]
    pub async fn time(&self) -> Result<SystemTime> {
        let reply = self.call(remote::DomainGetTime { dom: self.wire(), flags: 0 }).await?;
        let time = reply.decode()?;
        from_wire(time.seconds, time.nseconds).ok_or_else(|| {
            reply.invalid(format!("{} s and {} ns are no time", time.seconds, time.nseconds))
        })
    }

    /// Sets the guest's clock through the guest agent (`virDomainSetTime`).
    /// [Takes long](crate#calls-that-take-long).
    ///
    /// With [`SYNC`](SetTimeFlags::SYNC) the guest reads its hardware clock instead, which kept
    /// running while the guest was suspended, and `time` is ignored.
    #[doc(alias = "virDomainSetTime")]
    pub async fn set_time(&self, time: SystemTime, flags: SetTimeFlags) -> Result<()> {
        let (seconds, nseconds) = to_wire(time).ok_or_else(|| Error::InvalidArgument {
            procedure: remote::DomainSetTime::INFO.name,
            reason: format!("{time:?} is further away than the protocol can tell"),
        })?;
        self.run(remote::DomainSetTime { dom: self.wire(), seconds, nseconds, flags })
            .await
    }
}

/// Converts to a time. The nanoseconds count forward from the second, also before the epoch.
fn from_wire(seconds: i64, nanos: u32) -> Option<SystemTime> {
    let whole = unix_time(seconds).filter(|_| nanos < 1_000_000_000)?;
    whole.checked_add(Duration::from_nanos(nanos.into()))
}

fn to_wire(time: SystemTime) -> Option<(i64, u32)> {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => Some((after.as_secs().try_into().ok()?, after.subsec_nanos())),
        Err(before) => {
            let before = before.duration();
            let seconds = 0_i64.checked_sub_unsigned(before.as_secs())?;
            match before.subsec_nanos() {
                0 => Some((seconds, 0)),
                nanos => Some((seconds.checked_sub(1)?, 1_000_000_000 - nanos)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_survive_the_wire() {
        let cases = [
            (0, 0),
            (1_700_000_000, 5),
            (-1, 0),
            (-1, 999_999_999),
            (-7, 1),
        ];
        for (seconds, nanos) in cases {
            let time = from_wire(seconds, nanos);
            assert_eq!(time.and_then(to_wire), Some((seconds, nanos)));
        }
        let half_past = SystemTime::UNIX_EPOCH.checked_sub(Duration::from_millis(500));
        assert_eq!(half_past.and_then(to_wire), Some((-1, 500_000_000)));
    }

    #[test]
    fn a_second_has_no_more_than_its_nanoseconds() {
        assert_eq!(from_wire(1, 1_000_000_000), None);
    }
}
