//! A migration by the latest version of the protocol, step by step.

use libvirt_client::domain::{MigrateFlags, Migration};
use libvirt_client::{Error, MigrationError, MigrationStep};

use super::hosts::{Call, Destination, Host, Hosts, Side, Source};
use super::wire::{
    BEGIN3_PARAMS, CONFIRM3_PARAMS, FINISH3_PARAMS, Fields, PERFORM3_PARAMS, PREPARE3_PARAMS,
    Value::{self, Text},
    domain, feature, web,
};

const CHANGE_PROTECTION: u32 = 256;

/// `VIR_ERR_MIGRATE_FINISH_OK`.
pub const FINISH_OK: i32 = 93;

/// The hosts of a migration without parameters of its own, whose every call must be the right one.
pub struct Journey {
    pub hosts: Hosts,
    /// The flags for either host.
    here: u32,
    there: u32,
    /// The parameters, to which the steps add.
    params: Vec<(&'static str, Value<'static>)>,
}

impl Journey {
    /// Between hosts that have all that is needed; the source protects the domain from changes.
    pub async fn start(flags: MigrateFlags) -> (Self, Migration) {
        let features = [
            feature::PARAMS,
            feature::OFFLINE,
            feature::CHANGE_PROTECTION,
        ];
        Self::between(Host::source(&features), Host::destination(&features), flags).await
    }

    /// The same without that protection.
    pub async fn start_unprotected() -> (Self, Migration) {
        let features = [feature::PARAMS];
        let (source, destination) = (Host::source(&features), Host::destination(&features));
        Self::between(source, destination, MigrateFlags::empty()).await
    }

    pub async fn between(
        source: Host,
        destination: Host,
        flags: MigrateFlags,
    ) -> (Self, Migration) {
        let protects = source.features.contains(&feature::CHANGE_PROTECTION);
        let (hosts, web_here) = Hosts::start(source, destination).await;
        let migration = web_here.migrate(&hosts.destination).flags(flags).start();
        let mut journey = Self::of(hosts, flags);
        if protects {
            journey.here |= CHANGE_PROTECTION;
        }
        (journey, migration)
    }

    /// Between those hosts, whose source protects nothing.
    pub fn of(hosts: Hosts, flags: MigrateFlags) -> Self {
        Self {
            hosts,
            here: flags.bits(),
            there: flags.bits(),
            params: Vec::new(),
        }
    }

    pub async fn begin(&mut self) -> Call {
        let arguments = web().params(&[]).word(self.here);
        self.hosts.expect(Source, BEGIN3_PARAMS, &arguments).await
    }

    pub async fn prepare(&mut self) -> Call {
        self.params.push(("destination_xml", Text("<begun/>")));
        let arguments = Fields::default().params(&self.params).cookie("of begin").word(self.there);
        self.hosts.expect(Destination, PREPARE3_PARAMS, &arguments).await
    }

    pub async fn perform(&mut self) -> Call {
        let arguments = web().maybe(None).params(&self.params);
        let arguments = arguments.cookie("of prepare").word(self.here);
        self.hosts.expect(Source, PERFORM3_PARAMS, &arguments).await
    }

    /// The destination's last step, after this one's cookie.
    pub async fn finish(&mut self, cookie: &str, cancelled: bool) -> Call {
        let at = self.params.len() - 1;
        self.params.insert(at, ("destination_name", Text("web")));
        let arguments = Fields::default().params(&self.params).cookie(cookie);
        let arguments = arguments.word(self.there).word(cancelled.into());
        self.hosts.expect(Destination, FINISH3_PARAMS, &arguments).await
    }

    pub async fn confirm(&mut self, cookie: &str, cancelled: bool) -> Call {
        let arguments = web().params(&self.params).cookie(cookie);
        let arguments = arguments.word(self.here).word(cancelled.into());
        self.hosts.expect(Source, CONFIRM3_PARAMS, &arguments).await
    }

    /// Lets the first steps succeed, up to the preparation.
    pub async fn prepare_well(&mut self) {
        self.begin().await.reply(&begun());
        let call = self.prepare().await;
        self.is_prepared(call);
    }

    /// Has the preparation succeed, whereby the destination chooses an address.
    pub fn is_prepared(&mut self, call: Call) {
        self.params.insert(0, ("migrate_uri", Text("tcp://b")));
        call.reply(&Fields::default().cookie("of prepare").maybe(Some("tcp://b")));
    }

    /// Lets the first steps succeed, up to the sending.
    pub async fn perform_well(&mut self) {
        self.prepare_well().await;
        self.perform().await.reply(&performed());
    }
}

/// What the steps return that succeed.
pub fn begun() -> Fields {
    Fields::default().cookie("of begin").text("<begun/>")
}

pub fn performed() -> Fields {
    Fields::default().cookie("of perform")
}

pub fn finished() -> Fields {
    domain("web", 5).cookie("of finish")
}

/// The failure of a migration, which is to have failed first and then at these steps.
#[track_caller]
pub fn failed_at<'a>(error: &'a Error, steps: &[(Side, MigrationStep)]) -> &'a MigrationError {
    let Error::Migration(error) = error else {
        panic!("{error:?}")
    };
    let failures = [&error.first].into_iter().chain(&error.later);
    let seen: Vec<_> = failures.map(|failure| (failure.side, failure.step)).collect();
    assert_eq!(seen, steps, "{error:?}");
    error
}
