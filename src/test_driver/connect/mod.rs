//! The connection and the host.

#![allow(
    clippy::needless_pass_by_value,
    reason = "requests are given as they were decoded"
)]

mod capabilities;
mod cpu;
mod domain_capabilities;
mod identity;
mod memory;
mod node;

use super::routes::Routes;
use crate::protocol::remote;
use crate::types::feature::Feature;

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::ConnectSupportsFeature>(|_, request| {
        let supported = supports(request.feature.into()).into();
        Ok(remote::ConnectSupportsFeatureRet { supported })
    });
    routes.tell::<remote::ConnectGetType>(|_, _| {
        Ok(remote::ConnectGetTypeRet { r#type: "TEST".into() })
    });
    routes.tell::<remote::ConnectGetVersion>(|_, _| Ok(remote::ConnectGetVersionRet { hv_ver: 2 }));
    routes.tell::<remote::ConnectGetUri>(|work, _| {
        Ok(remote::ConnectGetUriRet { uri: work.uri.to_owned().into() })
    });
    routes.tell::<remote::ConnectIsSecure>(|_, _| Ok(remote::ConnectIsSecureRet { secure: 1 }));
    routes.tell::<remote::ConnectGetLibVersion>(|_, _| {
        Ok(remote::ConnectGetLibVersionRet { lib_ver: LIBVIRT })
    });
    routes.tell::<remote::ConnectGetHostname>(|_, _| {
        let hostname = rustix::system::uname().nodename().to_string_lossy().into_owned().into();
        Ok(remote::ConnectGetHostnameRet { hostname })
    });
    // Nobody is ever told: this driver has no connection of its own to lose.
    routes.act::<remote::ConnectRegisterCloseCallback>(|_, _| Ok(()));
    routes.may_read::<remote::ConnectRegisterCloseCallback>();
    routes.act::<remote::ConnectUnregisterCloseCallback>(|_, _| Ok(()));
    routes.may_read::<remote::ConnectUnregisterCloseCallback>();
    capabilities::route(routes);
    cpu::route(routes);
    domain_capabilities::route(routes);
    identity::route(routes);
    memory::route(routes);
    node::route(routes);
}

/// The release of libvirt whose behaviour is followed.
const LIBVIRT: u64 = 12_008_000;

/// Returns whether the daemon or its driver has a feature.
pub(super) fn supports(feature: Feature) -> bool {
    matches!(
        feature,
        Feature::TypedParamString
            | Feature::NetworkUpdateHasCorrectOrder
            | Feature::ProgramKeepalive
            | Feature::RemoteEventCallback
            | Feature::RemoteCloseCallback
    )
}
