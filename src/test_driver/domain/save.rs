//! Saving domains. Nothing is written to the file system: the host remembers what was saved where.

use super::life::{stop, tell};
use crate::protocol::remote::{self, NonnullDomain};
use crate::test_driver::failure::{Failure, Result, check_flags};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::domain::Definition;
use crate::test_driver::work::Work;
use crate::types::domain::{
    EventStartedDetailType, EventStoppedDetailType, EventType, RunningReason, SaveImageXmlFlags,
    SaveRestoreFlags, ShutoffReason,
};
use crate::types::error::{ErrorCode, ErrorDomain};

pub(super) fn route(routes: &mut Routes) {
    routes.act::<remote::DomainSave<'static>>(|work, request| {
        save(work, &request.dom, request.to.as_str())
    });
    routes.act::<remote::DomainSaveFlags<'static>>(|work, request| {
        check_flags(request.flags.bits(), 0, "testDomainSaveFlags")?;
        if request.dxml.is_some() {
            return Err(no_new_xml());
        }
        save(work, &request.dom, request.to.as_str())
    });
    routes.act::<remote::DomainRestore<'static>>(|work, request| {
        restore(work, request.from.as_str())
    });
    routes.act::<remote::DomainRestoreFlags<'static>>(|work, request| {
        check_flags(request.flags.bits(), 0, "testDomainRestoreFlags")?;
        if request.dxml.is_some() {
            return Err(no_new_xml());
        }
        restore(work, request.from.as_str())
    });
    routes.act::<remote::DomainManagedSave<'static>>(managed_save);
    routes.tell::<remote::DomainHasManagedSaveImage<'static>>(|work, request| {
        check_flags(request.flags, 0, "testDomainHasManagedSaveImage")?;
        let result = work.state.domains.get(&request.dom)?.has_managed_save.into();
        Ok(remote::DomainHasManagedSaveImageRet { result })
    });
    routes.act::<remote::DomainManagedSaveRemove<'static>>(|work, request| {
        check_flags(request.flags, 0, "testDomainManagedSaveRemove")?;
        work.state.domains.get_mut(&request.dom)?.has_managed_save = false;
        Ok(())
    });
    routes.act::<remote::DomainSaveImageDefineXml<'static>>(|work, request| {
        let known = SaveRestoreFlags::RUNNING | SaveRestoreFlags::PAUSED;
        check_flags(request.flags.bits(), known.bits(), "testDomainSaveImageDefineXML")?;
        let file = request.file.as_str();
        work.image(file)?;
        let definition = Definition::parse(request.dxml.as_str())?;
        work.state.domains.images.insert(file.to_owned(), definition);
        Ok(())
    });
    routes.make::<remote::DomainSaveImageGetXmlDesc<'static>>(|work, request| {
        let known = SaveImageXmlFlags::SECURE;
        check_flags(request.flags.bits(), known.bits(), "testDomainSaveImageGetXMLDesc")?;
        let xml = work.image(request.file.as_str())?.to_xml(None).into();
        Ok(remote::DomainSaveImageGetXmlDescRet { xml })
    });
}

impl Work<'_> {
    fn image(&self, path: &str) -> Result<&Definition> {
        let found = self.state.domains.images.get(path);
        found.ok_or_else(|| Failure {
            code: ErrorCode::SystemError,
            domain: ErrorDomain::Test,
            message: format!("cannot read domain image '{path}': No such file or directory"),
            str1: Some("%s".to_owned()),
            str2: Some(format!("cannot read domain image '{path}': No such file or directory")),
            int1: rustix::io::Errno::NOENT.raw_os_error(),
            int2: -1,
        })
    }
}

fn no_new_xml() -> Failure {
    Failure::new(ErrorCode::ArgumentUnsupported, "xml modification unsupported")
}

fn save(work: &mut Work<'_>, dom: &NonnullDomain<'_>, path: &str) -> Result<()> {
    let domain = work.state.domains.get(dom)?;
    domain.check_active()?;
    let definition = domain.definition().clone();
    work.state.domains.images.insert(path.to_owned(), definition);
    stop(work.state, dom.uuid, ShutoffReason::Saved, EventStoppedDetailType::Saved);
    Ok(())
}

fn restore(work: &mut Work<'_>, path: &str) -> Result<()> {
    let definition = work.image(path)?.clone();
    let uuid = work.state.domains.create(definition, RunningReason::Restored)?;
    tell(work.state, uuid, EventType::Started, EventStartedDetailType::Restored);
    Ok(())
}

fn managed_save(work: &mut Work<'_>, request: remote::DomainManagedSave<'_>) -> Result<()> {
    let known =
        SaveRestoreFlags::BYPASS_CACHE | SaveRestoreFlags::RUNNING | SaveRestoreFlags::PAUSED;
    check_flags(request.flags.bits(), known.bits(), "testDomainManagedSave")?;
    let domain = work.state.domains.get(&request.dom)?;
    domain.check_active()?;
    if !domain.is_persistent() {
        return Err(Failure::invalid("cannot do managed save for transient domain"));
    }
    let uuid = request.dom.uuid;
    stop(work.state, uuid, ShutoffReason::Saved, EventStoppedDetailType::Saved);
    if let Some(domain) = work.state.domains.all.get_mut(&uuid) {
        domain.has_managed_save = true;
    }
    Ok(())
}
