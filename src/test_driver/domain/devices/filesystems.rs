//! The filesystems of a guest: two on its first disk.

use crate::protocol::remote;
use crate::test_driver::failure::{Failure, Result, check_flags};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::domain::Domain;
use crate::xdr::WireStr;

/// Where they are mounted.
const MOUNTED: [&str; 2] = ["/", "/boot"];

pub(super) fn route(routes: &mut Routes) {
    routes.make::<remote::DomainFsfreeze<'static>>(|work, request| {
        check_flags(request.flags, 0, "testDomainFSFreeze")?;
        let domain = work.state.domains.get_mut(&request.dom)?;
        let wanted: Vec<&str> = request.mountpoints.iter().map(WireStr::as_str).collect();
        Ok(remote::DomainFsfreezeRet { filesystems: set_frozen(domain, &wanted, true)? })
    });
    routes.make::<remote::DomainFsthaw<'static>>(|work, request| {
        check_flags(request.flags, 0, "testDomainFSThaw")?;
        let domain = work.state.domains.get_mut(&request.dom)?;
        let wanted: Vec<&str> = request.mountpoints.iter().map(WireStr::as_str).collect();
        Ok(remote::DomainFsthawRet { filesystems: set_frozen(domain, &wanted, false)? })
    });
    routes.act::<remote::DomainFstrim<'static>>(|work, request| {
        check_flags(request.flags, 0, "testDomainFSTrim")?;
        work.state.domains.get(&request.dom)?.check_active()?;
        match &request.mount_point {
            Some(point) if !MOUNTED.contains(&point.as_str()) => Err(not_mounted(point.as_str())),
            _ => Ok(()),
        }
    });
    routes.tell::<remote::DomainGetFsInfo<'static>>(|work, request| {
        check_flags(request.flags, 0, "testDomainGetFSInfo")?;
        let domain = work.state.domains.get(&request.dom)?;
        domain.check_active()?;
        let info = filesystems(domain);
        let ret = info.len() as u32;
        Ok(remote::DomainGetFsInfoRet { info, ret })
    });
}

/// Freezes or thaws filesystems, all of them if none is named; returns how many were not yet so.
fn set_frozen(domain: &mut Domain, wanted: &[&str], is_frozen: bool) -> Result<i32> {
    domain.check_active()?;
    let mut frozen = domain.frozen;
    let wanted = if wanted.is_empty() { &MOUNTED } else { wanted };
    let mut changed = 0;
    for point in wanted {
        let at = MOUNTED.iter().position(|mounted| mounted == point);
        let place = at.and_then(|at| frozen.get_mut(at)).ok_or_else(|| not_mounted(point))?;
        if *place != is_frozen {
            *place = is_frozen;
            changed += 1;
        }
    }
    domain.frozen = frozen;
    Ok(changed)
}

fn not_mounted(point: &str) -> Failure {
    Failure::invalid(format_args!("mount point not found: {point}"))
}

fn filesystems(domain: &Domain) -> Vec<remote::DomainFsInfo<'static>> {
    let mut disks = domain.definition().devices_of("disk");
    let disk = disks.find(|disk| disk.get("device") == Some("disk"));
    let Some(name) = disk.and_then(|disk| disk.child("target")?.get("dev")) else {
        return Vec::new();
    };
    let filesystem = |(number, point): (usize, &&'static str)| remote::DomainFsInfo {
        mountpoint: (*point).into(),
        name: format!("{name}{}", number + 1).into(),
        fstype: "ext4".into(),
        dev_aliases: vec![name.to_owned().into()],
    };
    MOUNTED.iter().enumerate().map(filesystem).collect()
}
