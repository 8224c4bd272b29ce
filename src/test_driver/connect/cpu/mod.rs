//! What processors guests can have.

mod baseline;
mod failures;
mod guest;
mod host;
mod map;
mod x86;

use crate::protocol::remote;
use crate::test_driver::arch::{self, Family};
use crate::test_driver::failure::{Failure, Result, check_flags};
use crate::test_driver::routes::Routes;
use crate::test_driver::work::Work;
use crate::types::error::ErrorCode;
use failures::without_driver;

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::ConnectGetMaxVcpus<'static>>(|_, _| {
        Ok(remote::ConnectGetMaxVcpusRet { max_vcpus: 32 })
    });
    routes.tell::<remote::ConnectGetCpuModelNames<'static>>(model_names);
    baseline::route(routes);
}

fn model_names(
    _: &mut Work<'_>,
    request: remote::ConnectGetCpuModelNames<'_>,
) -> Result<remote::ConnectGetCpuModelNamesRet<'static>> {
    check_flags(request.flags, 0, "testConnectGetCPUModelNames")?;
    let arch = request.arch.as_str();
    let models: &[_] = match arch::family(arch) {
        Some(Family::X86) => &map::X86,
        Some(Family::Ppc64) => &map::PPC64,
        Some(Family::Arm | Family::Single) => &[],
        Some(Family::Unknown) => return Err(without_driver(arch)),
        None => {
            let detail = format!("cannot find architecture {arch}");
            return Err(Failure::new(ErrorCode::InvalidArg, detail));
        }
    };
    let ret = i32::try_from(models.len()).unwrap_or(i32::MAX);
    let models = match request.need_results {
        0 => Vec::new(),
        _ => models.iter().map(|model| model.name.into()).collect(),
    };
    Ok(remote::ConnectGetCpuModelNamesRet { models, ret })
}
