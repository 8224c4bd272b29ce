"""What a program saw, each value under a label of its own, for the test to compare."""

import re
import sys
import threading

import libvirt

# Errors are what is compared here, not news.
libvirt.registerErrorHandler(lambda _opaque, _error: None, None)


LOCK = threading.Lock()


def uri():
    return sys.argv[1]


def scratch(name):
    """The path of a file that may be written."""
    return f"{sys.argv[2]}/{name}"


def say(label, value):
    # Times are those at which the program runs.
    value = re.sub("<creationTime>[0-9]+<", "<creationTime>…<", text(value))
    with LOCK:
        print(f"== {label}\n{value.rstrip()}", flush=True)


def note(label, function, *arguments, **named):
    """Says what a call returned or how it failed; returns it, or nothing."""
    try:
        value = function(*arguments, **named)
    except libvirt.libvirtError as error:
        say(label, error)
        return None
    say(label, value)
    return value


def text(value):
    if isinstance(value, str):
        return value
    if isinstance(value, libvirt.libvirtError):
        return error_text(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        items = [text(item) for item in value]
        return "[" + ", ".join(sorted(items) if has_no_order(value) else items) + "]"
    if isinstance(value, libvirt.virDomain):
        return f"domain {value.name()} {value.UUIDString()} {value.ID()}"
    if isinstance(value, (libvirt.virDomainSnapshot, libvirt.virDomainCheckpoint)):
        return f"moment {value.getName()} of {value.getDomain().name()}"
    if isinstance(value, (libvirt.virConnect, libvirt.virStream)):
        return type(value).__name__
    if type(value).__module__ == "libvirt":
        return f"{type(value).__name__} {value.name()}"
    return repr(value)


def has_no_order(values):
    """Whether this is a list of objects, or of what belongs to them: daemons list them as they come."""
    if isinstance(values, tuple):
        return False
    parts = [value[0] if isinstance(value, tuple) else value for value in values]
    return any(type(part).__module__ == "libvirt" for part in parts)


def error_text(error):
    # Newer releases number what is filled in.
    template = re.sub(r"%[0-9]\$", "%", str(error.get_str1()))
    return (
        f"code {error.get_error_code()} of {error.get_error_domain()}, level "
        f"{error.get_error_level()}: {error.get_error_message()}\n"
        f"str1 {template}, str2 {error.get_str2()}, str3 {error.get_str3()}, "
        f"int1 {error.get_int1()}, int2 {error.get_int2()}"
    )


def guest(name, number):
    """A domain that libvirt adds nothing to."""
    return f"""<domain type='test'>
  <name>{name}</name>
  <uuid>c0ffee00-0000-4000-8000-0000000000{number:02x}</uuid>
  <memory unit='KiB'>65536</memory>
  <currentMemory unit='KiB'>32768</currentMemory>
  <vcpu placement='static' current='2'>4</vcpu>
  <os>
    <type arch='i686'>hvm</type>
    <boot dev='hd'/>
  </os>
  <clock offset='utc'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <disk type='file' device='disk'>
      <source file='/guest.img'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <interface type='network'>
      <mac address='52:54:00:00:00:{number:02x}'/>
      <source network='default'/>
      <target dev='testnet7'/>
    </interface>
  </devices>
</domain>"""
