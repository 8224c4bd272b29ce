//! The processor whose guests can run on any of several hosts.

use libvirt_client::Connect;
use libvirt_client::connect::BaselineCpuFlags;

use super::compare;
use super::transcript::Transcript;

fn cpu(arch: &str, model: &str, rest: &str) -> String {
    format!("<cpu><arch>{arch}</arch><model>{model}</model>{rest}</cpu>")
}

async fn ask(conn: &Connect, seen: &mut Transcript, label: &str, cpus: &[&str]) {
    for flags in [BaselineCpuFlags::empty(), BaselineCpuFlags::EXPAND_FEATURES] {
        seen.xml(&format!("{label} {flags:?}"), conn.baseline_cpu(cpus, flags).await);
    }
}

#[tokio::test]
async fn what_x86_processors_have_in_common() {
    compare("common_x86", async |conn: &Connect, seen: &mut Transcript| {
        let models = conn.cpu_model_names("x86_64").await.unwrap();
        assert!(models.len() > 50);
        let x86 = |at: usize, rest: &str| cpu("x86_64", &models[at % models.len()], rest);
        for at in 0..models.len() {
            let [first, second, third] = [x86(at, ""), x86(at * 7 + 3, ""), x86(at * 13 + 1, "")];
            let with_features = x86(
                at,
                "<vendor>Intel</vendor><feature name='mpx'/><feature name='aes'/>\
                 <feature name='monitor'/><feature name='intel-pt'/>",
            );
            let of_amd = x86(at + 1, "<vendor>AMD</vendor><feature name='svm'/>");
            ask(conn, seen, &format!("{at}: alone"), &[&first]).await;
            ask(conn, seen, &format!("{at}: with features"), &[&with_features]).await;
            if at % 3 != 0 {
                continue;
            }
            ask(conn, seen, &format!("{at}: twice"), &[&first, &with_features]).await;
            ask(conn, seen, &format!("{at}: two"), &[&first, &second]).await;
            ask(conn, seen, &format!("{at}: two others"), &[&second, &with_features]).await;
            ask(conn, seen, &format!("{at}: three"), &[&third, &first, &second]).await;
            ask(conn, seen, &format!("{at}: of vendors"), &[&of_amd, &of_amd, &second]).await;
            ask(conn, seen, &format!("{at}: of another"), &[&first, &of_amd]).await;
            ask(conn, seen, &format!("{at}: of both"), &[&of_amd, &with_features]).await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_other_processors_have_in_common() {
    compare("common_others", async |conn: &Connect, seen: &mut Transcript| {
        for arch in [
            "i686", "ppc64", "ppc64le", "aarch64", "armv7l", "s390x", "riscv64", "alpha", "none",
            "nothing",
        ] {
            for (number, cpus) in [
                vec![cpu(arch, "POWER8", "")],
                vec![
                    cpu(arch, "POWER8", "<vendor>IBM</vendor>"),
                    cpu(arch, "POWER8", ""),
                ],
                vec![cpu(arch, "POWER8", "<vendor>Freescale</vendor>")],
                vec![cpu(arch, "POWER8", "<vendor>x</vendor>")],
                vec![cpu(arch, "POWER8", ""), cpu(arch, "POWER9", "")],
                vec![cpu(
                    arch,
                    "pentium",
                    "<vendor>x</vendor><feature name='aes'/>",
                )],
                vec![
                    cpu(arch, "pentium", ""),
                    cpu(arch, "pentium", "<vendor>x</vendor>"),
                ],
                vec![cpu(arch, "pentium", "<feature name='x'/>")],
                vec![cpu(arch, "486", ""), cpu("ppc64", "pentium", "")],
                vec![
                    cpu(arch, "x &amp; y", "<feature name='x'/>"),
                    cpu(arch, "y", ""),
                ],
            ]
            .into_iter()
            .enumerate()
            {
                let cpus: Vec<&str> = cpus.iter().map(String::as_str).collect();
                ask(conn, seen, &format!("{arch} {number}"), &cpus).await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn processors_that_are_refused() {
    compare("refused_cpus", async |conn: &Connect, seen: &mut Transcript| {
        let none = BaselineCpuFlags::empty();
        seen.xml("none", conn.baseline_cpu(&[], none).await);
        for flags in [1, 2, 3, 4, 6] {
            let flags = BaselineCpuFlags::from_bits_retain(flags);
            let given = cpu("i686", "pentium", "");
            seen.xml(&format!("{flags:?}"), conn.baseline_cpu(&[&given], flags).await);
            seen.xml(&format!("none, {flags:?}"), conn.baseline_cpu(&[], flags).await);
        }
        for text in [
            "",
            "x",
            "<cpu>",
            "<cpu/>",
            "<cpus/>",
            "<cpu><arch/><model/></cpu>",
            "<cpu><arch>i686</arch></cpu>",
            "<cpu><arch>i686</arch><model/></cpu>",
            "<cpu><arch>i686</arch><arch>x</arch><model>486</model><model>x</model></cpu>",
            "<cpu><arch> i686</arch><model>486</model></cpu>",
            "<cpu><arch>i686</arch><model> 486</model></cpu>",
            "<cpu mode='custom'/>",
            "<cpu migratable='x'/>",
            "<cpu migratable='on'/>",
            "<cpu match='exact' check='x'><arch>i686</arch><model>486</model></cpu>",
        ] {
            seen.xml(text, conn.baseline_cpu(&[text], none).await);
        }
        for rest in [
            "<vendor/>",
            "<vendor>x</vendor>",
            "<microcode/>",
            "<microcode version='1'/>",
            "<microcode version='x'/>",
            "<microcode version='-1'/>",
            "<signature/>",
            "<signature family='0'/>",
            "<signature family='x' model='1' stepping='1'/>",
            "<signature family='6' model='-1' stepping='1'/>",
            "<signature family='6' model='0'/>",
            "<signature family='6' model='0' stepping='0'/>",
            "<counter name='x'/>",
            "<counter name='tsc'/>",
            "<counter name='x'/><counter name='tsc' frequency='x'/>",
            "<counter name='tsc' frequency='1' scaling='x'/>",
            "<counter name='tsc' frequency='1' scaling='yes'/>",
            "<topology/>",
            "<topology sockets='0'/>",
            "<topology sockets='1' cores='1'/>",
            "<topology sockets='1' dies='0' cores='1' threads='1'/>",
            "<topology sockets='1' clusters='0' cores='1' threads='1'/>",
            "<topology sockets='1' dies='2' cores='3' threads='4'/>",
            "<feature/>",
            "<feature name=''/>",
            "<feature name='aes'/><feature name='aes'/>",
            "<feature name='aes' policy='x'/>",
            "<feature name='x'/>",
            "<feature name='pbe'/>",
            "<cache/>",
            "<cache/><cache/>",
            "<cache level='x'/>",
            "<cache level='-1'/>",
            "<cache level='4'/>",
            "<cache mode='x'/>",
            "<cache level='3' mode='emulate'/>",
            "<maxphysaddr/>",
            "<maxphysaddr mode='x'/>",
            "<maxphysaddr mode='emulate' bits='-2'/>",
            "<maxphysaddr mode='emulate' limit='0'/>",
            "<maxphysaddr mode='emulate' limit='1'/>",
            "<maxphysaddr mode='passthrough' bits='40' limit='1'/>",
        ] {
            let given = cpu("i686", "pentium", rest);
            seen.xml(rest, conn.baseline_cpu(&[&given], none).await);
            let first = cpu("x86_64", "pentium", "");
            seen.xml(&format!("second, {rest}"), conn.baseline_cpu(&[&first, &given], none).await);
        }
    })
    .await;
}
