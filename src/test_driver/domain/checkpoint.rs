//! Checkpoints.

use crate::protocol::remote::{self, NonnullDomain, NonnullDomainCheckpoint};
use crate::test_driver::document;
use crate::test_driver::failure::{Failure, Result, check_flags};
use crate::test_driver::lists;
use crate::test_driver::routes::Routes;
use crate::test_driver::state::domain::{Domain, Moment, list, name_of};
use crate::test_driver::work::Work;
use crate::test_driver::xml::Element;
use crate::types::domain_checkpoint::{CreateFlags, DeleteFlags, ListFlags, XmlFlags};
use crate::types::error::{ErrorCode, ErrorDomain};

pub(super) fn route(routes: &mut Routes) {
    routes.make::<remote::DomainCheckpointCreateXml<'static>>(create);
    routes.tell::<remote::DomainCheckpointGetXmlDesc<'static>>(|work, request| {
        let known = XmlFlags::SECURE | XmlFlags::NO_DOMAIN | XmlFlags::SIZE;
        check_flags(request.flags.bits(), known.bits(), "testDomainCheckpointGetXMLDesc")?;
        let moment = found(work, &request.checkpoint)?;
        if request.flags.contains(XmlFlags::SIZE) {
            work.state.domains.get(&request.checkpoint.dom)?.check_active()?;
        }
        let with_definition = !request.flags.contains(XmlFlags::NO_DOMAIN);
        let is_secure = request.flags.contains(XmlFlags::SECURE);
        let xml = moment.to_xml(with_definition, is_secure).into();
        Ok(remote::DomainCheckpointGetXmlDescRet { xml })
    });
    routes.tell::<remote::DomainCheckpointLookupByName<'static>>(|work, request| {
        check_flags(request.flags, 0, "testDomainCheckpointLookupByName")?;
        let domain = work.state.domains.get(&request.dom)?;
        let name = request.name.as_str();
        domain.checkpoints.get(name).ok_or_else(|| no_such(name))?;
        Ok(remote::DomainCheckpointLookupByNameRet { checkpoint: wire(name, &domain.wire()) })
    });
    routes.tell::<remote::DomainCheckpointGetParent<'static>>(|work, request| {
        check_flags(request.flags, 0, "testDomainCheckpointGetParent")?;
        let parent = found(work, &request.checkpoint)?.parent.clone().ok_or_else(|| {
            let name = request.checkpoint.name.as_str();
            let detail = format!("checkpoint '{name}' does not have a parent");
            Failure::new(ErrorCode::NoDomainCheckpoint, detail)
        })?;
        let parent = wire(&parent, &request.checkpoint.dom);
        Ok(remote::DomainCheckpointGetParentRet { parent })
    });
    routes.tell::<remote::DomainListAllCheckpoints<'static>>(|work, request| {
        let function = "testDomainListAllCheckpoints";
        let names = list(work, &request.dom, None, request.flags, function)?;
        let (checkpoints, ret) = all(&names, request.need_results, &request.dom);
        Ok(remote::DomainListAllCheckpointsRet { checkpoints, ret })
    });
    routes.tell::<remote::DomainCheckpointListAllChildren<'static>>(|work, request| {
        let function = "testDomainCheckpointListAllChildren";
        let from = &request.checkpoint;
        let names = list(work, &from.dom, Some(from), request.flags, function)?;
        let (checkpoints, ret) = all(&names, request.need_results, &from.dom);
        Ok(remote::DomainCheckpointListAllChildrenRet { checkpoints, ret })
    });
    routes.act::<remote::DomainCheckpointDelete<'static>>(|work, request| {
        let children = DeleteFlags::CHILDREN | DeleteFlags::CHILDREN_ONLY;
        let known = children | DeleteFlags::METADATA_ONLY;
        check_flags(request.flags.bits(), known.bits(), "testDomainCheckpointDelete")?;
        found(work, &request.checkpoint)?;
        let domain = work.state.domains.get_mut(&request.checkpoint.dom)?;
        let itself = !request.flags.contains(DeleteFlags::CHILDREN_ONLY);
        let name = request.checkpoint.name.as_str();
        domain.checkpoints.delete(name, itself, request.flags.intersects(children));
        Ok(())
    });
}

