"""Calls every method of every class, each on fresh objects, with arguments chosen by their names."""

import difflib
import inspect
import re

import libvirt

from seen import guest, say, scratch, text, uri

# What only concerns this process, ends the connection, or takes a callback or descriptors.
LEFT_OUT = {
    "c_pointer", "connect", "getConnect", "close", "virConnGetLastError", "virConnResetLastError",
    "registerCloseCallback", "unregisterCloseCallback", "setKeepAlive", "newStream",
    "domainEventRegister", "domainEventDeregister", "domainEventRegisterAny",
    "networkEventRegisterAny", "storagePoolEventRegisterAny", "nodeDeviceEventRegisterAny",
    "secretEventRegisterAny", "domainEventDeregisterAny", "networkEventDeregisterAny",
    "storagePoolEventDeregisterAny", "nodeDeviceEventDeregisterAny", "secretEventDeregisterAny",
    "createXMLWithFiles", "createWithFiles", "FDAssociate", "openGraphics", "openGraphicsFD",
    "agentSetResponseTimeout", "migrate", "migrate2", "migrate3", "getLibVersion", "getURI",
}

SAVED = scratch("saved")
WORDS = "<x/>"

GROWING = {"blockStats", "blockStatsFlags", "info", "interfaceStats", "vcpus"}

# By the name of a parameter: something likely, and something unlikely.
ARGUMENTS = {
    "action": (0, 99),
    "algorithm": (0, 99),
    "alias": ("net0", ""),
    "arch": ("x86_64", "none"),
    "autostart": (1, -1),
    "backupXML": ("<domainbackup/>", WORDS),
    "bandwidth": (1, 0),
    "base": ("base", ""),
    "cacheSize": (1, 0),
    "cap": ("system", "none"),
    "capacity": (1024, 0),
    "cellCount": (1, 0),
    "cellNum": (0, 99),
    "checkpointXML": (None, WORDS),
    "codeset": (0, 99),
    "command": (1, 99),
    "cpuNum": (0, 99),
    "cpumap": ((True, False), (False,)),
    "dconnuri": ("test:///none", "none"),
    "destxml": ("<disk/>", WORDS),
    "dev": ("vda", "none"),
    "dev_name": ("serial0", None),
    "device": ("testnet7", "none"),
    "disk": ("vda", "none"),
    "dname": (None, "other"),
    "domainXml": (WORDS, ""),
    "downtime": (1, 0),
    "driverName": (None, "none"),
    "dumpformat": (0, 99),
    "duration": (60, 0),
    "duri": ("test:///none", ""),
    "dxml": (None, WORDS),
    "emulator": (None, "/none"),
    "emulatorbin": (None, "/none"),
    "file": (SAVED, "/none/none"),
    "flags": (0, 1 << 31),
    "frm": (SAVED, "/none/none"),
    "group": ("none", ""),
    "holdtime": (1, 0),
    "id": (1, -1),
    "iothread_id": (1, 0),
    "iothread_val": (1, 0),
    "key": ("key", None),
    "keycodes": ([1], [1, 2]),
    "keys": (None, []),
    "length": (0, 1),
    "mac": (None, "none"),
    "machine": (None, "none"),
    "macstr": ("aa:bb:cc:dd:ee:ff", "none"),
    "maxCells": (1, 0),
    "memory": (32768, 0),
    "metadata": ("<m/>", None),
    "miguri": (None, "none"),
    "minimum": (0, 1),
    "mountPoint": (None, "/"),
    "mountpoints": (None, ["/none"]),
    "name": ("none", ""),
    "nativeConfig": ("none", ""),
    "nativeFormat": ("none", ""),
    "new_name": ("other", ""),
    "nkeycodes": (1, 2),
    "nvcpus": (1, 99),
    "offset": (0, 1),
    "pages": ([4], [4, 2048]),
    "params": ({}, {}),
    "parentIndex": (-1, 99),
    "password": ("p", ""),
    "path": ("vda", "none"),
    "period": (1, -1),
    "pid_value": (1, 0),
    "portdev": ("none", ""),
    "screen": (0, 1),
    "seconds": (1, 0),
    "section": (3, 99),
    "signum": (0, 99),
    "size": (1024, 0),
    "source": (0, 99),
    "srcSpec": (None, "<x/>"),
    "start": (0, 1),
    "startCell": (0, 99),
    "state": (0, 1),
    "stats": (0, 1 << 31),
    "target": (0, 99),
    "threshold": (1, 0),
    "time": (None, {"seconds": 1}),
    "to": (SAVED, SAVED),
    "top": ("top", ""),
    "total": (True, False),
    "type": (0, 99),
    "types": (0, 1 << 31),
    "uri": ("urn:x", None),
    "usageID": ("none", ""),
    "usageType": (1, 99),
    "user": ("u", ""),
    "uuid": (b"\1" * 16, b"\2" * 16),
    "uuidstr": ("c0ffee00-0000-4000-8000-000000000001", "none"),
    "vcpu": (0, 99),
    "vcpumap": ((True,), (False,)),
    "virttype": ("test", "none"),
    "wwnn": ("2000000012341234", "none"),
    "wwpn": ("1000000012341234", "none"),
    "xml": (WORDS, ""),
    "xmlCPU": ("<cpu/>", WORDS),
    "xmlCPUs": (["<cpu/>"], ["<x/>"]),
    "xmlDesc": (WORDS, ""),
    "xmldesc": (WORDS, ""),
}

