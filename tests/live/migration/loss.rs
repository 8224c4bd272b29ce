//! Connections that are cut and daemons that are killed at each step of a migration.

use std::time::Duration;

use libvirt_client::domain::{Domain, MigrateFlags, Migration, State};
use libvirt_client::protocol::{Request as _, remote};
use libvirt_client::{
    Connect, ConnectBuilder, Error, MigrationOutcome, MigrationSide, Optional as _, Presence,
    Result,
};

use super::emulation::outlive;
use super::gate::{At, Gate, Held};
use super::hosts::{Counting, Hosts, LIVE, UNSAFE, loopback};
use crate::common::eventually;

const FLAGS: MigrateFlags = LIVE.union(UNSAFE);

/// The calls of a migration, and the host that gets each.
const STEPS: [Step; 5] = [
    (remote::DomainMigrateBegin3Params::INFO.number, MigrationSide::Source),
    (remote::DomainMigratePrepare3Params::INFO.number, MigrationSide::Destination),
    (remote::DomainMigratePerform3Params::INFO.number, MigrationSide::Source),
    (remote::DomainMigrateFinish3Params::INFO.number, MigrationSide::Destination),
    (remote::DomainMigrateConfirm3Params::INFO.number, MigrationSide::Source),
];

/// Two hosts and a guest, which moves from the one to the other.
struct Journey {
    hosts: Hosts,
    guest: Counting,
    gates: [Gate; 2],
    /// The host that the guest is on.
    here: usize,
}

#[derive(Clone, Copy, Debug)]
enum Loss {
    Cut,
    Kill,
}

/// A migration that is held up.
struct Departed {
    source: Connect,
    /// The connection to the host of the step that is held up.
    lost: Connect,
    /// That host.
    index: usize,
    migration: Migration,
    held: Held,
}

/// A call of a migration, and the host that gets it.
type Step = (u32, MigrationSide);

/// As long as a daemon takes to start again; short for one that does not.
const RECOVERY: Duration = Duration::from_secs(10);

/// Soon gives up a daemon that is stopped.
fn impatient(builder: ConnectBuilder) -> ConnectBuilder {
    builder.keepalive(Duration::from_millis(250), 2)
}

impl Journey {
    async fn begin(name: &str) -> Option<Self> {
        let hosts = Hosts::start().await?;
        let guest = hosts.counting(name).await;
        let gates = [Gate::before(&hosts.a), Gate::before(&hosts.b)];
        Some(Self { hosts, guest, gates, here: 0 })
    }

    fn host(&mut self, index: usize) -> &mut rig::Daemon {
        if index == 0 {
            &mut self.hosts.a
        } else {
            &mut self.hosts.b
        }
    }

    /// Cuts all connections to a host, or kills its daemon, which is started again.
    fn lose_host(&mut self, index: usize, loss: Loss) {
        match loss {
            Loss::Cut => self.gates[index].cut(),
            Loss::Kill => {
                let daemon = self.host(index);
                daemon.kill9().unwrap();
                daemon.restart().unwrap();
            }
        }
    }

    /// Starts to migrate, until a call of that procedure, or its reply, is held up.
    async fn depart(
        &self,
        (procedure, side): Step,
        at: At,
        adapt: impl Fn(ConnectBuilder) -> ConnectBuilder,
    ) -> Departed {
        let [here, there] = [self.here, 1 - self.here];
        let source = adapt(self.gates[here].builder()).open().await.unwrap();
        let destination = adapt(self.gates[there].builder()).open().await.unwrap();
        let domain = source.domain_lookup_by_uuid(self.guest.domain.uuid()).await.unwrap();
        let (index, lost) = match side {
            MigrationSide::Source => (here, source.clone()),
            MigrationSide::Destination => (there, destination.clone()),
        };
        let reached = self.gates[index].hold(procedure, at);
        let migration = domain.migrate(&destination).flags(FLAGS).parameters(loopback());
        let migration = migration.recovery_timeout(RECOVERY).start();
        let control = migration.control();
        let held = tokio::select! {
            held = reached => held,
            () = control.ended() => panic!("the migration has ended before"),
        };
        Departed { source, lost, index, migration, held }
    }

