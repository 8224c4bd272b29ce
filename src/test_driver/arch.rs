//! Architectures.

/// Architectures that libvirt knows, and knows nothing of the processors of.
const OTHERS: [&str; 25] = [
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

/// What libvirt knows of an architecture's processors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    X86,
    Ppc64,
    /// Processors that are not looked into.
    Arm,
    /// Processors that have nothing in common.
    Single,
    Unknown,
}

/// Returns what is known of an architecture, if it is one.
pub(crate) fn family(arch: &str) -> Option<Family> {
    Some(match arch {
        "i686" | "x86_64" => Family::X86,
        "ppc64" | "ppc64le" => Family::Ppc64,
        "armv6l" | "armv7l" | "armv7b" | "aarch64" => Family::Arm,
        "s390" | "s390x" | "riscv64" | "loongarch64" => Family::Single,
        _ if OTHERS.contains(&arch) => Family::Unknown,
        _ => return None,
    })
}

/// Returns whether libvirt knows an architecture.
pub(crate) fn is_known(arch: &str) -> bool {
    family(arch).is_some()
}
