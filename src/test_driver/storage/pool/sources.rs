//! What pools could be made of.

use crate::protocol::remote;
use crate::test_driver::document::parse;
use crate::test_driver::failure::{Failure, Result, check_flags};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::storage::{Kind, source};
use crate::test_driver::work::Work;
use crate::test_driver::xml::Element;
use crate::types::error::{ErrorCode, ErrorDomain};

pub(super) fn route(routes: &mut Routes) {
    routes.make::<remote::ConnectFindStoragePoolSources<'static>>(find);
}

fn find(
    _: &mut Work<'_>,
    request: remote::ConnectFindStoragePoolSources<'_>,
) -> Result<remote::ConnectFindStoragePoolSourcesRet<'static>> {
    check_flags(request.flags, 0, "testConnectFindStoragePoolSources")?;
    let name = request.r#type.as_str();
    // Libvirt takes the number of the first kind for that of none, and none for a kind.
    if name == "dir" {
        return Err(Failure::internal(format_args!("unknown storage pool type {name}")));
    }
    let kind = Kind::of(name);
    let mut host = None;
    if let Some(text) = &request.src_spec {
        let mut source = parse(text.as_str(), "source", ErrorDomain::Storage)?;
        let kind = kind.ok_or_else(|| {
            let detail = "missing backend for pool type -1";
            Failure::of(ErrorDomain::Storage, ErrorCode::InternalError, detail)
        })?;
        source::complete(&mut source, kind)?;
        let first = source.child("host");
        host = first.and_then(|host| host.get("name")).map(str::to_owned);
    }
    let source = |parts: Vec<Element>| Element { children: parts, ..Element::new("source") };
    let format = |kind: &str| Element::new("format").with("type", kind);
    let found = match name {
        "logical" => [("/dev/sda20", "testvg1"), ("/dev/sda21", "testvg2")]
            .map(|(device, name)| {
                source(vec![
                    Element::new("device").with("path", device),
                    Element::new("name").with_text(name),
                    format("lvm2"),
                ])
            })
            .to_vec(),
        "netfs" => {
            let host = host.ok_or_else(|| {
                let detail = "hostname must be specified for netfs sources";
                Failure::new(ErrorCode::InvalidArg, detail)
            })?;
            vec![source(vec![
                Element::new("host").with("name", host),
                Element::new("dir").with("path", "/testshare"),
                format("nfs"),
            ])]
        }
        _ => {
            let detail = format!("pool type '{name}' does not support source discovery");
            return Err(Failure::new(ErrorCode::NoSupport, detail));
        }
    };
    let xml = Element { children: found, ..Element::new("sources") }.to_string().into();
    Ok(remote::ConnectFindStoragePoolSourcesRet { xml })
}
