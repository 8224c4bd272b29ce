"""A session with every kind of object, as programs have them."""

import libvirt

from seen import guest, note, say, scratch, uri

POOL = """<pool type='dir'>
  <name>images</name>
  <uuid>c0ffee00-0000-4000-8000-0000000000a1</uuid>
  <target><path>/images</path></target>
</pool>"""
NETWORK = """<network>
  <name>inner</name>
  <uuid>c0ffee00-0000-4000-8000-0000000000b1</uuid>
  <bridge name='virbr9'/>
  <mac address='52:54:00:00:00:b1'/>
  <ip address='192.0.2.1' netmask='255.255.255.0'>
    <dhcp><range start='192.0.2.2' end='192.0.2.9'/></dhcp>
  </ip>
</network>"""
INTERFACE = """<interface type='bridge' name='br9'>
  <start mode='onboot'/>
  <bridge><interface type='ethernet' name='eth9'/></bridge>
</interface>"""

MALFORMED = {
    "nothing": "",
    "text": "words",
    "open": "<domain>\n  <name>",
    "crossed": "<domain><name>a</domain></name>",
    "two roots": "<domain/><domain/>",
    "other root": "<other/>",
}


def host(conn):
    for method in (
        "getType", "getVersion", "getHostname", "getCapabilities", "getInfo", "getSysinfo",
        "isAlive", "isSecure", "isEncrypted", "getFreeMemory", "getCPUMap", "getSecurityModel",
        "listDefinedDomains", "listDomainsID", "numOfDomains", "numOfDefinedDomains",
        "listNetworks", "listDefinedNetworks", "listStoragePools", "listDefinedStoragePools",
        "listInterfaces", "listDefinedInterfaces", "listSecrets", "listNWFilters",
    ):
        note(f"host: {method}", getattr(conn, method))
    note("host: memory", conn.getMemoryStats, libvirt.VIR_NODE_MEMORY_STATS_ALL_CELLS)
    note("host: cells", conn.getCellsFreeMemory, 0, 2)
    for kind in ("test", "none", None):
        note(f"host: most vcpus of {kind}", conn.getMaxVcpus, kind)


