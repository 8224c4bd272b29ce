//! Calls that return statistics.

use serde::Serialize;

use super::DomainStats;
use super::layout::{Layout, Place, WireName};
use crate::api::domain::{Domain, StatsTypes};
use crate::api::wire;
use crate::client::{Connect, Reply};
use crate::error::{Error, Result};
use crate::params::{Names, TypedParams, Value};
use crate::protocol::Request;
use crate::protocol::remote::{
    self, CONNECT_GET_ALL_DOMAIN_STATS_MAX, ConnectGetAllDomainStats, ConnectGetAllDomainStatsRet,
    DOMAIN_LIST_MAX, NonnullDomain, STRING_MAX, TypedParam, TypedParamValue,
};
use crate::types::connect::GetAllDomainStatsFlags;
#[cfg(any(fuzzing, test))]
use crate::xdr::ListReader;
use crate::xdr::{self, Decode, DecodeError, Reader};

const NAME: &str = ConnectGetAllDomainStats::INFO.name;

/// A domain and its statistics (`virDomainStatsRecord`).
#[doc(alias = "virDomainStatsRecord")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DomainStatsRecord {
    /// The domain.
    pub domain: Domain,
    /// Its statistics.
    pub stats: DomainStats,
}

/// # Statistics of domains
impl Connect {
    /// Returns statistics of the domains that match the filter (`virConnectGetAllDomainStats`).
    ///
    /// `stats` are the groups to return; none means all that the daemon supports. It leaves out
    /// those that it does not support unless the flags say `ENFORCE_STATS`. The filter flags are
    /// those of [`list_all_domains`](Self::list_all_domains) for activity, persistence and state. With
    /// `NOWAIT` a domain that another call is busy with returns the statistics that are available
    /// without waiting; with `BACKING` its other images count as disks of their own.
    ///
    /// `NOWAIT` does not help the first call after a guest's QEMU has begun to hang: it is the one that
    /// waits for that. Give it a [deadline](Self::with_timeout) and ask again.
    #[doc(alias = "virConnectGetAllDomainStats")]
    #[doc(alias = "getAllDomainStats")]
    pub async fn all_domain_stats(
        &self,
        stats: StatsTypes,
        flags: GetAllDomainStatsFlags,
    ) -> Result<Vec<DomainStatsRecord>> {
        records(self, &self.call_stats(&[], stats, flags).await?).await
    }

    /// Returns statistics of the domains that match the filter as parameters, with the daemon's
    /// names and in its order (`virConnectGetAllDomainStats`).
    #[doc(alias = "virConnectGetAllDomainStats")]
    #[doc(alias = "getAllDomainStats")]
    pub async fn all_domain_stats_raw(
        &self,
        stats: StatsTypes,
        flags: GetAllDomainStatsFlags,
    ) -> Result<Vec<(Domain, TypedParams)>> {
        raw_records(self, &self.call_stats(&[], stats, flags).await?).await
    }

    /// Returns statistics of these domains (`virDomainListGetStats`); see
    /// [`all_domain_stats`](Self::all_domain_stats).
    ///
    /// Domains that no longer exist are left out. The domains must be of this connection.
    #[doc(alias = "virDomainListGetStats")]
    #[doc(alias = "domainListGetStats")]
    pub async fn domain_list_stats(
        &self,
        domains: &[Domain],
        stats: StatsTypes,
        flags: GetAllDomainStatsFlags,
    ) -> Result<Vec<DomainStatsRecord>> {
        if domains.is_empty() {
            return Ok(Vec::new());
        }
        records(self, &self.call_stats(domains, stats, flags).await?).await
    }

    /// Returns statistics of these domains as parameters, with the daemon's names and in its order
    /// (`virDomainListGetStats`).
    #[doc(alias = "virDomainListGetStats")]
    #[doc(alias = "domainListGetStats")]
    pub async fn domain_list_stats_raw(
        &self,
        domains: &[Domain],
        stats: StatsTypes,
        flags: GetAllDomainStatsFlags,
    ) -> Result<Vec<(Domain, TypedParams)>> {
        if domains.is_empty() {
            return Ok(Vec::new());
        }
        raw_records(self, &self.call_stats(domains, stats, flags).await?).await
    }

    /// Requests statistics of `domains`, or of all domains if it is empty.
    async fn call_stats(
        &self,
        domains: &[Domain],
        stats: StatsTypes,
        flags: GetAllDomainStatsFlags,
    ) -> Result<Reply<ConnectGetAllDomainStatsRet<'static>>> {
        if let Some(foreign) = domains.iter().find(|domain| domain.connect() != self) {
            return Err(Error::InvalidArgument {
                procedure: NAME,
                reason: format!("the domain {} is of another connection", foreign.name()),
            });
        }
        let doms = domains.iter().map(Domain::wire).collect();
        self.call(ConnectGetAllDomainStats { doms, stats, flags }).await
    }
}

