//! Defining, starting and ending interfaces, and what is asked about one.

use crate::protocol::remote;
use crate::test_driver::failure::{Failure, Result, check_flags};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::interface::Definition;
use crate::test_driver::work::Work;
use crate::types::error::ErrorCode;
use crate::types::interface::DefineFlags;

pub(super) fn route(routes: &mut Routes) {
    routes.make::<remote::InterfaceDefineXml<'static>>(|work, request| {
        let known = DefineFlags::VALIDATE.bits();
        check_flags(request.flags.bits(), known, "testInterfaceDefineXML")?;
        let definition = Definition::parse(request.xml.as_str())?;
        let iface = work.state.interfaces.assign(definition).wire();
        Ok(remote::InterfaceDefineXmlRet { iface })
    });
    routes.act::<remote::InterfaceUndefine<'static>>(|work, request| {
        let name = request.iface.name.as_str();
        work.state.interfaces.get(name)?;
        work.state.interfaces.all.remove(name);
        Ok(())
    });
    routes.act::<remote::InterfaceCreate<'static>>(|work, request| {
        check_flags(request.flags, 0, "testInterfaceCreate")?;
        set_active(work, request.iface.name.as_str(), true)
    });
    routes.act::<remote::InterfaceDestroy<'static>>(|work, request| {
        check_flags(request.flags, 0, "testInterfaceDestroy")?;
        set_active(work, request.iface.name.as_str(), false)
    });
    routes.tell::<remote::InterfaceIsActive<'static>>(|work, request| {
        let active = work.state.interfaces.get(request.iface.name.as_str())?.is_active.into();
        Ok(remote::InterfaceIsActiveRet { active })
    });
    routes.tell::<remote::InterfaceGetXmlDesc<'static>>(|work, request| {
        check_flags(request.flags.bits(), 0, "testInterfaceGetXMLDesc")?;
        let interface = work.state.interfaces.get(request.iface.name.as_str())?;
        Ok(remote::InterfaceGetXmlDescRet { xml: interface.definition.to_xml().into() })
    });
}

fn set_active(work: &mut Work<'_>, name: &str, is_active: bool) -> Result<()> {
    let interface = work.state.interfaces.get_mut(name)?;
    if interface.is_active == is_active {
        return Err(Failure::bare(ErrorCode::OperationInvalid));
    }
    interface.is_active = is_active;
    Ok(())
}