# Where the name alone says too little.
BY_METHOD = {
    ("virConnect", "allocPages", "pages"): ({4: 1}, {4: 1, 2048: 1}),
    ("virConnect", "findStoragePoolSources", "type"): ("netfs", "none"),
    ("virConnect", "getMaxVcpus", "type"): (None, "none"),
    ("virDomain", "interfaceStats", "path"): ("testnet7", "none"),
    ("virDomain", "metadata", "type"): (1, 2),
    ("virDomain", "setMetadata", "type"): (1, 2),
    ("virStoragePool", "storageVolLookupByName", "name"): ("vol", "none"),
}

POOL = """<pool type='dir'>
  <name>methods</name>
  <uuid>c0ffee00-0000-4000-8000-0000000000aa</uuid>
  <target><path>/methods</path></target>
</pool>"""
VOLUME = "<volume><name>vol</name><capacity>1048576</capacity></volume>"
NETWORK = """<network>
  <name>methods</name>
  <uuid>c0ffee00-0000-4000-8000-0000000000bb</uuid>
  <bridge name='virbr7'/>
  <mac address='52:54:00:00:00:bb'/>
</network>"""
INTERFACE = "<interface type='ethernet' name='eth7'><start mode='none'/></interface>"
ADAPTER = """<device>
  <parent>scsi_host1</parent>
  <capability type='scsi_host'>
    <capability type='fc_host'>
      <wwnn>20000000c9831b4b</wwnn>
      <wwpn>10000000c9831b4b</wwpn>
    </capability>
  </capability>
</device>"""
SNAPSHOT = "<domainsnapshot><name>one</name></domainsnapshot>"
CHECKPOINT = "<domaincheckpoint><name>one</name></domaincheckpoint>"


def quietly(function, *arguments):
    try:
        return function(*arguments)
    except libvirt.libvirtError:
        return None


def make_domain(conn, is_active):
    # In no state that a method before has left it in.
    for name in ("methods", "other"):
        dom = quietly(conn.lookupByName, name)
        if dom:
            for moment in dom.listAllSnapshots() + dom.listAllCheckpoints():
                moment.delete()
            quietly(dom.managedSaveRemove)
            quietly(dom.destroy)
            quietly(dom.undefine)
    dom = conn.defineXML(guest("methods", 1))
    if is_active:
        dom.create()
    return dom


def make_snapshot(conn, is_active):
    return make_domain(conn, is_active).snapshotCreateXML(SNAPSHOT)


def make_checkpoint(conn, _is_active):
    return make_domain(conn, True).checkpointCreateXML(CHECKPOINT)


