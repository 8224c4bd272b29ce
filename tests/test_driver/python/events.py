"""Events of every kind, as a program with an event loop of its own gets them."""

import threading

import libvirt

from seen import guest, note, say, text, uri

# No event takes longer on a machine that works.
LIMIT = 60

SEEN = []
END = threading.Event()


def loop():
    while True:
        libvirt.virEventRunDefaultImpl()


def take(name):
    def callback(_conn, *arguments):
        SEEN.append(f"{name}: {text(arguments)}")
        if name == "lifecycle":
            dom, event = arguments[:2]
            if dom.name() == "end" and event == libvirt.VIR_DOMAIN_EVENT_DEFINED:
                END.set()

    return callback


def note_events(when):
    """Notes what has come, up to an event that is caused for that."""
    CONN.defineXML(guest("end", 0xFF))
    if not END.wait(LIMIT):
        raise SystemExit(f"{when}: no event comes")
    END.clear()
    CONN.lookupByName("end").undefine()
    events = [event for event in SEEN if "domain end " not in event]
    SEEN.clear()
    say(f"{when}: events", "\n".join(events))


def register():
    numbers = [note("register: lifecycle", CONN.domainEventRegisterAny, None,
                    libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, take("lifecycle"), "opaque")]
    names = {value: name for name, value in vars(libvirt).items()
             if name.startswith("VIR_DOMAIN_EVENT_ID_") and not name.endswith("_LAST")}
    for number, name in sorted(names.items()):
        if number != libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE:
            numbers.append(note(f"register: {name}", CONN.domainEventRegisterAny, None, number,
                                take(name), None))
    other = [
        (CONN.networkEventRegisterAny, CONN.networkEventDeregisterAny, 2, "network"),
        (CONN.storagePoolEventRegisterAny, CONN.storagePoolEventDeregisterAny, 2, "pool"),
        (CONN.nodeDeviceEventRegisterAny, CONN.nodeDeviceEventDeregisterAny, 2, "device"),
    ]
    ends = [(CONN.domainEventDeregisterAny, number) for number in numbers]
    for start, end, count, name in other:
        for number in range(count):
            ends.append((end, note(f"register: {name} {number}", start, None, number,
                                   take(f"{name} {number}"), None)))
    note("register: secret", CONN.secretEventRegisterAny, None, 0, take("secret"), None)
    return ends


def domains():
    dom = CONN.defineXML(guest("web", 1))
    dom.create()
    dom.suspend()
    dom.resume()
    dom.reboot()
    dom.setMetadata(libvirt.VIR_DOMAIN_METADATA_TITLE, "A title", None, None)
    dom.setMetadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, "<own/>", "own", "urn:own")
    dom.setMemory(1024)
    dom.setVcpusFlags(1, libvirt.VIR_DOMAIN_AFFECT_LIVE)
    dom.setBlockIoTune("vda", {"total_bytes_sec": 1000, "total_bytes_sec_max": 2000})
    dom.setTime({"seconds": 7})
    note_events("domain")
    dom.managedSave()
    dom.create()
    snapshot = dom.snapshotCreateXML("<domainsnapshot><name>one</name></domainsnapshot>")
    dom.revertToSnapshot(snapshot)
    snapshot.delete()
    note_events("saving")
    dom.shutdown()
    dom.create()
    dom.destroy()
    dom.rename("other")
    dom.undefine()
    brief = CONN.createXML(guest("brief", 2))
    brief.destroy()
    note_events("ends")


def of_one():
    """Registrations for one object, and those that are made in a callback."""
    one = CONN.defineXML(guest("one", 3))
    two = CONN.defineXML(guest("two", 4))
    number = note("of one: register", CONN.domainEventRegisterAny, one, 0, take("of one"), None)

    def once(conn, dom, *_arguments):
        SEEN.append(f"once: {dom.name()}")
        conn.domainEventDeregisterAny(numbers[0])

    numbers = [CONN.domainEventRegisterAny(two, 0, once, None)]
    for dom in (one, two):
        dom.create()
        dom.destroy()
    note_events("of one")
    note("of one: deregister", CONN.domainEventDeregisterAny, number)
    note("of one: deregister again", CONN.domainEventDeregisterAny, number)
    note("of one: no such", CONN.domainEventDeregisterAny, 999)
    one.create()
    note_events("of one, no more")
    for dom in (one, two):
        if dom.isActive():
            dom.destroy()
        dom.undefine()
    # A callback also gets what happened before it was registered and waits in this process.
    note_events("of one, cleaned up")


def old_way():
    callback = take("old way")
    note("old way: register", CONN.domainEventRegister, callback, None)
    CONN.lookupByName("test").suspend()
    CONN.lookupByName("test").resume()
    note_events("old way")
    note("old way: deregister", CONN.domainEventDeregister, callback)


def others():
    net = CONN.networkLookupByName("default")
    net.destroy()
    net.create()
    net = CONN.networkDefineXML("<network><name>n</name><uuid>c0ffee00-0000-4000-8000-0000000000b2</uuid><bridge name='virbr8'/></network>")
    net.undefine()
    note_events("networks")
    pool = CONN.storagePoolLookupByName("default-pool")
    pool.refresh()
    pool.destroy()
    pool.create()
    pool = CONN.storagePoolDefineXML("<pool type='dir'><name>p</name><uuid>c0ffee00-0000-4000-8000-0000000000a2</uuid><target><path>/p</path></target></pool>")
    pool.build()
    pool.create()
    pool.destroy()
    pool.delete()
    pool.undefine()
    note_events("pools")
    device = CONN.nodeDeviceCreateXML(
        "<device><parent>scsi_host1</parent><capability type='scsi_host'><capability type='fc_host'>"
        "<wwnn>20000000c9831b4b</wwnn><wwpn>10000000c9831b4b</wwpn></capability></capability></device>"
    )
    device.destroy()
    note_events("devices")


libvirt.virEventRegisterDefaultImpl()
threading.Thread(target=loop, daemon=True).start()
CONN = libvirt.open(uri())
ENDS = register()
domains()
of_one()
old_way()
others()
# One that is left, so that the end is seen.
for at, (end, number) in enumerate(ENDS):
    if number is not None and at > 0:
        note(f"deregister {at}", end, number)
CONN.lookupByName("test").reboot()
CONN.networkLookupByName("default").destroy()
CONN.storagePoolLookupByName("default-pool").refresh()
note_events("nearly none left")
note("deregister the last", ENDS[0][0], ENDS[0][1])
CONN.close()
