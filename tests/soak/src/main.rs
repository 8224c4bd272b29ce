//! A soak: two hosts with some hundred guests, and everything that this library can do to them at
//! once, while daemons are killed, stopped and restarted. At the end of each minute all rest, and
//! what there is then must not grow.

mod crew;
mod dice;
mod guests;
mod ledger;
mod measures;
mod plan;
mod stage;
mod verdict;
mod witness;
mod work;

use std::pin::pin;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rig::Need;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use crew::Crew;
use dice::Dice;
use guests::Guests;
use ledger::Ledger;
use measures::{COLUMNS, Sample};
use plan::{Plan, USAGE};
use stage::{CLIENTS, Lines, Stage};
use witness::Witness;
use work::{calls, consoles, life, migrations, openings, snapshots, trouble, tuning, volumes};

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

const NEEDS: &[Need] = &[Need::Daemon, Need::Root, Need::Qemu, Need::Guest, Need::Ssh];
const MINUTE: Duration = Duration::from_secs(60);
/// In so many minutes everybody gets something done, whatever happens to the daemons.
const PATIENCE: usize = 3;
/// Steps may take so long before it is asked who is to blame.
const TIRED: Duration = Duration::from_secs(40);
/// Guests that move.
const MOVERS: usize = 3;
/// Within this time after all has ended nothing is left.
const ENDED: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let Some(plan) = Plan::of_arguments() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match soak(&plan) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("soak: {error}");
            ExitCode::FAILURE
        }
    }
}

fn soak(plan: &Plan) -> Result<()> {
    rig::require(NEEDS)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    println!("{} minutes, {} guests, seed {}", plan.minutes, plan.guests, plan.seed);
    let stage = Arc::new(Mutex::new(Stage::start()?));
    runtime.block_on(run(plan, stage))
}

async fn run(plan: &Plan, stage: Arc<Mutex<Stage>>) -> Result<()> {
    let before = Sample::settled(&stage, None, |it| it.has_clients(0)).await?;
    let uris = stage.lock().unwrap_or_else(PoisonError::into_inner).uris.clone();
    let lines = Lines::open(&uris)?;
    let mut tasks = JoinSet::new();
    let ledger = Arc::<Ledger>::default();
    let mut witnesses = Vec::new();
    for host in [&lines.hosts[0], &lines.hosts[1], &lines.tls] {
        witnesses.push(Witness::new(host, &ledger, &mut tasks).await?);
    }
    for (host, line) in lines.hosts.iter().enumerate() {
        Guests { in_all: plan.guests, host }.define(&line.connect().await?).await?;
    }
    let crew = employ(plan, &lines, &stage, ledger.clone());

    println!("{COLUMNS}");
    let mut warm_up = Vec::new();
    for minute in 1..=plan.minutes {
        let end = Instant::now() + MINUTE;
        crew.work();
        sleep_until(end).await;
        rest(&crew, &stage).await?;
        stage.lock().unwrap_or_else(PoisonError::into_inner).mend()?;
        for line in lines.all() {
            timeout(MINUTE, line.connect()).await??.hostname().await?;
        }
        for witness in &witnesses {
            witness.agrees().await?;
        }
        let is_quiet = |it: &Sample| it.has_clients(CLIENTS) && it.is_least(&warm_up);
        let sample = Sample::settled(&stage, Some(&lines), is_quiet).await?;
        let (crashes, hangs) = {
            let stage = stage.lock().unwrap_or_else(PoisonError::into_inner);
            (stage.crashes, stage.hangs)
        };
        println!("{minute:>6}  {sample}  {crashes:>7}  {hangs:>5}\n{ledger}");
        ledger.end_round(PATIENCE);
        let mut wrong = ledger.wrong();
        wrong.extend(clients(&sample, CLIENTS));
        if minute <= plan.warm_up() {
            warm_up.push(sample);
        } else {
            wrong.extend(verdict::grown(&warm_up, &sample));
        }
        if !wrong.is_empty() {
            return Err(wrong.join("\n").into());
        }
    }

    crew.go_home().await?;
    for line in lines.all() {
        timeout(ENDED, line.close()).await?;
    }
    let ending = async { while tasks.join_next().await.is_some() {} };
    timeout(ENDED, ending)
        .await
        .map_err(|_| "somebody still watches a connection that is closed")?;
    assert_nothing_is_left(&stage, before).await
}

