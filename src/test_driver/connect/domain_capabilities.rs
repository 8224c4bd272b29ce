//! What the host's emulators can do: nothing that would have to be told.

use crate::protocol::remote;
use crate::test_driver::arch;
use crate::test_driver::document::Shape;
use crate::test_driver::failure::{Failure, Result, check_flags};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::domain::DOMAIN_TYPES;
use crate::test_driver::work::Work;
use crate::test_driver::xml::Element;
use crate::types::error::ErrorCode;
use crate::xdr::WireStr;

pub(super) fn route(routes: &mut Routes) {
    routes.make::<remote::ConnectGetDomainCapabilities<'static>>(domain_capabilities);
}

const SHAPE: Shape = Shape::new("domainCapabilities").children(&[
    Shape::text("path"),
    Shape::text("domain"),
    Shape::text("machine"),
    Shape::text("arch"),
    Shape::whole("cpu"),
    Shape::new("devices").open(),
    Shape::whole("features"),
]);

fn domain_capabilities(
    _: &mut Work<'_>,
    request: remote::ConnectGetDomainCapabilities<'_>,
) -> Result<remote::ConnectGetDomainCapabilitiesRet<'static>> {
    check_flags(request.flags.bits(), 0, "testConnectGetDomainCapabilities")?;
    let arch = request.arch.as_ref().map_or("i686", WireStr::as_str);
    if !arch::is_known(arch) {
        let detail = format!("unknown architecture: {arch}");
        return Err(Failure::new(ErrorCode::InvalidArg, detail));
    }
    let kind = request.virttype.as_ref().map_or("test", WireStr::as_str);
    if !DOMAIN_TYPES.contains(&kind) {
        return Err(Failure::new(ErrorCode::InvalidArg, format_args!("unknown virttype: {kind}")));
    }
    let unsupported = |name: &str| Element::new(name).with("supported", "no");
    let mode = |name: &str| Element::new("mode").with("name", name).with("supported", "no");
    let modes = ["host-passthrough", "maximum", "host-model", "custom"].map(mode).to_vec();
    let mut root = Element::new("domainCapabilities");
    let texts = [
        ("path", request.emulatorbin.as_ref().map(WireStr::as_str)),
        ("domain", Some(kind)),
        ("machine", request.machine.as_ref().map(WireStr::as_str)),
        ("arch", Some(arch)),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            root.children.push(Element::new(name).with_text(text));
        }
    }
    root.children.push(Element { children: modes, ..Element::new("cpu") });
    root.children.push(Element::new("devices"));
    let features = ["sev", "sgx"].map(unsupported).to_vec();
    root.children.push(Element { children: features, ..Element::new("features") });
    let capabilities = SHAPE.arrange(&root).to_string().into();
    Ok(remote::ConnectGetDomainCapabilitiesRet { capabilities })
}
