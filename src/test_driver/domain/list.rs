//! Lists of domains.

use super::domains::Domain;
use crate::protocol::remote;
use crate::test_driver::failure::{Result, check_flags};
use crate::test_driver::routes::Routes;
use crate::test_driver::work::Work;
use crate::types::connect::ListAllDomainsFlags as Filter;
use crate::types::domain::State;

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::ConnectNumOfDomains>(|work, _| {
        let num = count(work, Domain::is_active);
        Ok(remote::ConnectNumOfDomainsRet { num })
    });
    routes.tell::<remote::ConnectNumOfDefinedDomains>(|work, _| {
        let num = count(work, |domain| !domain.is_active());
        Ok(remote::ConnectNumOfDefinedDomainsRet { num })
    });
    routes.tell::<remote::ConnectListDomains>(|work, request| {
        let active = work.state.domains.all.values().filter(|domain| domain.is_active());
        let ids = active.map(Domain::id).take(room(request.maxids)).collect();
        Ok(remote::ConnectListDomainsRet { ids })
    });
    routes.tell::<remote::ConnectListDefinedDomains>(|work, request| {
        let inactive = work.state.domains.all.values().filter(|domain| !domain.is_active());
        let names = inactive.map(|domain| domain.definition().name().to_owned().into());
        let names = names.take(room(request.maxnames)).collect();
        Ok(remote::ConnectListDefinedDomainsRet { names })
    });
    routes.tell::<remote::ConnectListAllDomains>(list_all);
}

fn count(work: &Work<'_>, is_counted: impl Fn(&Domain) -> bool) -> i32 {
    let count = work.state.domains.all.values().filter(|domain| is_counted(domain)).count();
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// Returns how many names or numbers a client takes.
fn room(max: i32) -> usize {
    usize::try_from(max).unwrap_or_default()
}

fn list_all(
    work: &mut Work<'_>,
    request: remote::ConnectListAllDomains,
) -> Result<remote::ConnectListAllDomainsRet<'static>> {
    check_flags(request.flags.bits(), FILTERS.bits(), "testConnectListAllDomains")?;
    let chosen = work.state.domains.all.values().filter(|domain| domain.matches(request.flags));
    let domains: Vec<_> = chosen.map(Domain::wire).collect();
    let ret = u32::try_from(domains.len()).unwrap_or(u32::MAX);
    // Who wants no list wants their number.
    let domains = if request.need_results == 0 {
        Vec::new()
    } else {
        domains
    };
    Ok(remote::ConnectListAllDomainsRet { domains, ret })
}

const FILTERS: Filter = Filter::ACTIVE
    .union(Filter::INACTIVE)
    .union(Filter::PERSISTENT)
    .union(Filter::TRANSIENT)
    .union(Filter::RUNNING)
    .union(Filter::PAUSED)
    .union(Filter::SHUTOFF)
    .union(Filter::OTHER)
    .union(Filter::MANAGEDSAVE)
    .union(Filter::NO_MANAGEDSAVE)
    .union(Filter::AUTOSTART)
    .union(Filter::NO_AUTOSTART)
    .union(Filter::HAS_SNAPSHOT)
    .union(Filter::NO_SNAPSHOT)
    .union(Filter::HAS_CHECKPOINT)
    .union(Filter::NO_CHECKPOINT);

impl Domain {
    /// Returns whether a domain is in each of the groups that a filter names some of.
    pub(super) fn matches(&self, filter: Filter) -> bool {
        let known = [State::Running, State::Paused, State::Shutoff];
        let groups = [
            &[
                (Filter::ACTIVE, self.is_active()),
                (Filter::INACTIVE, !self.is_active()),
            ][..],
            &[
                (Filter::PERSISTENT, self.is_persistent()),
                (Filter::TRANSIENT, !self.is_persistent()),
            ],
            &[
                (Filter::RUNNING, self.state == State::Running),
                (Filter::PAUSED, self.state == State::Paused),
                (Filter::SHUTOFF, self.state == State::Shutoff),
                (Filter::OTHER, !known.contains(&self.state)),
            ],
            &[
                (Filter::MANAGEDSAVE, self.has_managed_save),
                (Filter::NO_MANAGEDSAVE, !self.has_managed_save),
            ],
            &[
                (Filter::AUTOSTART, self.autostart),
                (Filter::NO_AUTOSTART, !self.autostart),
            ],
            &[
                (Filter::HAS_SNAPSHOT, !self.snapshots.is_empty()),
                (Filter::NO_SNAPSHOT, self.snapshots.is_empty()),
            ],
            &[
                (Filter::HAS_CHECKPOINT, !self.checkpoints.is_empty()),
                (Filter::NO_CHECKPOINT, self.checkpoints.is_empty()),
            ],
        ];
        groups.iter().all(|group| {
            let mut named = group.iter().filter(|(flag, _)| filter.contains(*flag)).peekable();
            named.peek().is_none() || named.any(|(_, is_in)| *is_in)
        })
    }
}
