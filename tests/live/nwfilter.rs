//! Network filters, and what they are bound to.

use std::process::Command;

use libvirt_client::nwfilter::{BindingCreateFlags, DefineFlags, NwFilter};
use libvirt_client::types::error::ErrorCode;
use libvirt_client::{Connect, Optional};
use rig::{Daemon, Need};

use crate::common::{boot, qemu};

async fn daemon() -> Option<(&'static Daemon, Connect)> {
    let found = qemu().await;
    found.filter(|_| rig::available(&[Need::Network, Need::Root]).unwrap())
}

fn xml(name: &str, port: u16) -> String {
    format!(
        "<filter name='{name}' chain='ipv4'>\
         <rule action='drop' direction='out' priority='100'><tcp dstportstart='{port}'/></rule>\
         </filter>"
    )
}

/// The rules that the daemon has made, which has a network of its own.
fn rules(daemon: &Daemon) -> String {
    let mut command = Command::new("nsenter");
    command.args([
        "--net",
        "--target",
        &daemon.pid().unwrap().to_string(),
        "iptables-save",
    ]);
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

async fn define(conn: &Connect, name: &str) -> NwFilter {
    conn.nwfilter_define_xml(&xml(name, 25), DefineFlags::VALIDATE).await.unwrap()
}

#[tokio::test]
async fn a_filter_is_defined_changed_and_removed() {
    const NAME: &str = "nwfilters-defined";
    let Some((daemon, conn)) = daemon().await else {
        return;
    };
    let filter = define(&conn, NAME).await;
    assert_eq!(filter.name(), NAME);
    assert_eq!(conn.nwfilter_lookup_by_name(NAME).await.unwrap(), filter);
    assert_eq!(conn.nwfilter_lookup_by_uuid(filter.uuid()).await.unwrap(), filter);
    assert!(conn.list_all_nwfilters().await.unwrap().contains(&filter));
    let shown = daemon.virsh(["nwfilter-dumpxml", NAME]).unwrap();
    assert!(shown.contains(&filter.uuid().to_string()), "{shown}");
    assert_eq!(filter.xml_desc().await.unwrap().trim(), shown.trim());

    // It is changed by who knows its UUID.
    let other = xml(NAME, 26);
    conn.nwfilter_define_xml(&other, DefineFlags::empty()).await.unwrap_err();
    let uuid = format!("<uuid>{}</uuid><rule", filter.uuid());
    let other = other.replace("<rule", &uuid);
    let same = conn.nwfilter_define_xml(&other, DefineFlags::empty()).await.unwrap();
    assert_eq!(same, filter);
    let shown = filter.xml_desc().await.unwrap();
    assert!(shown.contains("dstportstart='26'"), "{shown}");

    let invalid = xml("nwfilters-invalid", 25).replace("</filter>", "<tail/></filter>");
    let refused = conn.nwfilter_define_xml(&invalid, DefineFlags::VALIDATE).await;
    assert_eq!(refused.unwrap_err().code(), Some(ErrorCode::XmlInvalidSchema));
    filter.undefine().await.unwrap();
    assert!(filter.xml_desc().await.unwrap_err().is_not_found());
    let gone = conn.nwfilter_lookup_by_name(NAME).await;
    assert_eq!(gone.optional().unwrap(), None);
    assert!(!conn.list_all_nwfilters().await.unwrap().contains(&filter));
}

#[tokio::test]
async fn a_guests_interface_is_bound_to_its_filter() {
    const NAME: &str = "nwfilters-bound";
    let Some((daemon, conn)) = daemon().await else {
        return;
    };
    let filter = define(&conn, NAME).await;
    let network = "<network><name>nwfilters-bound</name><bridge name='virbr-filt'/></network>";
    daemon.virsh_with_file(["net-create"], network).unwrap();
    let interface = format!(
        "<interface type='network'><source network='{NAME}'/><model type='virtio'/>\
         <filterref filter='{NAME}'/></interface>"
    );
    let guest = boot(daemon, &conn, NAME, |guest| guest.device(interface)).await;
    let interfaces = guest.domain.interface_targets().await.unwrap();
    let device = interfaces[0].target.as_deref().unwrap();

    let binding = conn.nwfilter_binding_lookup_by_port_dev(device).await.unwrap();
    assert_eq!((binding.port_dev(), binding.filter_name()), (device, NAME));
    assert!(conn.list_all_nwfilter_bindings().await.unwrap().contains(&binding));
    let listed = daemon.virsh(["nwfilter-binding-list"]).unwrap();
    let is_bound = |line: &str| line.split_whitespace().eq([device, NAME]);
    assert!(listed.lines().any(is_bound), "{listed}");
    let xml = binding.xml_desc().await.unwrap();
    let shown = daemon.virsh(["nwfilter-binding-dumpxml", device]).unwrap();
    assert_eq!(xml.trim(), shown.trim());
    assert!(xml.contains(&guest.domain.uuid().to_string()), "{xml}");
    // Rules are in chains that are called after the device.
    let drops = |port: u16| {
        let parts = [device, &format!("--dport {port} "), "-j DROP"];
        let is_it = |rule: &str| parts.iter().all(|part| rule.contains(part));
        rules(daemon).lines().any(is_it)
    };
    assert!(drops(25) && !drops(26), "{}", rules(daemon));
    let uuid = format!("<uuid>{}</uuid><rule", filter.uuid());
    let other = self::xml(NAME, 26).replace("<rule", &uuid);
    conn.nwfilter_define_xml(&other, DefineFlags::empty()).await.unwrap();
    assert!(drops(26) && !drops(25), "{}", rules(daemon));
    let in_use = filter.undefine().await.unwrap_err();
    assert_eq!(in_use.code(), Some(ErrorCode::OperationInvalid));

    binding.delete().await.unwrap();
    assert!(!drops(26), "{}", rules(daemon));
    assert!(binding.xml_desc().await.unwrap_err().is_not_found());
    let gone = conn.nwfilter_binding_lookup_by_port_dev(device).await;
    assert_eq!(gone.optional().unwrap(), None);
    let flags = BindingCreateFlags::VALIDATE;
    let again = conn.nwfilter_binding_create_xml(&xml, flags).await.unwrap();
    assert_eq!(again, binding);
    assert!(drops(26), "{}", rules(daemon));
    assert_eq!(again.filter_name(), NAME);
    let twice = conn.nwfilter_binding_create_xml(&xml, flags).await;
    assert_eq!(twice.unwrap_err().code(), Some(ErrorCode::OperationFailed));

    guest.domain.destroy().await.unwrap();
    assert!(!conn.list_all_nwfilter_bindings().await.unwrap().contains(&binding));
    filter.undefine().await.unwrap();
    daemon.virsh(["net-destroy", NAME]).unwrap();
}
