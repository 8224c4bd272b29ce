//! Snapshots.

mod document;

use super::life::{halt, stop, tell};
use crate::protocol::remote::{self, NonnullDomain, NonnullDomainSnapshot};
use crate::test_driver::document::parse;
use crate::test_driver::failure::{Failure, Result, check_flags};
use crate::test_driver::lists::{self, Room};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::domain::{Domain, Moment, Moments, name_of};
use crate::test_driver::work::Work;
use crate::test_driver::xml::Element;
use crate::types::domain::{
    EventStartedDetailType, EventStoppedDetailType, EventSuspendedDetailType, EventType,
    PausedReason, RunningReason, ShutoffReason, State,
};
use crate::types::domain_snapshot::{CreateFlags, DeleteFlags, ListFlags, RevertFlags, XmlFlags};
use crate::types::error::{ErrorCode, ErrorDomain};

const ROOM: Room = Room {
    most: remote::DOMAIN_SNAPSHOT_LIST_MAX,
    limit: "REMOTE_DOMAIN_SNAPSHOT_LIST_MAX",
};

pub(super) fn route(routes: &mut Routes) {
    routes.make::<remote::DomainSnapshotCreateXml<'static>>(create);
    routes.tell::<remote::DomainSnapshotGetXmlDesc<'static>>(|work, request| {
        check_flags(request.flags.bits(), XmlFlags::SECURE.bits(), "testDomainSnapshotGetXMLDesc")?;
        let is_secure = request.flags.contains(XmlFlags::SECURE);
        let xml = found(work, &request.snap)?.to_xml(true, is_secure).into();
        Ok(remote::DomainSnapshotGetXmlDescRet { xml })
    });
    routes.tell::<remote::DomainSnapshotLookupByName<'static>>(|work, request| {
        check_flags(request.flags, 0, "testDomainSnapshotLookupByName")?;
        let domain = work.state.domains.get(&request.dom)?;
        let name = request.name.as_str();
        domain.snapshots.get(name).ok_or_else(|| no_such(name))?;
        Ok(remote::DomainSnapshotLookupByNameRet { snap: wire(name, &domain.wire()) })
    });
    routes.tell::<remote::DomainHasCurrentSnapshot<'static>>(|work, request| {
        check_flags(request.flags, 0, "testDomainHasCurrentSnapshot")?;
        let result = work.state.domains.get(&request.dom)?.snapshots.current.is_some().into();
        Ok(remote::DomainHasCurrentSnapshotRet { result })
    });
    routes.tell::<remote::DomainSnapshotCurrent<'static>>(|work, request| {
        check_flags(request.flags, 0, "testDomainSnapshotCurrent")?;
        let domain = work.state.domains.get(&request.dom)?;
        let current = domain.snapshots.current.as_ref().ok_or_else(|| {
            let detail = "the domain does not have a current snapshot";
            Failure::new(ErrorCode::NoDomainSnapshot, detail)
        })?;
        Ok(remote::DomainSnapshotCurrentRet { snap: wire(current, &domain.wire()) })
    });
    routes.tell::<remote::DomainSnapshotGetParent<'static>>(|work, request| {
        check_flags(request.flags, 0, "testDomainSnapshotGetParent")?;
        let parent = found(work, &request.snap)?.parent.clone().ok_or_else(|| {
            let name = request.snap.name.as_str();
            let detail = format!("snapshot '{name}' does not have a parent");
            Failure::new(ErrorCode::NoDomainSnapshot, detail)
        })?;
        let dom = work.state.domains.get(&request.snap.dom)?.wire();
        Ok(remote::DomainSnapshotGetParentRet { snap: wire(&parent, &dom) })
    });
    routes.tell::<remote::DomainSnapshotIsCurrent<'static>>(|work, request| {
        check_flags(request.flags, 0, "testDomainSnapshotIsCurrent")?;
        found(work, &request.snap)?;
        let domain = work.state.domains.get(&request.snap.dom)?;
        let current = domain.snapshots.current.as_deref() == Some(request.snap.name.as_str());
        Ok(remote::DomainSnapshotIsCurrentRet { current: current.into() })
    });
    routes.tell::<remote::DomainSnapshotHasMetadata<'static>>(|work, request| {
        check_flags(request.flags, 0, "testDomainSnapshotHasMetadata")?;
        found(work, &request.snap)?;
        Ok(remote::DomainSnapshotHasMetadataRet { metadata: 1 })
    });
    routes.act::<remote::DomainSnapshotDelete<'static>>(delete);
    routes.act::<remote::DomainRevertToSnapshot<'static>>(revert);
    route_lists(routes);
}

