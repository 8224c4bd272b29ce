//! What the host and its hypervisors can do.

use std::fs;

use libvirt_client::Error;
use libvirt_client::connect::{
    BaselineCpuFlags, CompareCpuFlags, CpuCompareResult, GetDomainCapabilitiesFlags, Platform,
};
use libvirt_client::types::error::ErrorCode;

use crate::common::{qemu, test_driver};

const EMULATED: Platform<'_> = Platform {
    emulator: None,
    arch: Some("x86_64"),
    machine: Some("q35"),
    virt_type: Some("qemu"),
};

/// The same for virsh.
const EMULATED_ARGS: [&str; 6] = ["--virttype", "qemu", "--arch", "x86_64", "--machine", "q35"];

#[tokio::test]
async fn capabilities_are_those_that_virsh_shows() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let shown = |args: &[&str]| daemon.virsh(args).unwrap();
    let host = conn.capabilities().await.unwrap();
    assert_eq!(host.trim(), shown(&["capabilities"]).trim());

    let none = GetDomainCapabilitiesFlags::empty();
    let usual = conn.domain_capabilities(Platform::default(), none).await.unwrap();
    assert_eq!(usual.trim(), shown(&["domcapabilities"]).trim());
    let emulated = conn.domain_capabilities(EMULATED, none).await.unwrap();
    let args = ["domcapabilities"].into_iter().chain(EMULATED_ARGS);
    let args: Vec<_> = args.collect();
    assert_eq!(emulated.trim(), shown(&args).trim());
    assert!(emulated.contains("<domain>qemu</domain>"));

    let nowhere = Platform { emulator: Some("/nowhere/qemu"), ..EMULATED };
    let error = conn.domain_capabilities(nowhere, none).await.unwrap_err();
    assert!(error.to_string().contains("/nowhere/qemu"), "{error}");
}

#[tokio::test]
async fn most_virtual_processors() {
    let Some((daemon, conn)) = test_driver().await else {
        return;
    };
    let shown = daemon.virsh(["maxvcpus"]).unwrap();
    assert_eq!(conn.max_vcpus(None).await.unwrap().to_string(), shown.trim());

    let Some((_, conn)) = qemu().await else {
        return;
    };
    assert!(conn.max_vcpus(Some("qemu")).await.unwrap() > 1);
    let error = conn.max_vcpus(Some("abacus")).await.unwrap_err();
    assert!(error.to_string().contains("abacus"), "{error}");
}

#[tokio::test]
async fn firmware_tables() {
    let Some((daemon, conn)) = test_driver().await else {
        return;
    };
    let sysinfo = conn.sysinfo().await.unwrap();
    assert!(sysinfo.starts_with("<sysinfo type='smbios'>"), "{sysinfo}");
    assert_eq!(sysinfo.trim(), daemon.virsh(["sysinfo"]).unwrap().trim());

    // Not every host has any.
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let shown = daemon.virsh_output(["sysinfo"]).unwrap();
    match conn.sysinfo().await {
        Ok(sysinfo) => assert_eq!(sysinfo.trim(), String::from_utf8_lossy(&shown.stdout).trim()),
        Err(Error::Remote(error)) => {
            assert_eq!(error.code, ErrorCode::ConfigUnsupported);
            assert!(String::from_utf8_lossy(&shown.stderr).contains(&error.message));
        }
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn processor_models() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    for arch in ["x86_64", "ppc64"] {
        let names = conn.cpu_model_names(arch).await.unwrap();
        let shown = daemon.virsh(["cpu-models", arch]).unwrap();
        assert_eq!(names, shown.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>());
        assert!(!names.is_empty());
    }
    assert!(conn.cpu_model_names("abacus").await.is_err());
}

#[tokio::test]
async fn processors_compare() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let none = CompareCpuFlags::empty();
    let model = |name: &str| format!("<cpu><arch>x86_64</arch><model>{name}</model></cpu>");
    let old = model("486");
    let strange = "<cpu match='exact'><model>486</model>\
                   <feature policy='require' name='3dnow'/><feature policy='forbid' name='fpu'/></cpu>";

    let host = conn.capabilities().await.unwrap();
    let from = host.find("<cpu>").unwrap();
    let upto = host.find("</cpu>").unwrap() + "</cpu>".len();
    let host = &host[from..upto];
    for (xml, expected) in [
        (host, CpuCompareResult::Identical),
        (&*old, CpuCompareResult::Superset),
        (strange, CpuCompareResult::Incompatible),
    ] {
        assert_eq!(conn.compare_cpu(xml, none).await.unwrap(), expected, "{xml}");
    }
    let strict = CompareCpuFlags::FAIL_INCOMPATIBLE;
    let error = conn.compare_cpu(strange, strict).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::CpuIncompatible));

    let file = daemon.scratch().join("capabilities-cpu.xml");
    for xml in [&*old, &model("qemu64"), strange] {
        let offered = conn.compare_hypervisor_cpu(EMULATED, xml, none).await;
        let word = match offered.unwrap() {
            CpuCompareResult::Incompatible => "incompatible",
            CpuCompareResult::Identical => "identical",
            CpuCompareResult::Superset => "superset",
            other => panic!("{other:?}"),
        };
        fs::write(&file, xml).unwrap();
        let args = ["hypervisor-cpu-compare", file.to_str().unwrap()];
        let args = args.into_iter().chain(EMULATED_ARGS);
        let shown = daemon.virsh_output(args).unwrap();
        let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
        assert!(shown.contains(word), "{word}: {shown}");
    }
    let error = conn.compare_cpu("<cpu>", none).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::XmlDetail));
}

#[tokio::test]
async fn processors_have_something_in_common() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let model = |name: &str| format!("<cpu><arch>x86_64</arch><model>{name}</model></cpu>");
    let (newer, older) = (model("Nehalem"), model("Penryn"));
    let both = [newer.as_str(), older.as_str()];
    let none = BaselineCpuFlags::empty();
    let file = both.concat();

    let common = conn.baseline_cpu(&both, none).await.unwrap();
    let shown = daemon.virsh_with_file(["cpu-baseline"], &file).unwrap();
    assert_eq!(common.trim(), shown.trim());
    let detailed = conn.baseline_cpu(&both, BaselineCpuFlags::EXPAND_FEATURES).await.unwrap();
    assert!(detailed.len() > common.len());

    let common = conn.baseline_hypervisor_cpu(EMULATED, &both, none).await.unwrap();
    let args = ["hypervisor-cpu-baseline"].into_iter().chain(EMULATED_ARGS);
    let shown = daemon.virsh_with_file(args, &file).unwrap();
    assert_eq!(common.trim(), shown.trim());

    let error = conn.baseline_cpu(&[], none).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::InvalidArg));
    let error = conn.baseline_cpu(&["<cpu/>"; 257], none).await.unwrap_err();
    assert!(matches!(error, Error::InvalidArgument { .. }), "{error}");
}
