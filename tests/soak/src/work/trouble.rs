//! Daemons that are killed, stopped for a while and started anew, and an SSH server that is killed.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use crate::crew::Work;
use crate::dice::Dice;
use crate::ledger::{Ledger, Outcome, Setback};
use crate::stage::{Stage, restart};

pub(crate) struct Trouble {
    pub(crate) stage: Arc<Mutex<Stage>>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) dice: Dice,
}

impl Work for Trouble {
    const KIND: &'static str = "trouble";

    async fn step(&mut self) -> Outcome {
        let quiet = Duration::from_millis(4_000 + self.dice.below(12_000) as u64);
        tokio::time::sleep(quiet).await;
        let stage = self.stage.clone();
        let mut dice = self.dice.fork();
        let making = tokio::task::spawn_blocking(move || {
            let mut stage = stage.lock().unwrap_or_else(PoisonError::into_inner);
            stage.mend()?;
            make(&mut stage, &mut dice)
        });
        let made = making.await.map_err(|error| Setback::Wrong(error.to_string()))?;
        // Not an error of a client's; but nothing goes on without the daemons.
        self.ledger.note(made.map_err(|error| Setback::Wrong(error.to_string()))?);
        Ok(())
    }
}

/// Makes some trouble, and mends it. Returns what it was.
fn make(stage: &mut Stage, dice: &mut Dice) -> crate::Result<&'static str> {
    let pause = Duration::from_millis(dice.below(3_000) as u64);
    let [a, b] = &mut stage.daemons;
    let victim = if dice.below(2) == 0 { &mut *a } else { &mut *b };
    match dice.below(10) {
        0..3 => {
            victim.kill9()?;
            sleep(pause);
            restart(victim)?;
            Ok("daemons killed")
        }
        3 => {
            a.kill9()?;
            b.kill9()?;
            restart(a)?;
            restart(b)?;
            Ok("both daemons killed")
        }
        4..7 => {
            victim.sigstop()?;
            sleep(pause * 2);
            victim.sigcont()?;
            Ok("daemons stopped for a while")
        }
        7 => {
            restart(victim)?;
            Ok("daemons restarted")
        }
        _ => {
            stage.sshd.kill9()?;
            sleep(pause);
            stage.sshd.restart(a)?;
            Ok("sshd killed")
        }
    }
}
