//! What is asked about a domain.

use crate::protocol::remote;
use crate::test_driver::failure::{Result, check_flags};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::domain::Domain;
use crate::test_driver::work::Work;
use crate::types::domain::XmlFlags;

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::DomainGetInfo<'static>>(|work, request| {
        let domain = work.state.domains.get(&request.dom)?;
        let definition = domain.definition();
        Ok(remote::DomainGetInfoRet {
            state: i32::from(domain.state) as u8,
            max_mem: definition.memory_kib(),
            memory: definition.current_memory_kib(),
            nr_virt_cpu: definition.vcpus() as u16,
            // In nanoseconds, but no more exact than this.
            cpu_time: work.state.microseconds().saturating_mul(1000),
        })
    });
    routes.tell::<remote::DomainGetState<'static>>(|work, request| {
        check_flags(request.flags, 0, "testDomainGetState")?;
        let domain = work.state.domains.get(&request.dom)?;
        Ok(remote::DomainGetStateRet { state: domain.state, reason: domain.reason })
    });
    routes.tell::<remote::DomainIsActive<'static>>(|work, request| {
        let active = work.state.domains.get(&request.dom)?.is_active().into();
        Ok(remote::DomainIsActiveRet { active })
    });
    routes.tell::<remote::DomainIsPersistent<'static>>(|work, request| {
        let persistent = work.state.domains.get(&request.dom)?.is_persistent().into();
        Ok(remote::DomainIsPersistentRet { persistent })
    });
    routes.tell::<remote::DomainIsUpdated<'static>>(|_, _| {
        Ok(remote::DomainIsUpdatedRet { updated: 0 })
    });
    routes.tell::<remote::DomainGetXmlDesc<'static>>(xml_desc);
    routes.tell::<remote::DomainGetAutostart<'static>>(|work, request| {
        let autostart = work.state.domains.get(&request.dom)?.autostart.into();
        Ok(remote::DomainGetAutostartRet { autostart })
    });
    routes.act::<remote::DomainSetAutostart<'static>>(|work, request| {
        work.state.domains.get_mut(&request.dom)?.autostart = request.autostart != 0;
        Ok(())
    });
    routes.tell::<remote::DomainGetOsType<'static>>(|_, _| {
        Ok(remote::DomainGetOsTypeRet { r#type: "linux".into() })
    });
    routes.tell::<remote::DomainGetHostname<'static>>(|work, request| {
        check_flags(request.flags.bits(), 0, "testDomainGetHostname")?;
        work.state.domains.get(&request.dom)?.check_active()?;
        let hostname = format!("{}host", request.dom.name.as_str()).into();
        Ok(remote::DomainGetHostnameRet { hostname })
    });
}

fn xml_desc(
    work: &mut Work<'_>,
    request: remote::DomainGetXmlDesc<'_>,
) -> Result<remote::DomainGetXmlDescRet<'static>> {
    let known = XmlFlags::SECURE | XmlFlags::INACTIVE | XmlFlags::MIGRATABLE;
    check_flags(request.flags.bits(), known.bits(), "testDomainGetXMLDesc")?;
    let domain: &Domain = work.state.domains.get(&request.dom)?;
    let xml = if request.flags.contains(XmlFlags::INACTIVE) {
        domain.config().to_xml_with(None, request.flags)
    } else {
        {
            let id = domain.is_active().then(|| domain.id());
            domain.definition().to_xml_with(id, request.flags)
        }
    };
    Ok(remote::DomainGetXmlDescRet { xml: xml.into() })
}