fn route_lists(routes: &mut Routes) {
    routes.tell::<remote::DomainSnapshotNum<'static>>(|work, request| {
        let names = list(work, &request.dom, None, request.flags, "testDomainSnapshotNum")?;
        Ok(remote::DomainSnapshotNumRet { num: lists::count(names.iter()) })
    });
    routes.tell::<remote::DomainSnapshotListNames<'static>>(|work, request| {
        let function = "testDomainSnapshotListNames";
        let names = list(work, &request.dom, None, request.flags, function)?;
        Ok(remote::DomainSnapshotListNamesRet {
            names: ROOM.names(names.into_iter(), request.maxnames)?,
        })
    });
    routes.tell::<remote::DomainListAllSnapshots<'static>>(|work, request| {
        let function = "testDomainListAllSnapshots";
        let names = list(work, &request.dom, None, request.flags, function)?;
        let (snapshots, ret) = all(&names, request.need_results, &request.dom);
        Ok(remote::DomainListAllSnapshotsRet { snapshots, ret })
    });
    routes.tell::<remote::DomainSnapshotNumChildren<'static>>(|work, request| {
        let function = "testDomainSnapshotNumChildren";
        let names = list(work, &request.snap.dom, Some(&request.snap), request.flags, function)?;
        Ok(remote::DomainSnapshotNumChildrenRet { num: lists::count(names.iter()) })
    });
    routes.tell::<remote::DomainSnapshotListChildrenNames<'static>>(|work, request| {
        let function = "testDomainSnapshotListChildrenNames";
        let names = list(work, &request.snap.dom, Some(&request.snap), request.flags, function)?;
        Ok(remote::DomainSnapshotListChildrenNamesRet {
            names: ROOM.names(names.into_iter(), request.maxnames)?,
        })
    });
    routes.tell::<remote::DomainSnapshotListAllChildren<'static>>(|work, request| {
        let function = "testDomainSnapshotListAllChildren";
        let from = &request.snapshot;
        let names = list(work, &from.dom, Some(from), request.flags, function)?;
        let (snapshots, ret) = all(&names, request.need_results, &from.dom);
        Ok(remote::DomainSnapshotListAllChildrenRet { snapshots, ret })
    });
}

fn wire(name: &str, dom: &NonnullDomain<'_>) -> NonnullDomainSnapshot<'static> {
    let dom = NonnullDomain { name: dom.name.as_str().to_owned().into(), ..*dom };
    NonnullDomainSnapshot { name: name.to_owned().into(), dom }
}

fn no_such(name: &str) -> Failure {
    let detail = format!("no domain snapshot with matching name '{name}'");
    Failure::new(ErrorCode::NoDomainSnapshot, detail)
}

fn found<'a>(work: &'a Work<'_>, wanted: &NonnullDomainSnapshot<'_>) -> Result<&'a Moment> {
    let name = wanted.name.as_str();
    work.state
        .domains
        .get(&wanted.dom)?
        .snapshots
        .get(name)
        .ok_or_else(|| no_such(name))
}

fn all(
    names: &[String],
    need_results: i32,
    dom: &NonnullDomain<'_>,
) -> (Vec<NonnullDomainSnapshot<'static>>, i32) {
    let snapshots = names.iter().map(|name| wire(name, dom)).collect();
    (lists::all(snapshots, need_results).0, lists::count(names.iter()))
}

