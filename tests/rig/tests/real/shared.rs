//! A shared daemon serves all tests of a program.

use rig::{Need, Result, available, shared};

#[test]
fn is_the_same_for_all() -> Result<()> {
    if !available(&[Need::Daemon])? {
        return Ok(());
    }
    let first = shared::test_driver()?;
    let others: Vec<_> = (0..4)
        .map(|_| std::thread::spawn(|| shared::test_driver().map(rig::Daemon::pid)))
        .collect();
    for other in others {
        let pid = other.join().unwrap_or(Ok(None))?;
        assert_eq!(pid, first.pid());
    }
    Ok(())
}