def domains(conn):
    dom = note("define", conn.defineXML, guest("web", 1))
    note("define again", conn.defineXML, guest("web", 1))
    note("define another of the name", conn.defineXML, guest("web", 2))
    note("define another of the UUID", conn.defineXML, guest("other", 1))
    for flag in range(15):
        note(f"list before, bit {flag}", conn.listAllDomains, 1 << flag)
    for method in ("name", "UUID", "UUIDString", "ID", "OSType", "maxMemory", "isActive",
                   "isPersistent", "isUpdated", "hasManagedSaveImage", "autostart", "state"):
        note(f"web: {method}", getattr(dom, method))
    note("web: xml", dom.XMLDesc)
    note("start", dom.create)
    note("start again", dom.create)
    note("web: xml of the running one", dom.XMLDesc)
    for flag in range(4):
        note(f"web: xml, bit {flag}", dom.XMLDesc, 1 << flag)
    note("by ID", conn.lookupByID, dom.ID())
    note("by UUID", conn.lookupByUUIDString, dom.UUIDString())
    note("by no ID", conn.lookupByID, 999)
    note("by no name", conn.lookupByName, "none")
    note("by no UUID", conn.lookupByUUIDString, "c0ffee00-0000-4000-8000-00000000ffff")
    note("suspend", dom.suspend)
    note("suspended", dom.state)
    note("suspend again", dom.suspend)
    note("resume", dom.resume)
    note("resumed", dom.state)
    note("stats", conn.getAllDomainStats)
    note("stats of one", conn.domainListGetStats, [dom], libvirt.VIR_DOMAIN_STATS_STATE)
    note("stats that must be", conn.getAllDomainStats, libvirt.VIR_DOMAIN_STATS_BALLOON,
         libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS)
    note("memory", dom.setMemory, 16384)
    note("memory of the future", dom.setMemoryFlags, 8192, libvirt.VIR_DOMAIN_AFFECT_CONFIG)
    note("vcpus", dom.setVcpusFlags, 1, libvirt.VIR_DOMAIN_AFFECT_LIVE)
    note("too many vcpus", dom.setVcpusFlags, 99, libvirt.VIR_DOMAIN_AFFECT_LIVE)
    note("changed", dom.XMLDesc)
    note("title", dom.setMetadata, libvirt.VIR_DOMAIN_METADATA_TITLE, "A title", None, None)
    note("own metadata", dom.setMetadata, libvirt.VIR_DOMAIN_METADATA_ELEMENT, "<own a='1'/>",
         "own", "urn:own")
    note("title again", dom.metadata, libvirt.VIR_DOMAIN_METADATA_TITLE, None)
    note("own metadata again", dom.metadata, libvirt.VIR_DOMAIN_METADATA_ELEMENT, "urn:own")
    note("no metadata", dom.metadata, libvirt.VIR_DOMAIN_METADATA_ELEMENT, "urn:none")
    note("time", dom.setTime, {"seconds": 100, "nseconds": 7})
    note("time again", dom.getTime)
    note("filesystems", dom.fsInfo)
    note("freeze", dom.fsFreeze)
    note("thaw", dom.fsThaw)
    note("disk", dom.blockInfo, "vda")
    note("no disk", dom.blockInfo, "vdz")
    note("autostart", dom.setAutostart, True)
    note("autostart again", dom.autostart)
    note("reboot", dom.reboot)
    note("rename while it runs", dom.rename, "other")
    for flag in range(15):
        note(f"list with it, bit {flag}", conn.listAllDomains, 1 << flag)
    saving(conn, dom)
    moments(dom)
    note("destroy", dom.destroy)
    note("destroy again", dom.destroy)
    note("rename", dom.rename, "other")
    note("undefine", dom.undefine)
    note("after undefining", dom.state)
    note("transient", conn.createXML, guest("brief", 3))
    brief = conn.lookupByName("brief")
    note("transient: undefine", brief.undefine)
    note("transient: managed save", brief.managedSave)
    note("transient: shut down", brief.shutdown)
    note("transient: gone", brief.info)


def saving(conn, dom):
    note("managed save", dom.managedSave)
    note("managed save: there", dom.hasManagedSaveImage)
    note("managed save: state", dom.state)
    note("managed save: undefine", dom.undefine)
    note("managed save: list", conn.listAllDomains, libvirt.VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE)
    note("managed save: start", dom.create)
    note("managed save: state after", dom.state)
    image = scratch("web.save")
    note("save", dom.save, image)
    note("save: state", dom.state)
    note("save: xml", conn.saveImageGetXMLDesc, image)
    note("save: restore", conn.restore, image)
    note("save: state after", dom.state)
    note("save: restore again", conn.restore, image)


def moments(dom):
    for name, parent in (("one", None), ("two", "one")):
        xml = f"<domainsnapshot><name>{name}</name><description>{parent}</description></domainsnapshot>"
        note(f"snapshot {name}", dom.snapshotCreateXML, xml)
    note("snapshot one again", dom.snapshotCreateXML, xml)
    note("snapshots", dom.listAllSnapshots)
    note("snapshot names", lambda: sorted(dom.snapshotListNames()))
    note("snapshots: how many", dom.snapshotNum)
    note("snapshot: current", dom.snapshotCurrent)
    two = dom.snapshotLookupByName("two")
    note("snapshot: parent", two.getParent)
    note("snapshot: xml", two.getXMLDesc)
    one = two.getParent()
    note("snapshot: parent of the first", one.getParent)
    note("snapshot: children", one.listAllChildren)
    note("snapshot: revert", dom.revertToSnapshot, one)
    note("snapshot: is current", one.isCurrent)
    note("snapshot: no such", dom.snapshotLookupByName, "none")
    note("snapshot: delete with children", one.delete,
         libvirt.VIR_DOMAIN_SNAPSHOT_DELETE_CHILDREN)
    note("snapshot: deleted", two.getXMLDesc)
    note("snapshot: current of none", dom.snapshotCurrent)
    for name in ("one", "two"):
        xml = f"<domaincheckpoint><name>{name}</name></domaincheckpoint>"
        note(f"checkpoint {name}", dom.checkpointCreateXML, xml)
    note("checkpoints", dom.listAllCheckpoints)
    point = dom.checkpointLookupByName("two")
    note("checkpoint: xml", point.getXMLDesc)
    note("checkpoint: parent", point.getParent)
    note("checkpoint: children", point.getParent().listAllChildren)
    note("checkpoint: delete", point.delete)
    note("checkpoint: deleted", dom.checkpointLookupByName, "two")
    note("checkpoint: delete the other", dom.checkpointLookupByName("one").delete)