    /// Asserts that the guest runs on one host alone, the one that the result says.
    async fn assert_arrived(&mut self, result: &Result<Domain>) {
        if result.is_ok() {
            self.here = 1 - self.here;
        }
        let conn = [&self.hosts.conn_a, &self.hosts.conn_b][self.here];
        self.hosts.assert_runs_on(conn, &self.guest).await;
        let uuid = self.guest.domain.uuid();
        self.guest.domain = conn.domain_lookup_by_uuid(uuid).await.unwrap();
    }

    /// Asks both hosts, over new connections.
    async fn outcome(&mut self) -> MigrationOutcome {
        self.hosts.reconnect().await;
        let conns = [&self.hosts.conn_a, &self.hosts.conn_b];
        let uuid = self.guest.domain.uuid();
        Migration::outcome(uuid, conns[self.here], conns[1 - self.here]).await.unwrap()
    }

    /// Migrates, and loses a host at that call or its reply. The guest is on one host afterwards,
    /// and both that and the result say on which.
    async fn lose(&mut self, step: Step, at: At, loss: Loss) {
        let what = format!("{} {} {at:?} {loss:?}", step.0, step.1);
        let Departed { index, migration, held, .. } = self.depart(step, at, |usual| usual).await;
        self.lose_host(index, loss);
        drop(held);
        let result = migration.await;
        println!("{what}: {result:?}");
        let outcome = self.outcome().await;
        match &result {
            Ok(_) => assert_eq!(outcome.destination, Presence::Running, "{what}: {outcome:?}"),
            Err(Error::Migration(error)) => {
                assert_eq!(outcome, error.outcome, "{what}: {error}");
                assert_eq!(outcome.source, Presence::Running, "{what}: {error}");
                assert_eq!(error.first.side, step.1, "{what}: {error}");
            }
            Err(error) => panic!("{what}: {error}"),
        }
        self.assert_arrived(&result).await;
    }

    /// Has the source migrate, and loses the destination, or every connection to it, at a call of
    /// the source or its reply.
    async fn lose_between(&mut self, procedure: u32, at: At, loss: Loss) {
        let what = format!("{procedure} {at:?} {loss:?}");
        let [here, there] = [self.here, 1 - self.here];
        let source = [&self.hosts.conn_a, &self.hosts.conn_b][here];
        let domain = source.domain_lookup_by_uuid(self.guest.domain.uuid()).await.unwrap();
        let destination = self.gates[there].builder().open().await.unwrap();
        let reached = self.gates[there].hold(procedure, at);
        let migration = domain.migrate(&destination).flags(FLAGS | MigrateFlags::PEER2PEER);
        let migration = migration.parameters(loopback()).recovery_timeout(RECOVERY).start();
        let held = reached.await;
        self.lose_host(there, loss);
        drop(held);
        let result = migration.await;
        println!("{what}: {result:?}");
        let outcome = self.outcome().await;
        match &result {
            Ok(_) => assert_eq!(outcome.destination, Presence::Running, "{what}: {outcome:?}"),
            Err(Error::Migration(error)) => {
                assert_eq!(outcome.source, Presence::Running, "{what}: {error}");
                assert_eq!(outcome.destination, Presence::Absent, "{what}: {error}");
            }
            Err(error) => panic!("{what}: {error}"),
        }
        self.assert_arrived(&result).await;
    }

