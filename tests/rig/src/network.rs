//! Virtual networks for guests.

/// The XML of a network with NAT and DHCP, `192.168.N.0/24`.
///
/// It starts in a system daemon with a network of its own; elsewhere its bridge and firewall rules
/// would be the host's.
pub fn nat_xml(name: &str, n: u8) -> String {
    format!(
        "<network>
  <name>{name}</name>
  <bridge name='rig{n}'/>
  <forward mode='nat'/>
  <ip address='192.168.{n}.1' netmask='255.255.255.0'>
    <dhcp><range start='192.168.{n}.2' end='192.168.{n}.254'/></dhcp>
  </ip>
</network>
"
    )
}