def streams(conn):
    dom = conn.lookupByName("test")
    stream = conn.newStream()
    note("console", dom.openConsole, None, stream)
    note("console: receive", stream.recv, 10)
    note("channel", dom.openChannel, None, conn.newStream())
    stream = conn.newStream()
    note("screenshot", dom.screenshot, stream, 0)
    picture = bytearray()
    note("screenshot: all", stream.recvAll, lambda _stream, data, _opaque: picture.extend(data), None)
    say("screenshot: its beginning", bytes(picture[:8]))
    note("screenshot: finish", stream.finish)
    note("screenshot: finish again", stream.finish)
    # One that nobody reads.
    stream = conn.newStream()
    note("screenshot, aborted", dom.screenshot, stream, 0)
    note("screenshot, aborted: abort", stream.abort)
    note("screenshot, aborted: receive", stream.recv, 10)
    stream = conn.newStream()
    note("screenshot, bit by bit", dom.screenshot, stream, 0)
    note("screenshot, bit by bit: receive", stream.recv, 8)
    note("screenshot, bit by bit: hole", stream.recvHole)
    note("screenshot, bit by bit: send a hole", stream.sendHole, 1)
    note("screenshot, bit by bit: finish", stream.finish)
    # Into which data goes that nobody expects.
    for end in ("finish", "abort"):
        stream = conn.newStream()
        note(f"screenshot, written to, {end}", dom.screenshot, stream, 0)
        note(f"screenshot, written to, {end}: send", stream.send, b"x")
        note(f"screenshot, written to, {end}: the end", getattr(stream, end))
    note("after streams", dom.state)


def storage(conn):
    pool = note("pool: define", conn.storagePoolDefineXML, POOL)
    note("pool: inactive", pool.refresh)
    note("pool: volume in an inactive one", pool.createXML, "<volume/>")
    note("pool: start", pool.create)
    note("pool: start again", pool.create)
    for method in ("name", "UUIDString", "info", "isActive", "isPersistent", "autostart",
                   "listVolumes", "numOfVolumes", "XMLDesc"):
        note(f"pool: {method}", getattr(pool, method))
    for flag in range(18):
        note(f"pools, bit {flag}", conn.listAllStoragePools, 1 << flag)
    volume = "<volume><name>disk</name><capacity unit='MiB'>1</capacity></volume>"
    vol = note("volume", pool.createXML, volume)
    note("volume again", pool.createXML, volume)
    for method in ("name", "key", "path", "info", "XMLDesc"):
        note(f"volume: {method}", getattr(vol, method))
    note("volume: its pool", vol.storagePoolLookupByVolume)
    note("volume: by key", conn.storageVolLookupByKey, vol.key())
    note("volume: by path", conn.storageVolLookupByPath, vol.path())
    note("volume: by no path", conn.storageVolLookupByPath, "/none")
    note("volume: upload", vol.upload, conn.newStream(), 0, 0)
    note("volume: download", vol.download, conn.newStream(), 0, 0)
    note("volume: resize", vol.resize, 2 << 20)
    note("volume: wipe", vol.wipe)
    note("volume: clone", pool.createXMLFrom,
         "<volume><name>copy</name><capacity>1</capacity></volume>", vol)
    note("volumes", pool.listAllVolumes)
    note("pool: after volumes", pool.info)
    note("volume: delete", vol.delete)
    note("volume: deleted", vol.info)
    note("pool: delete while it is active", pool.delete)
    note("pool: undefine while it is active", pool.undefine)
    note("pool: stop", pool.destroy)
    note("pool: stop again", pool.destroy)
    note("pool: undefine", pool.undefine)
    note("pool: gone", pool.info)
    note("pool: no such", conn.storagePoolLookupByName, "none")
    note("pool: sources", conn.findStoragePoolSources, "iscsi", None)