fn list(
    work: &Work<'_>,
    dom: &NonnullDomain<'_>,
    from: Option<&NonnullDomainSnapshot<'_>>,
    flags: ListFlags,
    function: &str,
) -> Result<Vec<String>> {
    let known = 0x7ff;
    check_flags(flags.bits(), known, function)?;
    let domain = work.state.domains.get(dom)?;
    if let Some(from) = from {
        found(work, from)?;
    }
    // All have metadata.
    if flags & (ListFlags::METADATA | ListFlags::NO_METADATA) == ListFlags::NO_METADATA {
        return Ok(Vec::new());
    }
    let is_wanted = |moment: &Moment| {
        let state = moment.document.text_of("state").unwrap_or_default();
        let is_disk_only = state == "disk-snapshot";
        let is_off = state == "shutoff";
        let snapshots = ["disks", "memory"];
        let is_external = snapshots
            .iter()
            .filter_map(|name| moment.document.child(name))
            .flat_map(|part| part.children.iter().chain([part]))
            .any(|part| part.get("snapshot") == Some("external"));
        lists::passes(
            flags.bits(),
            &[
                (ListFlags::INACTIVE.bits(), is_off),
                (ListFlags::ACTIVE.bits(), !is_off && !is_disk_only),
                (ListFlags::DISK_ONLY.bits(), is_disk_only),
            ],
        ) && lists::passes(
            flags.bits(),
            &[
                (ListFlags::INTERNAL.bits(), !is_external),
                (ListFlags::EXTERNAL.bits(), is_external),
            ],
        )
    };
    let from = from.map(|from| from.name.as_str());
    Ok(domain.snapshots.list(from, flags.bits(), is_wanted))
}

fn create(
    work: &mut Work<'_>,
    request: remote::DomainSnapshotCreateXml<'_>,
) -> Result<remote::DomainSnapshotCreateXmlRet<'static>> {
    let known = CreateFlags::REDEFINE
        | CreateFlags::CURRENT
        | CreateFlags::HALT
        | CreateFlags::QUIESCE
        | CreateFlags::ATOMIC
        | CreateFlags::LIVE
        | CreateFlags::VALIDATE;
    check_flags(request.flags.bits(), known.bits(), "testDomainSnapshotCreateXML")?;
    let time = work.state.now();
    let domain = work.state.domains.get_mut(&request.dom)?;
    if !domain.checkpoints.is_empty() {
        let detail = "cannot create snapshot while checkpoint exists";
        return Err(Failure::new(ErrorCode::OperationUnsupported, detail));
    }
    let halts = request.flags.contains(CreateFlags::HALT);
    if halts && !domain.is_persistent() {
        return Err(Failure::invalid("cannot halt after transient domain snapshot"));
    }
    let given = parse(request.xml_desc.as_str(), "domainsnapshot", ErrorDomain::DomainSnapshot)?;
    let is_redefined = request.flags.contains(CreateFlags::REDEFINE);
    let (name, moment) = if is_redefined {
        redefined(&given, domain)?
    } else {
        taken(&given, domain, time)?
    };
    if !is_redefined && domain.snapshots.get(&name).is_some() {
        return Err(exists(&name));
    }
    domain.snapshots.insert(&name, moment);
    if !is_redefined || request.flags.contains(CreateFlags::CURRENT) {
        domain.snapshots.current = Some(name.clone());
    }
    let is_active = domain.is_active();
    if halts && is_active && !is_redefined {
        let (reason, detail) = (ShutoffReason::FromSnapshot, EventStoppedDetailType::FromSnapshot);
        stop(work.state, request.dom.uuid, reason, detail);
    }
    Ok(remote::DomainSnapshotCreateXmlRet { snap: wire(&name, &request.dom) })
}

/// The name that libvirt has for a state.
fn state_name(state: State) -> &'static str {
    match state {
        State::Nostate | State::Other(_) => "nostate",
        State::Running => "running",
        State::Blocked => "blocked",
        State::Paused => "paused",
        State::Shutdown => "shutdown",
        State::Shutoff => "shutoff",
        State::Crashed => "crashed",
        State::PmSuspended => "pmsuspended",
    }
}

