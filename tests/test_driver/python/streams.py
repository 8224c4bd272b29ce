"""Streams of programs that do not wait, many at a time, and ends of all sorts."""

import threading

import libvirt

from seen import note, say, uri

LIMIT = 60
PNG = b"\x89PNG\r\n\x1a\n"
PNG_END = b"IEND\xaeB`\x82"

# The library hangs if its loop frees a stream, as it would where a callback has it last.
KEPT = []


def loop():
    while True:
        libvirt.virEventRunDefaultImpl()


def is_whole(picture):
    return picture.startswith(PNG) and picture.endswith(PNG_END)


def by_events(conn, label, end):
    """Reads by a callback, which ends the stream when all has come."""
    dom = conn.lookupByName("test")
    stream = conn.newStream(libvirt.VIR_STREAM_NONBLOCK)
    KEPT.append(stream)
    picture = bytearray()
    done = threading.Event()

    def readable(stream, events, opaque):
        while True:
            data = stream.recv(1000)
            # Nothing has come yet.
            if data == -2:
                return
            if not data:
                break
            picture.extend(data)
        stream.eventRemoveCallback()
        say(f"{label}: in the callback", f"{events & libvirt.VIR_STREAM_EVENT_READABLE}, {opaque}")
        note(f"{label}: {end}", getattr(stream, end))
        done.set()

    note(f"{label}: open", dom.screenshot, stream, 0)
    stream.eventAddCallback(libvirt.VIR_STREAM_EVENT_READABLE, readable, "opaque")
    if not done.wait(LIMIT):
        raise SystemExit(f"{label}: the end does not come")
    say(f"{label}: is whole", is_whole(bytes(picture)))
    note(f"{label}: receive after the end", stream.recv, 1)


def whole(conn, seen):
    stream = conn.newStream()
    conn.lookupByName("test").screenshot(stream, 0)
    picture = bytearray()
    stream.recvAll(lambda _stream, data, _opaque: picture.extend(data), None)
    # What others ask meanwhile is answered.
    seen.append((is_whole(bytes(picture)), conn.numOfDomains(), stream.finish()))


def many(conn):
    seen = []
    threads = [threading.Thread(target=whole, args=(conn, seen)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    say("many at a time", seen)


def left_open(conn):
    """Streams that nobody ends."""
    dom = conn.lookupByName("test")
    streams = [conn.newStream() for _ in range(8)]
    for stream in streams:
        dom.screenshot(stream, 0)
    say("left open: beginning", streams[3].recv(8))
    del streams, stream
    note("left open: a call", conn.numOfDomains)


def main():
    conn = libvirt.open(uri())
    many(conn)
    left_open(conn)
    libvirt.virEventRegisterDefaultImpl()
    threading.Thread(target=loop, daemon=True).start()
    conn = libvirt.open(uri())
    by_events(conn, "by events", "finish")
    by_events(conn, "by events, aborted", "abort")
    many_watched = libvirt.open(uri())
    seen = []
    whole(many_watched, seen)
    say("with a loop", seen)
    stream = many_watched.newStream()
    note("closed with it: open", many_watched.lookupByName("test").screenshot, stream, 0)
    many_watched.close()
    note("closed with it: receive", lambda: is_whole(stream.recv(8) + PNG_END))
    note("at last", conn.numOfDomains)


main()