def networks(conn):
    net = note("network: define", conn.networkDefineXML, NETWORK)
    note("network: start", net.create)
    note("network: start again", net.create)
    for method in ("name", "UUIDString", "bridgeName", "isActive", "isPersistent", "autostart",
                   "XMLDesc", "DHCPLeases", "listAllPorts"):
        note(f"network: {method}", getattr(net, method))
    for flag in range(6):
        note(f"networks, bit {flag}", conn.listAllNetworks, 1 << flag)
    note("network: update", net.update, libvirt.VIR_NETWORK_UPDATE_COMMAND_ADD_LAST,
         libvirt.VIR_NETWORK_SECTION_IP_DHCP_HOST, -1,
         "<host mac='52:54:00:00:00:01' ip='192.0.2.3'/>")
    note("network: updated", net.XMLDesc)
    note("network: undefine", net.undefine)
    note("network: stop", net.destroy)
    note("network: gone", net.isActive)


def interfaces(conn):
    iface = note("interface: define", conn.interfaceDefineXML, INTERFACE)
    for method in ("name", "MACString", "isActive", "XMLDesc", "create", "isActive", "create",
                   "destroy", "destroy"):
        note(f"interface: {method} {count()}", getattr(iface, method))
    note("interfaces: begin", conn.changeBegin)
    note("interfaces: begin again", conn.changeBegin)
    note("interface: undefine", iface.undefine)
    note("interfaces: roll back", conn.changeRollback)
    note("interfaces: roll back again", conn.changeRollback)
    note("interfaces", conn.listAllInterfaces)
    note("interface: undefine at last", conn.interfaceLookupByName("br9").undefine)
    note("interface: by MAC", conn.interfaceLookupByMACString, "aa:bb:cc:dd:ee:ff")


COUNT = iter(range(1000))


def count():
    return next(COUNT)


def devices(conn):
    for dev in sorted(conn.listAllDevices(), key=lambda dev: dev.name()):
        for method in ("parent", "listCaps", "XMLDesc", "autostart"):
            note(f"device {dev.name()}: {method}", getattr(dev, method))
    note("devices of a capability", lambda: sorted(conn.listDevices("scsi_host")))
    note("device: by WWN", conn.nodeDeviceLookupSCSIHostByWWN, "2000000012341234",
         "1000000012341234")
    note("device: no such", conn.nodeDeviceLookupByName, "none")


def mistakes(conn):
    dom = conn.lookupByName("test")
    pool = conn.storagePoolLookupByName("default-pool")
    takers = {
        "domain": conn.defineXML, "transient domain": conn.createXML,
        "network": conn.networkDefineXML, "pool": conn.storagePoolDefineXML,
        "volume": pool.createXML, "interface": conn.interfaceDefineXML,
        "node device": conn.nodeDeviceCreateXML, "snapshot": dom.snapshotCreateXML,
        "checkpoint": dom.checkpointCreateXML, "device": dom.attachDevice,
        "secret": conn.secretDefineXML, "filter": conn.nwfilterDefineXML,
    }
    for taker, method in takers.items():
        for name, xml in MALFORMED.items():
            note(f"malformed {taker}: {name}", method, xml)


def main():
    conn = note("open", libvirt.open, uri())
    host(conn)
    domains(conn)
    streams(conn)
    storage(conn)
    networks(conn)
    interfaces(conn)
    devices(conn)
    mistakes(conn)
    note("read-only", libvirt.openReadOnly, uri())
    note("read-only: define", libvirt.openReadOnly(uri()).defineXML, guest("web", 1))
    note("close", conn.close)
    note("after closing", conn.listAllDomains)


main()
