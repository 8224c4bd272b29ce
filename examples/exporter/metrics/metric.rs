//! A metric: its name, and how it is got.

use std::borrow::Cow;
use std::fmt;

use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// What a value is of.
pub(super) type Labels<'a, const N: usize> = [(&'static str, Cow<'a, str>); N];

/// A metric of each `T`.
pub(super) struct Metric<T> {
    kind: MetricType,
    name: &'static str,
    help: &'static str,
    value: fn(&T) -> Option<f64>,
}

/// One that goes up and down.
pub(super) const fn gauge<T>(
    name: &'static str,
    help: &'static str,
    value: fn(&T) -> Option<f64>,
) -> Metric<T> {
    Metric { kind: MetricType::Gauge, name, help, value }
}

/// One that only goes up; `_total` is added to its name.
pub(super) const fn counter<T>(
    name: &'static str,
    help: &'static str,
    value: fn(&T) -> Option<f64>,
) -> Metric<T> {
    Metric { kind: MetricType::Counter, name, help, value }
}

impl<T> Metric<T> {
    pub(super) fn encode<'a, const N: usize>(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        all: impl Iterator<Item = (Labels<'a, N>, &'a T)>,
    ) -> fmt::Result
    where
        T: 'a,
    {
        let mut family = encoder.encode_descriptor(self.name, self.help, None, self.kind)?;
        for (labels, of) in all {
            let Some(value) = (self.value)(of) else {
                continue;
            };
            let metric = family.encode_family(&labels)?;
            match self.kind {
                MetricType::Counter => ConstCounter::new(value).encode(metric)?,
                _ => ConstGauge::new(value).encode(metric)?,
            }
        }
        Ok(())
    }
}
