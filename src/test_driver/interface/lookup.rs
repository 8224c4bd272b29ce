//! Finding interfaces.

use crate::protocol::remote::{self, NonnullInterface};
use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::interface::Interface;
use crate::test_driver::work::Work;
use crate::types::error::ErrorCode;

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::InterfaceLookupByName<'static>>(|work, request| {
        let iface = work.state.interfaces.get(request.name.as_str())?.wire();
        Ok(remote::InterfaceLookupByNameRet { iface })
    });
    routes.tell::<remote::InterfaceLookupByMacString<'static>>(|work, request| {
        let iface = by_mac(work, request.mac.as_str())?;
        Ok(remote::InterfaceLookupByMacStringRet { iface })
    });
}

fn by_mac(work: &Work<'_>, mac: &str) -> Result<NonnullInterface<'static>> {
    let has_it = |interface: &&Interface| {
        interface.definition.mac().is_some_and(|own| own.eq_ignore_ascii_case(mac))
    };
    let mut found = work.state.interfaces.all.values().filter(has_it);
    let Some(first) = found.next() else {
        let detail = format!("no interface with matching mac '{mac}'");
        return Err(Failure::new(ErrorCode::NoInterface, detail));
    };
    match found.next() {
        Some(_) => Err(Failure::bare(ErrorCode::MultipleInterfaces)),
        // It has the address as the client wrote it.
        None => Ok(NonnullInterface { mac: mac.to_owned().into(), ..first.wire() }),
    }
}
