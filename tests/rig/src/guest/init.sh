#!/bin/busybox sh
# The whole user space of a test guest: a shell on the serial console, the guest agent where the
# guest has a channel for it, and a clean end when somebody presses the power button.
/bin/busybox --install -s /bin
export PATH=/bin:/sbin
# Where the guest agent looks for it, to set the clock.
ln -s /bin/busybox /sbin/hwclock
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/virtio-ports
mount -t devpts devpts /dev/pts
while read -r module; do insmod "/lib/modules/$module.ko" 2>/dev/null; done </lib/modules/order
for port in /sys/class/virtio-ports/*; do
    [ -f "$port/name" ] && ln -sf "../${port##*/}" "/dev/virtio-ports/$(cat "$port/name")"
done
hostname guest
ip link set lo up
[ -e /sys/class/net/eth0 ] && ip link set eth0 up
for event in /sys/class/input/event*; do
    [ "$(cat "$event/device/name")" = "Power Button" ] || continue
    # Opened here rather than by the reader: a button pressed right after the marker is then
    # never lost.
    exec 3<"/dev/input/${event##*/}"
    (
        dd bs=24 count=1 of=/dev/null <&3 2>/dev/null
        poweroff -f
    ) &
done
agent=/dev/virtio-ports/org.qemu.guest_agent.0
[ -e "$agent" ] && qemu-ga -d -m virtio-serial -p "$agent" -l /var/log/qemu-ga.log \
    -f /run/qemu-ga.pid -t /run
echo GUEST-READY
while :; do setsid cttyhack sh; done
