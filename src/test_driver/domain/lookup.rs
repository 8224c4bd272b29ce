//! Finding domains.

use crate::protocol::remote;
use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::domain::{Domain, Domains};
use crate::types::error::ErrorCode;

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::DomainLookupById>(|work, request| {
        let dom = found(work.state.domains.by_id(request.id))?;
        Ok(remote::DomainLookupByIdRet { dom })
    });
    routes.tell::<remote::DomainLookupByUuid>(|work, request| {
        let dom = found(work.state.domains.all.get(&request.uuid))?;
        Ok(remote::DomainLookupByUuidRet { dom })
    });
    routes.tell::<remote::DomainLookupByName<'static>>(|work, request| {
        let dom = found(work.state.domains.by_name(request.name.as_str()))?;
        Ok(remote::DomainLookupByNameRet { dom })
    });
}

fn found(domain: Option<&Domain>) -> Result<remote::NonnullDomain<'static>> {
    domain.map(Domain::wire).ok_or_else(|| Failure::bare(ErrorCode::NoDomain))
}

impl Domains {
    fn by_id(&self, id: i32) -> Option<&Domain> {
        self.all.values().find(|domain| domain.is_active() && domain.id() == id)
    }
}