/// Makes a snapshot of a domain as it is.
fn taken(given: &Element, domain: &Domain, time: i64) -> Result<(String, Moment)> {
    let name = name_of(given, time);
    let is_off = domain.state == State::Shutoff;
    let mut document = Element::new("domainsnapshot");
    let mut add = |element| document.children.push(element);
    add(Element::new("name").with_text(&name));
    if let Some(description) = given.text_of("description") {
        add(Element::new("description").with_text(description));
    }
    add(Element::new("state").with_text(state_name(domain.state)));
    add(Element::new("creationTime").with_text(time));
    let memory = if is_off { "no" } else { "internal" };
    add(Element::new("memory").with("snapshot", memory));
    let targets = domain.definition().disk_targets();
    if !targets.is_empty() {
        add(disks(given, &targets)?);
    }
    // Without what a running device has and no definition says.
    let definition = Some(domain.definition().reread());
    let parent = domain.snapshots.current.clone();
    Ok((name, Moment { parent, document, definition }))
}

/// Returns what becomes of each disk.
fn disks(given: &Element, targets: &[String]) -> Result<Element> {
    let wrong = |detail: String| {
        Err(Failure::of(ErrorDomain::DomainSnapshot, ErrorCode::ConfigUnsupported, detail))
    };
    let named: Vec<&Element> = given
        .child("disks")
        .map(|disks| disks.children("disk").collect())
        .unwrap_or_default();
    for disk in &named {
        let name = disk.get("name").unwrap_or_default();
        if !targets.iter().any(|target| target == name) {
            return wrong(format!("no disk named '{name}'"));
        }
        let mode = disk.get("snapshot").unwrap_or("internal");
        if mode != "internal" {
            return wrong(format!("disk '{name}' must use snapshot mode 'internal'"));
        }
    }
    let mut disks = Element::new("disks");
    for target in targets {
        disks
            .children
            .push(Element::new("disk").with("name", target).with("snapshot", "internal"));
    }
    Ok(disks)
}

/// Takes a snapshot as it is given.
fn redefined(given: &Element, domain: &Domain) -> Result<(String, Moment)> {
    let (name, mut moment) = document::read(given, domain)?;
    check_parents(&name, &moment, &domain.snapshots)?;
    let uuid = domain.definition().uuid();
    if moment.definition.as_ref().is_some_and(|definition| definition.uuid() != uuid) {
        return Err(refused(format_args!("definition for snapshot {name} must use uuid {uuid}")));
    }
    let other = domain.snapshots.get(&name);
    if let Some(other) = other {
        let is_one_of = |moment: &Moment, states: &[&str]| {
            moment.document.text_of("state").is_some_and(|state| states.contains(&state))
        };
        for (states, what) in [
            (&["running", "paused"][..], "online and offline snapshot state"),
            (&["disk-snapshot"], "disk only and full system"),
        ] {
            if is_one_of(other, states) != is_one_of(&moment, states) {
                return Err(refused(format_args!(
                    "cannot change between {what} in snapshot {name}"
                )));
            }
        }
    }
    if moment.definition.is_none() {
        let known = other.and_then(|other| other.definition.clone()).ok_or_else(|| {
            let detail = "missing domain in snapshot";
            Failure::of(ErrorDomain::DomainSnapshot, ErrorCode::InternalError, detail)
        })?;
        moment.document.remove_children("domain");
        moment.definition = Some(known);
    }
    Ok((name, moment))
}

/// Checks that a snapshot does not descend from itself.
fn check_parents(name: &str, moment: &Moment, snapshots: &Moments) -> Result<()> {
    let invalid = |detail: String| Err(Failure::shared(ErrorCode::InvalidArg, detail));
    let Some(parent) = moment.parent.as_deref() else {
        return Ok(());
    };
    if parent == name {
        return invalid(format!("cannot set moment {name} as its own parent"));
    }
    if snapshots.get(parent).is_none() {
        return invalid(format!("parent {parent} for moment {name} not found"));
    }
    let mut at = parent;
    while let Some(next) = snapshots.get(at).and_then(|moment| moment.parent.as_deref()) {
        if next == name {
            return invalid(format!("parent {at} would create cycle to {name}"));
        }
        at = next;
    }
    Ok(())
}

fn refused(detail: impl std::fmt::Display) -> Failure {
    Failure::of(ErrorDomain::DomainSnapshot, ErrorCode::InvalidArg, detail)
}

