//! The connection and its host.

use libvirt_client::Connect;
use libvirt_client::connect::{BaselineCpuFlags, GetDomainCapabilitiesFlags, Platform};
use libvirt_client::protocol::remote;

use super::compare;
use super::transcript::Transcript;

#[tokio::test]
async fn the_host() {
    compare("the_host", async |conn: &Connect, seen: &mut Transcript| {
        seen.note("hostname", conn.hostname().await);
        seen.note("is secure", conn.is_secure().await);
        seen.note("is encrypted", conn.is_encrypted().await);
        seen.note("version", conn.version().await);
        seen.note("max vcpus", conn.max_vcpus(None).await);
        seen.note("max vcpus of a type", conn.max_vcpus(Some("nothing")).await);
        seen.xml("capabilities", without_iommu(conn.capabilities().await));
        seen.xml("sysinfo", conn.sysinfo().await);
        seen.note("info", conn.node_info().await);
        seen.note("security model", conn.node_security_model().await);
        seen.note("cpu map", conn.node_cpu_map().await);
        seen.note("memory stats", conn.node_memory_stats(None).await);
        for cpu in [None, Some(3)] {
            seen.note(&format!("cpu stats of {cpu:?}"), conn.node_cpu_stats(cpu).await);
        }
        for arch in [
            "x86_64", "i686", "ppc64", "aarch64", "alpha", "none", "nothing", "",
        ] {
            seen.note(&format!("cpu models of {arch}"), conn.cpu_model_names(arch).await);
        }
        let platform = Platform::default();
        let baseline =
            conn.baseline_hypervisor_cpu(platform, &["<cpu/>"], BaselineCpuFlags::empty());
        seen.done("baseline hypervisor cpu", baseline.await);
    })
    .await;
}

/// What the host really has is in no test driver's hand.
fn without_iommu(xml: libvirt_client::Result<String>) -> libvirt_client::Result<String> {
    xml.map(|xml| xml.replace("<iommu support='yes'/>", "<iommu support='no'/>"))
}

#[tokio::test]
async fn memory() {
    compare("memory", async |conn: &Connect, seen: &mut Transcript| {
        seen.note("free", conn.node_free_memory_bytes().await);
        for (start_cell, maxcells) in [
            (0, 2),
            (1, 1),
            (1, 9),
            (2, 1),
            (-1, 1),
            (0, 0),
            (0, -1),
            (0, 1024),
            (0, 1025),
        ] {
            let request = remote::NodeGetCellsFreeMemory { start_cell, maxcells };
            let reply = conn.raw().call(request).await;
            let cells = reply.and_then(|reply| Ok(reply.decode()?.cells.clone()));
            seen.note(&format!("{maxcells} cells from {start_cell}"), cells);
        }
        for (pages, start_cell, cell_count) in [
            (2, 0, 2),
            (3, 1, 1),
            (1, 7, 3),
            (1, -2, 1),
            (0, 0, 1),
            (1, 0, 0),
            (32, 0, 33),
        ] {
            let pages = (0..pages).collect::<Vec<u32>>();
            let label = format!("{} pages of {cell_count} cells from {start_cell}", pages.len());
            let request = remote::NodeGetFreePages { pages, start_cell, cell_count, flags: 0 };
            let reply = conn.raw().call(request).await;
            let counts = reply.and_then(|reply| Ok(reply.decode()?.counts.clone()));
            seen.note(&label, counts);
        }
    })
    .await;
}

#[tokio::test]
async fn domain_capabilities() {
    compare("domain_capabilities", async |conn: &Connect, seen: &mut Transcript| {
        for (emulator, arch, machine, kind) in [
            (None, None, None, None),
            (Some("/bin/x"), Some("x86_64"), Some("q35"), Some("kvm")),
            (None, Some("none"), None, None),
            (None, Some("nothing"), None, None),
            (None, None, None, Some("nothing")),
        ] {
            let label = format!("{emulator:?} {arch:?} {machine:?} {kind:?}");
            let platform = Platform { emulator, arch, machine, virt_type: kind };
            let flags = GetDomainCapabilitiesFlags::empty();
            let xml = conn.domain_capabilities(platform, flags).await;
            seen.xml(&label, xml);
        }
    })
    .await;
}

#[tokio::test]
async fn numbers_and_flags_that_are_refused() {
    compare("numbers_and_flags", async |conn: &Connect, seen: &mut Transcript| {
        for (cpu_num, nparams, flags) in [
            (-1, 0, 0),
            (-1, 2, 0),
            (-2, 0, 0),
            (0, -1, 0),
            (0, 17, 0),
            (0, 4, 1),
        ] {
            let request = remote::NodeGetCpuStats { cpu_num, nparams, flags };
            let reply = conn.raw().call(request).await;
            let stats = reply.and_then(|reply| {
                let reply = reply.decode()?;
                let names = reply.params.iter().map(|param| param.field.as_str().to_owned());
                Ok((names.collect::<Vec<_>>(), reply.nparams))
            });
            seen.note(&format!("{nparams} stats of {cpu_num}, flags {flags}"), stats);
        }
        for (need_map, need_online) in [(0, 0), (1, 0), (0, 1)] {
            let request = remote::NodeGetCpuMap { need_map, need_online, flags: 0 };
            let reply = conn.raw().call(request).await;
            let map = reply.and_then(|reply| {
                let reply = reply.decode()?;
                Ok((reply.cpumap.to_vec(), reply.online, reply.ret))
            });
            seen.note(&format!("cpu map, {need_map} {need_online}"), map);
        }
        seen.done("sysinfo, flags", conn.raw().call(remote::ConnectGetSysinfo { flags: 2 }).await);
        let request = remote::NodeGetCpuMap { need_map: 1, need_online: 1, flags: 1 };
        seen.done("cpu map, flags", conn.raw().call(request).await);
        let request =
            remote::NodeGetFreePages { pages: vec![4], start_cell: 0, cell_count: 1, flags: 4 };
        seen.done("free pages, flags", conn.raw().call(request).await);
        for round in 1..3 {
            let registered = conn.raw().run(remote::ConnectRegisterCloseCallback).await;
            seen.done(&format!("register {round}"), registered);
        }
        for round in 1..3 {
            let unregistered = conn.raw().run(remote::ConnectUnregisterCloseCallback).await;
            seen.done(&format!("unregister {round}"), unregistered);
        }
        let secrets = conn.raw().call(remote::ConnectNumOfSecrets).await;
        seen.done("secrets, which it does not have", secrets);
    })
    .await;
}