def make_pool(conn, is_active):
    pool = quietly(conn.storagePoolLookupByName, "methods")
    if pool:
        quietly(pool.destroy)
        quietly(pool.undefine)
    pool = conn.storagePoolDefineXML(POOL)
    if is_active:
        pool.create()
        pool.createXML(VOLUME)
    return pool


def make_volume(conn, is_active):
    pool = make_pool(conn, True)
    vol = pool.storageVolLookupByName("vol")
    if not is_active:
        pool.destroy()
    return vol


def make_network(conn, is_active):
    net = quietly(conn.networkLookupByName, "methods")
    if net:
        quietly(net.destroy)
        quietly(net.undefine)
    net = conn.networkDefineXML(NETWORK)
    if is_active:
        net.create()
    return net


def make_interface(conn, is_active):
    iface = quietly(conn.interfaceLookupByName, "eth7")
    if iface:
        quietly(iface.destroy)
        quietly(iface.undefine)
    iface = conn.interfaceDefineXML(INTERFACE)
    if is_active:
        iface.create()
    return iface


def make_device(conn, is_active):
    return conn.nodeDeviceCreateXML(ADAPTER) if is_active else conn.nodeDeviceLookupByName("computer")


MAKERS = {
    libvirt.virConnect: lambda conn, _is_active: conn,
    libvirt.virDomain: make_domain,
    libvirt.virDomainSnapshot: make_snapshot,
    libvirt.virDomainCheckpoint: make_checkpoint,
    libvirt.virNetwork: make_network,
    libvirt.virStoragePool: make_pool,
    libvirt.virStorageVol: make_volume,
    libvirt.virInterface: make_interface,
    libvirt.virNodeDevice: make_device,
}


def argument(kind, method, parameter, at, conn, target):
    if parameter in ("st", "stream"):
        return conn.newStream()
    if parameter == "clonevol":
        return make_volume_beside(target)
    if parameter == "snap":
        return target.snapshotCreateXML(SNAPSHOT)
    if parameter == "doms":
        return [conn.lookupByName("test")]
    values = BY_METHOD.get((kind.__name__, method, parameter)) or ARGUMENTS[parameter]
    return values[at]


def make_volume_beside(pool):
    return quietly(pool.storageVolLookupByName, "vol") or pool


def changes(before, after):
    """The lines that a document has lost and got."""
    lines = difflib.ndiff((before or "").splitlines(), (after or "").splitlines())
    return "\n".join(line for line in lines if line[0] in "+-")


def call(conn, kind, method, is_active, odd):
    """Calls a method with likely arguments but for `odd`, which gets its unlikely one."""
    target = MAKERS[kind](conn, is_active)
    parameters = [it for it in inspect.signature(getattr(kind, method)).parameters][1:]
    arguments = [
        argument(kind, method, it, 1 if it == odd else 0, conn, target) for it in parameters
    ]
    before = quietly(target.XMLDesc) if isinstance(target, libvirt.virDomain) else None
    label = f"{kind.__name__}.{method}, {'active' if is_active else 'inactive'}, {odd or 'plain'}"
    try:
        value = getattr(target, method)(*arguments)
    except libvirt.libvirtError as error:
        say(label, error)
    except (AttributeError, LookupError, OverflowError, TypeError, ValueError) as error:
        say(label, f"not called: {error}")
    else:
        # Many numbers are the time in another form.
        say(label, re.sub("[0-9]{9,}", "…", text(value)) if method in GROWING else value)
    if isinstance(target, libvirt.virDomain):
        say(f"{label}: after it", [quietly(target.state), changes(before, quietly(target.XMLDesc))])


def main():
    conn = libvirt.open(uri())
    for kind in MAKERS:
        for method, function in sorted(vars(kind).items()):
            if not callable(function) or method.startswith("_") or method in LEFT_OUT:
                continue
            parameters = [it for it in inspect.signature(function).parameters][1:]
            states = (True,) if kind is libvirt.virConnect else (True, False)
            for is_active in states:
                for odd in [None, *parameters]:
                    call(conn, kind, method, is_active, odd)


main()