/// Adds the snapshots that a node file has of a domain.
pub(super) fn add_from_node(domain: &mut Domain, snapshots: &[&Element]) -> Result<()> {
    for given in snapshots {
        let (name, moment) = document::read(given, domain)?;
        let is_current = document::is_current(given)?;
        if domain.snapshots.get(&name).is_some() {
            return Err(exists(&name));
        }
        domain.snapshots.insert(&name, moment);
        if is_current {
            if domain.snapshots.current.is_some() {
                return Err(Failure::internal("more than one snapshot claims to be active"));
            }
            domain.snapshots.current = Some(name);
        }
    }
    // Those that lack a parent, or go round in a circle, descend from nothing.
    if domain.snapshots.descendants(None).len() < domain.snapshots.len() {
        let name = domain.definition().name();
        let detail = format!("Snapshots have inconsistent relations for domain {name}");
        return Err(Failure::internal(detail));
    }
    Ok(())
}

fn exists(name: &str) -> Failure {
    let detail = format!("domain moment {name} already exists");
    Failure::of(ErrorDomain::Domain, ErrorCode::OperationFailed, detail)
}

fn delete(work: &mut Work<'_>, request: remote::DomainSnapshotDelete<'_>) -> Result<()> {
    let known = DeleteFlags::CHILDREN | DeleteFlags::CHILDREN_ONLY;
    check_flags(request.flags.bits(), known.bits(), "testDomainSnapshotDelete")?;
    found(work, &request.snap)?;
    let snapshots: &mut Moments = &mut work.state.domains.get_mut(&request.snap.dom)?.snapshots;
    let itself = !request.flags.contains(DeleteFlags::CHILDREN_ONLY);
    snapshots.delete(request.snap.name.as_str(), itself, request.flags.intersects(known));
    Ok(())
}

fn revert(work: &mut Work<'_>, request: remote::DomainRevertToSnapshot<'_>) -> Result<()> {
    let known = RevertFlags::RUNNING | RevertFlags::PAUSED | RevertFlags::FORCE;
    check_flags(request.flags.bits(), known.bits(), "testDomainRevertToSnapshot")?;
    let moment = found(work, &request.snap)?.clone();
    let uuid = request.snap.dom.uuid;
    let name = request.snap.name.as_str();
    let domain = work.state.domains.get(&request.snap.dom)?;
    let state = moment.document.text_of("state").unwrap_or_default().to_owned();
    let was_on = ["running", "paused"].contains(&&*state);
    let goes_on = request.flags.intersects(RevertFlags::RUNNING | RevertFlags::PAUSED);
    if !domain.is_persistent() && !was_on && !goes_on {
        return Err(Failure::invalid(
            "transient domain needs to request run or pause to revert to inactive snapshot",
        ));
    }
    let Some(definition) = moment.definition else {
        let detail = format!(
            "snapshot '{name}' lacks domain '{}' rollback info",
            domain.definition().name()
        );
        return Err(Failure::new(ErrorCode::SnapshotRevertRisky, detail));
    };
    let was_active = domain.is_active();
    // libvirt takes one that is not persistent and has just been stopped for one that runs, and
    // keeps the definition for its next start; unless it had one, as every other time.
    let has_next = domain.is_persistent() || domain.config.is_none();
    if was_active {
        let (reason, detail) = (ShutoffReason::FromSnapshot, EventStoppedDetailType::FromSnapshot);
        halt(work.state, uuid, reason, detail);
    }
    if let Some(domain) = work.state.domains.all.get_mut(&uuid) {
        domain.config = Some(definition);
    }
    let is_paused = request.flags.contains(RevertFlags::PAUSED)
        || state == "paused" && !request.flags.contains(RevertFlags::RUNNING);
    if was_on || goes_on {
        work.state.domains.start(uuid, RunningReason::FromSnapshot);
        tell(work.state, uuid, EventType::Started, EventStartedDetailType::FromSnapshot);
        if is_paused {
            if let Some(domain) = work.state.domains.all.get_mut(&uuid) {
                domain.set_state(State::Paused, PausedReason::FromSnapshot);
            }
            let detail = EventSuspendedDetailType::FromSnapshot;
            tell(work.state, uuid, EventType::Suspended, detail);
        }
    }
    if let Some(domain) = work.state.domains.all.get_mut(&uuid) {
        domain.snapshots.current = Some(name.to_owned());
        domain.config = domain.config.take().filter(|_| has_next);
    }
    Ok(())
}