fn wire(name: &str, dom: &NonnullDomain<'_>) -> NonnullDomainCheckpoint<'static> {
    let dom = NonnullDomain { name: dom.name.as_str().to_owned().into(), ..*dom };
    NonnullDomainCheckpoint { name: name.to_owned().into(), dom }
}

fn no_such(name: &str) -> Failure {
    let detail = format!("no domain checkpoint with matching name '{name}'");
    Failure::new(ErrorCode::NoDomainCheckpoint, detail)
}

fn found<'a>(work: &'a Work<'_>, wanted: &NonnullDomainCheckpoint<'_>) -> Result<&'a Moment> {
    let name = wanted.name.as_str();
    work.state
        .domains
        .get(&wanted.dom)?
        .checkpoints
        .get(name)
        .ok_or_else(|| no_such(name))
}

fn all(
    names: &[String],
    need_results: i32,
    dom: &NonnullDomain<'_>,
) -> (Vec<NonnullDomainCheckpoint<'static>>, i32) {
    let checkpoints = names.iter().map(|name| wire(name, dom)).collect();
    (lists::all(checkpoints, need_results).0, lists::count(names.iter()))
}

fn list(
    work: &Work<'_>,
    dom: &NonnullDomain<'_>,
    from: Option<&NonnullDomainCheckpoint<'_>>,
    flags: ListFlags,
    function: &str,
) -> Result<Vec<String>> {
    check_flags(flags.bits(), KNOWN.bits(), function)?;
    let domain = work.state.domains.get(dom)?;
    if let Some(from) = from {
        found(work, from)?;
    }
    let from = from.map(|from| from.name.as_str());
    // The bit for the order is another one than that of snapshots.
    let order = if flags.contains(ListFlags::TOPOLOGICAL) {
        list::TOPOLOGICAL
    } else {
        0
    };
    let flags = (flags - ListFlags::TOPOLOGICAL).bits() | order;
    Ok(domain.checkpoints.list(from, flags, |_| true))
}

const KNOWN: ListFlags = ListFlags::ROOTS
    .union(ListFlags::TOPOLOGICAL)
    .union(ListFlags::LEAVES)
    .union(ListFlags::NO_LEAVES);

fn create(
    work: &mut Work<'_>,
    request: remote::DomainCheckpointCreateXml<'_>,
) -> Result<remote::DomainCheckpointCreateXmlRet<'static>> {
    let known = CreateFlags::REDEFINE | CreateFlags::QUIESCE;
    check_flags(request.flags.bits(), known.bits(), "testDomainCheckpointCreateXML")?;
    let time = work.state.now();
    let domain = work.state.domains.get_mut(&request.dom)?;
    let unsupported = |detail| Err(Failure::new(ErrorCode::OperationUnsupported, detail));
    if !domain.snapshots.is_empty() {
        return unsupported("cannot create checkpoint while snapshot exists");
    }
    if !domain.is_active() {
        return unsupported("cannot create checkpoint for inactive domain");
    }
    let given = document::parse(
        request.xml_desc.as_str(),
        "domaincheckpoint",
        ErrorDomain::DomainCheckpoint,
    )?;
    if request.flags.contains(CreateFlags::REDEFINE) {
        return unsupported("redefining checkpoints is not supported within a process");
    }
    let (name, moment) = taken(&given, domain, time);
    if domain.checkpoints.get(&name).is_some() {
        let detail = format!("domain moment {name} already exists");
        return Err(Failure::of(ErrorDomain::Domain, ErrorCode::OperationFailed, detail));
    }
    domain.checkpoints.insert(&name, moment);
    domain.checkpoints.current = Some(name.clone());
    let checkpoint = wire(&name, &domain.wire());
    Ok(remote::DomainCheckpointCreateXmlRet { checkpoint })
}

fn taken(given: &Element, domain: &Domain, time: i64) -> (String, Moment) {
    let name = name_of(given, time);
    let mut document = Element::new("domaincheckpoint");
    document.children.push(Element::new("name").with_text(&name));
    if let Some(description) = given.text_of("description") {
        document.children.push(Element::new("description").with_text(description));
    }
    document.children.push(Element::new("creationTime").with_text(time));
    let mut disks = Element::new("disks");
    for target in domain.definition().disk_targets() {
        let disk = Element::new("disk").with("name", target);
        disks.children.push(disk.with("checkpoint", "bitmap").with("bitmap", &name));
    }
    if !disks.children.is_empty() {
        document.children.push(disks);
    }
    // Without what a running device has and no definition says.
    let definition = Some(domain.definition().reread());
    (
        name,
        Moment {
            parent: domain.checkpoints.current.clone(),
            document,
            definition,
        },
    )
}
