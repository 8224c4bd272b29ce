//! What is to be migrated where and how, and whether both hosts can.

use super::params::MigrateParameters;
use crate::api::domain::{Domain, MigrateFlags};
use crate::client::Connect;
use crate::error::{Error, Result};
use crate::protocol::remote;
use crate::types::feature::Feature;

/// The name under which refusals are reported.
const MIGRATE: &str = "virDomainMigrate3";

/// Flags that only concern the source.
const SOURCE_ONLY: MigrateFlags = MigrateFlags::ABORT_ON_ERROR.union(MigrateFlags::AUTO_CONVERGE);

/// A migration.
///
/// The handles' calls have no deadline: a step takes as long as it takes, and giving one up would
/// leave its outcome unknown.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) source: Domain,
    pub(super) flags: MigrateFlags,
    pub(super) parameters: MigrateParameters,
}

/// The version of the protocol that two hosts have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// Version 3 with typed parameters.
    Params,
    V3,
    V2,
    V1,
}

impl Plan {
    /// Returns the name of the domain on the destination.
    pub(super) fn destination_name(&self) -> &str {
        self.parameters.destination_name.as_deref().unwrap_or(self.source.name())
    }

    /// Returns the flags for the destination's steps.
    pub(super) fn destination_flags(&self) -> MigrateFlags {
        self.flags.difference(SOURCE_ONLY)
    }

    pub(super) fn bandwidth(&self) -> u64 {
        self.parameters.bandwidth_mib_per_second.unwrap_or_default()
    }

    pub(super) fn has(&self, flag: MigrateFlags) -> bool {
        self.flags.contains(flag)
    }

    /// Returns the parameters with those that the steps add: who only then finds that they are too
    /// many leaves both hosts waiting.
    fn complete(&self) -> MigrateParameters {
        MigrateParameters {
            uri: Some(String::new()),
            destination_name: Some(String::new()),
            destination_xml: Some(String::new()),
            ..self.parameters.clone()
        }
    }

    /// Refuses what no daemon needs to be asked about.
    pub(super) fn check(&self) -> Result<()> {
        const INCREMENTAL: MigrateFlags = MigrateFlags::NON_SHARED_INC;
        const FULL: MigrateFlags = MigrateFlags::NON_SHARED_DISK;
        self.source.connect().require_writable(MIGRATE)?;
        if self.parameters.destination_name.as_deref() == Some("") {
            return refused("the name on the destination is empty");
        }
        if self.complete().to_params().len() > remote::DOMAIN_MIGRATE_PARAM_LIST_MAX {
            return refused("more than 64 parameters, address, name and definition included");
        }
        if self.has(FULL | INCREMENTAL) {
            return refused("NON_SHARED_DISK and NON_SHARED_INC exclude each other");
        }
        if self.has(MigrateFlags::TUNNELLED | MigrateFlags::PARALLEL) {
            return refused("TUNNELLED and PARALLEL exclude each other");
        }
        if self.has(MigrateFlags::NON_SHARED_SYNCHRONOUS_WRITES)
            && !self.flags.intersects(FULL | INCREMENTAL)
        {
            return refused(
                "NON_SHARED_SYNCHRONOUS_WRITES needs NON_SHARED_DISK or NON_SHARED_INC",
            );
        }
        if self.has(MigrateFlags::TUNNELLED) && !self.has(MigrateFlags::PEER2PEER) {
            return refused("TUNNELLED needs PEER2PEER");
        }
        Ok(())
    }

    /// Refuses what the source does not support.
    pub(super) async fn check_source(&self) -> Result<()> {
        let source = self.source.connect();
        if self.has(MigrateFlags::OFFLINE) {
            require(source, Feature::MigrationOffline, "offline migration by the source").await?;
        }
        if self.has(MigrateFlags::PEER2PEER) {
            let what = "peer-to-peer migration by the source";
            require(source, Feature::MigrationP2p, what).await?;
        }
        Ok(())
    }

    /// Refuses what the destination does not support.
    pub(super) async fn check_destination(&self, destination: &Connect) -> Result<()> {
        destination.require_writable(MIGRATE)?;
        if self.has(MigrateFlags::OFFLINE) {
            let what = "offline migration by the destination";
            require(destination, Feature::MigrationOffline, what).await?;
        }
        Ok(())
    }

    /// Returns the latest version that both hosts and what is asked for allow.
    pub(super) async fn version(&self, destination: &Connect) -> Result<Version> {
        let both = async |feature| -> Result<bool> {
            Ok(self.source.connect().supports_feature(feature).await?
                && destination.supports_feature(feature).await?)
        };
        if both(Feature::MigrationParams).await? {
            return Ok(Version::Params);
        }
        self.require_classic_parameters()?;
        if both(Feature::MigrationV3).await? {
            return Ok(Version::V3);
        }
        if self.parameters.destination_xml.is_some() {
            return unsupported("changing the definition, by one of the hosts");
        }
        if both(Feature::MigrationV2).await? {
            return Ok(Version::V2);
        }
        if both(Feature::MigrationV1).await? {
            return Ok(Version::V1);
        }
        unsupported("migration between these hosts")
    }

    /// Refuses parameters that daemons before libvirt 1.1.0 have no place for.
    pub(super) fn require_classic_parameters(&self) -> Result<()> {
        let rest = MigrateParameters {
            uri: None,
            destination_name: None,
            destination_xml: None,
            bandwidth_mib_per_second: None,
            ..self.parameters.clone()
        };
        match rest.to_params().iter().next() {
            Some((name, _)) => unsupported(&format!("the parameter {name}, by one of the hosts")),
            None => Ok(()),
        }
    }
}

/// Fails unless a daemon has a feature.
pub(super) async fn require(conn: &Connect, feature: Feature, what: &str) -> Result<()> {
    if conn.supports_feature(feature).await? {
        return Ok(());
    }
    unsupported(what)
}

pub(super) fn refused<T>(reason: &str) -> Result<T> {
    Err(Error::InvalidArgument { procedure: MIGRATE, reason: reason.to_owned() })
}

pub(super) fn unsupported<T>(what: &str) -> Result<T> {
    Err(Error::Unsupported(what.to_owned()))
}
