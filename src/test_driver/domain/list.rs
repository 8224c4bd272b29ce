//! Lists of domains.

use crate::protocol::remote;
use crate::test_driver::failure::{Result, check_flags};
use crate::test_driver::lists::{self, Room};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::domain::Domain;
use crate::test_driver::work::Work;
use crate::types::connect::ListAllDomainsFlags as Filter;
use crate::types::domain::State;

const ROOM: Room = Room {
    most: remote::DOMAIN_LIST_MAX,
    limit: "REMOTE_DOMAIN_LIST_MAX",
};

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::ConnectNumOfDomains>(|work, _| {
        let num = lists::count(which(work, true));
        Ok(remote::ConnectNumOfDomainsRet { num })
    });
    routes.tell::<remote::ConnectNumOfDefinedDomains>(|work, _| {
        let num = lists::count(which(work, false));
        Ok(remote::ConnectNumOfDefinedDomainsRet { num })
    });
    routes.tell::<remote::ConnectListDomains>(|work, request| {
        let room = ROOM.check(request.maxids, "maxids")?;
        let ids = which(work, true).map(Domain::id).take(room).collect();
        Ok(remote::ConnectListDomainsRet { ids })
    });
    routes.tell::<remote::ConnectListDefinedDomains>(|work, request| {
        let names = which(work, false).map(|domain| domain.definition().name());
        let names = ROOM.names(names, request.maxnames)?;
        Ok(remote::ConnectListDefinedDomainsRet { names })
    });
    routes.tell::<remote::ConnectListAllDomains>(list_all);
}

fn which<'a>(work: &'a Work<'_>, is_active: bool) -> impl Iterator<Item = &'a Domain> {
    let domains = work.state.domains.all.values();
    domains.filter(move |domain| domain.is_active() == is_active)
}

fn list_all(
    work: &mut Work<'_>,
    request: remote::ConnectListAllDomains,
) -> Result<remote::ConnectListAllDomainsRet<'static>> {
    check_flags(request.flags.bits(), FILTERS.bits(), "testConnectListAllDomains")?;
    let chosen = work.state.domains.all.values().filter(|domain| domain.matches(request.flags));
    let (domains, ret) = lists::all(chosen.map(Domain::wire).collect(), request.need_results);
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
            let group: Vec<_> = group.iter().map(|(flag, is_in)| (flag.bits(), *is_in)).collect();
            lists::passes(filter.bits(), &group)
        })
    }
}
