//! What the host is and can do.

use std::fmt::Write as _;

use crate::protocol::remote;
use crate::test_driver::failure::check_flags;
use crate::test_driver::routes::Routes;
use crate::test_driver::state::node::Node;

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::ConnectGetCapabilities>(|work, _| {
        let capabilities = capabilities(&work.state.node).into();
        Ok(remote::ConnectGetCapabilitiesRet { capabilities })
    });
    routes.tell::<remote::ConnectGetSysinfo>(|_, request| {
        check_flags(request.flags, 0, "testConnectGetSysinfo")?;
        Ok(remote::ConnectGetSysinfoRet { sysinfo: SYSINFO.into() })
    });
}

const SYSINFO: &str = "\
<sysinfo type='smbios'>
  <bios>
    <entry name='vendor'>LENOVO</entry>
    <entry name='version'>G4ETA1WW (2.61 )</entry>
    <entry name='date'>05/07/2014</entry>
    <entry name='release'>2.61</entry>
  </bios>
</sysinfo>
";

const HOST: &str = "\
<capabilities>

  <host>
    <cpu>
      <arch>i686</arch>
      <features>
        <pae/>
        <nonpae/>
      </features>
      <pages unit='KiB' size='4'/>
      <pages unit='KiB' size='8'/>
      <pages unit='KiB' size='2048'/>
      <pages unit='KiB' size='1048576'/>
    </cpu>
    <power_management/>
    <iommu support='no'/>
    <topology>
";

const SECURITY: &str = "    \
    </topology>
    <secmodel>
      <model>testSecurity</model>
      <doi></doi>
    </secmodel>
  </host>

";

/// The processors of a cell.
const CPUS: usize = 8;

fn capabilities(node: &Node) -> String {
    let mut out = HOST.to_owned();
    let _ = writeln!(out, "      <cells num='{}'>", node.cells.len());
    for (id, cell) in node.cells.iter().enumerate() {
        // The second cell has larger pages.
        let page = if id == 1 { 8 } else { 4 };
        let memory = cell.memory_kib;
        let pages = memory / page;
        let _ = write!(
            out,
            "        <cell id='{id}'>
          <memory unit='KiB'>{memory}</memory>
          <pages unit='KiB' size='{page}'>{pages}</pages>
          <pages unit='KiB' size='2048'>0</pages>
          <pages unit='KiB' size='1048576'>0</pages>
          <cpus num='{CPUS}'>
"
        );
        for core in 0..CPUS {
            let cpu = id * CPUS + core;
            let _ = writeln!(
                out,
                "            <cpu id='{cpu}' socket_id='{id}' die_id='0' cluster_id='0' core_id='{core}' siblings='{cpu}'/>"
            );
        }
        out.push_str("          </cpus>\n        </cell>\n");
    }
    out.push_str("      </cells>\n");
    out.push_str(SECURITY);
    for kind in ["hvm", "xen"] {
        let _ = write!(
            out,
            "  <guest>
    <os_type>{kind}</os_type>
    <arch name='i686'>
      <wordsize>32</wordsize>
      <emulator>/usr/bin/test-hv</emulator>
      <domain type='test'/>
    </arch>
    <features>
      <pae/>
      <nonpae/>
    </features>
  </guest>

"
        );
    }
    out.push_str("</capabilities>\n");
    out
}
