//! Connections that are cut and daemons that are killed at each step of a migration.

use std::time::Duration;

use libvirt_client::domain::{MigrateFlags, Migration};
use libvirt_client::protocol::{Request as _, remote};
use libvirt_client::{Error, MigrationSide, Presence};

use super::gate::{At, Gate, Held};
use super::hosts::{Counting, Hosts, LIVE, UNSAFE, loopback};

const FLAGS: MigrateFlags = LIVE.union(UNSAFE);

/// The calls of a migration, and the host that gets each.
const STEPS: [(u32, MigrationSide); 5] = [
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

/// Waits until a message is held up.
async fn reach(reached: impl Future<Output = Held>, migration: &Migration) -> Held {
    let control = migration.control();
    tokio::select! {
        held = reached => held,
        () = control.ended() => panic!("the migration has ended before"),
    }
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

    /// Migrates, and loses a host at that call or its reply. The guest is on one host afterwards,
    /// and both that and the result say on which.
    async fn lose(&mut self, (procedure, side): (u32, MigrationSide), at: At, loss: Loss) {
        let what = format!("{procedure} {side} {at:?} {loss:?}");
        let source = self.gates[self.here].builder().open().await.unwrap();
        let destination = self.gates[1 - self.here].builder().open().await.unwrap();
        let domain = source.domain_lookup_by_uuid(self.guest.domain.uuid()).await.unwrap();
        let index = match side {
            MigrationSide::Source => self.here,
            MigrationSide::Destination => 1 - self.here,
        };
        let reached = self.gates[index].hold(procedure, at);
        let migration = domain.migrate(&destination).flags(FLAGS).parameters(loopback()).start();
        let held = reach(reached, &migration).await;
        match loss {
            Loss::Cut => self.gates[index].cut(),
            Loss::Kill => {
                let daemon = self.host(index);
                daemon.kill9().unwrap();
                daemon.restart().unwrap();
            }
        }
        drop(held);
        let result = migration.await;
        println!("{what}: {result:?}");
        self.hosts.reconnect().await;
        let conns = [&self.hosts.conn_a, &self.hosts.conn_b];
        let (from, to) = (conns[self.here], conns[1 - self.here]);
        let outcome = Migration::outcome(domain.uuid(), from, to).await.unwrap();
        match &result {
            Ok(_) => assert_eq!(outcome.destination, Presence::Running, "{what}: {outcome:?}"),
            Err(Error::Migration(error)) => {
                assert_eq!(outcome, error.outcome, "{what}: {error}");
                assert_eq!(outcome.source, Presence::Running, "{what}: {error}");
                assert_eq!(error.first.side, side, "{what}: {error}");
            }
            Err(error) => panic!("{what}: {error}"),
        }
        if result.is_ok() {
            self.here = 1 - self.here;
        }
        let conn = conns[self.here];
        self.hosts.assert_runs_on(conn, &self.guest).await;
        self.guest.domain = conn.domain_lookup_by_uuid(domain.uuid()).await.unwrap();
    }

    /// Migrates, and stops a daemon at that call or its reply. What the host did shows once it goes
    /// on.
    async fn stop(&mut self, (procedure, side): (u32, MigrationSide), at: At) {
        let what = format!("{procedure} {side}");
        let open = async |gate: &Gate| {
            gate.builder().keepalive(Duration::from_millis(250), 2).open().await.unwrap()
        };
        let source = open(&self.gates[self.here]).await;
        let destination = open(&self.gates[1 - self.here]).await;
        let domain = source.domain_lookup_by_uuid(self.guest.domain.uuid()).await.unwrap();
        let index = match side {
            MigrationSide::Source => self.here,
            MigrationSide::Destination => 1 - self.here,
        };
        let reached = self.gates[index].hold(procedure, at);
        let migration = domain.migrate(&destination).flags(FLAGS).parameters(loopback()).start();
        let held = reach(reached, &migration).await;
        self.host(index).sigstop().unwrap();
        drop(held);
        let lost = [&source, &destination];
        let side_index = usize::from(side == MigrationSide::Destination);
        lost[side_index].closed().await;
        self.host(index).sigcont().unwrap();
        let result = migration.await;
        println!("{what}: {result:?}");
        self.hosts.reconnect().await;
        if result.is_ok() {
            self.here = 1 - self.here;
        }
        let conns = [&self.hosts.conn_a, &self.hosts.conn_b];
        let conn = conns[self.here];
        self.hosts.assert_runs_on(conn, &self.guest).await;
        self.guest.domain = conn.domain_lookup_by_uuid(domain.uuid()).await.unwrap();
    }

    async fn end(self) {
        self.guest.assert_same_run();
        self.guest.domain.destroy().await.unwrap();
        self.hosts.assert_empty().await;
    }
}

#[tokio::test]
async fn connections_are_cut_at_each_step() {
    let Some(mut journey) = Journey::begin("migrate-cut").await else {
        return;
    };
    for step in STEPS {
        for at in [At::Call, At::Reply] {
            journey.lose(step, at, Loss::Cut).await;
        }
    }
    journey.end().await;
}

#[tokio::test]
async fn daemons_are_stopped_at_each_step() {
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
}

#[tokio::test]
async fn daemons_are_killed_at_each_step() {
    let Some(mut journey) = Journey::begin("migrate-kill").await else {
        return;
    };
    for step in STEPS {
        for at in [At::Call, At::Reply] {
            journey.lose(step, at, Loss::Kill).await;
        }
    }
    journey.end().await;
}
