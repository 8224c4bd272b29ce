//! Finding networks.

use crate::protocol::remote;
use crate::test_driver::routes::Routes;

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::NetworkLookupByUuid>(|work, request| {
        let net = work.state.networks.by_uuid(request.uuid)?.wire();
        Ok(remote::NetworkLookupByUuidRet { net })
    });
    routes.tell::<remote::NetworkLookupByName<'static>>(|work, request| {
        let net = work.state.networks.by_name(request.name.as_str())?.wire();
        Ok(remote::NetworkLookupByNameRet { net })
    });
}
