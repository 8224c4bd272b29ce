//! The connection and the host.

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
}

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
