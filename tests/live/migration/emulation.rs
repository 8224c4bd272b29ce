//! What emulation does to guests that move.
//!
//! While a guest's memory is sent, QEMU marks the pages that the guest writes, to send them once more. If
//! it emulates the processor, it may lose a write: a processor that is interrupted between the look at
//! the page's mark and the write itself, for as long as the page takes to be sent, writes where nothing
//! is looked for any more. It takes a busy machine and some hundred moves; then the guest's kernel finds
//! its stack overwritten, and panics on the destination. No client can prevent it, nor would a guest with
//! KVM see it. So a test whose guest has panicked begins again, with new hosts and a new guest.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::{fs, future};

/// The times that a test may begin.
const ATTEMPTS: u32 = 3;

thread_local! {
    /// Set when a guest of the test that this thread runs was found to have panicked.
    static HAS_PANICKED: AtomicBool = const { AtomicBool::new(false) };
}

/// Fails the test if the guest that writes there has panicked.
pub fn check(log: &Path) {
    let log = fs::read(log).unwrap();
    if String::from_utf8_lossy(&log).contains("Kernel panic") {
        HAS_PANICKED.with(|it| it.store(true, Ordering::Relaxed));
        panic!("the guest's kernel has panicked");
    }
}

/// Runs a test, again if it has failed because its guest panicked.
pub async fn outlive(test: impl AsyncFn()) {
    for attempt in 1.. {
        HAS_PANICKED.with(|it| it.store(false, Ordering::Relaxed));
        let Err(panic) = caught(test()).await else {
            return;
        };
        let is_emulation = HAS_PANICKED.with(|it| it.load(Ordering::Relaxed));
        if !is_emulation || attempt == ATTEMPTS {
            resume_unwind(panic);
        }
    }
}

/// Returns what a test panics with.
async fn caught(test: impl Future<Output = ()>) -> std::thread::Result<()> {
    let mut test = pin!(test);
    future::poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| test.as_mut().poll(cx))) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

#[tokio::test]
async fn a_test_begins_again_only_if_its_guest_has_panicked() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    let attempts = std::cell::Cell::new(0);
    outlive(async || {
        attempts.set(attempts.get() + 1);
        fs::write(
            &log,
            if attempts.get() == 1 {
                "Kernel panic - not"
            } else {
                "count 1."
            },
        )
        .unwrap();
        check(&log);
    })
    .await;
    assert_eq!(attempts.get(), 2);

    attempts.set(0);
    let failed = caught(outlive(async || {
        attempts.set(attempts.get() + 1);
        check(&log);
        panic!("for another reason");
    }));
    failed.await.unwrap_err();
    assert_eq!(attempts.get(), 1);
}
