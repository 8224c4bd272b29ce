"""Many threads on one connection, and many connections."""

import threading

import libvirt

from seen import guest, say, uri

THREADS = 8
ROUNDS = 25


def work(conn, number, seen):
    """The life of a domain that no other thread has."""
    for at in range(ROUNDS):
        dom = conn.defineXML(guest(f"thread-{number}", number))
        dom.create()
        state = dom.state()
        dom.suspend()
        name = conn.lookupByUUIDString(dom.UUIDString()).name()
        is_in_xml = f"<name>thread-{number}</name>" in dom.XMLDesc()
        try:
            dom.create()
        except libvirt.libvirtError as error:
            refusal = error.get_error_message()
        dom.destroy()
        dom.undefine()
        seen.append((state, name, is_in_xml, refusal, at))


def play(label, connections):
    seen = [[] for _ in range(THREADS)]
    threads = [
        threading.Thread(target=work, args=(connections[at % len(connections)], at + 1, seen[at]))
        for at in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for at, one in enumerate(seen):
        kinds = sorted({str(what[:-1]) for what in one})
        say(f"{label}: thread {at + 1}", f"{len(one)} rounds: {kinds}")


def loop():
    while True:
        libvirt.virEventRunDefaultImpl()


def main():
    play("one connection", [libvirt.open(uri())])
    play("several", [libvirt.open(uri()) for _ in range(3)])
    libvirt.virEventRegisterDefaultImpl()
    threading.Thread(target=loop, daemon=True).start()
    conn = libvirt.open(uri())
    counts = {}

    def count(_conn, dom, event, detail, _opaque):
        # All but the last belong to threads.
        counts.setdefault(dom.name(), []).append((event, detail))
        if dom.name() == "end":
            ended.set()

    ended = threading.Event()
    conn.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, count, None)
    play("with events", [conn])
    conn.defineXML(guest("end", 0xFF))
    if not ended.wait(60):
        raise SystemExit("no event comes")
    for name, events in sorted(counts.items()):
        say(f"events of {name}", f"{len(events)}: {sorted(set(events))}")


main()
