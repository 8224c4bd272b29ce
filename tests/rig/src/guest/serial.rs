//! Output of a guest on its serial console, from QEMU's log of it.

use std::fs;
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::daemon::tail;
use crate::error::{Attempt as _, Error, Result};

/// The line that the guest writes each time it has booted.
pub const READY: &str = "GUEST-READY";

const POLL: Duration = Duration::from_millis(20);

/// Returns the number of times that the guest has booted.
pub fn boots(serial_log: &Path) -> Result<usize> {
    let bytes = match fs::read(serial_log) {
        Ok(bytes) => bytes,
        // QEMU has not created it yet.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error).attempt(|| format!("reading {}", serial_log.display())),
    };
    Ok(String::from_utf8_lossy(&bytes).matches(READY).count())
}

/// Waits until the guest has booted.
pub fn wait_ready(serial_log: &Path, limit: Duration) -> Result<()> {
    wait_boots(serial_log, 1, limit)
}

/// Waits until the guest has booted at least so many times: a reboot is one more than before.
pub fn wait_boots(serial_log: &Path, times: usize, limit: Duration) -> Result<()> {
    let deadline = Instant::now() + limit;
    loop {
        let seen = boots(serial_log)?;
        if seen >= times {
            return Ok(());
        }
        if Instant::now() >= deadline {
            let text = fs::read(serial_log).unwrap_or_default();
            return Err(Error::Failed(format!(
                "the guest booted {seen} times in {limit:?}, not {times}; the end of {}:\n{}",
                serial_log.display(),
                tail(&String::from_utf8_lossy(&text))
            )));
        }
        thread::sleep(POLL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boots_are_counted_and_a_guest_that_never_boots_is_shown() -> Result<()> {
        let dir = tempfile::tempdir().attempt(|| String::from("creating a directory"))?;
        let log = dir.path().join("serial");
        assert_eq!(boots(&log)?, 0);
        let text = "x\nGUEST-READY\r\n\nKernel panic\nGUEST-READY\r\n";
        fs::write(&log, text).attempt(|| String::from("writing"))?;
        assert_eq!(boots(&log)?, 2);
        wait_boots(&log, 2, Duration::ZERO)?;
        let error = wait_boots(&log, 3, Duration::ZERO).map_err(|error| error.to_string());
        assert!(matches!(&error, Err(text) if text.contains("Kernel panic")), "{error:?}");
        Ok(())
    }
}
