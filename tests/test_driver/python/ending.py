"""How a connection ends, and what keeps it."""

import sys
import threading
import time

import libvirt

from seen import note, say, uri

LIMIT = 60

ENDED = threading.Event()


def loop():
    while True:
        libvirt.virEventRunDefaultImpl()


def closed(_conn, reason, opaque):
    say(f"closed: {opaque}", f"reason {reason}")
    ENDED.set()


def close(conn):
    # What it returns, a number of references, is no business of the daemon's.
    conn.close()


def unwatched():
    """A connection of a program that has no event loop."""
    conn = libvirt.open(uri())
    note("without loop: keep alive", conn.setKeepAlive, 1, 1)
    note("without loop: is alive", conn.isAlive)
    return conn


def watched():
    conn = libvirt.open(uri())
    note("register", conn.registerCloseCallback, closed, "opaque")
    note("register again", conn.registerCloseCallback, closed, "other")
    note("unregister", conn.unregisterCloseCallback)
    note("unregister again", conn.unregisterCloseCallback)
    note("register once more", conn.registerCloseCallback, closed, "once more")
    note("keep alive", conn.setKeepAlive, 1, 1)
    # Twice as long as a daemon has that does not answer signs of life.
    time.sleep(4)
    note("kept: is alive", conn.isAlive)
    note("kept: a call", conn.numOfDomains)
    return conn


def closed_by_itself():
    conn = libvirt.open(uri())
    conn.registerCloseCallback(closed, "by itself")
    other = libvirt.open(uri())
    note("close", close, conn)
    note("closed: is alive", conn.isAlive)
    note("another is not", other.isAlive)
    note("close the other", close, other)


ALONE = unwatched()
libvirt.virEventRegisterDefaultImpl()
threading.Thread(target=loop, daemon=True).start()
closed_by_itself()
CONN = watched()
# The test ends all connections, and the input when it has.
print("== ready\n", flush=True)
sys.stdin.read()
if not ENDED.wait(LIMIT):
    raise SystemExit("nobody says that the connection has ended")
# The library is done with the connection when its loop has come round.
ROUND = threading.Event()
TIMER = libvirt.virEventAddTimeout(0, lambda _timer, _opaque: ROUND.set(), None)
ROUND.wait(LIMIT)
libvirt.virEventRemoveTimeout(TIMER)
note("ended: is alive", CONN.isAlive)
note("ended: a call", CONN.numOfDomains)
note("ended: close", close, CONN)
note("ended, without loop: a call", ALONE.numOfDomains)
note("ended, without loop: is alive", ALONE.isAlive)
note("ended, without loop: another call", ALONE.numOfDomains)
note("open again", libvirt.open(uri()).lookupByName, "test")