    /// Migrates, and stops a daemon at that call or its reply. What the host did shows once it goes
    /// on.
    async fn stop(&mut self, step: Step, at: At) {
        let Departed { lost, index, migration, held, .. } = self.depart(step, at, impatient).await;
        self.host(index).sigstop().unwrap();
        drop(held);
        lost.closed().await;
        self.host(index).sigcont().unwrap();
        let result = migration.await;
        println!("{} {}: {result:?}", step.0, step.1);
        self.hosts.reconnect().await;
        self.assert_arrived(&result).await;
    }

    async fn end(self) {
        self.guest.assert_same_run();
        self.guest.domain.destroy().await.unwrap();
        self.hosts.assert_empty().await;
    }
}

#[tokio::test]
async fn connections_are_cut_at_each_step() {
    outlive(async || {
        let Some(mut journey) = Journey::begin("migrate-cut").await else {
            return;
        };
        for step in STEPS {
            for at in [At::Call, At::Reply] {
                journey.lose(step, at, Loss::Cut).await;
            }
        }
        journey.end().await;
    })
    .await;
}

#[tokio::test]
async fn daemons_are_stopped_at_each_step() {
    outlive(async || {
        let Some(mut journey) = Journey::begin("migrate-stop").await else {
            return;
        };
        for step in STEPS {
            // A daemon that gets to prepare late, when its client has gone, still does so, and then
            // removes it again: nobody can say when.
            let is_prepare = step.0 == remote::DomainMigratePrepare3Params::INFO.number;
            journey.stop(step, if is_prepare { At::Reply } else { At::Call }).await;
        }
        journey.end().await;
    })
    .await;
}

#[tokio::test]
async fn the_daemons_lose_each_other_at_each_step() {
    outlive(async || {
        let Some(mut journey) = Journey::begin("migrate-p2p-loss").await else {
            return;
        };
        for procedure in [STEPS[1].0, STEPS[3].0] {
            for at in [At::Call, At::Reply] {
                for loss in [Loss::Cut, Loss::Kill] {
                    journey.lose_between(procedure, at, loss).await;
                }
            }
        }
        journey.end().await;
    })
    .await;
}

#[tokio::test]
async fn daemons_are_killed_at_each_step() {
    outlive(async || {
        let Some(mut journey) = Journey::begin("migrate-kill").await else {
            return;
        };
        for step in STEPS {
            for at in [At::Call, At::Reply] {
                journey.lose(step, at, Loss::Kill).await;
            }
        }
        journey.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_guest_stays_paused_while_nobody_knows_whether_it_has_come() {
    outlive(async || {
        let Some(mut journey) = Journey::begin("migrate-unknown").await else {
            return;
        };
        let finish = STEPS[3];
        let Departed { source, index, migration, held, .. } =
            journey.depart(finish, At::Call, impatient).await;
        journey.host(index).sigstop().unwrap();
        drop(held);
        let Err(Error::Migration(error)) = migration.await else {
            panic!("it cannot know");
        };
        let MigrationOutcome { source: here, destination: there, .. } = error.outcome;
        assert_eq!((here, there), (Presence::Paused, Presence::Unknown), "{error}");

        // The destination goes on, and starts the guest.
        journey.host(index).sigcont().unwrap();
        eventually("the guest has come", async || {
            let found =
                journey.hosts.conn_b.domain_lookup_by_uuid(journey.guest.domain.uuid()).await;
            match found.optional().unwrap() {
                Some(domain) => domain.state().await.unwrap() == State::Running,
                None => false,
            }
        })
        .await;
        // The source has had the migration for as long as the connection that conducted it.
        source.close().await;
        let outcome = journey.outcome().await;
        let found = (outcome.source, outcome.destination);
        assert_eq!(found, (Presence::Paused, Presence::Running));
        let uuid = journey.guest.domain.uuid();
        let stale = journey.hosts.conn_a.domain_lookup_by_uuid(uuid).await.unwrap();
        stale.destroy().await.unwrap();
        let moved = journey.hosts.conn_b.domain_lookup_by_uuid(uuid).await;
        journey.assert_arrived(&moved).await;
        journey.end().await;
    })
    .await;
}
