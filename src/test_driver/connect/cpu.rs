//! What processors guests can have.

use crate::protocol::remote;
use crate::test_driver::failure::{Failure, Result, check_flags};
use crate::test_driver::routes::Routes;
use crate::test_driver::work::Work;
use crate::types::error::{ErrorCode, ErrorDomain};

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::ConnectGetMaxVcpus<'static>>(|_, _| {
        Ok(remote::ConnectGetMaxVcpusRet { max_vcpus: 32 })
    });
    routes.tell::<remote::ConnectGetCpuModelNames<'static>>(model_names);
}

/// The models of libvirt's CPU map.
const X86: &str = include_str!("cpu_models_x86.txt");
const PPC64: &str = include_str!("cpu_models_ppc64.txt");

/// Architectures that libvirt knows, and knows nothing of the processors of.
const OTHERS: [&str; 26] = [
    "none",
    "alpha",
    "cris",
    "ia64",
    "lm32",
    "m68k",
    "microblaze",
    "microblazeel",
    "mips",
    "mipsel",
    "mips64",
    "mips64el",
    "openrisc",
    "parisc",
    "parisc64",
    "ppc",
    "ppcle",
    "ppcemb",
    "riscv32",
    "sh4",
    "sh4eb",
    "sparc",
    "sparc64",
    "unicore32",
    "xtensa",
    "xtensaeb",
];

/// Architectures whose processors have no models.
const WITHOUT_MODELS: [&str; 8] = [
    "armv6l",
    "armv7l",
    "armv7b",
    "aarch64",
    "s390",
    "s390x",
    "riscv64",
    "loongarch64",
];

fn model_names(
    _: &mut Work<'_>,
    request: remote::ConnectGetCpuModelNames<'_>,
) -> Result<remote::ConnectGetCpuModelNamesRet<'static>> {
    check_flags(request.flags, 0, "testConnectGetCPUModelNames")?;
    let arch = request.arch.as_str();
    let models = match arch {
        "i686" | "x86_64" => X86,
        "ppc64" | "ppc64le" => PPC64,
        _ if WITHOUT_MODELS.contains(&arch) => "",
        _ if is_known(arch) && arch != "none" => {
            return Err(Failure::of(
                ErrorDomain::Cpu,
                ErrorCode::NoSupport,
                format_args!("'{arch}' architecture is not supported by CPU driver"),
            ));
        }
        _ => {
            let detail = format!("cannot find architecture {arch}");
            return Err(Failure::new(ErrorCode::InvalidArg, detail));
        }
    };
    let names: Vec<_> = models.lines().map(|name| name.to_owned().into()).collect();
    let ret = i32::try_from(names.len()).unwrap_or(i32::MAX);
    let models = if request.need_results == 0 {
        Vec::new()
    } else {
        names
    };
    Ok(remote::ConnectGetCpuModelNamesRet { models, ret })
}

/// Returns whether libvirt knows an architecture.
pub(super) fn is_known(arch: &str) -> bool {
    ["i686", "x86_64", "ppc64", "ppc64le"].contains(&arch)
        || WITHOUT_MODELS.contains(&arch)
        || OTHERS.contains(&arch)
}
