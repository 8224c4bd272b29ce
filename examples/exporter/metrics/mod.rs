//! The metrics as text.

mod metric;
mod names;

use std::borrow::Cow;
use std::fmt;

use libvirt_client::domain::stats::DomainStatsRecord;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, prometheus_text};
use prometheus_client::registry::Registry;

use crate::hosts::Report;
use metric::Labels;

/// In Prometheus's own text format, which everybody reads.
pub(crate) fn encode(reports: Vec<Report>) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Reports(reports)));
    let mut text = String::new();
    // A string takes all that is written to it.
    let _ = prometheus_text::encode(&mut text, &registry);
    text
}

#[derive(Debug)]
struct Reports(Vec<Report>);

impl Reports {
    fn hosts(&self) -> impl Iterator<Item = (Labels<'_, 1>, &Report)> {
        self.0.iter().map(|report| ([("uri", Cow::from(&report.uri))], report))
    }

    fn guests(&self) -> impl Iterator<Item = (Labels<'_, 2>, &DomainStatsRecord)> {
        self.hosts().flat_map(|([uri], report)| {
            let guests = report.answer.iter().flat_map(|answer| &answer.guests);
            guests.map(move |guest| ([uri.clone(), ("domain", guest.domain.name().into())], guest))
        })
    }

    /// The parts of all guests of one kind.
    fn parts<'a, T: 'a>(
        &'a self,
        label: &'static str,
        parts: fn(&DomainStatsRecord) -> &[T],
        name: fn(&T) -> Option<Cow<'_, str>>,
    ) -> impl Iterator<Item = (Labels<'a, 3>, &'a T)> {
        self.guests().flat_map(move |([uri, domain], guest)| {
            let named = parts(guest).iter().filter_map(move |part| Some((name(part)?, part)));
            named.map(move |(name, part)| ([uri.clone(), domain.clone(), (label, name)], part))
        })
    }
}

impl Collector for Reports {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let encoder = &mut encoder;
        for metric in names::HOSTS {
            metric.encode(encoder, self.hosts())?;
        }
        for metric in names::GUESTS {
            metric.encode(encoder, self.guests())?;
        }
        names::UUID.encode(
            encoder,
            self.guests().map(|([uri, domain], guest)| {
                let uuid = guest.domain.uuid().to_string();
                ([uri, domain, ("uuid", uuid.into())], guest)
            }),
        )?;
        for metric in names::VCPUS {
            let vcpus = self.parts(
                "vcpu",
                |guest| &guest.stats.vcpus,
                |vcpu| Some(vcpu.number.to_string().into()),
            );
            metric.encode(encoder, vcpus)?;
        }
        for metric in names::DISKS {
            let disks = self.parts(
                "target_device",
                |guest| &guest.stats.blocks,
                |disk| disk.name.as_deref().map(Cow::from),
            );
            metric.encode(encoder, disks)?;
        }
        for metric in names::INTERFACES {
            let interfaces = self.parts(
                "target_device",
                |guest| &guest.stats.nets,
                |interface| interface.name.as_deref().map(Cow::from),
            );
            metric.encode(encoder, interfaces)?;
        }
        Ok(())
    }
}
