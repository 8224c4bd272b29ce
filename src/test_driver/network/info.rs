//! What is asked about a network.

use crate::protocol::remote;
use crate::test_driver::failure::{Failure, check_flags};
use crate::test_driver::routes::Routes;

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::NetworkIsActive<'static>>(|work, request| {
        let active = work.state.networks.by_uuid(request.net.uuid)?.is_active.into();
        Ok(remote::NetworkIsActiveRet { active })
    });
    routes.tell::<remote::NetworkIsPersistent<'static>>(|work, request| {
        let persistent = work.state.networks.by_uuid(request.net.uuid)?.is_persistent.into();
        Ok(remote::NetworkIsPersistentRet { persistent })
    });
    routes.tell::<remote::NetworkGetXmlDesc<'static>>(|work, request| {
        check_flags(request.flags.bits(), 0, "testNetworkGetXMLDesc")?;
        let network = work.state.networks.by_name(request.net.name.as_str())?;
        Ok(remote::NetworkGetXmlDescRet { xml: network.definition.to_xml().into() })
    });
    routes.tell::<remote::NetworkGetBridgeName<'static>>(|work, request| {
        let network = work.state.networks.by_name(request.net.name.as_str())?;
        let name = network.definition.bridge().ok_or_else(|| {
            let name = network.definition.name();
            Failure::internal(format_args!("network '{name}' does not have a bridge name."))
        })?;
        Ok(remote::NetworkGetBridgeNameRet { name: name.to_owned().into() })
    });
    routes.tell::<remote::NetworkGetAutostart<'static>>(|work, request| {
        let network = work.state.networks.by_name(request.net.name.as_str())?;
        Ok(remote::NetworkGetAutostartRet { autostart: network.autostart.into() })
    });
    routes.act::<remote::NetworkSetAutostart<'static>>(|work, request| {
        let network = work.state.networks.by_name_mut(request.net.name.as_str())?;
        network.autostart = request.autostart != 0;
        Ok(())
    });
}