/// Has everybody rest. A daemon that does not let somebody, because it is at a call that does not
/// end, is killed; where it is not the daemon that hangs, waiting fails.
async fn rest(crew: &Crew, stage: &Arc<Mutex<Stage>>) -> Result<()> {
    let mut resting = pin!(crew.rest());
    loop {
        if let Ok(rested) = timeout(TIRED, &mut resting).await {
            return rested;
        }
        println!("  tired   {:?}", crew.ledger.busy());
        relieve(stage).await?;
    }
}

/// Kills the daemons that work although all are to rest.
async fn relieve(stage: &Arc<Mutex<Stage>>) -> Result<()> {
    let admin = stage.lock().unwrap_or_else(PoisonError::into_inner).uris.admin.clone();
    for (host, uri) in admin.iter().enumerate() {
        if measures::is_busy(uri).await? {
            stage.lock().unwrap_or_else(PoisonError::into_inner).relieve(host)?;
        }
    }
    Ok(())
}

fn employ(plan: &Plan, lines: &Lines, stage: &Arc<Mutex<Stage>>, ledger: Arc<Ledger>) -> Crew {
    let mut dice = Dice::new(plan.seed);
    let uris = stage.lock().unwrap_or_else(PoisonError::into_inner).uris.clone();
    let mut crew = Crew::new(ledger.clone());
    for line in lines.all() {
        crew.employ(calls::Calls { host: line.clone(), dice: dice.fork() });
    }
    for (host, line) in lines.hosts.iter().enumerate() {
        let guests = Guests { in_all: plan.guests, host };
        crew.employ(life::Life { host: line.clone(), guests, dice: dice.fork() });
        crew.employ(tuning::Tuning { host: line.clone(), guests, dice: dice.fork() });
        crew.employ(openings::Openings { uris: uris.clone(), dice: dice.fork() });
    }
    for (name, host) in [("near", &lines.hosts[0]), ("far", &lines.ssh)] {
        let (host, dir) = (host.clone(), uris.volumes.clone());
        crew.employ(volumes::Volumes { host, dir, name, dice: dice.fork() });
    }
    for number in 0..MOVERS {
        let name = format!("mover-{number}");
        crew.employ(migrations::Migrations {
            hosts: lines.hosts.clone(),
            name,
            given_up: 0,
            has_failed: false,
        });
    }
    crew.employ(snapshots::Snapshots { host: lines.hosts[0].clone(), disk: uris.disk });
    let (host, xml) = (lines.hosts[0].clone(), uris.shell);
    crew.employ(consoles::Consoles { host, xml, dice: dice.fork() });
    crew.employ(trouble::Trouble { stage: stage.clone(), ledger, dice: dice.fork() });
    crew
}

/// Those who are connected and should not be, or the other way round.
fn clients(sample: &Sample, expected: u32) -> Vec<String> {
    let names = ["A", "B"].into_iter().zip(&sample.hosts);
    let wrong = names.filter(|(_, host)| host.clients != expected);
    wrong
        .map(|(name, host)| format!("{name} has {} clients, not {expected}", host.clients))
        .collect()
}

/// Compares with what there was before anything was opened.
async fn assert_nothing_is_left(stage: &Arc<Mutex<Stage>>, before: Sample) -> Result<()> {
    let before = [before];
    let is_quiet = |it: &Sample| it.has_clients(0) && it.is_least(&before);
    let after = Sample::settled(stage, None, is_quiet).await?;
    println!("   end  {after}");
    if is_quiet(&after) {
        return Ok(());
    }
    let [before] = before;
    Err(format!("not all of it has ended; at the beginning it was\n        {before}").into())
}