/// # Statistics
impl Domain {
    /// Returns the domain's statistics (`virDomainListGetStats`); see
    /// [`Connect::all_domain_stats`].
    #[doc(alias = "virDomainListGetStats")]
    #[doc(alias = "domainListGetStats")]
    pub async fn stats(
        &self,
        stats: StatsTypes,
        flags: GetAllDomainStatsFlags,
    ) -> Result<DomainStats> {
        let conn = self.connect();
        let domains = std::slice::from_ref(self);
        let records = conn.domain_list_stats(domains, stats, flags).await?;
        if let Some(record) = records.into_iter().next() {
            return Ok(record.stats);
        }
        // The reply leaves out a domain that no longer exists; a call for it gives the daemon's
        // error.
        self.state().await?;
        Err(wire::invalid_reply(NAME, "no statistics of the domain"))
    }
}

/// The type of nearly all values.
const ULLONG: [u8; 4] = 4_u32.to_be_bytes();

async fn records(
    conn: &Connect,
    reply: &Reply<ConnectGetAllDomainStatsRet<'static>>,
) -> Result<Vec<DomainStatsRecord>> {
    let mut layout = Layout::default();
    read_records(reply, |domain, params| {
        Ok(DomainStatsRecord {
            stats: read_stats(params, &mut layout)?,
            domain: Domain::from_wire(conn, &domain),
        })
    })
    .await
}

async fn raw_records(
    conn: &Connect,
    reply: &Reply<ConnectGetAllDomainStatsRet<'static>>,
) -> Result<Vec<(Domain, TypedParams)>> {
    let mut names = Names::default();
    read_records(reply, |domain, params| {
        let params = read_params(params, &mut names)?;
        Ok((Domain::from_wire(conn, &domain), params))
    })
    .await
}

/// Reads the reply record by record. Whole lists of wire parameters would take several times the
/// memory of the result.
async fn read_records<'a, T>(
    reply: &'a Reply<ConnectGetAllDomainStatsRet<'static>>,
    mut read: impl FnMut(NonnullDomain<'a>, &mut Reader<'a>) -> Result<T, DecodeError>,
) -> Result<Vec<T>> {
    let read = |reader: &mut Reader<'a>| read(NonnullDomain::decode(reader)?, reader);
    let list = reply.decode_list::<remote::DomainStatsRecord<'_>, _>(DOMAIN_LIST_MAX, read);
    Ok(list.await?.0)
}

pub(super) fn read_stats<'a>(
    reader: &mut Reader<'a>,
    layout: &mut Layout<'a>,
) -> Result<DomainStats, DecodeError> {
    let mut stats = DomainStats::default();
    let count = xdr::take_len::<TypedParam<'_>>(reader, CONNECT_GET_ALL_DOMAIN_STATS_MAX)?;
    // One of its own stays in registers.
    let mut own = reader.clone();
    for index in 0..count {
        let (name, place) = match layout.take_expected(index, &mut own) {
            Some((name, place)) => (*name, place),
            None => (WireName::take(&mut own)?, &Place::Unknown),
        };
        if own.take_exactly(&ULLONG) {
            let value = u64::decode(&mut own)?;
            if !stats.set(place, value, &layout.items) {
                stats.learn(index, name, value.into(), layout);
            }
        } else {
            let value = TypedParamValue::decode(&mut own)?;
            let value = wire::value_ref(&value);
            if !stats.set(place, value, &layout.items) {
                stats.learn(index, name, value, layout);
            }
        }
    }
    *reader = own;
    stats.model(layout);
    Ok(stats)
}

/// Reads a reply into fields, and into lists and those into fields.
#[cfg(any(fuzzing, test))]
pub(crate) fn read_both_ways(reply: &[u8]) -> (Option<Vec<DomainStats>>, Option<Vec<DomainStats>>) {
    let mut layout = Layout::default();
    let fields = read_all(reply, |_, stats| read_stats(stats, &mut layout));
    let mut names = Names::default();
    let lists = read_all(reply, |_, params| {
        Ok(DomainStats::from_params(&read_params(params, &mut names)?))
    });
    (fields.ok(), lists.ok())
}

/// Like [`read_records`], without a pause.
#[cfg(any(fuzzing, test))]
pub(super) fn read_all<'a, T>(
    reply: &'a [u8],
    mut read: impl FnMut(NonnullDomain<'a>, &mut Reader<'a>) -> Result<T, DecodeError>,
) -> Result<Vec<T>, DecodeError> {
    let mut list = ListReader::new::<remote::DomainStatsRecord<'_>>(reply, DOMAIN_LIST_MAX)?;
    while !list.read_part(|reader| read(NonnullDomain::decode(reader)?, reader))? {}
    Ok(list.finish().0)
}

pub(super) fn read_params(
    reader: &mut Reader<'_>,
    names: &mut Names,
) -> Result<TypedParams, DecodeError> {
    let count = xdr::take_len::<TypedParam<'_>>(reader, CONNECT_GET_ALL_DOMAIN_STATS_MAX)?;
    let mut params = TypedParams::like(names, count);
    // As in `read_stats`.
    let mut own = reader.clone();
    for _ in 0..count {
        let name = xdr::take_bytes(&mut own, STRING_MAX)?;
        let value = if own.take_exactly(&ULLONG) {
            Value::Ullong(u64::decode(&mut own)?)
        } else {
            wire::value_ref(&TypedParamValue::decode(&mut own)?).to_owned()
        };
        params.push_named(name, value);
    }
    *reader = own;
    names.follow(Some(&params));
    Ok(params)
}
